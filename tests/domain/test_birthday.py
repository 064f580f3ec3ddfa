"""Ages turn on birthdays, those of 29 February included."""

from datetime import MAXYEAR, date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.birthday import age, birthday, latest_born

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2019, 11, 25), date(2026, 11, 24), 6),
        (date(2019, 11, 25), date(2026, 11, 25), 7),
        (date(2019, 11, 25), date(2026, 11, 26), 7),
        (date(2020, 2, 29), date(2027, 2, 27), 6),
        (date(2020, 2, 29), date(2027, 2, 28), 7),
        (date(2020, 2, 29), date(2028, 2, 28), 7),
        (date(2020, 2, 29), date(2028, 2, 29), 8),
        (date(2020, 2, 28), date(2027, 2, 28), 7),
        (date(2026, 11, 25), date(2026, 11, 24), -1),
        (date(2026, 11, 25), date(2026, 11, 25), 0),
    ],
)
def test_age_around_birthdays(born: date, on: date, years: int) -> None:
    """A year is complete on the birthday, and on 28 February of a common year for who was born on the 29th."""
    assert age(born, on) == years


@given(DAYS, DAYS)
def test_age_counts_the_birthdays(born: date, on: date) -> None:
    """Of two neighbouring birthdays the day lies between, the first included."""
    years = age(born, on)
    reached, ahead = birthday(born, years), birthday(born, years + 1)

    assert reached is not None
    assert ahead is not None
    assert reached <= on < ahead


@given(DAYS, st.integers(0, 120))
def test_latest_born_says_the_same_as_the_birthday(on: date, years: int) -> None:
    """The youngest who has completed the years by a day is born on that date, and nobody born the day after has."""
    youngest = latest_born(years, on)

    assert youngest is not None
    assert age(youngest, on) >= years
    assert age(youngest + timedelta(days=1), on) < years


def test_leap_day_is_the_last_of_february() -> None:
    """On 28 February of a common year also those of 29 February complete a year; on that of a leap year they wait."""
    assert latest_born(7, date(2027, 2, 28)) == date(2020, 2, 29)
    assert latest_born(8, date(2028, 2, 28)) == date(2020, 2, 28)
    assert latest_born(8, date(2028, 2, 29)) == date(2020, 2, 29)
    assert latest_born(7, date(2028, 2, 29)) == date(2021, 2, 28)


def test_ends_of_the_calendar() -> None:
    """Beyond the first and last year there is no answer, and none that is wrong."""
    assert birthday(date(2000, 1, 1), MAXYEAR - 1999) is None
    assert birthday(date(2000, 1, 1), MAXYEAR - 2000) == date(MAXYEAR, 1, 1)
    assert latest_born(2026, date(2026, 1, 1)) is None
    assert latest_born(2025, date(2026, 1, 1)) == date(1, 1, 1)
