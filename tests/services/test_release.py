"""Shows that whoever loses her card for good holds nothing any more, and that nobody else loses a place by it."""

from uuid import UUID

import asyncpg

from domain.booking import BookingRefusal
from domain.card_event import CardEvent
from models.record import new_id
from services.bookings import HeldBooking, book_slot
from services.enrolments import HeldEnrolment, book_course
from services.resources import Resources
from tests.services.office import Office
from tests.services.register import Holder, Register


async def offered(owner: asyncpg.Connection, register: Register, holder: Holder) -> UUID:
    """A slot whose one place is held open for a resident who waited."""
    slot = await register.slot(await register.service(), hours=80, capacity=1, taken=1)
    entry = new_id()
    await owner.execute(
        "INSERT INTO waitlist_entry (id, slot_id, resident_id, state, priority, joined_at) "
        "VALUES ($1, $2, $3, 'offered', 0, now())",
        entry,
        slot,
        holder.id,
    )
    await owner.execute(
        "INSERT INTO offer (id, entry_id, resident_id, state, offered_at, expires_at) "
        "VALUES ($1, $2, $3, 'open', now(), now() + interval '1 hour')",
        new_id(),
        entry,
        holder.id,
    )
    return slot


async def test_everything_ends_with_a_life(
    office: Office, register: Register, resources: Resources, owner: asyncpg.Connection
) -> None:
    """A booking with its interpreter and room, a course and an offered place go back; a neighbour keeps hers."""
    holder, neighbour = await register.resident(), await register.resident()
    viewer, other = await register.viewer(holder), await register.viewer(neighbour)
    service = await register.service()
    await register.resource(service, kind="room")
    await register.resource(service, kind="interpreter", on_request=True)
    alone, shared = await register.slot(service, hours=24), await register.slot(service, hours=48, capacity=2)
    course, offer = (
        await register.course(await register.service(), hours=[100, 200]),
        await offered(owner, register, holder),
    )
    people = await register.people(viewer)
    held = [
        await book_slot(resources, viewer, people, alone, None, "key-1", interpreter=True),
        await book_slot(resources, viewer, people, shared, None, "key-2"),
        await book_slot(resources, other, await register.people(other), shared, None, "key-3"),
    ]
    joined = [
        await book_course(resources, viewer, people, course, None, "key-4"),
        await book_course(resources, other, await register.people(other), course, None, "key-5"),
    ]
    assert all(isinstance(each, HeldBooking) for each in held)
    assert all(isinstance(each, HeldEnrolment) for each in joined)

    clerk = await office.clerk()
    await office.done(clerk, CardEvent.RECORD_DEATH, holder.id, day=resources.clock().date())

    counts = await owner.fetch("SELECT id, taken FROM slot WHERE course_id IS NULL")
    assert {row["id"]: row["taken"] for row in counts} == {alone: 0, shared: 1, offer: 0}
    assert {row["taken"] for row in await owner.fetch("SELECT taken FROM slot WHERE course_id = $1", course)} == {1}
    assert await owner.fetchval("SELECT taken FROM course WHERE id = $1", course) == 1
    rooms = await owner.fetch("SELECT slot_id FROM allocation WHERE released_at IS NULL")
    assert [row["slot_id"] for row in rooms] == [shared]
    states = await owner.fetchrow("SELECT e.state, o.state FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id")
    assert tuple(states) == ("left", "declined")
    ended = await owner.fetch("SELECT resident_id FROM enrolment WHERE cancelled_at IS NOT NULL")
    assert [row["resident_id"] for row in ended] == [holder.id]


async def test_a_card_lost_meanwhile_books_nothing(office: Office, register: Register, resources: Resources) -> None:
    """The card is looked at again behind the resident's lock, whatever was read before."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    people, slot = await register.people(viewer), await register.slot(await register.service())

    await office.done(viewer, CardEvent.REPORT_LOST)

    refused = await book_slot(resources, viewer, people, slot, None, "key")
    assert refused is BookingRefusal.CARD_NOT_USABLE
