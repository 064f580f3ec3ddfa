"""Calendar feeds: who may make one, that one address is in force, and that it ends with its maker's right."""

from datetime import timedelta

import pytest

from domain.access import Viewer
from models.record import new_id
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.feeds import (
    READS_A_DAY,
    FeedBusy,
    FeedRefusal,
    FeedUnknown,
    Whose,
    make_feed,
    read_feed,
    revoke_feed,
)
from services.resources import Resources
from tests.services.register import Clock, Holder, Register

HERS = Whose()


async def booked(resources: Resources, register: Register, viewer: Viewer, hours: float = 30) -> HeldBooking:
    """A booking of the viewer's."""
    slot = await register.slot(await register.service(), hours=hours)
    booking = await book_slot(resources, viewer, await register.people(viewer), slot, None, str(new_id()))
    assert isinstance(booking, HeldBooking)
    return booking


async def made(resources: Resources, register: Register, viewer: Viewer, whose: Whose = HERS) -> str:
    """The token of a fresh address."""
    token = await make_feed(resources, viewer, await register.people(viewer), whose)
    assert not isinstance(token, FeedRefusal)
    return token


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A resident."""
    return await register.resident()


@pytest.fixture
async def viewer(register: Register, holder: Holder) -> Viewer:
    """Her account."""
    return await register.viewer(holder)


async def test_a_resident_reads_her_bookings_with_what_was_cancelled(
    resources: Resources, register: Register, viewer: Viewer
) -> None:
    """A cancelled one stays, at a higher revision, so that calendars take it out."""
    kept, given_back = await booked(resources, register, viewer), await booked(resources, register, viewer, 40)
    await cancel_booking(resources, viewer, await register.people(viewer), given_back.id, str(new_id()))

    entries = await read_feed(resources, await made(resources, register, viewer))

    assert [(entry.booking_id, entry.revision, entry.state.value) for entry in entries] == [
        (kept.id, 0, "booked"),
        (given_back.id, 1, "cancelled"),
    ]


async def test_a_new_address_ends_the_former(resources: Resources, register: Register, viewer: Viewer) -> None:
    """So a request that is repeated leaves one address, and a leaked one is replaced in one step."""
    former = await made(resources, register, viewer)
    newer = await made(resources, register, viewer)

    assert list(await read_feed(resources, newer)) == []
    with pytest.raises(FeedUnknown):
        await read_feed(resources, former)


async def test_a_revoked_address_is_like_none(resources: Resources, register: Register, viewer: Viewer) -> None:
    """The second time there is nothing to revoke."""
    token = await made(resources, register, viewer)
    people = await register.people(viewer)

    first = await revoke_feed(resources, viewer, people, Whose())
    second = await revoke_feed(resources, viewer, people, Whose())

    assert (first, second) == (None, FeedRefusal.NOT_FOUND)
    with pytest.raises(FeedUnknown):
        await read_feed(resources, token)


async def test_a_guardians_address_ends_with_her_right(
    resources: Resources, register: Register, holder: Holder, clock: Clock
) -> None:
    """A guardian who may only look has a calendar too, until the last day of her period."""
    guardian = await register.viewer()
    last = clock().date()
    await register.guardian(holder, guardian.account_id, scope="view", valid_until=last)
    token = await made(resources, register, guardian, Whose(resident_id=holder.id))

    assert list(await read_feed(resources, token)) == []

    clock.forward(days=1)
    with pytest.raises(FeedUnknown):
        await read_feed(resources, token)
    people = await register.people(guardian)
    assert await revoke_feed(resources, guardian, people, Whose(resident_id=holder.id)) is None


async def test_strangers_and_staff_make_none(resources: Resources, register: Register, holder: Holder) -> None:
    """Staff act for residents of their area, but a standing address is a resident's own."""
    stranger, clerk = await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id)

    answers = [
        await make_feed(resources, each, await register.people(each), whose)
        for each, whose in ((stranger, Whose()), (stranger, Whose(holder.id)), (clerk, Whose(holder.id)))
    ]

    assert answers == [FeedRefusal.NOT_ALLOWED] * 3


async def test_a_providers_desk_reads_what_is_booked_there(
    resources: Resources, register: Register, viewer: Viewer, clock: Clock
) -> None:
    """Of this provider alone; the address ends when its maker leaves the desk."""
    provider = await register.provider()
    service = await register.service(provider_id=provider)
    slot = await register.slot(service, hours=30)
    mine = await book_slot(resources, viewer, await register.people(viewer), slot, None, str(new_id()))
    await booked(resources, register, viewer, 40)
    desk = await register.viewer()
    await register.desk(desk.account_id, service, left_on=clock().date() + timedelta(days=1))
    token = await made(resources, register, desk, Whose(provider_id=provider))

    entries = await read_feed(resources, token)

    assert isinstance(mine, HeldBooking)
    assert [entry.booking_id for entry in entries] == [mine.id]
    clock.forward(days=1)
    with pytest.raises(FeedUnknown):
        await read_feed(resources, token)


async def test_only_its_desk_makes_a_providers_calendar(resources: Resources, register: Register) -> None:
    """Another provider's desk does not, nor is a resident's calendar asked for along with it."""
    mine, other = await register.service(), await register.provider()
    desk = await register.viewer()
    await register.desk(desk.account_id, mine)
    people = await register.people(desk)

    answer = await make_feed(resources, desk, people, Whose(provider_id=other))

    assert answer is FeedRefusal.NOT_ALLOWED


async def test_an_address_is_read_so_often_a_day(
    resources: Resources, register: Register, viewer: Viewer, clock: Clock
) -> None:
    """A calendar app that asks without end is told to wait, and served again the next day."""
    token = await made(resources, register, viewer)
    for _ in range(READS_A_DAY):
        await read_feed(resources, token)

    with pytest.raises(FeedBusy):
        await read_feed(resources, token)

    clock.forward(days=1)
    await read_feed(resources, token)
