"""Lays out the demo providers' slots for the coming weeks from their weekly patterns."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from domain.dates import DISTRICT_ZONE

WEEKS: Final = 6


@dataclass(frozen=True, slots=True)
class DemoSlot:
    """One session with its places."""

    starts_at: datetime
    ends_at: datetime
    capacity: int


def slots(service: dict[str, Any], on: date) -> Iterator[DemoSlot]:
    """The sessions of one service of the district file, from the day after `on` for `WEEKS` weeks."""
    for days in range(1, WEEKS * 7 + 1):
        day = on + timedelta(days=days)
        if day.isoweekday() in service["weekdays"]:
            for text in service["times"]:
                starts_at = datetime.combine(day, time.fromisoformat(text), DISTRICT_ZONE)
                yield DemoSlot(starts_at, starts_at + timedelta(minutes=service["minutes"]), service["capacity"])
