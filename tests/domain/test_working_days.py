"""Working days across National Day, make-up Saturdays, local exceptions, and years that nobody has announced."""

from datetime import date

import pytest

from domain.policy_file import Place, PolicyInvalid, Section
from domain.working_days import WorkingDays, YearNotAnnounced, parse_working_days

STATE = WorkingDays({}, frozenset())


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
    assert STATE.is_working(day) is works


def test_a_term_jumps_over_holidays_and_counts_the_saturday() -> None:
    """Ten working days from 25 September 2026: four before the holidays, six from the 8th on, one a Saturday."""
    assert STATE.after(date(2026, 9, 25), 10) == date(2026, 10, 15)


def test_the_day_of_the_beginning_does_not_count() -> None:
    """One working day from a Friday ends on Monday."""
    assert STATE.after(date(2026, 3, 13), 1) == date(2026, 3, 16)


def test_a_year_that_is_not_announced_is_said_so() -> None:
    """Nothing is guessed, and the year is named."""
    with pytest.raises(YearNotAnnounced, match="2099") as raised:
        STATE.after(date(2099, 3, 1), 1)

    assert raised.value.year == 2099


def test_the_district_may_know_better() -> None:
    """Days of its own file come first, and a year that it covers counts Monday to Friday beside them."""
    section = Section(
        Place("working-days.toml"),
        {
            "announced": [2099],
            "days": [
                {"day": date(2099, 1, 1), "working": False, "source": "通知"},
                {"day": date(2099, 1, 3), "working": True, "source": "通知"},
            ],
        },
    )

    days = parse_working_days(section)

    works = [days.is_working(date(2099, 1, day)) for day in (1, 2, 3, 4, 5)]
    assert works == [False, True, True, False, True]


def test_a_day_given_twice_is_refused() -> None:
    """Two answers for one day are a mistake."""
    day = {"day": date(2099, 1, 1), "working": False, "source": "通知"}

    with pytest.raises(PolicyInvalid, match="given twice"):
        parse_working_days(Section(Place("working-days.toml"), {"days": [day, day]}))
