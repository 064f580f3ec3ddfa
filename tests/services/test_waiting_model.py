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
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.offers import expire_offers
from services.people import People
from services.rescheduling import reschedule_booking
from services.resources import Resources
from services.waitlist import accept_offer, join_waitlist, leave_waitlist
from tests.services.register import Clock, Register

OFFERED_FOR = timedelta(minutes=120)
RESIDENTS, SLOTS = 4, 3

Step = tuple[str, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "cancel", "join", "leave", "accept", "reschedule", "wait", "expire"]),
        st.integers(0, RESIDENTS - 1),
        st.integers(0, SLOTS - 1),
    ),
    max_size=40,
)


@dataclass
class Model:
    """Who holds which slot, who waits in which order, and until when whom a place is offered."""

    capacities: Sequence[int]
    held: dict[int, set[int]] = field(default_factory=lambda: {slot: set() for slot in range(SLOTS)})
    waiting: dict[int, list[int]] = field(default_factory=lambda: {slot: [] for slot in range(SLOTS)})
    offered: dict[int, dict[int, datetime]] = field(default_factory=lambda: {slot: {} for slot in range(SLOTS)})

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
        """Move to the next slot."""
        return who in self.held[slot] and self.book(who, (slot + 1) % SLOTS) and self.cancel(who, slot, at)

    def expire(self, at: datetime) -> None:
        """Pass on what nobody accepted in time, the earliest first, as often as it takes."""
        for slot, offered in self.offered.items():
            for who in [who for who, until in sorted(offered.items(), key=lambda each: each[1]) if until <= at]:
                del offered[who]
                self.call(slot, at)


@dataclass(frozen=True)
class World:
    """The same people and slots in the database."""

    resources: Resources
    viewers: Sequence[Viewer]
    people: Sequence[People]
    slots: Sequence[UUID]
    owner: asyncpg.Connection

    async def step(self, what: str, who: int, slot: int) -> bool:
        """Ask for a step as the edge does, and say whether it was done."""
        args = (self.resources, self.viewers[who], self.people[who])
        key, slot_id = str(new_id()), self.slots[slot]
        match what:
            case "book":
                answer: object = await book_slot(*args, slot_id, None, key)
            case "cancel":
                answer = await cancel_booking(*args, await self._booking(who, slot), key)
            case "join":
                answer = await join_waitlist(*args, slot_id, None, key)
            case "leave":
                entry_id = await self._entry(who, slot)
                answer = await leave_waitlist(*args, entry_id, key) if entry_id else "nothing to leave"
            case "accept":
                answer = await accept_offer(*args, await self._entry(who, slot) or new_id(), key)
            case _:
                new = self.slots[(slot + 1) % SLOTS]
                answer = await reschedule_booking(*args, await self._booking(who, slot), new, key)
        return isinstance(answer, HeldBooking) or not isinstance(answer, str)

    async def state(self, slot: int) -> tuple[int, set[UUID], list[UUID], set[UUID]]:
        """What the database says of a slot: the count, who holds, who waits in order, who has an open offer."""
        taken = await self.owner.fetchval("SELECT taken FROM slot WHERE id = $1", self.slots[slot])
        held, waiting, offered = [
            [row["resident_id"] for row in await self.owner.fetch(sql, self.slots[slot])]
            for sql in (
                "SELECT resident_id FROM booking WHERE slot_id = $1 AND state <> 'cancelled'",
                "SELECT resident_id FROM waitlist_entry WHERE slot_id = $1 AND state = 'waiting' ORDER BY joined_at",
                (
                    "SELECT o.resident_id FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id "
                    "WHERE e.slot_id = $1 AND o.state = 'open' AND e.state = 'offered'"
                ),
            )
        ]
        return taken, set(held), waiting, set(offered)

    async def _booking(self, who: int, slot: int) -> UUID:
        found: UUID | None = await self.owner.fetchval(
            "SELECT b.id FROM booking b JOIN account a ON a.resident_id = b.resident_id "
            "WHERE a.id = $1 AND b.slot_id = $2 AND b.state <> 'cancelled'",
            self.viewers[who].account_id,
            self.slots[slot],
        )
        return found or new_id()

    async def _entry(self, who: int, slot: int) -> UUID | None:
        found: UUID | None = await self.owner.fetchval(
            "SELECT e.id FROM waitlist_entry e JOIN account a ON a.resident_id = e.resident_id "
            "WHERE a.id = $1 AND e.slot_id = $2 AND e.state IN ('waiting', 'offered')",
            self.viewers[who].account_id,
            self.slots[slot],
        )
        return found


NewWorld = Callable[[Sequence[int]], Awaitable[World]]


@pytest.fixture
def new_world(resources: Resources, register: Register, owner: asyncpg.Connection) -> NewWorld:
    """Makes residents and slots that no other history touches."""

    async def make(capacities: Sequence[int]) -> World:
        service_id = await register.service()
        slots = [
            await register.slot(service_id, hours=240 + 2 * number, capacity=capacity)
            for number, capacity in enumerate(capacities)
        ]
        viewers = [await register.viewer(await register.resident()) for _ in range(RESIDENTS)]
        return World(resources, viewers, [await register.people(each) for each in viewers], slots, owner)

    return make


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(capacities=st.tuples(*[st.integers(1, 2)] * SLOTS), steps=STEPS)
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

        for number in range(SLOTS):
            assert await world.state(number) == (
                model.taken(number),
                {ids[each] for each in model.held[number]},
                [ids[each] for each in model.waiting[number]],
                {ids[each] for each in model.offered[number]},
            )
