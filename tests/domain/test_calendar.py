"""Shows that holidays come from the library, that the district's table goes before it, and that nothing is guessed."""

from datetime import date

import pytest

from domain.calendar import DayKind, YearNotAnnounced, load_calendar
from domain.policy_file import PolicyInvalid

YEAR = """
[[year]]
year = 2027
source = "通知"
holidays = [2027-01-01, 2027-02-06]
makeup_days = [2027-02-07]
"""


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 10, 1), DayKind.HOLIDAY),
        (date(2026, 10, 3), DayKind.HOLIDAY),
        (date(2026, 10, 8), DayKind.ORDINARY),
        (date(2026, 10, 10), DayKind.MAKEUP),
        (date(2026, 10, 11), DayKind.ORDINARY),
        (date(2024, 2, 29), DayKind.ORDINARY),
    ],
)
def test_the_library_is_followed(day: date, kind: DayKind) -> None:
    """National Day 2026 with its make-up Saturday, a plain Sunday and a leap day are what was announced."""
    calendar = load_calendar("")

    assert calendar.kind(day) is kind


def test_a_year_that_is_not_announced_is_not_guessed() -> None:
    """The error names the year and the file in which to enter it."""
    calendar = load_calendar("")

    with pytest.raises(YearNotAnnounced, match=r"2099.*policy/calendar/days\.toml"):
        calendar.kind(date(2099, 1, 1))


def test_the_announced_span_ends_with_its_last_year() -> None:
    """It runs to the year's last day, and is empty where even the first year is unknown."""
    calendar = load_calendar("")

    assert calendar.announced_until(date(2023, 5, 1)).month == 12
    assert calendar.announced_until(date(2099, 5, 1)) == date(2099, 4, 30)


def test_a_year_is_entered_and_a_day_is_changed() -> None:
    """A table for a year replaces what the library says of it, and a day goes before both."""
    text = f'{YEAR}[[day]]\nday = 2026-10-01\nkind = "ordinary"\nsource = "区政府通知"\n'
    calendar = load_calendar(text)

    kinds = [calendar.kind(date(2027, 2, day)) for day in (5, 6, 7)]

    assert kinds == [DayKind.ORDINARY, DayKind.HOLIDAY, DayKind.MAKEUP]
    assert calendar.kind(date(2026, 10, 1)) is DayKind.ORDINARY
    assert calendar.announced_until(date(2026, 1, 1)) >= date(2027, 12, 31)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[year", "not TOML"),
        ("[[years]]", "unknown key"),
        (YEAR.replace("year = 2027", "year = 2027.5"), "not a year"),
        (YEAR.replace("year = 2027", "year = 99999"), "not a year"),
        (YEAR.replace('source = "通知"', ""), "missing"),
        (YEAR.replace("[2027-01-01, 2027-02-06]", "[]"), "holidays: missing"),
        (YEAR.replace("2027-02-06]", "2028-02-06]"), "2028-02-06 is not of 2027"),
        (YEAR.replace("[2027-02-07]", "[2026-02-07]"), "2026-02-07 is not of 2027"),
        (YEAR.replace("[2027-02-07]", "[2027-02-06]"), "a holiday too"),
        (YEAR.replace("[2027-02-07]", "[2027-02-07T08:00:00]"), "date with a time"),
        ('[[day]]\nday = 2026-10-01\nkind = "off"\nsource = "通知"\n', "kind: unknown"),
    ],
)
def test_a_mistake_in_the_table_is_named(text: str, problem: str) -> None:
    """Every mistake is refused with its key and what to do."""
    with pytest.raises(PolicyInvalid, match=problem):
        load_calendar(text)
