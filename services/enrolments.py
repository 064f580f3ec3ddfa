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
from services.bookings import HeldBooking, answer_once, bookings_in, lock_for_booking, log_for_other
from services.catalogue import SERVICE_COLUMNS, SERVICE_OF_COURSE, OfferedService
from services.notices import tell_of_booking
from services.people import People, Person, person_for
from services.places import Order, Place, places_of, quotes_for
from services.resources import Resources
from services.taking import take

_ENROL = """
WITH place AS (UPDATE course SET taken = taken + 1 WHERE id = $2 AND taken < capacity RETURNING id)
INSERT INTO enrolment (id, course_id, resident_id, enrolled_at) SELECT $1, id, $3, $4 FROM place RETURNING id
"""

# Sessions that have begun keep their bookings; the others, and the place in the course, go back together.
_LEAVE = """
WITH ended AS (
    UPDATE enrolment SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL RETURNING id, course_id
), freed AS (
    UPDATE course SET taken = taken - 1 FROM ended WHERE course.id = ended.course_id
), released AS (
    UPDATE booking SET state = 'cancelled', cancelled_at = $2, revision = revision + 1 FROM ended
    WHERE enrolment_id = ended.id AND state IN ('requested', 'booked') AND starts_at > $2 RETURNING slot_id
), left_over AS (
    UPDATE slot SET taken = taken - 1 FROM released WHERE slot.id = released.slot_id RETURNING slot.id, slot.taken
)
UPDATE allocation SET released_at = $2 FROM left_over
WHERE slot_id = left_over.id AND released_at IS NULL AND booking_id IS NULL AND left_over.taken = 0
"""

_COURSES = f"""
SELECT c.id AS course_id, c.name AS course_name, c.capacity AS course_capacity, c.taken AS course_taken,
       e.first_at, e.last_at, e.sessions, {SERVICE_COLUMNS}
FROM course c JOIN {SERVICE_OF_COURSE} JOIN LATERAL (
    SELECT min(starts_at) AS first_at, max(ends_at) AS last_at, count(*) AS sessions
    FROM slot WHERE course_id = c.id AND state = 'open'
) e ON e.first_at > $1
WHERE $2::uuid IS NULL OR c.id > $2 ORDER BY c.id LIMIT $3
"""

_NEXT_LEFT = "SELECT id FROM booking WHERE enrolment_id = $1 AND cancelled_at = $2 ORDER BY starts_at LIMIT 1"

_REFUSALS = frozenset(BookingRefusal)


@dataclass(frozen=True)
class OfferedCourse:
    """A course that has not begun: so many `sessions` from `first_at` to `last_at`, with `free` places."""

    id: UUID
    name: str
    capacity: int
    free: int
    sessions: int
    first_at: datetime
    last_at: datetime
    service: OfferedService


@dataclass(frozen=True)
class HeldEnrolment:
    """A resident's place in a course, with her booking for each session in order of time."""

    id: UUID
    resident_id: UUID
    course_name: str
    enrolled_at: datetime
    cancelled_at: datetime | None
    bookings: Sequence[HeldBooking]


class _Refused(Exception):
    """Ends the savepoint within which a series was being booked."""

    def __init__(self, reason: BookingRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


async def courses(resources: Resources, after: UUID | None, limit: int) -> Sequence[OfferedCourse]:
    """The courses yet to begin, behind `after` in the order of their keys, `limit` at most."""
    rows = await resources.database.fetch(_COURSES, resources.clock(), after, limit)
    return [
        OfferedCourse(
            row["course_id"],
            row["course_name"],
            row["course_capacity"],
            row["course_capacity"] - row["course_taken"],
            row["sessions"],
            row["first_at"],
            row["last_at"],
            OfferedService.of(row),
        )
        for row in rows
    ]


async def book_course(
    resources: Resources, viewer: Viewer, people: People, course_id: UUID, resident_id: UUID | None, key: str
) -> HeldEnrolment | BookingRefusal:
    """Take a place in every session of a course, or in none; the same `key` again gets the first answer."""
    at = resources.clock()
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at))
    places = await places_of(resources, course_id)
    quotes = await quotes_for(resources, [(person, place) for place in places]) if person else []

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.NOT_ALLOWED
        if not places:
            return BookingRefusal.COURSE_NOT_FOUND
        if places[0].starts_at <= at:
            return BookingRefusal.COURSE_BEGUN
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        try:
            async with connection.transaction():
                enrolment_id = await _take_all(connection, course_id, person, places, quotes, at)
        except _Refused as refused:
            return refused.reason
        await log_for_other(connection, viewer, people, "book_course", person, at)
        return str(enrolment_id)

    request = ["book course", str(course_id), str(person.id if person else resident_id)]
    return await _told(resources, await answer_once(resources, viewer, key, request, work))


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
        # Whoever changes a course's sessions holds the course, so that their slots are locked by one at a time.
        await connection.execute("SELECT FROM course WHERE id = $1 FOR NO KEY UPDATE", rows[0]["course_id"])
        if await connection.fetchval("SELECT cancelled_at FROM enrolment WHERE id = $1", enrolment_id) is not None:
            return BookingRefusal.CANCELLED_ALREADY
        coming = next((place for place in places if place.starts_at > at), None)
        if coming is None or refuse_cancellation(coming.starts_at, coming.cancel_before, at) is not None:
            return BookingRefusal.TOO_LATE
        await connection.execute(_LEAVE, enrolment_id, at)
        # One message for the series: that of its next session.
        next_id = await connection.fetchval(_NEXT_LEFT, enrolment_id, at)
        await tell_of_booking(connection, next_id, NoticeKind.CANCELLED, at)
        await log_for_other(connection, viewer, people, "cancel_course", person, at)
        return str(enrolment_id)

    return await _told(resources, await answer_once(resources, viewer, key, ["cancel course", str(enrolment_id)], work))


async def _take_all(
    connection: asyncpg.Connection,
    course_id: UUID,
    person: Person,
    places: Sequence[Place],
    quotes: Sequence[Quote],
    at: datetime,
) -> UUID:
    if await connection.fetchval(
        "SELECT EXISTS (SELECT FROM enrolment WHERE course_id = $1 AND resident_id = $2 AND cancelled_at IS NULL)",
        course_id,
        person.id,
    ):
        raise _Refused(BookingRefusal.ALREADY_BOOKED)
    enrolment_id: UUID | None = await connection.fetchval(_ENROL, new_id(), course_id, person.id, at)
    if enrolment_id is None:
        raise _Refused(BookingRefusal.SLOT_FULL)
    for place, quote in zip(places, quotes, strict=True):
        (taken,) = await take(connection, [Order(person.id, place, quote, enrolment_id)], at)
        if isinstance(taken, BookingRefusal):
            raise _Refused(taken)
    return enrolment_id


async def _told(resources: Resources, answer: str) -> HeldEnrolment | BookingRefusal:
    if answer in _REFUSALS:
        return BookingRefusal(answer)
    (row,) = await resources.database.fetch(
        "SELECT e.id, e.resident_id, e.enrolled_at, e.cancelled_at, c.name FROM enrolment e "
        "JOIN course c ON c.id = e.course_id WHERE e.id = $1",
        UUID(answer),
    )
    held = await bookings_in(resources, row["id"])
    return HeldEnrolment(row["id"], row["resident_id"], row["name"], row["enrolled_at"], row["cancelled_at"], held)
