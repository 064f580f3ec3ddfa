"""Slots laid out ahead from each service's week, again and again, without touching a place that somebody holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from domain.calendar import HolidayCalendar
from domain.dates import end_of, local_date, start_of
from domain.timetable import (
    Closure,
    ExtraOpening,
    Span,
    Timetable,
    WeeklyPattern,
    sessions,
)
from models.record import new_id
from models.service import ExceptionKind
from services.database import Database

# What nobody holds follows the week; what somebody holds stays as it is, and is flagged where it no longer fits.
_PUT = """
INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken, generated)
SELECT w.id, $1, w.starts_at, w.ends_at, w.capacity, 0, true
FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::int[]) AS w (id, starts_at, ends_at, capacity)
ORDER BY w.starts_at
ON CONFLICT (service_id, starts_at) WHERE generated DO UPDATE SET
    ends_at = CASE WHEN slot.taken = 0 THEN excluded.ends_at ELSE slot.ends_at END,
    capacity = greatest(excluded.capacity, slot.taken),
    state = CASE WHEN slot.taken = 0 OR (slot.ends_at = excluded.ends_at AND slot.taken <= excluded.capacity)
        THEN 'open' ELSE 'flagged' END
WHERE (slot.ends_at, slot.capacity, slot.state) IS DISTINCT FROM (excluded.ends_at, excluded.capacity, 'open')
RETURNING xmax = 0 AS added
"""

_WITHDRAW = """
UPDATE slot SET state = CASE WHEN taken = 0 THEN 'withdrawn' ELSE 'flagged' END
WHERE service_id = $1 AND generated AND starts_at > $2 AND ($3::timestamptz IS NULL OR starts_at < $3)
AND starts_at <> ALL($4::timestamptz[])
AND state <> CASE WHEN taken = 0 THEN 'withdrawn' ELSE 'flagged' END
"""

# A booking that somebody is changing this moment is left to the next run: its slot is locked here, and waiting for it
# could be waiting for each other.
_FLAG = """
WITH odd AS (
    SELECT b.id, s.state FROM booking b JOIN slot s ON s.id = b.slot_id
    WHERE s.service_id = $1 AND s.starts_at > $2 AND b.state IN ('requested', 'booked')
    AND ((s.state = 'flagged' AND b.flag IS NULL) OR (s.state = 'open' AND b.flag = 'slot_changed'))
    FOR NO KEY UPDATE OF b SKIP LOCKED
)
UPDATE booking b SET flag = CASE WHEN odd.state = 'flagged' THEN 'slot_changed' END,
                     flagged_at = CASE WHEN odd.state = 'flagged' THEN $2 END
FROM odd WHERE odd.id = b.id
"""

_COUNT = """
SELECT count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn, count(*) FILTER (WHERE state = 'flagged') AS flagged
FROM slot WHERE service_id = $1 AND generated AND starts_at > $2
"""

# The lock lets one at a time change a service's week or lay out its slots.
_SERVICE = """
SELECT minutes, buffer_before_minutes + buffer_after_minutes AS gap, horizon_days, retired_on
FROM service WHERE id = $1 FOR NO KEY UPDATE
"""

_PATTERNS = "SELECT * FROM weekly_pattern WHERE service_id = $1 AND (valid_until IS NULL OR valid_until >= $2)"
_EXCEPTIONS = "SELECT * FROM day_exception WHERE service_id = $1 AND day >= $2 ORDER BY id"


@dataclass(frozen=True)
class LaidOut:
    """What a service's slots came to: `added` now, and how many to come are withdrawn or flagged.

    They reach to the day `until`; `stopped` where that is for want of announced holidays.
    """

    service_id: UUID
    added: int
    withdrawn: int
    flagged: int
    until: date
    stopped: bool


@dataclass(frozen=True)
class Week:
    """How a service is open from the day `first` on, the last day up to which its slots stand, and when it ends."""

    timetable: Timetable
    first: date
    last: date
    retired_on: date | None


async def lay_out_all(database: Database, holidays: HolidayCalendar, at: datetime) -> Sequence[LaidOut]:
    """Bring the slots of every service up to its horizon; safe to repeat, and to run twice at once."""
    results = []
    for row in await database.fetch("SELECT id FROM service ORDER BY id"):
        async with database.transaction() as connection:
            results.append(await lay_out(connection, holidays, row["id"], at))
    return results


async def lay_out(connection: asyncpg.Connection, holidays: HolidayCalendar, service_id: UUID, at: datetime) -> LaidOut:
    """Bring the slots of one service up to its horizon, in the caller's transaction."""
    week = await week_of(connection, service_id, local_date(at))
    planned = sessions(week.timetable, holidays, week.first, week.last)
    coming = [session for session in planned.sessions if session.starts_at > at]
    starts = [session.starts_at for session in coming]
    put = await connection.fetch(
        _PUT,
        service_id,
        [new_id() for _ in coming],
        starts,
        [session.ends_at for session in coming],
        [session.capacity for session in coming],
    )
    await connection.execute(_WITHDRAW, service_id, at, end_of(planned.until), starts)
    if week.retired_on is not None:
        last_moment = start_of(week.retired_on) - timedelta(microseconds=1)
        await connection.execute(_WITHDRAW, service_id, max(at, last_moment), None, [])
    await connection.execute(_FLAG, service_id, at)
    count = await connection.fetchrow(_COUNT, service_id, at)
    added = sum(row["added"] for row in put)
    stopped = planned.until < week.last
    return LaidOut(service_id, added, count["withdrawn"], count["flagged"], planned.until, stopped)


async def week_of(connection: asyncpg.Connection, service_id: UUID, first: date) -> Week:
    """The week of a service as it holds from a day on; the service stays locked until the transaction ends."""
    service = await connection.fetchrow(_SERVICE, service_id)
    exceptions = [
        (row["kind"], row["day"], Span(row["from_minute"], row["until_minute"]), row["capacity"])
        for row in await connection.fetch(_EXCEPTIONS, service_id, first)
    ]
    timetable = Timetable(
        service["minutes"],
        service["gap"],
        [_pattern(row) for row in await connection.fetch(_PATTERNS, service_id, first)],
        [Closure(day, span) for kind, day, span, _ in exceptions if kind == ExceptionKind.CLOSED],
        [ExtraOpening(day, span, places) for kind, day, span, places in exceptions if kind == ExceptionKind.EXTRA],
    )
    last = first + timedelta(days=service["horizon_days"])
    if service["retired_on"] is not None:
        last = min(last, service["retired_on"] - timedelta(days=1))
    return Week(timetable, first, last, service["retired_on"])


def _pattern(row: asyncpg.Record) -> WeeklyPattern:
    return WeeklyPattern(
        row["weekday"],
        Span(row["from_minute"], row["until_minute"]),
        row["capacity"],
        row["valid_from"],
        row["valid_until"],
        row["on_holidays"],
        row["on_makeup_days"],
    )
