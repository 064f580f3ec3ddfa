"""The locks of bookings, taken in the one order that ADR 16 allows, so that no two use cases wait for each other."""

from uuid import UUID

import asyncpg

_BOOKING = """
SELECT b.id, b.resident_id, b.slot_id, b.enrolment_id, b.state, b.starts_at, b.ends_at, b.price, b.programme, b.verdict,
       b.cost_share, b.flag, v.id AS service_id, v.provider_id, v.cancel_minutes, v.grace_minutes,
       EXISTS (SELECT FROM allocation a WHERE a.booking_id = b.id AND a.released_at IS NULL) AS interpreter
FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
WHERE b.id = $1 FOR UPDATE OF b
"""

_COURSE_OF = "SELECT e.course_id FROM booking b JOIN enrolment e ON e.id = b.enrolment_id WHERE b.id = $1"


async def lock_residents(connection: asyncpg.Connection, *resident_ids: UUID) -> None:
    """Let one thing at a time happen to the bookings of each of these residents."""
    await connection.execute("SELECT FROM resident WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", resident_ids)


async def lock_courses(connection: asyncpg.Connection, *course_ids: UUID) -> None:
    """Let one at a time change who is in these courses and their sessions, and call those who wait for them."""
    await connection.execute("SELECT FROM course WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", course_ids)


async def lock_slots(connection: asyncpg.Connection, *slot_ids: UUID) -> None:
    """Let one at a time move the counts of these slots and call those who wait for them."""
    await connection.execute("SELECT FROM slot WHERE id = ANY($1) ORDER BY starts_at, id FOR NO KEY UPDATE", slot_ids)


async def lock_booking(
    connection: asyncpg.Connection, booking_id: UUID, other_slot_id: UUID | None = None
) -> asyncpg.Record:
    """A booking that is known to exist as it stands behind its locks, its resident's and its slot's with it.

    A second slot is locked in its turn where the booking is to move there, and the course where it is part of one. Its
    resident and its course never change, and its slot only under the resident's lock.
    """
    resident_id = await connection.fetchval("SELECT resident_id FROM booking WHERE id = $1", booking_id)
    await lock_residents(connection, resident_id)
    course_id = await connection.fetchval(_COURSE_OF, booking_id)
    if course_id is not None:
        await lock_courses(connection, course_id)
    slot_id = await connection.fetchval("SELECT slot_id FROM booking WHERE id = $1", booking_id)
    await lock_slots(connection, slot_id, *([] if other_slot_id is None else [other_slot_id]))
    return await connection.fetchrow(_BOOKING, booking_id)
