"""The district's calendar: one time zone, and days in it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DISTRICT_ZONE = ZoneInfo("Asia/Shanghai")


def local_date(at: datetime) -> date:
    """The day it is in the district at an aware instant."""
    return at.astimezone(DISTRICT_ZONE).date()


def start_of(day: date) -> datetime:
    """The instant at which a day begins in the district."""
    return datetime(day.year, day.month, day.day, tzinfo=DISTRICT_ZONE)


def end_of(day: date) -> datetime:
    """The instant at which a day ends in the district, which is when the next begins."""
    return start_of(day + timedelta(days=1))


def year_of(day: date) -> tuple[datetime, datetime]:
    """The first instant of a day's calendar year, and of the next."""
    return start_of(day.replace(month=1, day=1)), end_of(day.replace(month=12, day=31))
