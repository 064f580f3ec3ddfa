"""Appeals against an assessment: to the city within the term, from there to the province, whose word is the last."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain.calendar import HolidayCalendar, YearNotAnnounced
from domain.card_terms import CardTerms
from domain.working_days import working_days_after


class AppealLevel(StrEnum):
    """Who decides on an appeal."""

    CITY = "city"
    PROVINCE = "province"


class AppealOutcome(StrEnum):
    """What came of an appeal."""

    UPHELD = "upheld"
    CHANGED = "changed"


class AppealRefusal(StrEnum):
    """Why an appeal was not taken, or not decided."""

    NOT_ALLOWED = "not_allowed"
    NOTHING_ASSESSED = "nothing_assessed"
    ALREADY_OPEN = "already_open"
    NOT_OPEN = "not_open"
    FINAL = "final"
    TOO_LATE = "too_late"
    YEAR_NOT_ANNOUNCED = "year_not_announced"
    FINDINGS_INVALID = "findings_invalid"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Judgement:
    """The last word on a disability so far: when it was told, and whose it was (None: the hospital's)."""

    told_on: date
    level: AppealLevel | None
    appeal_is_open: bool = False


def last_day(told_on: date, terms: CardTerms, calendar: HolidayCalendar) -> date:
    """The last day on which an appeal is in time.

    Raises:
        YearNotAnnounced: nobody can say yet.
    """
    return working_days_after(calendar, told_on, terms.appeal_working_days)


def file_appeal(
    judgement: Judgement | None, terms: CardTerms, calendar: HolidayCalendar, on: date
) -> AppealLevel | AppealRefusal:
    """To whom an appeal of that day goes, or why it is not taken."""
    if judgement is None:
        return AppealRefusal.NOTHING_ASSESSED
    if judgement.appeal_is_open:
        return AppealRefusal.ALREADY_OPEN
    if judgement.level is AppealLevel.PROVINCE:
        return AppealRefusal.FINAL
    late = _is_late(judgement.told_on, terms, calendar, on)
    if late is not None:
        return late
    return AppealLevel.CITY if judgement.level is None else AppealLevel.PROVINCE


def _is_late(told_on: date, terms: CardTerms, calendar: HolidayCalendar, on: date) -> AppealRefusal | None:
    # So many days cannot hold more working days, whatever the calendar.
    if on <= told_on + timedelta(days=terms.appeal_working_days):
        return None
    try:
        return AppealRefusal.TOO_LATE if on > last_day(told_on, terms, calendar) else None
    except YearNotAnnounced as unknown:
        # The term had not ended before that year began.
        return AppealRefusal.YEAR_NOT_ANNOUNCED if on.year >= unknown.year else None
