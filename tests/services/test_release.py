"""Shows that whoever loses her card for good holds nothing any more, and that nobody else loses a place by it."""

from uuid import UUID

import asyncpg

from domain.booking import BookingRefusal
from domain.card_event import CardEvent
from domain.standing import Cause
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


async def test_places_go_to_whoever_waits_and_nothing_is_sent_to_the_dead(
    office: Office, register: Register, resources: Resources, owner: asyncpg.Connection
) -> None:
    """A booked and an offered place are offered to the next of another town; she who died is called to none."""
    holder = await register.resident(town="百官街道")
    next_one = await register.resident(town="曹娥街道")
    viewer = await register.viewer(holder)
    service = await register.service(offer_minutes=60)
    booked, wanted = await register.slot(service, hours=24), await register.slot(service, hours=48, taken=1)
    held = await book_slot(resources, viewer, await register.people(viewer), booked, None, "key-1")
    assert isinstance(held, HeldBooking)
    offer = await offered(owner, register, holder)
    await owner.execute("UPDATE service SET offer_minutes = 60")
    at = resources.clock()
    for resident_id, slot_id in ((holder.id, wanted), (next_one.id, booked), (next_one.id, offer)):
        await owner.execute(
            "INSERT INTO waitlist_entry (id, slot_id, resident_id, state, priority, joined_at) "
            "VALUES ($1, $2, $3, 'waiting', 0, $4)",
            *(new_id(), slot_id, resident_id, at),
        )
    clerk = await office.clerk(town="百官街道")

    request = Office(resources.reaching(clerk.account_id, at.date()), register)

    await request.done(clerk, CardEvent.RECORD_DEATH, holder.id, day=at.date())

    offers = await owner.fetch(
        "SELECT e.slot_id FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id "
        "WHERE o.state = 'open' AND o.resident_id = $1",
        next_one.id,
    )
    assert {row["slot_id"] for row in offers} == {booked, offer}
    counts = await owner.fetch("SELECT id, taken FROM slot WHERE id = ANY($1)", [booked, wanted, offer])
    assert {row["taken"] for row in counts} == {1}
    told = await owner.fetch("SELECT resident_id, kind FROM notice")
    assert {(row["resident_id"], row["kind"]) for row in told} == {(next_one.id, "offered")}
    waits = "SELECT count(*) FROM waitlist_entry WHERE resident_id = $1 AND state <> 'left'"
    assert await owner.fetchval(waits, holder.id) == 0


async def test_whoever_loses_her_card_is_told_of_each_place_once(
    office: Office, register: Register, resources: Resources, owner: asyncpg.Connection
) -> None:
    """One message for a booking, one for a course of two sessions, and one that there is news of the card."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    people = await register.people(viewer)
    slot = await register.slot(await register.service(), hours=24)
    course = await register.course(await register.service(), hours=[100, 200])
    assert isinstance(await book_slot(resources, viewer, people, slot, None, "key-1"), HeldBooking)
    assert isinstance(await book_course(resources, viewer, people, course, None, "key-2"), HeldEnrolment)

    await office.done(await office.clerk(), CardEvent.CANCEL, holder.id, cause=Cause.WITHDRAWN)

    told = await owner.fetch("SELECT kind FROM notice WHERE resident_id = $1", holder.id)
    assert sorted(row["kind"] for row in told) == ["cancelled", "cancelled", "card"]


async def test_a_card_lost_meanwhile_books_nothing(office: Office, register: Register, resources: Resources) -> None:
    """The card is looked at again behind the resident's lock, whatever was read before."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    people, slot = await register.people(viewer), await register.slot(await register.service())

    await office.done(viewer, CardEvent.REPORT_LOST)

    refused = await book_slot(resources, viewer, people, slot, None, "key")
    assert refused is BookingRefusal.CARD_NOT_USABLE
