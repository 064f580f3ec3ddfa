"""Shows that a freed place goes to whom the rules call next, for a while, and then on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from models.waitlist import WaitlistState
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.database import DatabaseUnavailable
from services.enrolments import HeldEnrolment
from services.offers import expire_offers
from services.resources import Resources
from services.waitlist import accept_offer, join_waitlist, leave_waitlist
from services.wishes import HeldWish, wishes_of
from tests.services.register import Clock, Holder, Register, open_all


class Waiting:
    """A full slot of one place, who holds it, and whoever joins."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self.resources = resources
        self.register = register

    async def open(self, *, capacity: int = 1, **service: Any) -> "Waiting":
        """Fill the slot."""
        self.service_id = await self.register.service(**service)
        self.slot_id = await self.register.slot(self.service_id, hours=48, capacity=capacity)
        self.held = [await self.book(await self.newcomer()) for _ in range(capacity)]
        return self

    async def newcomer(self, holder: Holder | None = None) -> Viewer:
        """A resident's account."""
        return await self.register.viewer(holder or await self.register.resident())

    async def ask(self, viewer: Viewer) -> HeldBooking | BookingRefusal:
        """Ask for a booking in the slot."""
        people = await self.register.people(viewer)
        return await book_slot(self.resources, viewer, people, self.slot_id, None, str(new_id()))

    async def book(self, viewer: Viewer) -> tuple[Viewer, UUID]:
        """A booking in the slot, where no refusal is expected."""
        held = await self.ask(viewer)
        assert isinstance(held, HeldBooking)
        return viewer, held.id

    async def cancel(self, number: int = 0) -> None:
        """Give one of the first places back."""
        viewer, booking_id = self.held[number]
        people = await self.register.people(viewer)
        answer = await cancel_booking(self.resources, viewer, people, booking_id, str(new_id()))
        assert isinstance(answer, HeldBooking)

    async def join(self, viewer: Viewer, resident_id: UUID | None = None) -> HeldWish | BookingRefusal:
        """Ask to wait."""
        people = await self.register.people(viewer)
        return await join_waitlist(self.resources, viewer, people, self.slot_id, resident_id, str(new_id()))

    async def wait(self, viewer: Viewer) -> UUID:
        """Wait, where no refusal is expected; later than all before."""
        wish = await self.join(viewer)
        assert isinstance(wish, HeldWish), wish
        return wish.id

    async def leave(self, viewer: Viewer, entry_id: UUID) -> HeldWish | BookingRefusal:
        """Wait no longer."""
        people = await self.register.people(viewer)
        return await leave_waitlist(self.resources, viewer, people, entry_id, str(new_id()))

    async def accept(self, viewer: Viewer, entry_id: UUID, key: str = "") -> HeldBooking | BookingRefusal:
        """Take what is offered."""
        people = await self.register.people(viewer)
        answer = await accept_offer(self.resources, viewer, people, entry_id, key or str(new_id()))
        assert not isinstance(answer, HeldEnrolment)
        return answer

    async def wish(self, viewer: Viewer) -> HeldWish | None:
        """What the account waits for."""
        own = (await self.register.people(viewer)).own
        assert own is not None
        return next(iter(await wishes_of(self.resources, [own.id])), None)


@pytest.fixture
def waiting(resources: Resources, register: Register) -> Waiting:
    """Not opened yet."""
    return Waiting(resources, register)


async def counts(owner: asyncpg.Connection, slot_id: UUID) -> tuple[int, int, int]:
    """What the slot counts, its bookings, its open offers."""
    row = await owner.fetchrow(
        "SELECT taken, (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state <> 'cancelled') AS held, "
        "(SELECT count(*) FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id "
        " WHERE e.slot_id = slot.id AND o.state = 'open') AS offered FROM slot WHERE id = $1",
        slot_id,
    )
    return row["taken"], row["held"], row["offered"]


async def test_a_freed_place_is_offered_to_the_first_and_nobody_else(
    waiting: Waiting, owner: asyncpg.Connection, clock: Clock
) -> None:
    """She has two hours, the others still wait, and a newcomer finds the slot full; accepting makes it hers."""
    first, second = [await (await waiting.open()).newcomer(), await waiting.newcomer()]
    entry_id = await waiting.wait(first)
    clock.forward(seconds=1)
    await waiting.wait(second)
    behind = await waiting.wish(second)

    await waiting.cancel()

    wish, still = await waiting.wish(first), await waiting.wish(second)
    assert wish
    assert behind
    assert still
    assert (wish.state, wish.offered_until) == (WaitlistState.OFFERED, clock() + timedelta(hours=2))
    assert (behind.before, still.before, still.state) == (1, 0, WaitlistState.WAITING)
    assert await counts(owner, waiting.slot_id) == (1, 0, 1)
    assert await waiting.ask(await waiting.newcomer()) is BookingRefusal.SLOT_FULL
    held = await waiting.accept(first, entry_id)
    assert isinstance(held, HeldBooking)
    assert (held.state, await waiting.wish(first)) == ("booked", None)
    assert await counts(owner, waiting.slot_id) == (1, 1, 0)


async def test_an_offer_that_runs_out_or_is_declined_passes_on(
    waiting: Waiting, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Too late to the second is too late; the last one gone, the place is free for everybody."""
    await waiting.open()
    people = [await waiting.newcomer() for _ in range(2)]
    entries = []
    for viewer in people:
        entries.append(await waiting.wait(viewer))
        clock.forward(seconds=1)
    await waiting.cancel()
    clock.forward(hours=2)
    late = await waiting.accept(people[0], entries[0])

    ended = [await expire_offers(waiting.resources) for _ in range(2)]

    assert late is BookingRefusal.NO_OFFER
    assert ended == [1, 0]
    assert await counts(owner, waiting.slot_id) == (1, 0, 1)
    declined = await waiting.leave(people[1], entries[1])
    assert isinstance(declined, HeldWish)
    assert declined.state is WaitlistState.LEFT
    assert await counts(owner, waiting.slot_id) == (0, 0, 0)
    assert await waiting.accept(people[1], entries[1]) is BookingRefusal.NO_OFFER


async def test_a_place_is_offered_no_longer_than_it_can_be_booked(waiting: Waiting, clock: Clock) -> None:
    """With a lead of an hour an offer ends an hour before the start; within that hour there is none."""
    await waiting.open(capacity=2, lead_minutes=60, cancel_minutes=0)
    viewers = [await waiting.newcomer() for _ in range(2)]
    entries = [await waiting.wait(viewer) for viewer in viewers]
    start = clock() + timedelta(hours=48)
    clock.forward(hours=46, minutes=30)
    await waiting.cancel(0)
    wishes = [await waiting.wish(viewer) for viewer in viewers]
    clock.forward(minutes=30)
    await waiting.cancel(1)

    after = [await waiting.wish(viewer) for viewer in viewers]

    assert [wish.offered_until for wish in wishes if wish and wish.offered_until] == [start - timedelta(hours=1)]
    assert sum(wish is not None and wish.state is WaitlistState.OFFERED for wish in after) == 1
    clock.forward(hours=1)
    await expire_offers(waiting.resources)
    assert [await waiting.wish(viewer) for viewer in viewers] == [None, None]
    assert await waiting.leave(viewers[0], entries[0]) != BookingRefusal.WISH_NOT_FOUND


async def test_the_rules_call_a_child_before_those_who_came_earlier(
    waiting: Waiting, register: Register, clock: Clock
) -> None:
    """A child entitled to rehabilitation goes first, though she joined last."""
    await waiting.open()
    child = await register.resident(birth_date=date(2021, 6, 1), grade=4)
    for fact in ("rehab_need", "rehab_indication"):
        await register.fact(child, fact, value=True, source="federation")
    early, late = await waiting.newcomer(await register.resident(grade=4)), await waiting.newcomer(child)
    await waiting.wait(early)
    clock.forward(minutes=5)
    await waiting.wait(late)

    await waiting.cancel()

    wish = await waiting.wish(late)
    assert wish
    assert wish.state is WaitlistState.OFFERED


async def test_nobody_waits_without_need(waiting: Waiting, register: Register, clock: Clock) -> None:
    """Not for a free slot, one she holds, twice, without a card, of a course, past, unknown, or for a stranger."""
    await waiting.open()
    holder, _ = waiting.held[0]
    viewer, barred = await waiting.newcomer(), await waiting.newcomer(await register.resident(state="suspended"))
    await waiting.wait(viewer)
    full, free = waiting.slot_id, await register.slot(waiting.service_id, hours=60)
    lesson = await register.lesson(waiting.service_id)

    refused = [await waiting.join(viewer), await waiting.join(holder), await waiting.join(barred)]
    refused.append(await waiting.join(viewer, new_id()))
    for slot_id in (free, lesson, new_id()):
        waiting.slot_id = slot_id
        refused.append(await waiting.join(viewer))
    waiting.slot_id = full
    clock.forward(hours=48)
    refused.append(await waiting.join(await waiting.newcomer()))

    assert refused == [
        BookingRefusal.ALREADY_WAITING,
        BookingRefusal.ALREADY_BOOKED,
        BookingRefusal.CARD_NOT_USABLE,
        BookingRefusal.NOT_ALLOWED,
        BookingRefusal.NOT_FULL,
        BookingRefusal.PART_OF_COURSE,
        BookingRefusal.SLOT_NOT_FOUND,
        BookingRefusal.SLOT_PAST,
    ]


async def test_a_strangers_wish_is_not_found(waiting: Waiting) -> None:
    """Neither left nor accepted, whether it exists or not."""
    await waiting.open()
    entry_id = await waiting.wait(await waiting.newcomer())
    await waiting.cancel()
    stranger = await waiting.newcomer()

    answers: list[object] = [await waiting.leave(stranger, each) for each in (entry_id, new_id())]
    answers += [await waiting.accept(stranger, each) for each in (entry_id, new_id())]

    assert set(answers) == {BookingRefusal.WISH_NOT_FOUND}


async def test_a_refused_acceptance_leaves_the_offer(
    waiting: Waiting, register: Register, owner: asyncpg.Connection
) -> None:
    """She booked something else at that time meanwhile, or her card was suspended: the place stays held for her."""
    await waiting.open()
    holder = await register.resident()
    viewer = await waiting.newcomer(holder)
    entry_id = await waiting.wait(viewer)
    await waiting.cancel()
    full = waiting.slot_id
    waiting.slot_id = await register.slot(waiting.service_id, hours=48.5)
    await waiting.book(viewer)
    overlapping = await waiting.accept(viewer, entry_id)
    await owner.execute("UPDATE card SET state = 'suspended' WHERE id = $1", holder.card_id)

    barred = await waiting.accept(viewer, entry_id)

    assert [overlapping, barred] == [BookingRefusal.OVERLAPS, BookingRefusal.CARD_NOT_USABLE]
    assert await counts(owner, full) == (1, 0, 1)


async def test_a_retried_acceptance_gets_the_first_booking(waiting: Waiting, owner: asyncpg.Connection) -> None:
    """The same key again finds the same booking, and one place is taken."""
    await waiting.open()
    viewer = await waiting.newcomer()
    entry_id = await waiting.wait(viewer)
    await waiting.cancel()

    first, again = [await waiting.accept(viewer, entry_id, key="accept") for _ in range(2)]

    assert isinstance(first, HeldBooking)
    assert first == again
    assert await counts(owner, waiting.slot_id) == (1, 1, 0)


async def test_places_that_come_with_a_larger_slot_are_offered_too(waiting: Waiting, owner: asyncpg.Connection) -> None:
    """The next look offers them, as many as wait and as there are."""
    await waiting.open()
    for _ in range(2):
        await waiting.wait(await waiting.newcomer())
    await owner.execute("UPDATE slot SET capacity = 4 WHERE id = $1", waiting.slot_id)

    for _ in range(2):
        await expire_offers(waiting.resources)

    assert await counts(owner, waiting.slot_id) == (3, 1, 2)


async def test_no_place_is_lost_or_doubled_when_all_act_at_once(
    waiting: Waiting, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Holders cancel while others join, accept, leave and offers run out: afterwards the count agrees with the rows."""
    await waiting.open(capacity=3)
    await open_all(waiting.resources)
    viewers = [await waiting.newcomer() for _ in range(6)]
    entries = [await waiting.wait(viewer) for viewer in viewers[:4]]
    await waiting.cancel(0)
    clock.forward(hours=2)

    async def insist(act: Callable[..., Awaitable[object]], *args: object) -> None:
        for _ in range(20):
            try:
                await act(*args)
            except DatabaseUnavailable:
                continue
            return

    await asyncio.gather(
        *(insist(waiting.cancel, number) for number in (1, 2)),
        *(insist(waiting.join, viewer) for viewer in viewers[4:]),
        *(insist(expire_offers, waiting.resources) for _ in range(2)),
        insist(waiting.leave, viewers[3], entries[3]),
        *(insist(waiting.accept, viewer, entry) for viewer, entry in zip(viewers, entries, strict=False)),
    )
    await expire_offers(waiting.resources)

    taken, held, offered = await counts(owner, waiting.slot_id)
    left = await owner.fetchval(
        "SELECT count(*) FROM waitlist_entry WHERE slot_id = $1 AND state = 'waiting'", waiting.slot_id
    )
    assert taken == held + offered
    assert taken == 3 or left == 0
