"""A day in the district begins at its own midnight, sixteen hours into the day before in UTC."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.dates import end_of, local_date, start_of, year_of


def test_the_district_is_ahead_of_utc() -> None:
    """Four in the afternoon in UTC is the next day."""
    assert local_date(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert local_date(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)) == date(2026, 11, 25)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 30)))
def test_days_follow_each_other(day: date) -> None:
    """A day runs from its first instant until just before the first of the next."""
    assert end_of(day) == start_of(day + timedelta(days=1))
    assert local_date(start_of(day)) == day
    assert local_date(end_of(day) - timedelta(microseconds=1)) == day
    assert local_date(end_of(day)) == day + timedelta(days=1)


def test_a_leap_year_is_a_day_longer() -> None:
    """From New Year's midnight in the district to the next."""
    begin, end = year_of(date(2028, 2, 29))

    assert (begin, end - begin) == (start_of(date(2028, 1, 1)), timedelta(days=366))
