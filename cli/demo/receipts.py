"""Makes up who receives what: most of the entitled do, some miss out, and a few receive what they should not."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cli.demo.people import SEED, DemoResident
from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.compiled import compile_book
from domain.explanation import Case
from domain.fact import Fact, Facts
from domain.logic import Truth
from domain.rulebook import RuleBook
from domain.vocabulary import Vocabulary

# Of the entitled a share misses out that differs from programme to programme between these two, and more in the hills.
FEWEST_MISSING: Final = 0.005
MOST_MISSING: Final = 0.06
REMOTE_TOWNS: Final = ("竹溪乡", "岭上乡")
MISSING_IN_THE_HILLS: Final = 0.15
# Of those for whom something is not known, and of those not entitled, so many receive.
RECEIVING: Final[dict[Truth, float]] = {None: 0.5, False: 0.003}
LONGEST_DAYS: Final = 900
# A few grants have ended, and count no more.
ENDED: Final = 0.02


@dataclass(frozen=True, slots=True)
class DemoReceipt:
    """One grant that a department reports."""

    programme: str
    valid_from: date
    valid_until: date | None
    source: str


def statements_of(person: DemoResident, vocabulary: Vocabulary) -> Facts:
    """Everything that the register will say of a made-up person, once she is loaded."""
    card = person.cards[-1]
    on_record = CardOnRecord(
        CardState(card.state), card.category, card.categories, card.grade, card.issued_on, card.valid_until
    )
    stated = (
        Fact(
            each.name,
            vocabulary.decode(each.name, each.value),
            each.source,
            each.valid_from,
            each.valid_until,
            recorded_on=each.valid_from,
        )
        for each in person.facts
    )
    return Facts.of([birth_fact(person.birth_date), *card_facts(on_record), *stated])


class Receiving:
    """Who receives what under a book of rules on a day; the same people in the same order give the same receipts."""

    def __init__(self, book: RuleBook, on: date) -> None:
        self._book = book
        self._compiled = compile_book(book, on)
        self._draw = random.Random(SEED)  # noqa: S311 # made-up people, no secret
        self._missing = {slug: self._draw.uniform(FEWEST_MISSING, MOST_MISSING) for slug in self._compiled.programmes}

    def of(self, person: DemoResident) -> Iterator[DemoReceipt]:
        """What a person receives, or received."""
        facts = statements_of(person, self._book.reference.vocabulary)
        values = Case.of(self._compiled, self._book.reference, facts).values
        for slug, truth in self._compiled.outcomes(values).items():
            if self._draw.random() < self._share(slug, truth, person.town):
                yield self._receipt(slug)

    def _share(self, slug: str, truth: Truth, town: str) -> float:
        if not truth:
            return RECEIVING[truth]
        return 1 - self._missing[slug] - (MISSING_IN_THE_HILLS if town in REMOTE_TOWNS else 0)

    def _receipt(self, slug: str) -> DemoReceipt:
        on = self._compiled.on
        ended = on - timedelta(days=1) if self._draw.random() < ENDED else None
        begun = on - timedelta(days=self._draw.randrange(1, LONGEST_DAYS))
        return DemoReceipt(slug, begun, ended, self._compiled.programmes[slug].programme.run_by)
