"""An appeal is in time on its last day, late on the next, and goes to the city, then the province, then nowhere."""

from datetime import date, timedelta

import pytest

from domain.appeal import AppealLevel, AppealRefusal, Judgement, file_appeal, last_day
from domain.calendar import HolidayCalendar, load_calendar
from tests.domain.terms import TERMS

STATE = load_calendar("")
TOLD = date(2026, 9, 25)
LAST = date(2026, 10, 15)


def test_the_term_ends_after_ten_working_days() -> None:
    """Across National Day and a Saturday that is worked."""
    assert last_day(TOLD, TERMS, STATE) == LAST


@pytest.mark.parametrize(
    ("on", "answer"),
    [
        (TOLD, AppealLevel.CITY),
        (TOLD + timedelta(days=10), AppealLevel.CITY),
        (LAST, AppealLevel.CITY),
        (LAST + timedelta(days=1), AppealRefusal.TOO_LATE),
    ],
)
def test_the_last_day_is_in_time(on: date, answer: AppealLevel | AppealRefusal) -> None:
    """The first day, a day before any calendar matters, the last, and the day after."""
    assert file_appeal(Judgement(TOLD, None), TERMS, STATE, on) is answer


def test_the_province_is_the_last() -> None:
    """From the city to the province, from there nowhere; and not twice at a time, nor about nothing."""
    assert file_appeal(Judgement(TOLD, AppealLevel.CITY), TERMS, STATE, LAST) is AppealLevel.PROVINCE
    assert file_appeal(Judgement(TOLD, AppealLevel.PROVINCE), TERMS, STATE, TOLD) is AppealRefusal.FINAL
    assert file_appeal(Judgement(TOLD, None, appeal_is_open=True), TERMS, STATE, TOLD) is AppealRefusal.ALREADY_OPEN
    assert file_appeal(None, TERMS, STATE, TOLD) is AppealRefusal.NOTHING_ASSESSED


@pytest.mark.parametrize(
    ("told", "on", "answer"),
    [
        # Nine working days are left in 2098 as the package would have it; here none are known.
        (date(2098, 12, 25), date(2099, 1, 4), AppealLevel.CITY),
        (date(2098, 12, 25), date(2099, 1, 5), AppealRefusal.YEAR_NOT_ANNOUNCED),
        (date(2098, 12, 20), date(2098, 12, 31), AppealLevel.CITY),
    ],
)
def test_a_year_not_announced_is_said_so(told: date, on: date, answer: AppealLevel | AppealRefusal) -> None:
    """Ten days are in time by any calendar, and while the known year lasts; beyond that nobody can say."""
    known = HolidayCalendar(frozenset({2098}), {})

    assert file_appeal(Judgement(told, None), TERMS, known, on) is answer
