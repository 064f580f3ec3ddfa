"""Shows that a session holds its room and its people, an appointment its interpreter, and nothing twice at a time."""

import asyncio
from datetime import date, timedelta
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.database import DatabaseUnavailable
from services.resources import Resources
from tests.services.register import Register, open_all

HELD = """
SELECT resource_id, booking_id, held_from, held_until FROM allocation WHERE slot_id = $1 AND released_at IS NULL
"""


@pytest.fixture
async def viewer(register: Register) -> Viewer:
    """The account of a resident."""
    return await register.viewer(await register.resident())


async def book(
    resources: Resources, register: Register, viewer: Viewer, slot_id: UUID, *, interpreter: bool = False
) -> HeldBooking | BookingRefusal:
    """A new request for a place, asked again while the database is too busy."""
    people, key = await register.people(viewer), str(new_id())
    while True:
        try:
            return await book_slot(resources, viewer, people, slot_id, None, key, interpreter=interpreter)
        except DatabaseUnavailable:
            await asyncio.sleep(0.05)


def held(answer: HeldBooking | BookingRefusal) -> HeldBooking:
    """The booking, where no refusal is expected."""
    assert isinstance(answer, HeldBooking)
    return answer


async def test_a_session_holds_one_of_each_kind(
    resources: Resources, register: Register, viewer: Viewer, owner: asyncpg.Connection
) -> None:
    """The first booking takes the first trainer and a room for the session, buffers included; the second takes none."""
    service_id = await register.service(buffer_before_minutes=10, buffer_after_minutes=20)
    trainer = await register.resource(service_id, kind="staff")
    await register.resource(service_id, kind="staff")
    room = await register.resource(service_id, kind="room")
    slot_id = await register.slot(service_id, capacity=2)

    booking = held(await book(resources, register, viewer, slot_id))
    held(await book(resources, register, await register.viewer(await register.resident()), slot_id))

    rows = await owner.fetch(HELD, slot_id)
    assert {row["resource_id"] for row in rows} == {trainer, room}
    assert {row["booking_id"] for row in rows} == {None}
    assert {(booking.slot.starts_at - row["held_from"]).seconds for row in rows} == {600}
    assert {(row["held_until"] - booking.slot.ends_at).seconds for row in rows} == {1200}


async def test_a_room_in_use_refuses_the_other_service(
    resources: Resources, register: Register, viewer: Viewer, owner: asyncpg.Connection
) -> None:
    """Two services share a room: at the same hour one has it and the other counts nothing, an hour later it is free."""
    services = [await register.service(), await register.service()]
    await register.resource(*services, kind="room")
    first, meanwhile, later = [
        await register.slot(services[number], hours=hours) for number, hours in ((0, 24), (1, 24.5), (1, 25))
    ]
    held(await book(resources, register, viewer, first))
    somebody = await register.viewer(await register.resident())

    refused = await book(resources, register, somebody, meanwhile)

    assert refused is BookingRefusal.RESOURCE_BUSY
    assert await owner.fetchval("SELECT taken FROM slot WHERE id = $1", meanwhile) == 0
    held(await book(resources, register, somebody, later))


async def test_a_resource_that_left_is_not_held(resources: Resources, register: Register, viewer: Viewer) -> None:
    """A trainer who leaves that day has no sessions on it, and where nobody else can, there is none."""
    service_id = await register.service()
    await register.resource(service_id, kind="staff", retired_on=date(2026, 3, 12))
    slot_id = await register.slot(service_id)

    assert await book(resources, register, viewer, slot_id) is BookingRefusal.RESOURCE_BUSY


async def test_an_interpreter_comes_with_the_appointment(
    resources: Resources, register: Register, viewer: Viewer, owner: asyncpg.Connection
) -> None:
    """On request one interpreter is bound to the booking, and goes with it; another in the session gets another."""
    service_id = await register.service()
    interpreters = {await register.resource(service_id, kind="interpreter", on_request=True) for _ in range(2)}
    slot_id = await register.slot(service_id, capacity=3)
    others = [await register.viewer(await register.resident()) for _ in range(2)]

    asked = held(await book(resources, register, viewer, slot_id, interpreter=True))
    also = held(await book(resources, register, others[0], slot_id, interpreter=True))
    none_left = await book(resources, register, others[1], slot_id, interpreter=True)
    plain = held(await book(resources, register, others[1], slot_id))

    assert (asked.interpreter, also.interpreter, plain.interpreter) == (True, True, False)
    assert none_left is BookingRefusal.RESOURCE_BUSY
    rows = await owner.fetch(HELD, slot_id)
    assert {row["booking_id"] for row in rows} == {asked.id, also.id}
    assert {row["resource_id"] for row in rows} == interpreters

    people = await register.people(viewer)
    cancelled = held(await cancel_booking(resources, viewer, people, asked.id, "cancel"))
    assert not cancelled.interpreter
    assert {row["booking_id"] for row in await owner.fetch(HELD, slot_id)} == {also.id}


async def test_no_interpreter_where_none_is_offered(resources: Resources, register: Register, viewer: Viewer) -> None:
    """The refusal says so, and the place can be had without one."""
    service_id = await register.service()
    await register.resource(service_id, kind="staff")
    slot_id = await register.slot(service_id)

    refused = await book(resources, register, viewer, slot_id, interpreter=True)

    assert refused is BookingRefusal.NO_INTERPRETER
    held(await book(resources, register, viewer, slot_id))


async def test_the_last_to_leave_frees_the_room(
    resources: Resources, register: Register, viewer: Viewer, owner: asyncpg.Connection
) -> None:
    """With one of two gone the session keeps its room; with both gone it is free, and held anew by the next."""
    service_id = await register.service()
    await register.resource(service_id, kind="room")
    slot_id = await register.slot(service_id, capacity=2)
    viewers = [viewer, await register.viewer(await register.resident())]
    bookings = [held(await book(resources, register, each, slot_id)) for each in viewers]
    kept = []

    for each, booking in zip(viewers, bookings, strict=True):
        held(await cancel_booking(resources, each, await register.people(each), booking.id, "cancel"))
        kept.append(len(await owner.fetch(HELD, slot_id)))

    assert kept == [1, 0]
    held(await book(resources, register, viewer, slot_id))
    assert len(await owner.fetch(HELD, slot_id)) == 1


async def test_nothing_is_held_twice_at_any_concurrency(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Twelve people at once want overlapping sessions of services that share two rooms and an interpreter."""
    services = [await register.service(), await register.service()]
    for kind, on_request in (("room", False), ("room", False), ("interpreter", True)):
        await register.resource(*services, kind=kind, on_request=on_request)
    slots = [await register.slot(service, hours=24 + n / 4) for service in services for n in range(6)]
    viewers = [await register.viewer(await register.resident()) for _ in slots]

    await open_all(resources)
    answers = await asyncio.gather(
        *(
            book(resources, register, viewer, slot_id, interpreter=number % 3 == 0)
            for number, (viewer, slot_id) in enumerate(zip(viewers, slots, strict=True))
        )
    )

    refusals = {answer for answer in answers if not isinstance(answer, HeldBooking)}
    taken = await owner.fetchval("SELECT sum(taken) FROM slot WHERE id = ANY($1)", slots)
    twice = await owner.fetchval(
        "SELECT count(*) FROM allocation a JOIN allocation b ON b.resource_id = a.resource_id AND b.id > a.id "
        "WHERE a.held_from < b.held_until AND b.held_from < a.held_until "
        "AND a.released_at IS NULL AND b.released_at IS NULL"
    )
    assert refusals == {BookingRefusal.RESOURCE_BUSY}
    assert taken == len([answer for answer in answers if isinstance(answer, HeldBooking)]) >= 2
    assert twice == 0


async def test_the_database_itself_refuses_a_double_hold(
    resources: Resources, register: Register, viewer: Viewer, owner: asyncpg.Connection
) -> None:
    """Whatever the code does, a second live allocation of a resource at that time cannot be written."""
    service_id = await register.service()
    await register.resource(service_id, kind="room")
    slot_id = await register.slot(service_id)
    held(await book(resources, register, viewer, slot_id))

    copy = partial(
        owner.execute,
        "INSERT INTO allocation (id, slot_id, resource_id, resource_number, held_from, held_until) "
        "SELECT $1, slot_id, resource_id, resource_number, held_from + $2, held_until + $2 FROM allocation "
        "WHERE slot_id = $3",
        new_id(),
    )

    with pytest.raises(asyncpg.ExclusionViolationError):
        await copy(timedelta(minutes=59), slot_id)
    await copy(timedelta(minutes=60), slot_id)
