"""Shows what a provider's staff decide of requests and of flagged bookings, and that nobody else does."""

from datetime import date

import asyncpg
import pytest

from domain.attendance import DeskRefusal
from models.record import new_id
from services.bookings import HeldBooking, book_slot
from services.confirmation import confirm_booking, decline_booking, keep_booking
from services.delivery import deliver
from services.desks import DeskBooking, Page, flagged_at_desk, to_confirm
from services.resources import Resources
from services.reviews import review_bookings
from services.waitlist import join_waitlist
from services.wishes import HeldWish, wishes_of
from tests.services.frontdesk import FrontDesk
from tests.services.register import FakeSms, Holder, Register

FIRST = Page(None, 100)


@pytest.fixture
async def desk(resources: Resources, register: Register) -> FrontDesk:
    """A desk of a rehabilitation centre that asks 80 yuan a session."""
    return await FrontDesk(resources, register).open()


async def stop_training(owner: asyncpg.Connection, holder: Holder, last_day: date = date(2026, 3, 11)) -> None:
    """The centre says that she trains there until a day."""
    await owner.execute(
        "UPDATE fact SET valid_until = $2 WHERE resident_id = $1 AND name = 'trains_at_rehab_centre'",
        holder.id,
        last_day,
    )


async def flagged(desk: FrontDesk) -> list[tuple[object, str]]:
    """What the desk has to look at."""
    listed = await flagged_at_desk(desk.resources, desk.provider_id, FIRST)
    return [(each.booking.id, str(each.booking.flag)) for each in listed]


async def test_the_desk_sees_what_it_has_to_look_at(desk: FrontDesk, owner: asyncpg.Connection) -> None:
    """Its own flagged bookings to come; a card and a slot are put right at their source, not by keeping."""
    holder, moved = await desk.patient(), await desk.patient()
    held, changed = await desk.book(holder, hours=48), await desk.book(moved, hours=48)
    other = await FrontDesk(desk.resources, desk.register).open()
    await other.book(await desk.patient(), hours=48)
    await owner.execute("UPDATE card SET valid_until = '2026-03-12' WHERE id = $1", holder.card_id)
    await owner.execute("UPDATE booking SET flag = 'slot_changed', flagged_at = now() WHERE id = $1", changed.id)
    await review_bookings(desk.resources)

    kept = [await keep_booking(desk.resources, desk.staff, each.id) for each in (held, changed)]

    assert set(await flagged(desk)) == {(held.id, "card_not_usable"), (changed.id, "slot_changed")}
    assert await flagged(other) == []
    assert kept == [DeskRefusal.NOT_FLAGGED] * 2


async def test_a_person_keeps_a_flagged_booking_on_the_terms_of_now(
    desk: FrontDesk, owner: asyncpg.Connection, sms: FakeSms
) -> None:
    """Nothing is borne any more, she is told of the change, and the next review finds nothing new."""
    holder = await desk.patient()
    held = await desk.book(holder, hours=48)
    unflagged = await keep_booking(desk.resources, desk.staff, held.id)
    await stop_training(owner, holder)
    await review_bookings(desk.resources)

    kept = await keep_booking(desk.resources, desk.staff, held.id)

    assert unflagged is DeskRefusal.NOT_FLAGGED
    assert isinstance(kept, DeskBooking)
    assert (kept.booking.state, kept.booking.flag, kept.booking.cost_share) == ("booked", None, None)
    (notice,) = await owner.fetch("SELECT id, kind, revision FROM notice WHERE booking_id = $1", held.id)
    await deliver(desk.resources, notice["id"])
    (told,) = [message.kind for phone, message in sms.sent if phone == holder.phone]
    assert (notice["kind"], notice["revision"], told) == ("terms", 1, "terms")
    assert await owner.fetchval("SELECT revision FROM booking WHERE id = $1", held.id) == 1
    await review_bookings(desk.resources)
    assert await flagged(desk) == []
    assert await keep_booking(desk.resources, desk.staff, new_id()) is DeskRefusal.BOOKING_NOT_FOUND


async def test_a_flagged_booking_is_declined_and_its_place_passed_on(
    desk: FrontDesk, owner: asyncpg.Connection, register: Register
) -> None:
    """The first who waits is offered it; one that nobody flagged or asked to confirm is not for the desk to cancel."""
    holder, waiting = await desk.patient(), await register.viewer(await desk.patient())
    slot_id = await register.slot(desk.service_id, hours=48)
    held = await desk.book(holder, slot_id=slot_id)
    people = await register.people(waiting)
    wish = await join_waitlist(desk.resources, waiting, people, slot_id, None, str(new_id()))
    unflagged = await decline_booking(desk.resources, desk.staff, held.id)
    await stop_training(owner, holder)
    await review_bookings(desk.resources)

    declined = [await decline_booking(desk.resources, desk.staff, held.id) for _ in range(2)]

    assert unflagged is DeskRefusal.NOT_REQUESTED
    assert isinstance(wish, HeldWish)
    states = {(each.booking.state, each.booking.flag) for each in declined if isinstance(each, DeskBooking)}
    assert states == {("cancelled", None)}
    assert people.own
    (offered,) = await wishes_of(desk.resources, [people.own.id])
    assert offered.slot
    assert (offered.state, offered.slot.free) == ("offered", 0)


async def test_a_request_waits_for_the_provider(register: Register, resources: Resources) -> None:
    """It holds its place meanwhile; confirmed it is booked, declined it is cancelled, and each of them once."""
    desk = await FrontDesk(resources, register).open(needs_confirmation=True)
    holders = [await desk.patient() for _ in range(2)]
    first, second = [await desk.book(each, hours=48) for each in holders]
    listed = [each.booking.id for each in await to_confirm(resources, desk.provider_id, FIRST)]

    confirmed = [await confirm_booking(resources, desk.staff, first.id) for _ in range(2)]
    declined = await decline_booking(resources, desk.staff, second.id)

    assert {first.state, second.state} == {"requested"}
    assert set(listed) == {first.id, second.id}
    assert [each.booking.state for each in confirmed if isinstance(each, DeskBooking)] == ["booked"] * 2
    assert isinstance(declined, DeskBooking)
    assert (declined.booking.state, declined.booking.slot.free) == ("cancelled", 3)
    assert await to_confirm(resources, desk.provider_id, FIRST) == []
    assert await confirm_booking(resources, desk.staff, second.id) is DeskRefusal.NOT_REQUESTED
    assert await decline_booking(resources, desk.staff, first.id) is DeskRefusal.NOT_REQUESTED


async def test_a_strangers_request_is_not_found(register: Register, resources: Resources) -> None:
    """Only those at the desk it is with answer it, not the one who asked."""
    desk = await FrontDesk(resources, register).open(needs_confirmation=True)
    viewer, slot_id = await register.viewer(await desk.patient()), await register.slot(desk.service_id)
    held = await book_slot(resources, viewer, await register.people(viewer), slot_id, None, str(new_id()))
    assert isinstance(held, HeldBooking)

    answers = [await act(resources, viewer, held.id) for act in (confirm_booking, decline_booking, keep_booking)]

    assert set(answers) == {DeskRefusal.BOOKING_NOT_FOUND}
