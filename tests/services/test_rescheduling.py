"""Shows that a booking moves whole: one place for another, within both deadlines, on the new day's terms."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.rescheduling import reschedule_booking
from services.resources import Resources
from tests.services.register import Clock, Register

Answer = HeldBooking | BookingRefusal


class Desk:
    """One resident's requests."""

    def __init__(self, resources: Resources, register: Register, viewer: Viewer) -> None:
        self.resources = resources
        self.register = register
        self.viewer = viewer

    async def book(self, slot_id: UUID, *, interpreter: bool = False) -> HeldBooking:
        """A booking, where no refusal is expected."""
        people = await self.register.people(self.viewer)
        held = await book_slot(
            self.resources, self.viewer, people, slot_id, None, str(new_id()), interpreter=interpreter
        )
        assert isinstance(held, HeldBooking), held
        return held

    async def move(self, booking_id: UUID, slot_id: UUID, key: str = "") -> Answer:
        """Ask for another slot."""
        people = await self.register.people(self.viewer)
        return await reschedule_booking(self.resources, self.viewer, people, booking_id, slot_id, key or str(new_id()))


@pytest.fixture
async def desk(resources: Resources, register: Register) -> Desk:
    """A resident with a card in force."""
    return Desk(resources, register, await register.viewer(await register.resident()))


async def places(owner: asyncpg.Connection, *slot_ids: UUID) -> list[tuple[int, int]]:
    """What each slot counts, and the bookings in it."""
    return [
        tuple(
            await owner.fetchrow(
                "SELECT taken, (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state <> 'cancelled') "
                "FROM slot WHERE id = $1",
                slot_id,
            )
        )
        for slot_id in slot_ids
    ]


async def test_the_same_booking_stands_in_the_other_slot(
    desk: Desk, register: Register, owner: asyncpg.Connection
) -> None:
    """Its times and its price are the new day's, its change is counted, and a retry changes nothing more."""
    service_id = await register.service()
    old, new = [await register.slot(service_id, hours=hours) for hours in (24, 72)]
    day = (desk.resources.clock() + timedelta(hours=72)).date()
    await register.price(service_id, "30")
    await register.price(service_id, "40", day)
    booking = await desk.book(old)

    moved, again = [await desk.move(booking.id, new, key="move") for _ in range(2)]

    assert isinstance(moved, HeldBooking)
    assert moved == again
    assert (moved.id, moved.slot.id, booking.price, moved.price) == (booking.id, new, Decimal(30), Decimal(40))
    assert await places(owner, old, new) == [(0, 0), (1, 1)]
    row = await owner.fetchrow("SELECT revision, starts_at FROM booking WHERE id = $1", booking.id)
    assert tuple(row) == (1, desk.resources.clock() + timedelta(hours=72))


async def test_both_deadlines_hold(desk: Desk, register: Register, clock: Clock, owner: asyncpg.Connection) -> None:
    """Too late to give the old place back, and too late to ask for the new one, are refused and change nothing."""
    service_id = await register.service(cancel_minutes=120, lead_minutes=60)
    first, second, third = [await register.slot(service_id, hours=hours) for hours in (10, 20, 3)]
    early, late = await desk.book(first), await desk.book(second)
    clock.forward(hours=2, seconds=1)
    short = await desk.move(late.id, third)
    clock.forward(hours=6)

    too_late = await desk.move(early.id, second)

    assert [short, too_late] == [BookingRefusal.SHORT_NOTICE, BookingRefusal.TOO_LATE]
    assert await places(owner, first, second, third) == [(1, 1), (1, 1), (0, 0)]


async def test_what_cannot_be_moved_stays(desk: Desk, register: Register, owner: asyncpg.Connection) -> None:
    """Not to its own, another service's, a full, past, course's or unknown slot; nor a stranger's, nor an ended one."""
    service_id = await register.service()
    old = await register.slot(service_id, hours=24)
    booking = await desk.book(old)
    targets = {
        old: BookingRefusal.ALREADY_BOOKED,
        await register.slot(await register.service(), hours=48): BookingRefusal.OTHER_SERVICE,
        await register.slot(service_id, hours=48, capacity=1, taken=1): BookingRefusal.SLOT_FULL,
        await register.slot(service_id, hours=-1): BookingRefusal.SLOT_PAST,
        await register.lesson(service_id): BookingRefusal.PART_OF_COURSE,
        new_id(): BookingRefusal.SLOT_NOT_FOUND,
    }

    answers = {target: await desk.move(booking.id, target) for target in targets}

    assert answers == targets
    assert await places(owner, old) == [(1, 1)]
    free = await register.slot(service_id, hours=96)
    stranger = Desk(desk.resources, register, await register.viewer(await register.resident()))
    assert {await stranger.move(each, free) for each in (booking.id, new_id())} == {BookingRefusal.BOOKING_NOT_FOUND}
    await owner.execute("UPDATE booking SET state = 'attended' WHERE id = $1", booking.id)
    assert await desk.move(booking.id, free) is BookingRefusal.TOO_LATE
    await owner.execute("UPDATE booking SET state = 'booked' WHERE id = $1", booking.id)
    people = await register.people(desk.viewer)
    await cancel_booking(desk.resources, desk.viewer, people, booking.id, str(new_id()))
    assert await desk.move(booking.id, free) is BookingRefusal.CANCELLED_ALREADY


async def test_another_booking_at_that_time_stands_in_the_way_but_not_itself(desk: Desk, register: Register) -> None:
    """She may move by half an hour into a slot that overlaps her own old one, never into one that overlaps another."""
    service_id = await register.service()
    old, half_an_hour_later = [await register.slot(service_id, hours=hours) for hours in (24, 24.5)]
    other, beside_it = [await register.slot(service_id, hours=hours) for hours in (48, 48.5)]
    booking, _ = await desk.book(old), await desk.book(other)

    refused = await desk.move(booking.id, beside_it)
    moved = await desk.move(booking.id, half_an_hour_later)

    assert refused is BookingRefusal.OVERLAPS
    assert isinstance(moved, HeldBooking)


async def test_room_and_interpreter_come_along(desk: Desk, register: Register, owner: asyncpg.Connection) -> None:
    """What the old slot held is free again, what the new one needs is held; where it is busy, the booking stays."""
    service_id = await register.service()
    await register.resource(service_id, kind="room")
    await register.resource(service_id, kind="interpreter", on_request=True)
    old, new, third = [await register.slot(service_id, hours=hours) for hours in (24, 48, 48.5)]
    booking = await desk.book(old, interpreter=True)
    other = Desk(desk.resources, register, await register.viewer(await register.resident()))
    elsewhere = await other.book(third, interpreter=True)
    busy = await desk.move(booking.id, new)
    people = await register.people(other.viewer)
    await cancel_booking(desk.resources, other.viewer, people, elsewhere.id, str(new_id()))

    moved = await desk.move(booking.id, new)

    assert busy is BookingRefusal.RESOURCE_BUSY
    assert isinstance(moved, HeldBooking)
    assert moved.interpreter
    held = await owner.fetch(
        "SELECT slot_id FROM allocation WHERE released_at IS NULL AND slot_id = ANY($1)", [old, new]
    )
    assert [row["slot_id"] for row in held] == [new, new]


async def test_a_guardian_moves_her_wards_booking_and_one_who_lost_the_ward_does_not(
    desk: Desk, register: Register, owner: asyncpg.Connection
) -> None:
    """The log names her account and the ward; from the day after her guardianship ended she finds nothing."""
    ward, guardian = await register.resident(), await register.viewer()
    guardian_id = await register.guardian(ward, guardian.account_id)
    service_id = await register.service()
    old, new = [await register.slot(service_id, hours=hours) for hours in (24, 48)]
    booking = await Desk(desk.resources, register, await register.viewer(ward)).book(old)
    hers = Desk(desk.resources, register, guardian)
    moved = await hers.move(booking.id, new)
    await owner.execute("UPDATE guardian SET valid_until = '2026-03-10' WHERE id = $1", guardian_id)

    lost = await hers.move(booking.id, old)

    assert isinstance(moved, HeldBooking)
    assert lost is BookingRefusal.BOOKING_NOT_FOUND
    logged = await owner.fetch("SELECT actor, action FROM audit WHERE subject = $1", str(ward.id))
    assert [tuple(entry) for entry in logged] == [(f"account:{guardian.account_id}", "reschedule_booking")]
