"""What the register itself says of a resident, her card above all, as the facts that rules read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.fact import Fact

ISSUER = "federation"
BIRTH_REGISTER = "police"
CATEGORIES = range(1, 8)
GRADES = range(1, 5)
MULTIPLE = 7


class CardState(StrEnum):
    """Where a card is in its life."""

    APPLIED = "applied"
    UNDER_ASSESSMENT = "under_assessment"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LOST = "lost"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class CardOnRecord:
    """A card as the register has it: categories 1–7 and grades 1 (profound) to 4; `valid_until` is its last day.

    `categories` names the single categories of a multiple disability (category 7); of any other card, its one.
    """

    state: CardState
    category: int
    categories: tuple[int, ...]
    grade: int
    issued_on: date
    valid_until: date


def state_on(card: CardOnRecord, on: date) -> CardState:
    """The state in which a card is on a day: an active one expires by itself after its last day."""
    expired = card.state is CardState.ACTIVE and on > card.valid_until
    return CardState.EXPIRED if expired else card.state


def is_usable(card: CardOnRecord, on: date) -> bool:
    """Whether a card carries rights on a day: issued, active and not past its last day."""
    return card.issued_on <= on and state_on(card, on) is CardState.ACTIVE


def card_facts(card: CardOnRecord) -> Iterator[Fact]:
    """What the card says, in the words of the rules; its state changes by itself after the last day."""

    def fact(name: str, value: str | int | tuple[int, ...]) -> Fact:
        return Fact(name, value, ISSUER, valid_from=card.issued_on, valid_until=None, recorded_on=card.issued_on)

    yield fact("card_category", card.category)
    yield fact("card_categories", card.categories)
    yield fact("card_grade", card.grade)
    if card.state is not CardState.ACTIVE:
        yield fact("card_state", card.state.value)
        return
    yield Fact("card_state", CardState.ACTIVE.value, ISSUER, card.issued_on, card.valid_until, card.issued_on)
    if card.valid_until < date.max:
        after = card.valid_until + timedelta(days=1)
        yield Fact("card_state", CardState.EXPIRED.value, ISSUER, after, None, card.issued_on)


def birth_fact(born: date) -> Fact:
    """The birth date, of which the citizen id is the record since that very day: before it nobody is of any age."""
    return Fact("birth_date", born, BIRTH_REGISTER, valid_from=born, valid_until=None, recorded_on=born)


def every_register_fact() -> Iterator[Fact]:
    """A statement of every fact and value that the register can hold: what a vocabulary must be able to carry."""
    day = date(2020, 1, 1)
    yield birth_fact(day)
    for state in CardState:
        for category in CATEGORIES:
            categories = tuple(range(1, MULTIPLE)) if category == MULTIPLE else (category,)
            for grade in GRADES:
                yield from card_facts(CardOnRecord(state, category, categories, grade, day, day))
