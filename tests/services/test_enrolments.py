"""Shows that a course is booked as a whole or not at all, and given back from the next session on."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services.bookings import book_slot, bookings_of, cancel_booking
from services.catalogue import slots
from services.courses import courses
from services.database import DatabaseUnavailable
from services.enrolments import HeldEnrolment, book_course, cancel_course
from services.resources import Resources
from tests.services.register import Clock, Holder, Register, open_all

WEEKS = [24 * 7 * week for week in (1, 2, 3, 10)]


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A resident with a valid card."""
    return await register.resident()


@pytest.fixture
async def viewer(register: Register, holder: Holder) -> Viewer:
    """Her account."""
    return await register.viewer(holder)


@pytest.fixture
async def course_id(register: Register) -> UUID:
    """A course of two places and four sessions, the last beyond the service's horizon."""
    return await register.course(await register.service(), hours=WEEKS)


async def enrol(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, resident_id: UUID | None = None
) -> HeldEnrolment | BookingRefusal:
    """A new request for a place in a course, asked again while the database is too busy."""
    people, key = await register.people(viewer), str(new_id())
    while True:
        try:
            return await book_course(resources, viewer, people, course_id, resident_id, key)
        except DatabaseUnavailable:
            await asyncio.sleep(0.05)


def held(answer: HeldEnrolment | BookingRefusal) -> HeldEnrolment:
    """The place, where no refusal is expected."""
    assert isinstance(answer, HeldEnrolment)
    return answer


async def counts(owner: asyncpg.Connection, course_id: UUID) -> tuple[int, list[int]]:
    """What the course and each of its sessions count as taken."""
    sessions = await owner.fetch("SELECT taken FROM slot WHERE course_id = $1 ORDER BY starts_at", course_id)
    course: int = await owner.fetchval("SELECT taken FROM course WHERE id = $1", course_id)
    return course, [row["taken"] for row in sessions]


async def test_a_course_is_booked_as_one(
    resources: Resources, register: Register, viewer: Viewer, holder: Holder, course_id: UUID, owner: asyncpg.Connection
) -> None:
    """One request holds every session, also beyond the reach of a single booking, and a retry finds the same."""
    people = await register.people(viewer)

    first, again = [held(await book_course(resources, viewer, people, course_id, None, "key")) for _ in range(2)]

    assert first == again
    assert (first.resident_id, first.course_name, first.cancelled_at) == (holder.id, "电脑入门", None)
    assert [(each.state, each.enrolment_id) for each in first.bookings] == [("booked", first.id)] * 4
    assert await counts(owner, course_id) == (1, [1, 1, 1, 1])
    assert len(await bookings_of(resources, [holder.id])) == 4


async def test_a_course_is_never_overbooked(
    resources: Resources, register: Register, course_id: UUID, owner: asyncpg.Connection
) -> None:
    """Of eight people at once two get the course, whole, and the others nothing of it."""
    viewers = [await register.viewer(await register.resident()) for _ in range(8)]

    await open_all(resources)
    answers = await asyncio.gather(*(enrol(resources, register, each, course_id) for each in viewers))

    refusals = Counter(answer for answer in answers if not isinstance(answer, HeldEnrolment))
    assert refusals == {BookingRefusal.SLOT_FULL: 6}
    assert await counts(owner, course_id) == (2, [2, 2, 2, 2])


async def test_one_session_in_the_way_refuses_the_whole(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, owner: asyncpg.Connection
) -> None:
    """Who has another appointment at the third session gets no place in the first two either."""
    slot_id = await register.slot(await register.service(), hours=WEEKS[2] + 0.5)
    await book_slot(resources, viewer, await register.people(viewer), slot_id, None, "slot")

    answer = await enrol(resources, register, viewer, course_id)

    assert answer is BookingRefusal.OVERLAPS
    assert await counts(owner, course_id) == (0, [0, 0, 0, 0])
    assert await owner.fetchval("SELECT count(*) FROM enrolment WHERE course_id = $1", course_id) == 0


async def test_a_session_is_no_slot_of_its_own(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, owner: asyncpg.Connection
) -> None:
    """It is neither listed nor booked alone, and its booking is given back with the course only."""
    slot = await owner.fetchrow("SELECT id, service_id FROM slot WHERE course_id = $1 LIMIT 1", course_id)
    people, now = await register.people(viewer), resources.clock()
    alone = await book_slot(resources, viewer, people, slot["id"], None, "alone")
    booking = held(await enrol(resources, register, viewer, course_id)).bookings[0]

    given_back = await cancel_booking(resources, viewer, people, booking.id, "back")

    assert (alone, given_back) == (BookingRefusal.PART_OF_COURSE, BookingRefusal.PART_OF_COURSE)
    assert await slots(resources, slot["service_id"], now, now + timedelta(days=90), None, 9) == []


async def test_what_is_given_back_is_what_is_yet_to_come(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, owner: asyncpg.Connection, clock: Clock
) -> None:
    """After the first session the place and the other three go back, once; the first keeps its booking."""
    enrolment = held(await enrol(resources, register, viewer, course_id))
    people = await register.people(viewer)
    clock.forward(hours=WEEKS[0] + 1)

    cancelled = held(await cancel_course(resources, viewer, people, enrolment.id, "one"))
    again = await cancel_course(resources, viewer, people, enrolment.id, "two")

    assert cancelled.cancelled_at == resources.clock()
    assert [booking.state for booking in cancelled.bookings] == ["booked", "cancelled", "cancelled", "cancelled"]
    assert again is BookingRefusal.CANCELLED_ALREADY
    assert await counts(owner, course_id) == (0, [1, 0, 0, 0])


async def test_the_deadline_is_the_next_sessions(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, clock: Clock
) -> None:
    """An hour before a session is too late, and after the last there is nothing to give back."""
    enrolment = held(await enrol(resources, register, viewer, course_id))
    people = await register.people(viewer)
    clock.forward(hours=WEEKS[0] - 1)
    late = await cancel_course(resources, viewer, people, enrolment.id, "one")
    clock.forward(hours=WEEKS[3])

    over = await cancel_course(resources, viewer, people, enrolment.id, "two")

    assert (late, over) == (BookingRefusal.TOO_LATE, BookingRefusal.TOO_LATE)


async def test_who_may_not_have_a_place_is_told_why(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, clock: Clock
) -> None:
    """No course, a second place, a card that is not in force, a stranger, and a course that has begun."""
    stranger, lapsed = await register.viewer(), await register.viewer(await register.resident(state="suspended"))
    enrolment = held(await enrol(resources, register, viewer, course_id))

    answers = [
        await enrol(resources, register, viewer, new_id()),
        await enrol(resources, register, viewer, course_id),
        await enrol(resources, register, lapsed, course_id),
        await enrol(resources, register, stranger, course_id),
        await cancel_course(resources, stranger, await register.people(stranger), enrolment.id, "key"),
    ]
    clock.forward(hours=WEEKS[0])
    begun = await enrol(resources, register, viewer, course_id)

    assert answers == [
        BookingRefusal.COURSE_NOT_FOUND,
        BookingRefusal.ALREADY_BOOKED,
        BookingRefusal.CARD_NOT_USABLE,
        BookingRefusal.NOT_ALLOWED,
        BookingRefusal.BOOKING_NOT_FOUND,
    ]
    assert begun is BookingRefusal.COURSE_BEGUN


async def test_a_guardian_enrols_her_ward(
    resources: Resources, register: Register, course_id: UUID, owner: asyncpg.Connection
) -> None:
    """By the ward's id, and the log says so, both ways."""
    ward, guardian = await register.resident(), await register.viewer()
    await register.guardian(ward, guardian.account_id)

    enrolment = held(await enrol(resources, register, guardian, course_id, ward.id))
    held(await cancel_course(resources, guardian, await register.people(guardian), enrolment.id, "key"))

    logged = await owner.fetch("SELECT action FROM audit WHERE subject = $1 ORDER BY sequence", str(ward.id))
    assert [row["action"] for row in logged] == ["book_course", "cancel_course"]


async def test_courses_are_listed_until_they_begin(
    resources: Resources, register: Register, viewer: Viewer, course_id: UUID, clock: Clock
) -> None:
    """With its free places, its sessions and its days; page by page, and no more once it has begun."""
    held(await enrol(resources, register, viewer, course_id))
    now = resources.clock()

    listed = {course.id: course for course in await courses(resources, None, 100)}
    behind = await courses(resources, course_id, 100)
    clock.forward(hours=WEEKS[0])
    begun = await courses(resources, None, 100)

    course = listed[course_id]
    assert (course.name, course.capacity, course.free, course.sessions) == ("电脑入门", 2, 1, 4)
    assert (course.first_at, course.last_at) == (now + timedelta(hours=WEEKS[0]), now + timedelta(hours=WEEKS[3] + 1))
    assert course_id not in {each.id for each in [*behind, *begun]}
