"""Turns what a made-up person lives like into the facts that departments would report of her."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from cli.demo.answers import Answers, keepers
from cli.demo.living import Home, draw_living
from cli.demo.pursuits import draw_pursuits

SEVERE_GRADE: Final = 2
CARE_CATEGORIES: Final = (5, 6)
CARE_LEVELS: Final = ("wholly", "mainly", "partly")
WORKING_AGE: Final = 16
PENSION_AGE: Final = 60
LAST_AGE_OF_CHILD_REHAB: Final = 6
# Shares of the people they are drawn from.
POOR: Final = {True: 0.32, False: 0.14}  # by whether the disability is severe
POOR_WITH_LIVING_GUARANTEE: Final = 0.8
RURAL: Final = 0.65
IN_CARE: Final = 0.7
TRAINING: Final = {True: 0.6, False: 0.08}  # by whether the person is a small child
INCOMPLETE: Final = 0.06
# Departments review yearly, the demo's last review lying so many days back.
REVIEWED_DAYS_AGO: Final = 120
REVIEW_DAYS: Final = 365
YEARLY: Final = {"own_income", "household_income", "household_hardship", "guarantee_conditions"}


@dataclass(frozen=True, slots=True)
class DemoFact:
    """One statement of a department in words and JSON values of policy/facts.toml, for a period or until it changes."""

    name: str
    value: str | bool
    source: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Traits:
    """How a person lives, in the terms the rules ask about; `incomplete` people have not been asked yet.

    `income` is the person's own, in yuan a month; `living_guarantee` and `margin` say that the household gets 低保 or
    lies just above it; `care` is the tier of care she needs, None for none; `answers` are further facts as
    departments have given them.
    """

    income: int = 0
    living_guarantee: bool = False
    margin: bool = False
    care: str | None = None
    trains: bool = False
    rural: bool = False
    incomplete: bool = False
    answers: Answers = field(default_factory=dict)

    @property
    def hardship(self) -> str:
        """The household's hardship, in words of the fact household_hardship."""
        return "living_guarantee" if self.living_guarantee else "margin" if self.margin else "none"


def draw_traits(draw: random.Random, age: int, category: int, grade: int) -> Traits:
    """Traits that hang together: the severe earn less and need care more, children earn nothing."""
    severe = grade <= SEVERE_GRADE
    is_poor = draw.random() < POOR[severe]
    living_guarantee = is_poor and draw.random() < POOR_WITH_LIVING_GUARANTEE
    needs_care = severe or category in CARE_CATEGORIES
    rural = draw.random() < RURAL
    lived = Traits(
        income=_income(draw, age, is_poor=is_poor, severe=severe),
        living_guarantee=living_guarantee,
        margin=is_poor and not living_guarantee,
        care=draw.choice(CARE_LEVELS) if needs_care and draw.random() < IN_CARE else None,
        trains=draw.random() < TRAINING[age <= LAST_AGE_OF_CHILD_REHAB],
        rural=rural,
        incomplete=draw.random() < INCOMPLETE,
    )
    home = Home(age, category, severe=severe, hardship=lived.hardship, rural=rural, care=lived.care)
    pursuits = draw_pursuits(draw, age, category, severe=severe, poor=is_poor, rural=rural)
    return replace(lived, answers=draw_living(draw, home) | pursuits)


def facts_of(traits: Traits, on: date) -> tuple[DemoFact, ...]:
    """The facts as departments keep them: each from the one whose business it is, the yearly ones for a year.

    Of an incomplete person only the rehab centre has reported.
    """
    return tuple(_facts(traits, on - timedelta(days=REVIEWED_DAYS_AGO)))


def _facts(traits: Traits, reviewed: date) -> Iterator[DemoFact]:
    a_year = (reviewed, reviewed + timedelta(days=REVIEW_DAYS - 1))
    for name, answer in _stated(traits).items():
        yield DemoFact(name, answer, keepers()[name], *(a_year if name in YEARLY else (reviewed, None)))


def _stated(traits: Traits) -> Answers:
    stated: Answers = {"trains_at_rehab_centre": traits.trains}
    if traits.trains:
        stated |= {"rehab_need": True, "rehab_indication": True}
    if traits.incomplete:
        return stated
    stated |= {
        "own_income": str(traits.income),
        "household_hardship": traits.hardship,
        "care_level": traits.care or "none",
        "residence": "rural" if traits.rural else "urban",
    }
    return stated | traits.answers


def _income(draw: random.Random, age: int, *, is_poor: bool, severe: bool) -> int:
    if age < WORKING_AGE:
        return 0
    if is_poor:
        return draw.randrange(0, 1300, 10)
    middle = 1800 if severe or age >= PENSION_AGE else 3600
    return int(min(max(draw.gauss(middle, middle / 3), 600), 15_000)) // 10 * 10
