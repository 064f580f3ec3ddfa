"""Waiting for a place in a full slot or course: who joins is called by rule and in turn, and accepts or leaves."""

from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.booking import BookingRefusal, refuse_waiting, refuse_waiting_for_all
from domain.dates import local_date
from models.record import new_id
from models.waitlist import OfferState
from services.allocations import hold
from services.answers import answered
from services.bookings import HeldBooking, answer_once, lock_for_booking, log_for_other, told
from services.course_offers import end_course_offer
from services.enrolments import HeldEnrolment, Series, enrol, enrolment, open_course, series_for
from services.locks import lock_courses, lock_slots
from services.offers import end_offer
from services.people import People, person_for
from services.places import Order, place_of, quotes_for
from services.resources import Resources
from services.taking import prepare, wish_of
from services.wishes import HeldWish, entry_of, priority_of, wish

_JOIN = """
INSERT INTO waitlist_entry (id, slot_id, course_id, resident_id, state, priority, joined_at)
VALUES ($1, $2, $3, $4, 'waiting', $5, $6)
ON CONFLICT DO NOTHING RETURNING id
"""

_LEAVE = "UPDATE waitlist_entry SET state = 'left', ended_at = $2 WHERE id = $1 AND state = 'waiting'"

_OFFER = "SELECT id FROM offer WHERE entry_id = $1 AND state = 'open'"

# The place is counted already: it changes from her offer to her booking.
_ACCEPT = """
WITH accepted AS (
    UPDATE offer SET state = 'accepted', ended_at = $5, booking_id = $1 WHERE id = $12 RETURNING entry_id
), placed AS (
    UPDATE waitlist_entry SET state = 'placed', ended_at = $5 FROM accepted WHERE waitlist_entry.id = accepted.entry_id
)
INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at,
                     price, programme, verdict, cost_share, rule_effective, to_bring)
SELECT $1, id, $3, $4, starts_at, ends_at, $5, $6, $7, $8, $9, $10, $11 FROM slot WHERE id = $2
"""


async def join_waitlist(
    resources: Resources, viewer: Viewer, people: People, slot_id: UUID, resident_id: UUID | None, key: str
) -> HeldWish | BookingRefusal:
    """Wait for a place in a full slot, with the priority that the rules give on this day."""
    at = resources.clock()
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at))
    place = await place_of(resources, slot_id)
    quotes = await quotes_for(resources, [(person, place)]) if person and place else []
    priority = await priority_of(resources, person) if person and place else 0

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.NOT_ALLOWED
        if place is None or place.course_id is not None:
            return BookingRefusal.PART_OF_COURSE if place else BookingRefusal.SLOT_NOT_FOUND
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        # No place may be freed between the look and the wish, or it would be offered to nobody.
        await lock_slots(connection, slot_id)
        refusal = refuse_waiting(await wish_of(connection, Order(person.id, place, quotes[0])), at)
        if refusal is not None:
            return refusal
        entry_id = await connection.fetchval(_JOIN, new_id(), slot_id, None, person.id, priority, at)
        if entry_id is None:
            return BookingRefusal.ALREADY_WAITING
        await log_for_other(connection, viewer, people, "join_waitlist", person, at)
        return str(entry_id)

    request = ["join waitlist", str(slot_id), str(person.id if person else resident_id)]
    return await answered(resources, viewer, key, request, work, wish)


async def join_course_waitlist(
    resources: Resources, viewer: Viewer, people: People, course_id: UUID, resident_id: UUID | None, key: str
) -> HeldWish | BookingRefusal:
    """Wait for a place in every session of a full course, as `join_waitlist`."""
    at = resources.clock()
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at))
    series = await series_for(resources, course_id, person) if person else None
    priority = await priority_of(resources, person) if person else 0

    async def work(connection: asyncpg.Connection) -> str:
        if series is None:
            return BookingRefusal.NOT_ALLOWED
        refusal = await open_course(connection, series, at) or await _refuse_course(connection, series, at)
        if refusal is not None:
            return refusal
        entry_id = await connection.fetchval(_JOIN, new_id(), None, course_id, series.person.id, priority, at)
        if entry_id is None:
            return BookingRefusal.ALREADY_WAITING
        await log_for_other(connection, viewer, people, "join_course_waitlist", series.person, at)
        return str(entry_id)

    request = ["join course waitlist", str(course_id), str(person.id if person else resident_id)]
    return await answered(resources, viewer, key, request, work, wish)


async def leave_waitlist(
    resources: Resources, viewer: Viewer, people: People, entry_id: UUID, key: str
) -> HeldWish | BookingRefusal:
    """Wait no longer; a place that was offered goes to the next."""
    at = resources.clock()
    entry = await entry_of(resources, people, entry_id)

    async def work(connection: asyncpg.Connection) -> str:
        if entry is None:
            return BookingRefusal.WISH_NOT_FOUND
        if entry.course_id is not None:
            await lock_courses(connection, entry.course_id)
        elif entry.slot_id is not None:
            await lock_slots(connection, entry.slot_id)
        offer_id = await connection.fetchval(_OFFER, entry_id)
        if offer_id is None:
            await connection.execute(_LEAVE, entry_id, at)
        elif entry.course_id is not None:
            await end_course_offer(connection, offer_id, entry.course_id, at, OfferState.DECLINED)
        else:
            await end_offer(connection, offer_id, at, OfferState.DECLINED)
        await log_for_other(connection, viewer, people, "leave_waitlist", entry.person, at)
        return str(entry_id)

    # A place that was held for her goes to the next.
    request, everybody = ["leave waitlist", str(entry_id)], resources.beyond_reach()
    return await answered(everybody, viewer, key, request, work, wish)


async def accept_offer(
    resources: Resources, viewer: Viewer, people: People, entry_id: UUID, key: str, *, interpreter: bool = False
) -> HeldBooking | HeldEnrolment | BookingRefusal:
    """Take the place that is held for one who waited; a refusal leaves the offer as it is."""
    entry = await entry_of(resources, people, entry_id)
    if entry is not None and entry.course_id is not None:
        series = await series_for(resources, entry.course_id, entry.person, interpreter=interpreter)
        return await _accept_course(resources, viewer, people, entry_id, series, key)
    at = resources.clock()
    person = entry.person if entry else None
    place = await place_of(resources, entry.slot_id) if entry and entry.slot_id else None
    quotes = await quotes_for(resources, [(person, place)]) if person and place else []

    async def work(connection: asyncpg.Connection) -> str:
        if place is None or person is None:
            return BookingRefusal.WISH_NOT_FOUND
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        await lock_slots(connection, place.slot_id)
        offer_id = await connection.fetchval(f"{_OFFER} AND expires_at > $2", entry_id, at)
        if offer_id is None:
            return BookingRefusal.NO_OFFER
        ready = await prepare(connection, Order(person.id, place, quotes[0], interpreter=interpreter, offered=True), at)
        if isinstance(ready, BookingRefusal):
            return ready
        booking_id = new_id()
        await connection.execute(_ACCEPT, booking_id, place.slot_id, person.id, ready.state, at, *ready.terms, offer_id)
        await hold(connection, ready.chosen, booking_id)
        await log_for_other(connection, viewer, people, "accept_offer", person, at)
        return str(booking_id)

    request = ["accept", str(entry_id), *["interpreter"][: int(interpreter)]]
    return await told(resources, await answer_once(resources, viewer, key, request, work))


async def _accept_course(
    resources: Resources, viewer: Viewer, people: People, entry_id: UUID, series: Series, key: str
) -> HeldEnrolment | BookingRefusal:
    at = resources.clock()

    async def work(connection: asyncpg.Connection) -> str:
        refusal = await open_course(connection, series, at, offered=True)
        if refusal is not None:
            return refusal
        offer_id = await connection.fetchval(f"{_OFFER} AND expires_at > $2", entry_id, at)
        if offer_id is None:
            return BookingRefusal.NO_OFFER
        answer = await enrol(connection, series, at, offer_id=offer_id)
        if not isinstance(answer, BookingRefusal):
            await log_for_other(connection, viewer, people, "accept_offer", series.person, at)
        return str(answer)

    request = ["accept", str(entry_id), *["interpreter"][: int(series.interpreter)]]
    return await answered(resources, viewer, key, request, work, enrolment)


async def _refuse_course(connection: asyncpg.Connection, series: Series, at: datetime) -> BookingRefusal | None:
    orders = zip(series.places, series.quotes, strict=True)
    wishes = [await wish_of(connection, Order(series.person.id, place, quote)) for place, quote in orders]
    full = await connection.fetchval("SELECT taken >= capacity FROM course WHERE id = $1", series.course_id)
    return refuse_waiting_for_all(wishes, at, course_full=full)
