"""Sums what scanners did on some days, so that an operator and the federation see how it goes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.settlement import Verdict

MOST_DAYS: Final = 31
# A scanner that has sent nothing for so long is silent.
SILENT_AFTER: Final = timedelta(days=1)


class Delay(StrEnum):
    """How long a scan took to come, the shortest first."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    LONGER = "longer"


@dataclass(frozen=True)
class ScanGroup:
    """So many scans that are alike: `line` is where they were made, `reason` why they were refused."""

    day: date
    line: str
    is_venue: bool
    verdict: Verdict
    reason: str
    overridden: bool
    delay: Delay
    scans: int
    companions: int

    @property
    def admitted(self) -> bool:
        """Whether these people went in."""
        return self.overridden or self.verdict is not Verdict.REFUSED


@dataclass(frozen=True)
class DayCount:
    """A day: rides on buses, entries to venues, companions of both, and refusals."""

    day: date
    rides: int
    entries: int
    companions: int
    refused: int


@dataclass(frozen=True)
class SilentDevice:
    """A scanner in service that sends nothing; `last_at` is None if it never did."""

    operator: str
    place: str
    last_at: datetime | None


@dataclass(frozen=True)
class Tally:
    """What scanners did: by day in order, the rest with the greatest number first, delays with the shortest."""

    days: Sequence[DayCount]
    lines: Sequence[tuple[str, int]]
    classes: Sequence[tuple[Verdict, int]]
    refusals: Sequence[tuple[str, int]]
    delays: Sequence[tuple[Delay, int]]


def is_span(since: date, until: date) -> bool:
    """Whether two days, both included, are a span that a dashboard shows."""
    return timedelta(0) <= until - since < timedelta(days=MOST_DAYS)


def tally(groups: Iterable[ScanGroup], since: date, until: date) -> Tally:
    """The sums of the days from `since` to `until`; a day without scans is there as well."""
    rides, entries, companions, refused = Counter[date](), Counter[date](), Counter[date](), Counter[date]()
    lines, classes, refusals, delays = Counter[str](), Counter[Verdict](), Counter[str](), Counter[Delay]()
    for group in groups:
        delays[group.delay] += group.scans
        if not group.admitted:
            refused[group.day] += group.scans
            refusals[group.reason] += group.scans
            continue
        (entries if group.is_venue else rides)[group.day] += group.scans
        companions[group.day] += group.companions
        lines[group.line] += group.scans
        classes[group.verdict] += group.scans
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    return Tally(
        [DayCount(day, rides[day], entries[day], companions[day], refused[day]) for day in days],
        lines.most_common(),
        classes.most_common(),
        refusals.most_common(),
        [(delay, delays[delay]) for delay in Delay],
    )
