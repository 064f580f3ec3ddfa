"""Freed places: each goes to the first who waits, as an offer for a while, in the statement that frees it."""

from datetime import datetime
from uuid import UUID

import asyncpg

from models.notice import NoticeKind
from models.record import new_id
from models.waitlist import OfferState, WaitlistState
from services.course_offers import call_all, end_course_offer
from services.locks import lock_courses, lock_slots
from services.notices import tell_of_booking, tell_of_offer
from services.resources import Resources

# Continues a statement whose `freed` names the slot that lost a holder; $2 is the instant, $3 the id of a new offer.
# An offer ends when the session can no longer be booked. With nobody to call, the count goes down instead, and what the
# session held goes with the last one in it. The caller holds the slot's lock.
TO_THE_NEXT = """
next AS (
    SELECT e.id, e.resident_id, least(
        $2::timestamptz + make_interval(mins => v.offer_minutes), s.starts_at - make_interval(mins => v.lead_minutes)
    ) AS expires_at
    FROM freed JOIN slot s ON s.id = freed.slot_id JOIN service v ON v.id = s.service_id
    JOIN waitlist_entry e ON e.slot_id = s.id AND e.state = 'waiting'
    WHERE s.state = 'open' AND v.offer_minutes > 0 AND s.starts_at - make_interval(mins => v.lead_minutes) > $2
    ORDER BY e.priority, e.joined_at, e.id LIMIT 1
), called AS (
    UPDATE waitlist_entry SET state = 'offered' FROM next WHERE waitlist_entry.id = next.id
), made AS (
    INSERT INTO offer (id, entry_id, resident_id, state, offered_at, expires_at)
    SELECT $3, id, resident_id, 'open', $2, expires_at FROM next
), emptied AS (
    UPDATE slot SET taken = taken - 1 FROM freed
    WHERE slot.id = freed.slot_id AND NOT EXISTS (SELECT FROM next) RETURNING slot.id, slot.taken
), released AS (
    UPDATE allocation SET released_at = $2 FROM emptied
    WHERE allocation.slot_id = emptied.id AND released_at IS NULL AND booking_id IS NULL AND emptied.taken = 0
)
"""

_CANCEL = f"""
WITH freed AS (
    UPDATE booking SET state = 'cancelled', cancelled_at = $2, revision = revision + 1, flag = NULL, flagged_at = NULL
    WHERE id = $1 AND state IN ('requested', 'booked') RETURNING slot_id
), dismissed AS (
    UPDATE allocation SET released_at = $2 WHERE booking_id = $1 AND released_at IS NULL
), {TO_THE_NEXT} SELECT FROM freed
"""

_END = f"""
WITH ended AS (
    UPDATE offer SET state = $4, ended_at = $2
    WHERE id = $1 AND state = 'open' AND ($4 <> 'expired' OR expires_at <= $2) RETURNING entry_id
), freed AS (
    UPDATE waitlist_entry SET state = $5, ended_at = $2 FROM ended
    WHERE waitlist_entry.id = ended.entry_id RETURNING waitlist_entry.slot_id
), {TO_THE_NEXT} SELECT FROM freed
"""

# A place that came with a larger capacity is first held, then passed on like a freed one.
_HOLD = "UPDATE slot SET taken = taken + 1 WHERE id = $1 AND taken < capacity AND state = 'open' RETURNING id"
_CALL = f"WITH freed AS (SELECT $1::uuid AS slot_id), {TO_THE_NEXT} SELECT FROM next"

_RUN_OUT = """
SELECT o.id, e.slot_id, e.course_id FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id
WHERE o.state = 'open' AND o.expires_at <= $1 ORDER BY o.expires_at, o.id LIMIT 500
"""

_FREE_AFTER_ALL = """
SELECT DISTINCT s.id FROM waitlist_entry e JOIN slot s ON s.id = e.slot_id JOIN service v ON v.id = s.service_id
WHERE e.state = 'waiting' AND s.taken < s.capacity AND s.state = 'open' AND v.offer_minutes > 0
AND s.starts_at - make_interval(mins => v.lead_minutes) > $1
"""

_COURSES_FREE_AFTER_ALL = """
SELECT DISTINCT c.id FROM waitlist_entry e JOIN course c ON c.id = e.course_id
WHERE e.state = 'waiting' AND c.taken < c.capacity AND c.retired_at IS NULL
"""

# A course is waited for until it begins, or is closed.
_IN_VAIN = """
UPDATE waitlist_entry e SET state = 'lapsed', ended_at = $1
WHERE e.state = 'waiting' AND (
    EXISTS (SELECT FROM slot WHERE id = e.slot_id AND starts_at <= $1)
    OR EXISTS (SELECT FROM course WHERE id = e.course_id AND retired_at IS NOT NULL)
    OR EXISTS (SELECT FROM slot WHERE course_id = e.course_id AND starts_at <= $1)
)
"""


async def give_back(connection: asyncpg.Connection, booking_id: UUID, at: datetime) -> None:
    """Cancel a booking, whose lock the caller holds, tell its holder, and pass its place on."""
    await pass_on(connection, booking_id, at)
    await tell_of_booking(connection, booking_id, NoticeKind.CANCELLED, at)


async def pass_on(connection: asyncpg.Connection, booking_id: UUID, at: datetime) -> None:
    """Cancel a booking, whose lock the caller holds, and offer its place to the next, who is told.

    Whoever waits is another resident: here as in `end_offer`, the caller reaches everybody.
    """
    offer_id = new_id()
    await connection.execute(_CANCEL, booking_id, at, offer_id)
    await tell_of_offer(connection, offer_id, at)


async def end_offer(connection: asyncpg.Connection, offer_id: UUID, at: datetime, state: OfferState) -> None:
    """Decline an open offer, or let one expire that has run out, and pass its place on; the caller holds the slot."""
    entry = WaitlistState.LAPSED if state is OfferState.EXPIRED else WaitlistState.LEFT
    next_id = new_id()
    await connection.execute(_END, offer_id, at, next_id, state, entry)
    await tell_of_offer(connection, next_id, at)


async def expire_offers(resources: Resources) -> int:
    """Pass on what nobody accepted in time and what became free since; the number of offers that ran out.

    Each in a transaction of its own, so that a crash leaves some for the next time. Safe to run twice at once.
    """
    at, ended = resources.clock(), 0
    while rows := await resources.database.fetch(_RUN_OUT, at):
        for row in rows:
            async with resources.database.transaction() as connection:
                if row["course_id"] is None:
                    await lock_slots(connection, row["slot_id"])
                    await end_offer(connection, row["id"], at, OfferState.EXPIRED)
                else:
                    await lock_courses(connection, row["course_id"])
                    await end_course_offer(connection, row["id"], row["course_id"], at, OfferState.EXPIRED)
        ended += len(rows)
    for row in await resources.database.fetch(_FREE_AFTER_ALL, at):
        async with resources.database.transaction() as connection:
            await lock_slots(connection, row["id"])
            while await connection.fetchval(_HOLD, row["id"]):
                offer_id = new_id()
                if not await connection.fetch(_CALL, row["id"], at, offer_id):
                    break
                await tell_of_offer(connection, offer_id, at)
    for row in await resources.database.fetch(_COURSES_FREE_AFTER_ALL):
        async with resources.database.transaction() as connection:
            await call_all(connection, row["id"], at)
    async with resources.database.transaction() as connection:
        await connection.execute(_IN_VAIN, at)
    return ended
