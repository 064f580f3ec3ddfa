"""Random histories on a real database against a small model: no place is lost, doubled or given out of turn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.access import Viewer
from models.record import new_id
from services.bookings import book_slot, cancel_booking
from services.enrolments import book_course, cancel_course
from services.offers import expire_offers
from services.people import People
from services.rescheduling import reschedule_booking
from services.resources import Resources
from services.waitlist import accept_offer, join_course_waitlist, join_waitlist, leave_waitlist
from tests.services.register import Clock, Register

OFFERED_FOR = timedelta(minutes=120)
# Behind the slots comes a course of two sessions, which is booked, waited for and given back in the same way.
RESIDENTS, SLOTS = 4, 3
COURSE = SLOTS
PLACES = range(SLOTS + 1)

Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "cancel", "join", "leave", "accept", "reschedule", "wait", "expire"]),
        st.integers(0, RESIDENTS - 1),
        st.sampled_from(PLACES),
    ),
    max_size=40,
)


@dataclass
class Model:
    """Who holds which slot or the course, who waits in which order, and until when whom a place is offered."""

    capacities: Sequence[int]
    held: dict[int, set[int]] = field(default_factory=lambda: {slot: set() for slot in PLACES})
    waiting: dict[int, list[int]] = field(default_factory=lambda: {slot: [] for slot in PLACES})
    offered: dict[int, dict[int, datetime]] = field(default_factory=lambda: {slot: {} for slot in PLACES})

    def taken(self, slot: int) -> int:
        """The places that nobody else can have."""
        return len(self.held[slot]) + len(self.offered[slot])

    def is_full(self, slot: int) -> bool:
        """Whether none is left."""
        return self.taken(slot) >= self.capacities[slot]

    def wants(self, who: int, slot: int) -> bool:
        """Whether somebody waits for a slot or is offered a place in it."""
        return who in self.waiting[slot] or who in self.offered[slot]

    def call(self, slot: int, at: datetime) -> None:
        """A place became free."""
        if self.waiting[slot]:
            self.offered[slot][self.waiting[slot].pop(0)] = at + OFFERED_FOR

    def book(self, who: int, slot: int) -> bool:
        """Take a free place."""
        done = who not in self.held[slot] and not self.is_full(slot)
        if done:
            self.held[slot].add(who)
        return done

    def cancel(self, who: int, slot: int, at: datetime) -> bool:
        """Give a place back."""
        done = who in self.held[slot]
        if done:
            self.held[slot].remove(who)
            self.call(slot, at)
        return done

    def join(self, who: int, slot: int) -> bool:
        """Wait behind the others."""
        done = who not in self.held[slot] and self.is_full(slot) and not self.wants(who, slot)
        if done:
            self.waiting[slot].append(who)
        return done

    def leave(self, who: int, slot: int, at: datetime) -> bool:
        """Wait no longer, or decline."""
        if who in self.waiting[slot]:
            self.waiting[slot].remove(who)
            return True
        done = self.offered[slot].pop(who, None) is not None
        if done:
            self.call(slot, at)
        return done

    def accept(self, who: int, slot: int, at: datetime) -> bool:
        """Take the place that is offered."""
        done = who not in self.held[slot] and at < self.offered[slot].get(who, at)
        if done:
            del self.offered[slot][who]
            self.held[slot].add(who)
        return done

    def reschedule(self, who: int, slot: int, at: datetime) -> bool:
        """Move to the next slot; a course is not moved."""
        return (
            slot != COURSE
            and who in self.held[slot]
            and self.book(who, (slot + 1) % SLOTS)
            and self.cancel(who, slot, at)
        )

    def expire(self, at: datetime) -> None:
        """Pass on what nobody accepted in time, the earliest first, as often as it takes."""
        for slot, offered in self.offered.items():
            for who in [who for who, until in sorted(offered.items(), key=lambda each: each[1]) if until <= at]:
                del offered[who]
                self.call(slot, at)


@dataclass(frozen=True)
class World:
    """The same people, slots and course in the database."""

    resources: Resources
    viewers: Sequence[Viewer]
    people: Sequence[People]
    places: Sequence[UUID]
    owner: asyncpg.Connection

    async def step(self, what: str, who: int, slot: int) -> bool:
        """Ask for a step as the edge does, and say whether it was done."""
        args = (self.resources, self.viewers[who], self.people[who])
        key, place_id, is_course = str(new_id()), self.places[slot], slot == COURSE
        match what:
            case "book":
                book = book_course if is_course else book_slot
                answer: object = await book(*args, place_id, None, key)
            case "cancel":
                cancel = cancel_course if is_course else cancel_booking
                answer = await cancel(*args, await self._held(who, slot), key)
            case "join":
                join = join_course_waitlist if is_course else join_waitlist
                answer = await join(*args, place_id, None, key)
            case "leave":
                entry_id = await self._entry(who, slot)
                answer = await leave_waitlist(*args, entry_id, key) if entry_id else "nothing to leave"
            case "accept":
                answer = await accept_offer(*args, await self._entry(who, slot) or new_id(), key)
            case _:
                booking_id = await self._session(who) if is_course else await self._held(who, slot)
                answer = await reschedule_booking(*args, booking_id, self.places[(slot + 1) % SLOTS], key)
        return not isinstance(answer, str)

    async def state(self, slot: int) -> tuple[int, set[UUID], list[UUID], set[UUID]]:
        """What the database says of a place: the count, who holds, who waits in order, who has an open offer.

        A course counts alike in each of its sessions.
        """
        place_id = self.places[slot]
        if slot == COURSE:
            counts = await self.owner.fetch(
                "SELECT taken FROM course WHERE id = $1 UNION SELECT taken FROM slot WHERE course_id = $1", place_id
            )
            assert len(counts) == 1
            taken, holders = counts[0]["taken"], "enrolment WHERE course_id = $1 AND cancelled_at IS NULL"
        else:
            taken = await self.owner.fetchval("SELECT taken FROM slot WHERE id = $1", place_id)
            holders = "booking WHERE slot_id = $1 AND state <> 'cancelled'"
        held, waiting, offered = [
            [row["resident_id"] for row in await self.owner.fetch(f"SELECT resident_id FROM {source}", place_id)]  # noqa: S608 - from here
            for source in (
                holders,
                "waitlist_entry WHERE $1 IN (slot_id, course_id) AND state = 'waiting' ORDER BY joined_at",
                (
                    "offer WHERE state = 'open' AND entry_id IN (SELECT id FROM waitlist_entry "
                    "WHERE $1 IN (slot_id, course_id) AND state = 'offered')"
                ),
            )
        ]
        return taken, set(held), waiting, set(offered)

    async def _held(self, who: int, slot: int) -> UUID:
        held = "enrolment WHERE course_id = $2 AND cancelled_at IS NULL"
        if slot != COURSE:
            held = "booking WHERE slot_id = $2 AND state <> 'cancelled'"
        return await self._own(who, held, self.places[slot]) or new_id()

    async def _session(self, who: int) -> UUID:
        sessions = "(SELECT id FROM slot WHERE course_id = $2 LIMIT 1)"
        held = f"booking WHERE state <> 'cancelled' AND slot_id = {sessions}"
        return await self._own(who, held, self.places[COURSE]) or new_id()

    async def _entry(self, who: int, slot: int) -> UUID | None:
        wish = "waitlist_entry WHERE $2 IN (slot_id, course_id) AND state IN ('waiting', 'offered')"
        return await self._own(who, wish, self.places[slot])

    async def _own(self, who: int, rows: str, place_id: UUID) -> UUID | None:
        whose = "resident_id = (SELECT resident_id FROM account WHERE id = $1)"
        found: UUID | None = await self.owner.fetchval(
            f"SELECT id FROM {rows} AND {whose}",  # noqa: S608 - named above
            self.viewers[who].account_id,
            place_id,
        )
        return found


NewWorld = Callable[[Sequence[int]], Awaitable[World]]


@pytest.fixture
def new_world(resources: Resources, register: Register, owner: asyncpg.Connection) -> NewWorld:
    """Makes residents, slots and a course that no other history touches."""

    async def make(capacities: Sequence[int]) -> World:
        service_id = await register.service()
        places = [
            await register.slot(service_id, hours=240 + 2 * number, capacity=capacity)
            for number, capacity in enumerate(capacities[:SLOTS])
        ]
        places.append(await register.course(service_id, hours=[250, 260], capacity=capacities[COURSE]))
        viewers = [await register.viewer(await register.resident()) for _ in range(RESIDENTS)]
        return World(resources, viewers, [await register.people(each) for each in viewers], places, owner)

    return make


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capacities=st.tuples(*[st.integers(1, 2)] * len(PLACES)), steps=STEPS)
async def test_places_and_wishes_follow_the_model(
    new_world: NewWorld, clock: Clock, capacities: tuple[int, ...], steps: Sequence[Step]
) -> None:
    """Each step is done or refused as in the model, and leaves the same holders, the same queue and the same count."""
    world, model = await new_world(capacities), Model(capacities)
    ids = [each.own.id for each in world.people if each.own]

    for what, who, slot in steps:
        # Nobody joins at the very moment of another.
        clock.forward(seconds=1)
        if what == "wait":
            clock.forward(minutes=70)
        elif what == "expire":
            await expire_offers(world.resources)
            model.expire(clock())
        else:
            at = [] if what in {"book", "join"} else [clock()]
            expected = getattr(model, what)(who, slot, *at)
            assert await world.step(what, who, slot) == expected, (what, who, slot)

        for number in PLACES:
            assert await world.state(number) == (
                model.taken(number),
                {ids[each] for each in model.held[number]},
                [ids[each] for each in model.waiting[number]],
                {ids[each] for each in model.offered[number]},
            )
