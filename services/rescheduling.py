"""A booking moves to another slot: the same booking, the new place counted and the old one passed on at once."""

from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.booking import BookingRefusal
from domain.dates import local_date
from models.notice import NoticeKind
from models.record import new_id
from services.allocations import hold
from services.bookings import HeldBooking, answer_once, lock_for_booking, log_for_other, refuse_change, told
from services.locks import lock_booking
from services.notices import tell_of_booking, tell_of_offer
from services.offers import TO_THE_NEXT
from services.people import People, person_for
from services.places import Order, Place, place_of, quotes_for
from services.resources import Resources
from services.taking import prepare

_MOVE = f"""
WITH place AS (
    UPDATE slot SET taken = taken + 1 WHERE id = $5 AND taken < capacity AND state = 'open'
    RETURNING id, starts_at, ends_at
), moved AS (
    UPDATE booking SET slot_id = place.id, starts_at = place.starts_at, ends_at = place.ends_at, state = $6,
        confirmed_at = NULL, revision = revision + 1, flag = NULL, flagged_at = NULL,
        price = $7, programme = $8, verdict = $9, cost_share = $10, rule_effective = $11, to_bring = $12
    FROM place WHERE booking.id = $1 RETURNING booking.id
), freed AS (
    SELECT $4::uuid AS slot_id FROM moved
), dismissed AS (
    UPDATE allocation SET released_at = $2 FROM moved WHERE booking_id = moved.id AND released_at IS NULL
), {TO_THE_NEXT} SELECT id FROM moved
"""


async def reschedule_booking(
    resources: Resources, viewer: Viewer, people: People, booking_id: UUID, slot_id: UUID, key: str
) -> HeldBooking | BookingRefusal:
    """Move a booking to another slot of its service, within the deadlines of both, on the terms of the new day.

    An interpreter comes along where one was asked for. The same `key` again gets the first answer.
    """
    at = resources.clock()
    rows = await resources.database.fetch("SELECT resident_id FROM booking WHERE id = $1", booking_id)
    resident_id = rows[0]["resident_id"] if rows else None
    # A stranger's booking and none at all are answered alike.
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at)) if rows else None
    place = await place_of(resources, slot_id)
    quotes = await quotes_for(resources, [(person, place)]) if person and place else []

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.BOOKING_NOT_FOUND
        if place is None:
            return BookingRefusal.SLOT_NOT_FOUND
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        row = await lock_booking(connection, booking_id, slot_id)
        refusal = refuse_change(row, at) or _refuse_place(row, place)
        if refusal is not None:
            return refusal
        order = Order(person.id, place, quotes[0], interpreter=row["interpreter"], moving=booking_id)
        ready = await prepare(connection, order, at)
        if isinstance(ready, BookingRefusal):
            return ready
        columns = (row["slot_id"], slot_id, ready.state, *ready.terms)
        offer_id = new_id()
        await connection.execute(_MOVE, booking_id, at, offer_id, *columns)
        await hold(connection, ready.chosen, booking_id)
        await tell_of_booking(connection, booking_id, NoticeKind.CHANGED, at)
        await tell_of_offer(connection, offer_id, at)
        await log_for_other(connection, viewer, people, "reschedule_booking", person, at)
        return str(booking_id)

    # The place that she leaves goes to whoever waits for it.
    request, everybody = ["reschedule", str(booking_id), str(slot_id)], resources.beyond_reach()
    return await told(resources, await answer_once(everybody, viewer, key, request, work))


def _refuse_place(row: asyncpg.Record, place: Place) -> BookingRefusal | None:
    if place.course_id is not None:
        return BookingRefusal.PART_OF_COURSE
    return None if place.need.service_id == row["service_id"] else BookingRefusal.OTHER_SERVICE
