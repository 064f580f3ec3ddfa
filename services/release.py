"""Gives back everything that a resident holds or waits for, at once: nobody comes whose card has ended."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from models.notice import NoticeKind
from models.waitlist import OfferState
from services.course_offers import end_course_offer, leave_course
from services.locks import lock_courses, lock_slots
from services.notices import tell_of_booking
from services.offers import end_offer, pass_on

_HELD = """
SELECT b.id, b.slot_id, b.enrolment_id, e.course_id FROM booking b LEFT JOIN enrolment e ON e.id = b.enrolment_id
WHERE b.resident_id = $1 AND b.state IN ('requested', 'booked') AND b.starts_at > $2 ORDER BY b.starts_at, b.id
"""
_WISHES = """
SELECT e.slot_id, e.course_id, o.id AS offer_id
FROM waitlist_entry e LEFT JOIN offer o ON o.entry_id = e.id AND o.state = 'open'
WHERE e.resident_id = $1 AND e.state IN ('waiting', 'offered') ORDER BY e.id
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
    waited_for = await connection.fetch(_WISHES, resident_id)
    await lock_courses(connection, *_named("course_id", held, waited_for))
    await lock_slots(connection, *_named("slot_id", held, waited_for))
    await connection.execute(_END_WISHES, resident_id, at)
    # Behind the locks: meanwhile somebody may have been called, or an offer may have run out.
    for wish in await connection.fetch(_WISHES, resident_id):
        if wish["course_id"] is None:
            await end_offer(connection, wish["offer_id"], at, OfferState.DECLINED)
        else:
            await end_course_offer(connection, wish["offer_id"], wish["course_id"], at, OfferState.DECLINED)
    left = set[UUID]()
    for row in held:
        if row["enrolment_id"] is None:
            await pass_on(connection, row["id"], at)
        elif row["enrolment_id"] in left:
            continue
        else:
            await leave_course(connection, row["enrolment_id"], at)
            left.add(row["enrolment_id"])
        if told:
            await tell_of_booking(connection, row["id"], NoticeKind.CANCELLED, at)
    return len(held)


def _named(column: str, *tables: Sequence[asyncpg.Record]) -> set[UUID]:
    return {row[column] for rows in tables for row in rows if row[column] is not None}
