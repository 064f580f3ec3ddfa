"""Turns what a made-up person lives like into the facts that departments would report of her."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from cli.demo.pursuits import ANSWERS_FROM, draw_pursuits

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
    lies just above it; `care` is the tier of care she needs, None for none; `pursuits` are answers by name of the fact.
    """

    income: int = 0
    living_guarantee: bool = False
    margin: bool = False
    care: str | None = None
    trains: bool = False
    rural: bool = False
    incomplete: bool = False
    pursuits: Mapping[str, str | bool] = field(default_factory=dict)


def draw_traits(draw: random.Random, age: int, category: int, grade: int) -> Traits:
    """Traits that hang together: the severe earn less and need care more, children earn nothing."""
    severe = grade <= SEVERE_GRADE
    is_poor = draw.random() < POOR[severe]
    living_guarantee = is_poor and draw.random() < POOR_WITH_LIVING_GUARANTEE
    needs_care = severe or category in CARE_CATEGORIES
    rural = draw.random() < RURAL
    return Traits(
        income=_income(draw, age, is_poor=is_poor, severe=severe),
        living_guarantee=living_guarantee,
        margin=is_poor and not living_guarantee,
        care=draw.choice(CARE_LEVELS) if needs_care and draw.random() < IN_CARE else None,
        trains=draw.random() < TRAINING[age <= LAST_AGE_OF_CHILD_REHAB],
        rural=rural,
        incomplete=draw.random() < INCOMPLETE,
        pursuits=draw_pursuits(draw, age, category, severe=severe, poor=is_poor, rural=rural),
    )


def facts_of(traits: Traits, on: date) -> tuple[DemoFact, ...]:
    """The facts as departments keep them: each from the one whose business it is, the yearly ones for a year.

    Of an incomplete person only the rehab centre has reported.
    """
    return tuple(_facts(traits, on - timedelta(days=REVIEWED_DAYS_AGO)))


def _facts(traits: Traits, reviewed: date) -> Iterator[DemoFact]:
    a_year = (reviewed, reviewed + timedelta(days=REVIEW_DAYS - 1))
    until_changed = (reviewed, None)
    yield DemoFact("trains_at_rehab_centre", traits.trains, "rehab_centre", *until_changed)
    if traits.trains:
        yield DemoFact("rehab_need", value=True, source="federation", valid_from=reviewed, valid_until=None)
        yield DemoFact("rehab_indication", value=True, source="health", valid_from=reviewed, valid_until=None)
    if traits.incomplete:
        return
    hardship = "living_guarantee" if traits.living_guarantee else "margin" if traits.margin else "none"
    yield DemoFact("own_income", str(traits.income), "civil_affairs", *a_year)
    yield DemoFact("household_hardship", hardship, "civil_affairs", *a_year)
    yield DemoFact("care_level", traits.care or "none", "federation", *until_changed)
    yield DemoFact("residence", "rural" if traits.rural else "urban", "police", *until_changed)
    for name, answer in traits.pursuits.items():
        yield DemoFact(name, answer, ANSWERS_FROM[name], *until_changed)


def _income(draw: random.Random, age: int, *, is_poor: bool, severe: bool) -> int:
    if age < WORKING_AGE:
        return 0
    if is_poor:
        return draw.randrange(0, 1300, 10)
    middle = 1800 if severe or age >= PENSION_AGE else 3600
    return int(min(max(draw.gauss(middle, middle / 3), 600), 15_000)) // 10 * 10
