"""Gives back everything that a resident holds or waits for, at once: nobody comes whose card has ended."""

from datetime import datetime
from uuid import UUID

import asyncpg

from models.notice import NoticeKind
from models.waitlist import OfferState
from services.locks import lock_slots
from services.notices import tell_of_booking
from services.offers import end_offer, pass_on

_HELD = """
SELECT id, slot_id, enrolment_id FROM booking
WHERE resident_id = $1 AND state IN ('requested', 'booked') AND starts_at > $2 ORDER BY starts_at, id
"""
_WISHES = """
SELECT e.slot_id, o.id AS offer_id FROM waitlist_entry e LEFT JOIN offer o ON o.entry_id = e.id AND o.state = 'open'
WHERE e.resident_id = $1 AND e.state IN ('waiting', 'offered') ORDER BY e.id
"""

_LOCK_COURSES = """
SELECT FROM course WHERE id IN (SELECT course_id FROM enrolment WHERE id = ANY($1)) ORDER BY id FOR NO KEY UPDATE
"""
_END_ENROLMENTS = """
WITH ended AS (
    UPDATE enrolment SET cancelled_at = $2 WHERE id = ANY($1) AND cancelled_at IS NULL RETURNING course_id
)
UPDATE course SET taken = taken - 1 FROM ended WHERE course.id = ended.course_id
"""
# Before anything is passed on, or a place might be offered to herself.
_END_WISHES = """
UPDATE waitlist_entry SET state = 'left', ended_at = $2 WHERE resident_id = $1 AND state = 'waiting'
"""


async def release_all(connection: asyncpg.Connection, resident_id: UUID, at: datetime, *, told: bool) -> int:
    """End every booking, course and wish of a resident from now on, whatever its deadline; the number of bookings.

    Each place goes to the next who waits for it. She is `told` as when she cancels: of a course, by its next session.
    The caller holds the resident's lock and reaches everybody; the others are taken in the order of ADR 16.
    """
    held = await connection.fetch(_HELD, resident_id, at)
    enrolments = {row["enrolment_id"] for row in held if row["enrolment_id"]}
    await connection.execute(_LOCK_COURSES, enrolments)
    waited_for = [row["slot_id"] for row in await connection.fetch(_WISHES, resident_id) if row["slot_id"]]
    await lock_slots(connection, *(row["slot_id"] for row in held), *waited_for)
    await connection.execute(_END_WISHES, resident_id, at)
    # Behind the slots' locks: meanwhile somebody may have been called, or an offer may have run out.
    for wish in await connection.fetch(_WISHES, resident_id):
        await end_offer(connection, wish["offer_id"], at, OfferState.DECLINED)
    await connection.execute(_END_ENROLMENTS, enrolments, at)
    untold = set(enrolments)
    for row in held:
        await pass_on(connection, row["id"], at)
        if told and (row["enrolment_id"] is None or row["enrolment_id"] in untold):
            await tell_of_booking(connection, row["id"], NoticeKind.CANCELLED, at)
            untold.discard(row["enrolment_id"])
    return len(held)
