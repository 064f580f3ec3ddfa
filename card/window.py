"""Where and when a rule of a tariff holds: a line, a venue or an area, and hours of the week in the district."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Final

# China has kept one time all year since 1992, so a device needs no time zone data.
DISTRICT_ZONE: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
MAX_NAME: Final = 80
DAY_MINUTES: Final = 1_440
WEEK: Final = range(1, 8)
_ALL_MINUTES: Final = (1 << DAY_MINUTES * len(WEEK)) - 1


class PlaceKind(StrEnum):
    """What a place is; from the narrow ones to the wide one."""

    LINE = "line"
    VENUE = "venue"
    AREA = "area"


@dataclass(frozen=True)
class Place:
    """A line, a venue or an area, by the name that the operator's server gives it; scanners only compare it."""

    kind: PlaceKind
    name: str

    def __post_init__(self) -> None:
        """Refuse a name out of range."""
        require(0 < len(self.name) <= MAX_NAME, "a place has 1 to 80 characters")


@dataclass(frozen=True)
class Window:
    """Hours on days of the week: `days` from 1, Monday, to 7; `begins` and `ends` are minutes after midnight.

    The last minute is not in it; 1440 is the end of the day. What goes past midnight is two windows.
    """

    days: frozenset[int]
    begins: int = 0
    ends: int = DAY_MINUTES

    def __post_init__(self) -> None:
        """Refuse days that no week has, and hours without a length."""
        require(bool(self.days) and self.days <= frozenset(WEEK), "a window has days from 1, Monday, to 7")
        require(0 <= self.begins < self.ends <= DAY_MINUTES, "a window begins before it ends, within one day")

    def covers(self, at: datetime) -> bool:
        """Whether an aware instant lies in it."""
        local = at.astimezone(DISTRICT_ZONE)
        return local.isoweekday() in self.days and self.begins <= local.hour * 60 + local.minute < self.ends


@dataclass(frozen=True)
class Opening:
    """Hours in which a place is open; without a place, wherever the tariff is read."""

    place: Place | None
    window: Window


def local_day(at: datetime) -> date:
    """The day it is in the district at an aware instant."""
    return at.astimezone(DISTRICT_ZONE).date()


def minutes_of(window: Window | None) -> int:
    """The minutes of a week that a window covers, one bit each from Monday 00:00; None covers them all."""
    if window is None:
        return _ALL_MINUTES
    hours = (1 << window.ends) - (1 << window.begins)
    return sum(hours << DAY_MINUTES * (day - 1) for day in window.days)


def windows_of(minutes: int) -> list[Window]:
    """The windows, each within one day, of minutes of a week as `minutes_of` gives them."""
    found = []
    for day in WEEK:
        # From the first minute on, so that runs are read from left to right.
        bits = f"{minutes >> DAY_MINUTES * (day - 1) & (1 << DAY_MINUTES) - 1:0{DAY_MINUTES}b}"[::-1]
        begins = bits.find("1")
        while begins >= 0:
            ends = bits.find("0", begins)
            ends = DAY_MINUTES if ends < 0 else ends
            found.append(Window(frozenset({day}), begins, ends))
            begins = bits.find("1", ends)
    return found


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Refuse a value that contradicts itself.

    Raises:
        ValueError: the condition does not hold.
    """
    if not condition:
        raise ValueError(message)
