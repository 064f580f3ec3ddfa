"""Working days as the State Council arranges them: holidays, and the weekends that are worked in exchange for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

from domain.policy_file import Section


class YearNotAnnounced(Exception):
    """The holidays of a year are not known yet, so that its working days cannot be counted."""

    def __init__(self, year: int) -> None:
        super().__init__(f"The holidays of {year} are not known: enter them in policy/register/working-days.toml.")
        self.year = year


@dataclass(frozen=True)
class WorkingDays:
    """The calendar of the package `chinesecalendar`, with the days on which the district knows better.

    `announced` are years that the package lacks and `exceptions` covers wholly.
    """

    exceptions: Mapping[date, bool]
    announced: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Whether a day is worked.

        Raises:
            YearNotAnnounced: see there.
        """
        known = self.exceptions.get(day)
        if known is not None:
            return known
        if day.year in self.announced:
            return day.isoweekday() <= 5  # noqa: PLR2004 - Monday to Friday
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            raise YearNotAnnounced(day.year) from None

    def after(self, day: date, count: int) -> date:
        """The last day of a term of `count` working days; the first to count is the one after `day`.

        Source: Civil Code of the PRC, Art. 201: the day of the beginning is not counted.

        Raises:
            YearNotAnnounced: the term reaches into such a year.
        """
        while count > 0:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day


def parse_working_days(section: Section) -> WorkingDays:
    """Read working-days.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section.only("announced", "days")
    days = {}
    for each in section.sections("days"):
        each.only("day", "working", "source")
        each.text("source")
        day = each.day("day")
        if day in days:
            raise each.wrong("day", "given twice", "Leave one entry for a day")
        days[day] = each.flag("working")
    return WorkingDays(days, frozenset(section.whole_numbers("announced")))
