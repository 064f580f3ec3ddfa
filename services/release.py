"""Gives back everything that a resident holds or waits for, at once: nobody comes whose card has ended."""

from datetime import datetime
from uuid import UUID

import asyncpg

_END_BOOKINGS = """
UPDATE booking SET state = 'cancelled', cancelled_at = $2, revision = revision + 1, flag = NULL, flagged_at = NULL
WHERE resident_id = $1 AND state IN ('requested', 'booked') AND starts_at > $2 RETURNING id, slot_id, enrolment_id
"""

_END_OFFERS = """
UPDATE offer SET state = 'declined', ended_at = $2 FROM waitlist_entry e
WHERE e.id = offer.entry_id AND offer.resident_id = $1 AND offer.state = 'open' RETURNING e.slot_id
"""

_END_ENROLMENTS = """
WITH ended AS (
    UPDATE enrolment SET cancelled_at = $2 WHERE id = ANY($1) AND cancelled_at IS NULL RETURNING course_id
)
UPDATE course SET taken = taken - 1 FROM ended WHERE course.id = ended.course_id
"""

_LOCK_SLOTS = "SELECT FROM slot WHERE id = ANY($1) ORDER BY starts_at, id FOR NO KEY UPDATE"

# What a booking asked for goes with it, what its session holds goes with the last one in it.
_FREE = """
WITH freed AS (
    SELECT slot_id, count(*) AS places FROM unnest($1::uuid[]) AS f (slot_id) GROUP BY slot_id
), left_over AS (
    UPDATE slot SET taken = taken - freed.places FROM freed WHERE slot.id = freed.slot_id RETURNING slot.id, slot.taken
)
UPDATE allocation SET released_at = $3 FROM left_over
WHERE slot_id = left_over.id AND released_at IS NULL
AND (booking_id = ANY($2) OR (booking_id IS NULL AND left_over.taken = 0))
"""

_END_WISHES = """
UPDATE waitlist_entry SET state = 'left', ended_at = $2 WHERE resident_id = $1 AND state IN ('waiting', 'offered')
"""


async def release_all(connection: asyncpg.Connection, resident_id: UUID, at: datetime) -> int:
    """End every booking, course and wish of a resident from now on, whatever its deadline; the number of bookings.

    The caller holds the resident's lock; the others are taken in the order of ADR 16.
    """
    ended = await connection.fetch(_END_BOOKINGS, resident_id, at)
    offered = await connection.fetch(_END_OFFERS, resident_id, at)
    await connection.execute(_END_ENROLMENTS, [row["enrolment_id"] for row in ended if row["enrolment_id"]], at)
    freed = [row["slot_id"] for row in (*ended, *offered)]
    await connection.execute(_LOCK_SLOTS, freed)
    await connection.execute(_FREE, freed, [row["id"] for row in ended], at)
    await connection.execute(_END_WISHES, resident_id, at)
    return len(ended)
