"""Working days across National Day, make-up Saturdays, local exceptions, and years that nobody has announced."""

from datetime import date

import pytest

from domain.calendar import YearNotAnnounced, load_calendar
from domain.working_days import is_working, working_days_after

STATE = load_calendar("")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday worked in exchange
        (date(2026, 10, 11), False),
    ],
)
def test_the_state_moves_days_around_national_day(day: date, works: bool) -> None:  # noqa: FBT001
    """Holidays rest on weekdays, and a Saturday works for one of them."""
    assert is_working(STATE, day) is works


def test_a_term_jumps_over_holidays_and_counts_the_saturday() -> None:
    """Ten working days from 25 September 2026: four before the holidays, six from the 8th on, one a Saturday."""
    assert working_days_after(STATE, date(2026, 9, 25), 10) == date(2026, 10, 15)


def test_the_day_of_the_beginning_does_not_count() -> None:
    """One working day from a Friday ends on Monday."""
    assert working_days_after(STATE, date(2026, 3, 13), 1) == date(2026, 3, 16)


def test_a_year_that_is_not_announced_is_said_so() -> None:
    """Nothing is guessed, and the year is named."""
    with pytest.raises(YearNotAnnounced, match="2099") as raised:
        working_days_after(STATE, date(2099, 3, 1), 1)

    assert raised.value.year == 2099


def test_the_district_may_know_better() -> None:
    """Days of its own file come first: a holiday, a Saturday that is worked, and Monday to Friday beside them."""
    calendar = load_calendar(
        """
        [[year]]
        year = 2099
        source = "通知"
        holidays = [2099-01-01]
        makeup_days = [2099-01-03]
        """
    )

    works = [is_working(calendar, date(2099, 1, day)) for day in (1, 2, 3, 4, 5)]
    assert works == [False, True, True, False, True]
