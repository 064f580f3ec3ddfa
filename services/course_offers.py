"""Freed places of courses: each goes to the first who waits for the whole series, as an offer for a while.

Whoever changes who is in a course holds the course's lock, so that its place and those in its sessions move together.
"""

from datetime import datetime
from uuid import UUID

import asyncpg

from models.record import new_id
from models.waitlist import OfferState, WaitlistState
from services.locks import lock_courses
from services.notices import tell_of_offer

# Sessions that have begun keep their bookings; the others, and the place in the course, go back together.
_LEAVE = """
WITH ended AS (
    UPDATE enrolment SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL RETURNING id, course_id
), freed AS (
    UPDATE course SET taken = taken - 1 FROM ended WHERE course.id = ended.course_id RETURNING course.id
), released AS (
    UPDATE booking SET state = 'cancelled', cancelled_at = $2, revision = revision + 1, flag = NULL, flagged_at = NULL
    FROM ended WHERE enrolment_id = ended.id AND state IN ('requested', 'booked') AND starts_at > $2
    RETURNING booking.id, slot_id
), dismissed AS (
    UPDATE allocation SET released_at = $2 FROM released WHERE booking_id = released.id AND released_at IS NULL
), left_over AS (
    UPDATE slot SET taken = taken - 1 FROM released WHERE slot.id = released.slot_id
)
SELECT id FROM freed
"""

# An offer holds a place in each session, as an enrolment does. It ends when the course can no longer be joined.
_CALL = """
WITH next AS (
    SELECT e.id, e.resident_id, e.course_id, least(
        $2::timestamptz + make_interval(mins => v.offer_minutes),
        first.starts_at - make_interval(mins => v.lead_minutes)
    ) AS expires_at
    FROM course c JOIN service v ON v.id = c.service_id
    JOIN LATERAL (SELECT min(starts_at) AS starts_at FROM slot WHERE course_id = c.id AND state = 'open') first ON true
    JOIN waitlist_entry e ON e.course_id = c.id AND e.state = 'waiting'
    WHERE c.id = $1 AND c.taken < c.capacity AND c.retired_at IS NULL AND v.offer_minutes > 0
    AND first.starts_at - make_interval(mins => v.lead_minutes) > $2
    AND NOT EXISTS (SELECT FROM slot WHERE course_id = c.id AND state = 'open' AND taken >= capacity)
    ORDER BY e.priority, e.joined_at, e.id LIMIT 1
), called AS (
    UPDATE waitlist_entry SET state = 'offered' FROM next WHERE waitlist_entry.id = next.id
), made AS (
    INSERT INTO offer (id, entry_id, resident_id, state, offered_at, expires_at)
    SELECT $3, id, resident_id, 'open', $2, expires_at FROM next
), held AS (
    UPDATE slot SET taken = taken + 1 FROM next WHERE slot.course_id = next.course_id AND slot.state = 'open'
)
UPDATE course SET taken = taken + 1 FROM next WHERE course.id = next.course_id RETURNING course.id
"""

_END = """
WITH ended AS (
    UPDATE offer SET state = $3, ended_at = $2
    WHERE id = $1 AND state = 'open' AND ($3 <> 'expired' OR expires_at <= $2) RETURNING entry_id
), freed AS (
    UPDATE waitlist_entry SET state = $4, ended_at = $2 FROM ended
    WHERE waitlist_entry.id = ended.entry_id RETURNING waitlist_entry.course_id
), emptied AS (
    UPDATE slot SET taken = taken - 1 FROM freed WHERE slot.course_id = freed.course_id AND slot.state = 'open'
)
UPDATE course SET taken = taken - 1 FROM freed WHERE course.id = freed.course_id
"""

# Behind the call: what a session holds stays for the next one in it, and goes with the last.
_RELEASE = """
UPDATE allocation SET released_at = $2 FROM slot
WHERE slot.course_id = $1 AND slot.taken = 0 AND slot.starts_at > $2
AND allocation.slot_id = slot.id AND released_at IS NULL AND booking_id IS NULL
"""

_ENTRY_ENDS = {
    OfferState.ACCEPTED: WaitlistState.PLACED,
    OfferState.DECLINED: WaitlistState.LEFT,
    OfferState.EXPIRED: WaitlistState.LAPSED,
}


async def leave_course(connection: asyncpg.Connection, enrolment_id: UUID, at: datetime) -> None:
    """Give a place and its sessions to come back, and pass them on; the caller holds the course and reaches all."""
    course_id = await connection.fetchval(_LEAVE, enrolment_id, at)
    if course_id is not None:
        await _pass_on(connection, course_id, at)


async def end_course_offer(
    connection: asyncpg.Connection, offer_id: UUID, course_id: UUID, at: datetime, state: OfferState
) -> None:
    """Decline an open offer, or let one expire that has run out, and pass its place on; as `leave_course`."""
    await free_offered(connection, offer_id, at, state)
    await _pass_on(connection, course_id, at)


async def free_offered(connection: asyncpg.Connection, offer_id: UUID, at: datetime, state: OfferState) -> None:
    """End an open offer and no longer count what it held: for whoever takes it in the same transaction."""
    await connection.execute(_END, offer_id, at, state, _ENTRY_ENDS[state])


async def call_all(connection: asyncpg.Connection, course_id: UUID, at: datetime) -> None:
    """Offer every free place of a course; it is locked here."""
    await lock_courses(connection, course_id)
    while await _call_next(connection, course_id, at):
        pass


async def _pass_on(connection: asyncpg.Connection, course_id: UUID, at: datetime) -> None:
    await _call_next(connection, course_id, at)
    await connection.execute(_RELEASE, course_id, at)


async def _call_next(connection: asyncpg.Connection, course_id: UUID, at: datetime) -> bool:
    """Offer a free place of a course to the first who waits, who is told; whether there was one, and somebody."""
    offer_id = new_id()
    called = await connection.fetchval(_CALL, course_id, at, offer_id) is not None
    if called:
        await tell_of_offer(connection, offer_id, at)
    return called
