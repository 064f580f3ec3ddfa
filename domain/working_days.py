"""Working days: by the week, less public holidays, and with the days that are worked in exchange for them."""

from datetime import date, timedelta
from typing import assert_never

from domain.calendar import DayKind, HolidayCalendar

_SATURDAY = 6


def is_working(calendar: HolidayCalendar, day: date) -> bool:
    """Whether a day is worked.

    Raises:
        YearNotAnnounced: nobody knows yet.
    """
    kind = calendar.kind(day)
    match kind:
        case DayKind.HOLIDAY:
            return False
        case DayKind.MAKEUP:
            return True
        case DayKind.ORDINARY:
            return day.isoweekday() < _SATURDAY
        case _:
            assert_never(kind)


def working_days_after(calendar: HolidayCalendar, day: date, count: int) -> date:
    """The last day of a term of `count` working days; the first to count is the one after `day`.

    Source: Civil Code of the PRC, Art. 201: the day of the beginning is not counted.

    Raises:
        YearNotAnnounced: the term reaches into such a year.
    """
    while count > 0:
        day += timedelta(days=1)
        count -= is_working(calendar, day)
    return day
