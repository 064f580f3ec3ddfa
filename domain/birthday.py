"""Ages as Chinese law counts them: in full years, complete on the birthday, with an answer for 29 February."""

from calendar import isleap
from datetime import MAXYEAR, MINYEAR, date

FEBRUARY = 2
LEAP_DAY = 29


def birthday(born: date, years: int) -> date | None:
    """The day on which a person completes that many years; None beyond the calendar's last year.

    Who was born on 29 February completes a year on 28 February of a common year: where the month has no
    such day, the period ends on the month's last (Civil Code of the PRC, Art. 202).
    """
    year = born.year + years
    if year > MAXYEAR:
        return None
    if born.month == FEBRUARY and born.day == LEAP_DAY and not isleap(year):
        return date(year, FEBRUARY, LEAP_DAY - 1)
    return born.replace(year=year)


def age(born: date, on: date) -> int:
    """Full years completed on a day; negative before birth."""
    years = on.year - born.year
    reached = birthday(born, years)
    return years if reached is not None and reached <= on else years - 1


def latest_born(years: int, on: date) -> date | None:
    """The youngest birth date that completes that many years by a day; None before the calendar's first year.

    With it an age limit is one comparison of dates: `birthday(born, years) <= on` exactly when `born` is not later.
    """
    year = on.year - years
    if year < MINYEAR:
        return None
    end_of_february = on.month == FEBRUARY and on.day >= LEAP_DAY - 1 and (on.day == LEAP_DAY or not isleap(on.year))
    return (
        date(year, FEBRUARY, LEAP_DAY if isleap(year) else LEAP_DAY - 1) if end_of_february else on.replace(year=year)
    )
