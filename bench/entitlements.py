"""How fast entitlements are decided, beside the same six programmes written by hand in the same process."""

import random
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

from domain.card import CardOnRecord, CardState, card_facts
from domain.compiled import compile_book
from domain.entitlement import decide
from domain.explanation import Case
from domain.fact import Fact, Facts
from domain.policy import load_rule_book
from domain.rulebook import RuleBook

POLICY = Path(__file__).parent.parent / "policy"
ON = date(2026, 11, 25)
RESIDENTS = {"small": 500, "default": 2_000, "large": 20_000}
ROUNDS = 40
SEED = 20161204
# Those that are written out below.
BY_HAND = ("child-rehab", "free-bus", "living-subsidy", "nursing-subsidy", "rehab-training-relief", "venue-access")

Values = Mapping[str, Any]
Outcomes = dict[str, bool | None]


def run(size: str) -> dict[str, float]:
    """The ratio of outcomes a second, engine to hand-written, and entitlements explained a second, on one core.

    `entitlements_vs_handwritten` compares the best of many alternating rounds over the same residents, whose facts are
    read already, by processor time; the outcomes are checked to be equal first. `entitlements_explained_per_s` counts
    programmes, of all there are.
    """
    files = {file.name: file.read_text(encoding="utf-8") for file in POLICY.glob("*.toml")}
    whole = load_rule_book(files)
    book = RuleBook.of([each for each in whole.programmes if each.slug in BY_HAND], whole.reference)
    compiled = compile_book(book, ON)
    people = _residents(RESIDENTS[size])
    values = [Case.of(compiled, book.reference, facts).values for facts in people]
    if any(compiled.outcomes(each) != _by_hand(each) for each in values):
        raise AssertionError("The hand-written programmes no longer say what the rules say: correct them.")
    engine_seconds, hand_seconds = [], []
    for _ in range(ROUNDS):
        engine_seconds.append(_seconds(compiled.outcomes, values))
        hand_seconds.append(_seconds(_by_hand, values))
    return {
        "entitlements_vs_handwritten": min(hand_seconds) / min(engine_seconds),
        "entitlements_explained_per_s": _explained_per_second(whole, people[:500]),
    }


def _seconds(decide_outcomes: Callable[[Values], Outcomes], values: list[Values]) -> float:
    start = process_time()
    for each in values:
        decide_outcomes(each)
    return process_time() - start


def _explained_per_second(book: RuleBook, people: list[Facts]) -> float:
    start = process_time()
    for facts in people:
        decide(book, facts, ON)
    return len(people) * len(book.programmes) / (process_time() - start)


def _residents(count: int) -> list[Facts]:
    """Residents of every kind, some with gaps in what is known of them."""
    draw = random.Random(SEED)  # noqa: S311 - made-up people, no secret
    return [Facts.of(_resident(draw)) for _ in range(count)]


def _resident(draw: random.Random) -> list[Fact]:
    reviewed = date(2026, 7, 1)

    def stated(name: str, value: Any, source: str) -> Fact:
        return Fact(name, value, source, reviewed, None, reviewed)

    category = draw.randint(1, 6)
    state = draw.choices((CardState.ACTIVE, CardState.LOST, CardState.CANCELLED), (95, 1, 4))[0]
    card = CardOnRecord(state, category, (category,), draw.randint(1, 4), date(2020, 1, 1), date(2029, 12, 31))
    born = date(draw.randint(1930, 2024), draw.randint(1, 12), draw.randint(1, 28))
    facts = [
        Fact("birth_date", born, "police", None, None, born),
        *card_facts(card),
        stated("own_income", Decimal(draw.randrange(0, 5000, 10)), "civil_affairs"),
        stated("household_hardship", draw.choice(("living_guarantee", "margin", "none")), "civil_affairs"),
        stated("care_level", draw.choice(("wholly", "mainly", "partly", "none")), "federation"),
        stated("trains_at_rehab_centre", draw.random() < 0.2, "rehab_centre"),
        stated("rehab_need", draw.random() < 0.5, "federation"),
        stated("rehab_indication", draw.random() < 0.5, "health"),
    ]
    return [fact for fact in facts if draw.random() > 0.05]


# The six programmes as a programmer would write them for this one day: None where something is not known.
OLD_ENOUGH_TO_WORK = date(2010, 11, 25)
TOO_OLD_TO_WORK = date(1966, 11, 25)
SEVEN_TODAY = date(2019, 11, 25)
INCOME_LIMIT = Decimal(1620)


def _by_hand(values: Values) -> Outcomes:
    return {
        "child-rehab": _child_rehab(values),
        "free-bus": _usable(values),
        "living-subsidy": _living_subsidy(values),
        "nursing-subsidy": _nursing_subsidy(values),
        "rehab-training-relief": _rehab_training_relief(values),
        "venue-access": _usable(values),
    }


def _holder(values: Values) -> bool | None:
    state = values.get("card_state")
    return None if state is None else state in {"active", "lost"}


def _usable(values: Values) -> bool | None:
    state = values.get("card_state")
    return None if state is None else state == "active"


def _living_subsidy(values: Values) -> bool | None:
    card = _holder(values)
    if card is False:
        return False
    born = values.get("birth_date")
    if born is not None and not TOO_OLD_TO_WORK < born <= OLD_ENOUGH_TO_WORK:
        return False
    income = values.get("own_income")
    if income is not None and income > INCOME_LIMIT:
        return False
    return None if card is None or born is None or income is None else True


def _nursing_subsidy(values: Values) -> bool | None:
    card = _holder(values)
    if card is False:
        return False
    grade, categories = values.get("card_grade"), values.get("card_categories")
    entitled_kind = None
    if (grade is not None and grade <= 2) or (categories is not None and (5 in categories or 6 in categories)):
        entitled_kind = True
    elif grade is not None and categories is not None:
        return False
    care = values.get("care_level")
    if care == "none":
        return False
    return None if card is None or entitled_kind is None or care is None else True


def _child_rehab(values: Values) -> bool | None:
    card = _holder(values)
    if card is False:
        return False
    born = values.get("birth_date")
    if born is not None and born <= SEVEN_TODAY:
        return False
    need, indication = values.get("rehab_need"), values.get("rehab_indication")
    if need is False or indication is False:
        return False
    return None if card is None or born is None or need is None or indication is None else True


def _rehab_training_relief(values: Values) -> bool | None:
    card = _holder(values)
    if card is False:
        return False
    trains = values.get("trains_at_rehab_centre")
    if trains is False:
        return False
    return None if card is None or trains is None else True
