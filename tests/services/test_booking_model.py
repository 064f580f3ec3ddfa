"""Random histories of slots and a course on a real database: each request gets the answer of a small model."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.enrolments import HeldEnrolment, book_course, cancel_course
from services.people import People
from services.resources import Resources
from tests.services.register import Register

RESIDENTS = 4
# Hours from now, each an hour long: the first two overlap and share one room, the course's first overlaps the second.
SLOTS = (48.0, 48.5, 50.0)
COURSE = (49.25, 72.0)

Answer = HeldBooking | HeldEnrolment | BookingRefusal
Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "book", "cancel", "enrol", "leave", "leave_session", "repeat"]),
        st.integers(0, RESIDENTS - 1),
        st.integers(0, len(SLOTS) - 1),
    ),
    max_size=30,
)


@dataclass
class Model:
    """Who holds which slot, and who is in the course."""

    capacities: Sequence[int]
    course_capacity: int
    held: list[set[int]] = field(default_factory=lambda: [set() for _ in SLOTS])
    enrolled: set[int] = field(default_factory=set)

    def hours(self, who: int) -> Iterator[float]:
        """When somebody's sessions begin."""
        yield from (hour for hour, holders in zip(SLOTS, self.held, strict=True) if who in holders)
        yield from (COURSE if who in self.enrolled else ())

    def book(self, who: int, slot: int) -> BookingRefusal | None:
        """Take a place, and the room for it unless the session has it."""
        holders = self.held[slot]
        if who in holders:
            return BookingRefusal.ALREADY_BOOKED
        if any(abs(hour - SLOTS[slot]) < 1 for hour in self.hours(who)):
            return BookingRefusal.OVERLAPS
        if len(holders) >= self.capacities[slot]:
            return BookingRefusal.SLOT_FULL
        others = (hour for other, hour in enumerate(SLOTS) if other != slot and self.held[other])
        if not holders and any(abs(hour - SLOTS[slot]) < 1 for hour in others):
            return BookingRefusal.RESOURCE_BUSY
        holders.add(who)
        return None

    def cancel(self, who: int, slot: int) -> BookingRefusal | None:
        """Give a place back."""
        if who not in self.held[slot]:
            return BookingRefusal.BOOKING_NOT_FOUND
        self.held[slot].remove(who)
        return None

    def enrol(self, who: int, _: int) -> BookingRefusal | None:
        """Take a place in every session, or in none."""
        if who in self.enrolled:
            return BookingRefusal.ALREADY_BOOKED
        if len(self.enrolled) >= self.course_capacity:
            return BookingRefusal.SLOT_FULL
        if any(abs(hour - session) < 1 for hour in self.hours(who) for session in COURSE):
            return BookingRefusal.OVERLAPS
        self.enrolled.add(who)
        return None

    def leave(self, who: int, _: int) -> BookingRefusal | None:
        """Give all sessions back."""
        if who not in self.enrolled:
            return BookingRefusal.BOOKING_NOT_FOUND
        self.enrolled.remove(who)
        return None

    def leave_session(self, who: int, _: int) -> BookingRefusal | None:
        """One session of the course is no booking of its own."""
        return BookingRefusal.PART_OF_COURSE if who in self.enrolled else BookingRefusal.BOOKING_NOT_FOUND


@dataclass(frozen=True)
class World:
    """The same people, slots and course in the database."""

    resources: Resources
    viewers: Sequence[Viewer]
    people: Sequence[People]
    slots: Sequence[UUID]
    course_id: UUID
    owner: asyncpg.Connection

    async def request(self, what: str, who: int, slot: int) -> Callable[[], Awaitable[Answer]]:
        """A step as the edge asks for it, with a key of its own; to be asked as often as one likes."""
        args, key = (self.resources, self.viewers[who], self.people[who]), str(new_id())
        match what:
            case "book":
                return partial(book_slot, *args, self.slots[slot], None, key)
            case "enrol":
                return partial(book_course, *args, self.course_id, None, key)
            case "cancel":
                return partial(
                    cancel_booking, *args, await self._held("booking", "slot_id", self.slots[slot], who), key
                )
            case "leave":
                return partial(
                    cancel_course, *args, await self._held("enrolment", "course_id", self.course_id, who), key
                )
            case _:
                session = await self.owner.fetchval("SELECT id FROM slot WHERE course_id = $1 LIMIT 1", self.course_id)
                return partial(cancel_booking, *args, await self._held("booking", "slot_id", session, who), key)

    async def counts(self) -> list[tuple[int, int, int]]:
        """Of each slot and session in order of time: places taken, bookings that hold one, resources that are held."""
        rows = await self.owner.fetch(
            "SELECT taken, (SELECT count(*) FROM booking b WHERE b.slot_id = s.id AND state <> 'cancelled') AS held, "
            "(SELECT count(*) FROM allocation a WHERE a.slot_id = s.id AND released_at IS NULL) AS resources "
            "FROM slot s WHERE id = ANY($1) OR course_id = $2 ORDER BY course_id NULLS FIRST, starts_at",
            self.slots,
            self.course_id,
        )
        return [tuple(row) for row in rows]

    async def _held(self, table: str, column: str, key: UUID, who: int) -> UUID:
        own = self.people[who].own
        assert own is not None
        found: UUID | None = await self.owner.fetchval(
            f"SELECT id FROM {table} WHERE {column} = $1 AND resident_id = $2 AND cancelled_at IS NULL",  # noqa: S608
            key,
            own.id,
        )
        return found or new_id()


NewWorld = Callable[[Sequence[int], int], Awaitable[World]]


@pytest.fixture
def new_world(resources: Resources, register: Register, owner: asyncpg.Connection) -> NewWorld:
    """Makes residents, slots with one room between them, and a course, that no other history touches."""

    async def make(capacities: Sequence[int], course_capacity: int) -> World:
        service_id = await register.service(offer_minutes=0)
        await register.resource(service_id, kind="room")
        slots = [
            await register.slot(service_id, hours=hours, capacity=capacity)
            for hours, capacity in zip(SLOTS, capacities, strict=True)
        ]
        course_id = await register.course(await register.service(), hours=COURSE, capacity=course_capacity)
        viewers = [await register.viewer(await register.resident()) for _ in range(RESIDENTS)]
        people = [await register.people(each) for each in viewers]
        return World(resources, viewers, people, slots, course_id, owner)

    return make


def said(answer: Answer) -> UUID | BookingRefusal:
    """What an answer comes to."""
    return answer if isinstance(answer, BookingRefusal) else answer.id


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capacities=st.tuples(*[st.integers(1, 2)] * len(SLOTS)), course_capacity=st.integers(1, 2), steps=STEPS)
async def test_places_follow_the_model(
    new_world: NewWorld, capacities: tuple[int, ...], course_capacity: int, steps: Sequence[Step]
) -> None:
    """Each request is done or refused with the model's reason, a repeated one changes nothing, and counts agree."""
    world, model = await new_world(capacities, course_capacity), Model(capacities, course_capacity)
    asked: Callable[[], Awaitable[Answer]] | None = None
    first: UUID | BookingRefusal | None = None

    for what, who, slot in steps:
        if what != "repeat":
            expected = getattr(model, what)(who, slot)
            asked = await world.request(what, who, slot)
            first = said(await asked())
            assert (first if isinstance(first, BookingRefusal) else None) == expected, (what, who, slot)
        elif asked is not None:
            assert said(await asked()) == first

        held = [len(holders) for holders in model.held]
        room = [(number, number, int(number > 0)) for number in held]
        assert await world.counts() == room + [(len(model.enrolled), len(model.enrolled), 0)] * len(COURSE)
