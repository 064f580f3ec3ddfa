"""Which days are public holidays and which are worked in their place: announced years only, never a guess."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from chinese_calendar import constants

from domain.policy_file import Section, parse_document

FILE = "calendar/days.toml"


class DayKind(StrEnum):
    """What the State Council made of a day; an ordinary one follows its weekday."""

    ORDINARY = "ordinary"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


class YearNotAnnounced(LookupError):
    """The holidays of a year are not known yet; enter them under [[year]] in policy/calendar/days.toml."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"The holidays of {year} are not announced. Enter them under [[year]] in policy/calendar/days.toml."
        )
        self.year = year


@dataclass(frozen=True)
class HolidayCalendar:
    """The days that differ from their weekday, in the years that are announced."""

    years: frozenset[int]
    kinds: Mapping[date, DayKind]

    def kind(self, day: date) -> DayKind:
        """What a day is.

        Raises:
            YearNotAnnounced: see there.
        """
        if day.year not in self.years:
            raise YearNotAnnounced(day.year)
        return self.kinds.get(day, DayKind.ORDINARY)

    def announced_until(self, first: date) -> date:
        """The last day, from `first` on without a gap, whose year is announced; the day before `first` if none is."""
        year = first.year
        while year in self.years:
            year += 1
        return first - timedelta(days=1) if year == first.year else date(year, 1, 1) - timedelta(days=1)


def load_calendar(text: str) -> HolidayCalendar:
    """The library's years, changed and continued by the text of `days.toml`.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    section = parse_document(FILE, text)
    section.only("year", "day")
    years = {day.year for day in constants.holidays}
    kinds = dict.fromkeys(constants.holidays, DayKind.HOLIDAY) | dict.fromkeys(constants.workdays, DayKind.MAKEUP)
    for each in section.sections("year"):
        year = _year(each)
        kinds = {day: kind for day, kind in kinds.items() if day.year != year} | _days_of(each, year)
        years.add(year)
    for each in section.sections("day"):
        kinds |= _one_day(each)
    return HolidayCalendar(frozenset(years), kinds)


def _year(section: Section) -> int:
    section.only("year", "source", "holidays", "makeup_days")
    section.text("source")
    year = section.number("year")
    if year % 1 or not date.min.year <= year < date.max.year:
        raise section.wrong("year", "not a year", "Write a year as 2027")
    return int(year)


def _days_of(section: Section, year: int) -> dict[date, DayKind]:
    holidays, makeup_days = section.days("holidays"), section.days("makeup_days")
    if not holidays:
        raise section.wrong("holidays", "missing", "List every public holiday that was announced for the year")
    _refuse_others(section, "holidays", (day for day in holidays if day.year != year), f"not of {year}")
    _refuse_others(section, "makeup_days", (day for day in makeup_days if day.year != year), f"not of {year}")
    _refuse_others(section, "makeup_days", (day for day in makeup_days if day in holidays), "a holiday too")
    return dict.fromkeys(holidays, DayKind.HOLIDAY) | dict.fromkeys(makeup_days, DayKind.MAKEUP)


def _refuse_others(section: Section, key: str, wrong: Iterable[date], problem: str) -> None:
    for day in wrong:
        raise section.wrong(key, f"{day.isoformat()} is {problem}", "Correct the day")


def _one_day(section: Section) -> dict[date, DayKind]:
    section.only("day", "kind", "source")
    section.text("source")
    kind = section.text("kind")
    if kind not in list(DayKind):
        raise section.wrong("kind", "unknown", f"Use one of {', '.join(DayKind)}")
    return {section.day("day"): DayKind(kind)}
