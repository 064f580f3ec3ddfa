"""Courses: a series of sessions booked as one and given back as one, with a booking for each session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.booking import BookingRefusal, refuse_cancellation
from domain.dates import local_date
from domain.quote import Quote
from models.notice import NoticeKind
from models.record import new_id
from models.waitlist import OfferState
from services.answers import answered
from services.bookings import HeldBooking, bookings_in, lock_for_booking, log_for_other
from services.course_offers import free_offered, leave_course
from services.locks import lock_courses
from services.notices import tell_of_booking
from services.people import People, Person, person_for
from services.places import Order, Place, places_of, quotes_for
from services.resources import Resources
from services.taking import take

_ENROL = """
WITH place AS (UPDATE course SET taken = taken + 1 WHERE id = $2 AND taken < capacity RETURNING id)
INSERT INTO enrolment (id, course_id, resident_id, enrolled_at) SELECT $1, id, $3, $4 FROM place RETURNING id
"""

_STANDING = """
SELECT c.retired_at IS NOT NULL AS closed, EXISTS (
    SELECT FROM enrolment WHERE course_id = c.id AND resident_id = $2 AND cancelled_at IS NULL
) AS held FROM course c WHERE c.id = $1
"""

_ENROLMENT = """
SELECT e.id, e.resident_id, e.enrolled_at, e.cancelled_at, c.name, c.service_id
FROM enrolment e JOIN course c ON c.id = e.course_id WHERE e.id = $1
"""

_NEXT_LEFT = "SELECT id FROM booking WHERE enrolment_id = $1 AND cancelled_at = $2 ORDER BY starts_at LIMIT 1"


@dataclass(frozen=True)
class HeldEnrolment:
    """A resident's place in a course, with her booking for each session in order of time."""

    id: UUID
    resident_id: UUID
    course_name: str
    enrolled_at: datetime
    cancelled_at: datetime | None
    bookings: Sequence[HeldBooking]


@dataclass(frozen=True)
class Series:
    """A course for one person: the places in its sessions, in order of time, and what each would cost her.

    With an `interpreter` in every session, where she asks for one.
    """

    course_id: UUID
    person: Person
    places: Sequence[Place]
    quotes: Sequence[Quote]
    interpreter: bool


class _Refused(Exception):
    """Ends the savepoint within which a series was being booked."""

    def __init__(self, reason: BookingRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


async def series_for(resources: Resources, course_id: UUID, person: Person, *, interpreter: bool = False) -> Series:
    """What a person would book; without places where there is no such course."""
    places = await places_of(resources, course_id)
    return Series(
        course_id, person, places, await quotes_for(resources, [(person, place) for place in places]), interpreter
    )


async def book_course(
    resources: Resources,
    viewer: Viewer,
    people: People,
    course_id: UUID,
    resident_id: UUID | None,
    key: str,
    *,
    interpreter: bool = False,
) -> HeldEnrolment | BookingRefusal:
    """Take a place in every session of a course, or in none, with an interpreter if asked.

    The same `key` again gets the first answer.
    """
    at = resources.clock()
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at))
    series = await series_for(resources, course_id, person, interpreter=interpreter) if person else None

    async def work(connection: asyncpg.Connection) -> str:
        if series is None:
            return BookingRefusal.NOT_ALLOWED
        refusal = await open_course(connection, series, at)
        if refusal is not None:
            return refusal
        answer = await enrol(connection, series, at)
        if not isinstance(answer, BookingRefusal):
            await log_for_other(connection, viewer, people, "book_course", series.person, at)
        return str(answer)

    whom = str(person.id if person else resident_id)
    request = ["book course", str(course_id), whom, *["interpreter"][: int(interpreter)]]
    return await answered(resources, viewer, key, request, work, enrolment)


async def open_course(
    connection: asyncpg.Connection, series: Series, at: datetime, *, offered: bool = False
) -> BookingRefusal | None:
    """Lock a person and the course that she wants to join; the reason why nobody can join it, or why not she.

    A place that was `offered` before the course closed is still hers to take.
    """
    if not series.places:
        return BookingRefusal.COURSE_NOT_FOUND
    if series.places[0].starts_at <= at:
        return BookingRefusal.COURSE_BEGUN
    refusal = await lock_for_booking(connection, series.person, at)
    if refusal is not None:
        return refusal
    await lock_courses(connection, series.course_id)
    row = await connection.fetchrow(_STANDING, series.course_id, series.person.id)
    if row["held"]:
        return BookingRefusal.ALREADY_BOOKED
    return BookingRefusal.COURSE_CLOSED if row["closed"] and not offered else None


async def enrol(
    connection: asyncpg.Connection, series: Series, at: datetime, *, offer_id: UUID | None = None
) -> UUID | BookingRefusal:
    """A place in the course and in each session, or in none: a free one, or the one that an open offer holds.

    The caller holds the resident's lock and the course's.
    """
    try:
        async with connection.transaction():
            if offer_id is not None:
                await free_offered(connection, offer_id, at, OfferState.ACCEPTED)
            return await _take_all(connection, series, at)
    except _Refused as refused:
        return refused.reason


async def cancel_course(
    resources: Resources, viewer: Viewer, people: People, enrolment_id: UUID, key: str
) -> HeldEnrolment | BookingRefusal:
    """Give back every session yet to come, within the service's deadline before the next of them."""
    at = resources.clock()
    rows = await resources.database.fetch("SELECT course_id, resident_id FROM enrolment WHERE id = $1", enrolment_id)
    resident_id = rows[0]["resident_id"] if rows else None
    # A stranger's place and none at all are answered alike.
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at)) if rows else None
    places = await places_of(resources, rows[0]["course_id"]) if rows else []

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.BOOKING_NOT_FOUND
        await lock_courses(connection, rows[0]["course_id"])
        if await connection.fetchval("SELECT cancelled_at FROM enrolment WHERE id = $1", enrolment_id) is not None:
            return BookingRefusal.CANCELLED_ALREADY
        coming = next((place for place in places if place.starts_at > at), None)
        if coming is None or refuse_cancellation(coming.starts_at, coming.cancel_before, at) is not None:
            return BookingRefusal.TOO_LATE
        await leave_course(connection, enrolment_id, at)
        # One message for the series: that of its next session.
        next_id = await connection.fetchval(_NEXT_LEFT, enrolment_id, at)
        await tell_of_booking(connection, next_id, NoticeKind.CANCELLED, at)
        await log_for_other(connection, viewer, people, "cancel_course", person, at)
        return str(enrolment_id)

    # The place goes to whoever waits for it.
    request, everybody = ["cancel course", str(enrolment_id)], resources.beyond_reach()
    return await answered(everybody, viewer, key, request, work, enrolment)


async def enrolment(resources: Resources, enrolment_id: UUID) -> HeldEnrolment:
    """One place in a course that is known to exist; whoever follows the provider's day hears of it."""
    (row,) = await resources.database.fetch(_ENROLMENT, enrolment_id)
    resources.news.tell(row["service_id"])
    held = await bookings_in(resources, row["id"])
    return HeldEnrolment(row["id"], row["resident_id"], row["name"], row["enrolled_at"], row["cancelled_at"], held)


async def _take_all(connection: asyncpg.Connection, series: Series, at: datetime) -> UUID:
    person_id = series.person.id
    enrolment_id: UUID | None = await connection.fetchval(_ENROL, new_id(), series.course_id, person_id, at)
    if enrolment_id is None:
        raise _Refused(BookingRefusal.SLOT_FULL)
    for place, quote in zip(series.places, series.quotes, strict=True):
        order = Order(person_id, place, quote, enrolment_id, interpreter=series.interpreter)
        (taken,) = await take(connection, [order], at)
        if isinstance(taken, BookingRefusal):
            raise _Refused(taken)
    return enrolment_id
