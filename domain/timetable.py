"""From a service's week to its sessions: patterns, exceptions and public holidays over a span of days."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import combinations

from domain.calendar import DayKind, HolidayCalendar
from domain.dates import start_of

MINUTES_A_DAY = 24 * 60
DAYS_A_WEEK = 7
MOST_PLACES = 1_000
MOST_PATTERNS = 100


class TimetableRefusal(StrEnum):
    """Why a service cannot be open as was asked."""

    NOT_A_SPAN = "not_a_span"
    TOO_MANY = "too_many"
    NOT_A_WEEKDAY = "not_a_weekday"
    PLACES = "places"
    TOO_SHORT = "too_short"
    OVERLAPS_ITSELF = "overlaps_itself"
    REASON = "reason"
    PAST = "past"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class Span:
    """Minutes of a local day, from 0 to 1,440, the last one excluded."""

    start: int
    end: int

    def meets(self, other: "Span", gap: int = 0) -> bool:
        """Whether the two share a minute, or stand less than `gap` minutes apart."""
        return self.start < other.end + gap and other.start < self.end + gap


@dataclass(frozen=True)
class WeeklyPattern:
    """A weekly opening: ISO weekday 1 to 7, `capacity` places a session, both days of validity included.

    Public holidays close it unless `on_holidays`. On a make-up day those `on_makeup_days` are open, whatever their
    weekday; where a service has none of them, the day follows its own weekday.
    """

    weekday: int
    span: Span
    capacity: int
    valid_from: date
    valid_until: date | None = None
    on_holidays: bool = False
    on_makeup_days: bool = False

    def is_valid(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    def clashes(self, other: "WeeklyPattern", gap: int) -> bool:
        """Whether some day would have sessions of both that overlap or stand too close."""
        first = max(self.valid_from, other.valid_from)
        same_validity = all(each.valid_until is None or first <= each.valid_until for each in (self, other))
        same_day = self.weekday == other.weekday or (self.on_makeup_days and other.on_makeup_days)
        return same_validity and same_day and self.span.meets(other.span, gap)


@dataclass(frozen=True)
class Closure:
    """A time of one day in which a service's week does not hold."""

    day: date
    span: Span


@dataclass(frozen=True)
class ExtraOpening:
    """A time of one day in which a service is open beside its week, holiday or not."""

    day: date
    span: Span
    capacity: int


@dataclass(frozen=True)
class Timetable:
    """When a service is open; a session lasts `minutes`, and two of them stand `gap` minutes apart at least."""

    minutes: int
    gap: int
    patterns: Sequence[WeeklyPattern]
    closures: Sequence[Closure] = ()
    extras: Sequence[ExtraOpening] = ()

    @property
    def asks_the_calendar(self) -> bool:
        """Whether public holidays make a difference to it."""
        return any(not each.on_holidays or each.on_makeup_days for each in self.patterns)


@dataclass(frozen=True)
class Session:
    """One session as it is to be offered, in UTC."""

    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True)
class Sessions:
    """The sessions up to `until`, which is earlier than was asked for where the holidays are not announced yet."""

    sessions: tuple[Session, ...]
    until: date


def refuse_timetable(timetable: Timetable) -> TimetableRefusal | None:
    """Why a service cannot be open like that; None when it can."""
    if len(timetable.patterns) > MOST_PATTERNS:
        return TimetableRefusal.TOO_MANY
    if not all(1 <= each.weekday <= DAYS_A_WEEK for each in timetable.patterns):
        return TimetableRefusal.NOT_A_WEEKDAY
    openings: list[WeeklyPattern | ExtraOpening] = [*timetable.patterns, *timetable.extras]
    for opening in openings:
        refusal = _refuse_opening(opening.span, opening.capacity, timetable.minutes)
        if refusal is not None:
            return refusal
    if any(one.clashes(other, timetable.gap) for one, other in combinations(timetable.patterns, 2)):
        return TimetableRefusal.OVERLAPS_ITSELF
    return None


def _refuse_opening(span: Span, capacity: int, minutes: int) -> TimetableRefusal | None:
    if not 0 <= span.start < span.end <= MINUTES_A_DAY:
        return TimetableRefusal.NOT_A_SPAN
    if not 1 <= capacity <= MOST_PLACES:
        return TimetableRefusal.PLACES
    return TimetableRefusal.TOO_SHORT if span.end - span.start < minutes else None


def sessions(timetable: Timetable, calendar: HolidayCalendar, first: date, last: date) -> Sessions:
    """Every session from `first` to `last`, in order of time, none overlapping another.

    An extra opening gives way to the week where the two meet. The first year without announced holidays ends the list:
    nobody can say which of its days are open.
    """
    until = min(last, calendar.announced_until(first)) if timetable.asks_the_calendar else last
    days = (first + timedelta(days=number) for number in range((until - first).days + 1))
    return Sessions(tuple(session for day in days for session in _of_day(timetable, calendar, day)), until)


def _of_day(timetable: Timetable, calendar: HolidayCalendar, day: date) -> Iterator[Session]:
    kind = calendar.kind(day) if timetable.asks_the_calendar else DayKind.ORDINARY
    closed = [each.span for each in timetable.closures if each.day == day]
    found: list[tuple[Span, int]] = []
    for pattern in _open_patterns(timetable.patterns, day, kind):
        found += [
            (span, pattern.capacity)
            for span in _cut(pattern.span, timetable)
            if not any(span.meets(closure) for closure in closed)
        ]
    for extra in (each for each in timetable.extras if each.day == day):
        found += [
            (span, extra.capacity)
            for span in _cut(extra.span, timetable)
            if not any(span.meets(taken, timetable.gap) for taken, _ in found)
        ]
    for span, capacity in sorted(found, key=lambda each: each[0].start):
        starts_at = (start_of(day) + timedelta(minutes=span.start)).astimezone(UTC)
        yield Session(starts_at, starts_at + timedelta(minutes=timetable.minutes), capacity)


def _open_patterns(patterns: Iterable[WeeklyPattern], day: date, kind: DayKind) -> list[WeeklyPattern]:
    valid = [each for each in patterns if each.is_valid(day)]
    makeup = [each for each in valid if each.on_makeup_days]
    if kind is DayKind.MAKEUP and makeup:
        return makeup
    return [
        each for each in valid if each.weekday == day.isoweekday() and (kind is not DayKind.HOLIDAY or each.on_holidays)
    ]


def _cut(span: Span, timetable: Timetable) -> Iterator[Span]:
    for start in range(span.start, span.end - timetable.minutes + 1, timetable.minutes + timetable.gap):
        yield Span(start, start + timetable.minutes)
