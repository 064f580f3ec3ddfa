"""How a provider's staff change when their services are open; the slots follow at once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.dates import local_date
from domain.timetable import Closure, ExtraOpening, TimetableRefusal, WeeklyPattern, refuse_timetable
from models.record import new_id
from models.service import ExceptionKind
from services import audit
from services.resources import Resources
from services.second_factor import PROVEN, asking
from services.timetables import LaidOut, Week, lay_out, week_of

_WORKS_THERE = f"""
SELECT EXISTS (
    SELECT FROM provider_staff d JOIN service v ON v.provider_id = d.provider_id
    WHERE d.account_id = $1 AND (d.left_on IS NULL OR d.left_on > $2) AND {PROVEN} AND v.id = $5
)
"""

# A pattern that was replaced before it began ends the day before: nothing is deleted.
_END_PATTERNS = """
UPDATE weekly_pattern SET valid_until = greatest(valid_from, $2) - 1
WHERE service_id = $1 AND (valid_until IS NULL OR valid_until >= $2)
"""

_ADD_PATTERN = """
INSERT INTO weekly_pattern (id, service_id, weekday, from_minute, until_minute, capacity, valid_from, valid_until,
                            on_holidays, on_makeup_days)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_ADD_EXCEPTION = """
INSERT INTO day_exception (id, service_id, day, kind, from_minute, until_minute, capacity, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

REASON_LENGTH = 80

Change = Callable[[asyncpg.Connection, Week], Awaitable[TimetableRefusal | None]]


async def replace_week(
    resources: Resources, viewer: Viewer, service_id: UUID, patterns: Sequence[WeeklyPattern], start: date
) -> LaidOut | TimetableRefusal:
    """Let a service's week be these patterns from the day `start` on."""
    new = [replace(each, valid_from=max(each.valid_from, start)) for each in patterns]

    async def change(connection: asyncpg.Connection, week: Week) -> TimetableRefusal | None:
        refusal = refuse_timetable(replace(week.timetable, patterns=new, extras=()))
        if refusal is not None:
            return refusal
        await connection.execute(_END_PATTERNS, service_id, start)
        for each in new:
            await connection.execute(
                _ADD_PATTERN,
                *(new_id(), service_id, each.weekday, each.span.start, each.span.end, each.capacity),
                *(each.valid_from, each.valid_until, each.on_holidays, each.on_makeup_days),
            )
        return None

    return await _change(resources, viewer, service_id, start, "replace_week", change)


async def add_exception(
    resources: Resources, viewer: Viewer, service_id: UUID, exception: Closure | ExtraOpening, reason: str
) -> LaidOut | TimetableRefusal:
    """Close a service for a while on one day, or open it in addition."""
    extra = isinstance(exception, ExtraOpening)
    span = exception.span

    async def change(connection: asyncpg.Connection, week: Week) -> TimetableRefusal | None:
        if not 1 <= len(reason.strip()) <= REASON_LENGTH:
            return TimetableRefusal.REASON
        # A closure is judged as an opening of one minute at least.
        opening = exception if isinstance(exception, ExtraOpening) else ExtraOpening(exception.day, span, 1)
        minutes = week.timetable.minutes if extra else 1
        refusal = refuse_timetable(replace(week.timetable, minutes=minutes, patterns=(), extras=[opening]))
        if refusal is not None:
            return refusal
        kind, places = (ExceptionKind.EXTRA, opening.capacity) if extra else (ExceptionKind.CLOSED, 0)
        await connection.execute(
            _ADD_EXCEPTION, new_id(), service_id, exception.day, kind, span.start, span.end, places, reason
        )
        return None

    return await _change(resources, viewer, service_id, exception.day, "add_exception", change)


async def _change(
    resources: Resources, viewer: Viewer, service_id: UUID, first: date, action: str, change: Change
) -> LaidOut | TimetableRefusal:
    at = resources.clock()
    if first < local_date(at):
        return TimetableRefusal.PAST
    # Bookings that no longer fit are flagged, whosever they are; whether she works there is asked first.
    async with resources.database.beyond_reach().transaction() as connection:
        if not await connection.fetchval(_WORKS_THERE, *asking(resources, viewer, at), service_id):
            return TimetableRefusal.NOT_ALLOWED
        refusal = await change(connection, await week_of(connection, service_id, first))
        if refusal is not None:
            return refusal
        result = await lay_out(connection, resources.holidays, service_id, at)
        await audit.record(connection, audit.Event(f"account:{viewer.account_id}", action, str(service_id)), at)
        return result
