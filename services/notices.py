"""Tells people of bookings and cards: a notice is made by the transaction it tells of, and then handed on as a job."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from models.notice import NoticeKind
from models.record import new_id
from services.jobs import deliver_later
from services.resources import Resources

REMIND_BEFORE: Final = timedelta(hours=24)
# A job that is lost, say because the database went away while its outcome was written, is queued again by then.
LOST_AFTER: Final = timedelta(minutes=2)
_BATCH: Final = 500

_OF_BOOKING = """
INSERT INTO notice (id, resident_id, booking_id, kind, revision, state, due_at)
SELECT $1, resident_id, id, $3, revision, 'due', $4 FROM booking WHERE id = $2
ON CONFLICT (booking_id, kind, revision) WHERE booking_id IS NOT NULL DO NOTHING RETURNING id
"""

_OF_OFFER = """
INSERT INTO notice (id, resident_id, offer_id, kind, state, due_at)
SELECT $1, resident_id, id, 'offered', 'due', $3 FROM offer WHERE id = $2
ON CONFLICT (offer_id, kind) WHERE offer_id IS NOT NULL DO NOTHING RETURNING id
"""

_OF_CARD = """
INSERT INTO notice (id, resident_id, card_notice_id, kind, state, due_at)
SELECT $1, resident_id, id, 'card', 'due', $3 FROM card_notice WHERE id = $2 RETURNING id
"""

# Read by the slot's time, so that history costs nothing. Whoever booked or was told within the last day knows.
_TO_REMIND = """
SELECT b.id FROM slot s JOIN booking b ON b.slot_id = s.id
WHERE s.starts_at > $1 AND s.starts_at <= $2 AND b.state = 'booked' AND b.booked_at <= s.starts_at - $3::interval
AND NOT EXISTS (
    SELECT FROM notice n WHERE n.booking_id = b.id AND n.revision = b.revision
    AND (n.kind = 'reminder' OR n.due_at > s.starts_at - $3::interval)
)
ORDER BY s.starts_at, b.id LIMIT $4
"""

_LOST = "SELECT id FROM notice WHERE state IN ('due', 'sending') AND due_at <= $1 ORDER BY due_at LIMIT $2"


async def tell_of_booking(connection: asyncpg.Connection, booking_id: UUID, kind: NoticeKind, at: datetime) -> None:
    """Tell of a booking as it is at its revision, in the caller's transaction; once, however often it is called."""
    await _put(connection, _OF_BOOKING, booking_id, kind, at)


async def tell_of_offer(connection: asyncpg.Connection, offer_id: UUID, at: datetime) -> None:
    """Tell of an offered place, in the caller's transaction; once, however often it is called."""
    await _put(connection, _OF_OFFER, offer_id, at)


async def tell_of_card(connection: asyncpg.Connection, card_notice_id: UUID, at: datetime) -> None:
    """Say that there is something to read about a card, in the transaction that wrote it down."""
    await _put(connection, _OF_CARD, card_notice_id, at)


async def remind(resources: Resources) -> int:
    """Make the reminders of the sessions that begin within a day, and return how many; safe to repeat."""
    at = resources.clock()
    made = 0
    while True:
        async with resources.database.transaction() as connection:
            rows = await connection.fetch(_TO_REMIND, at, at + REMIND_BEFORE, REMIND_BEFORE, _BATCH)
            for row in rows:
                await tell_of_booking(connection, row["id"], NoticeKind.REMINDER, at)
        made += len(rows)
        if len(rows) < _BATCH:
            return made


async def queue_lost(resources: Resources) -> Sequence[UUID]:
    """Queue what is still to be delivered and has no job any more; what has one stays as it is."""
    before = resources.clock() - LOST_AFTER
    async with resources.database.transaction() as connection:
        lost = [row["id"] for row in await connection.fetch(_LOST, before, _BATCH)]
        await deliver_later(connection, lost)
    return lost


async def _put(connection: asyncpg.Connection, statement: str, *values: object) -> None:
    notice_id = await connection.fetchval(statement, new_id(), *values)
    if notice_id is not None:
        await deliver_later(connection, [notice_id])
