"""The figures of a card's life: counted by the calendar, read from a file, every mistake in it named."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card_terms import CardLaw, months_after, parse_card_law
from domain.policy_file import Place, PolicyInvalid, Section
from tests.domain.terms import TERMS

FILE = Place("card.toml")
VERSION = {
    "effective": date(2018, 1, 1),
    "clause": "办法",
    "validity_years": 10,
    "renewal_months": 12,
    "freeze_months": 6,
    "cancel_months": 12,
    "appeal_working_days": 10,
    "reassess_below_age": 18,
    "reassess_categories": [5, 6],
}


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 3, 11), 6, date(2026, 9, 11)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2024, 2, 29), 120, date(2034, 2, 28)),
        (date(2026, 1, 31), -12, date(2025, 1, 31)),
        (date(2026, 12, 31), -1, date(2026, 11, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_months_end_where_the_month_does(day: date, months: int, then: date) -> None:
    """A month without such a day gives its last (Civil Code, Art. 202)."""
    assert months_after(day, months) == then


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 240))
def test_months_never_skip_one(day: date, months: int) -> None:
    """However long, the result is in the month that was counted to."""
    then = months_after(day, months)

    assert then.year * 12 + then.month == day.year * 12 + day.month + months


def test_a_card_lasts_ten_years() -> None:
    """To the day before the same day."""
    assert TERMS.last_day(date(2026, 3, 11)) == date(2036, 3, 10)


@pytest.mark.parametrize(
    ("on", "renewable"),
    [
        (date(2028, 12, 31), False),
        (date(2029, 1, 1), True),
        (date(2029, 12, 31), True),
        (date(2030, 1, 1), False),
    ],
)
def test_a_card_is_renewable_in_its_last_year(on: date, renewable: bool) -> None:  # noqa: FBT001
    """The day before, the first day, the last day, and the day after."""
    assert TERMS.is_renewable(date(2029, 12, 31), on) is renewable


def test_children_and_some_categories_are_assessed_again() -> None:
    """Up to the day before eighteen, and whoever has a category that may change."""
    born = date(2008, 3, 11)

    assert TERMS.must_reassess((1,), born, date(2026, 3, 10))
    assert not TERMS.must_reassess((1,), born, date(2026, 3, 11))
    assert TERMS.must_reassess((1, 6), born, date(2040, 1, 1))


def test_the_law_of_a_day_is_the_version_in_force() -> None:
    """The newest that has begun; before the first, the first."""
    first, second = {**VERSION}, {**VERSION, "effective": date(2030, 1, 1), "validity_years": 20}

    law = parse_card_law(Section(FILE, {"versions": [second, first]}))

    years = [law.on(day).validity_years for day in (date(2000, 1, 1), date(2029, 12, 31), date(2030, 1, 1))]
    assert isinstance(law, CardLaw)
    assert years == [10, 10, 20]
    assert law.versions[0].reassess_categories == frozenset({5, 6})


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "no version"),
        ({"versions": [VERSION, VERSION]}, "two from the same day"),
        ({"versions": [{**VERSION, "freeze_months": "6"}]}, "freeze_months"),
        ({"versions": [{**VERSION, "extra": 1}]}, "unknown key"),
        ({"versions": [{**VERSION, "reassess_categories": ["5"]}]}, "whole numbers"),
    ],
)
def test_a_mistake_is_named(document: dict[str, object], problem: str) -> None:
    """With its key and what to do."""
    with pytest.raises(PolicyInvalid, match=problem):
        parse_card_law(Section(FILE, document))


def test_half_a_year_is_refused() -> None:
    """Only whole numbers count months and years."""
    with pytest.raises(PolicyInvalid, match="whole number"):
        parse_card_law(Section(FILE, {"versions": [{**VERSION, "validity_years": Decimal("9.5")}]}))


def test_the_shipped_file_can_be_read() -> None:
    """And says what the tests of the lifecycle assume."""
    text = (Path(__file__).parents[2] / "policy" / "register" / "card.toml").read_text(encoding="utf-8")

    (terms,) = parse_card_law(Section(FILE, tomllib.loads(text))).versions
    assert (terms.validity_years, terms.appeal_working_days) == (TERMS.validity_years, TERMS.appeal_working_days)
