"""Shows that a booking whose grounds have changed is flagged to a person, and that nothing is cancelled for it."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.access import Area
from models.booking import BookingFlag
from models.record import new_id
from services import reviews
from services.bookings import HeldBooking, book_slot, bookings_of, flagged_in
from services.resources import Resources
from services.reviews import Reviewed, review_bookings
from tests.services.register import Holder, Register


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A resident who trains, and whose household has the living guarantee."""
    holder = await register.resident()
    await register.fact(holder, "trains_at_rehab_centre", value=True, source="federation")
    await register.fact(holder, "household_hardship", "living_guarantee")
    return holder


@pytest.fixture(autouse=True)
async def nothing_else(owner: asyncpg.Connection) -> None:
    """Let what other tests of this module booked be over."""
    await owner.execute("UPDATE booking SET state = 'attended' WHERE state = 'booked'")


async def book(resources: Resources, register: Register, holder: Holder, **service: Any) -> UUID:
    """A booking of hers for the day after tomorrow; its id."""
    viewer = await register.viewer()
    await register.guardian(holder, viewer.account_id)
    slot_id = await register.slot(await register.service(**service), hours=48)
    held = await book_slot(resources, viewer, await register.people(viewer), slot_id, holder.id, str(new_id()))
    assert isinstance(held, HeldBooking)
    return held.id


async def flag_of(resources: Resources, holder: Holder) -> tuple[str, BookingFlag | None]:
    """State and flag of her only booking."""
    (held,) = await bookings_of(resources, [holder.id])
    return held.state, held.flag


async def change(owner: asyncpg.Connection, register: Register, holder: Holder, name: str, value: object) -> None:
    """Let a department state something else from today on."""
    await owner.execute(
        "UPDATE fact SET valid_until = '2026-03-10' WHERE resident_id = $1 AND name = $2", holder.id, name
    )
    await register.fact(holder, name, value, valid_from=date(2026, 3, 11), source="federation")


async def test_what_still_stands_is_left_alone(resources: Resources, register: Register, holder: Holder) -> None:
    """Looked at, and nothing more, as often as one likes."""
    await book(resources, register, holder)

    assert [await review_bookings(resources) for _ in range(2)] == [Reviewed(1, 0, 0)] * 2
    assert await flag_of(resources, holder) == ("booked", None)


async def test_who_is_no_longer_entitled_is_flagged_until_she_is_again(
    resources: Resources, register: Register, holder: Holder, owner: asyncpg.Connection
) -> None:
    """The booking keeps its place; when the fact comes back, so does the booking's good standing."""
    await book(resources, register, holder)
    await change(owner, register, holder, "trains_at_rehab_centre", value=False)
    first, again = await review_bookings(resources), await review_bookings(resources)
    flagged = await flag_of(resources, holder)
    await owner.execute("DELETE FROM fact WHERE resident_id = $1 AND name = 'trains_at_rehab_centre'", holder.id)
    await register.fact(holder, "trains_at_rehab_centre", value=True, source="federation")

    restored = await review_bookings(resources)

    assert (first, again, restored) == (Reviewed(1, 1, 0), Reviewed(1, 0, 0), Reviewed(1, 0, 1))
    assert flagged == ("booked", BookingFlag.INELIGIBLE)
    assert await flag_of(resources, holder) == ("booked", None)


async def test_a_share_that_shrinks_is_flagged(
    resources: Resources, register: Register, holder: Holder, owner: asyncpg.Connection
) -> None:
    """She was told that she pays nothing: somebody must tell her that it is a half now."""
    await book(resources, register, holder)
    await owner.execute("DELETE FROM fact WHERE resident_id = $1 AND name = 'household_hardship'", holder.id)
    await register.fact(holder, "household_hardship", "none")

    await review_bookings(resources)

    assert await flag_of(resources, holder) == ("booked", BookingFlag.INELIGIBLE)


@pytest.mark.parametrize("change", ["state = 'suspended'", "valid_until = '2026-03-12'", "issued_on = '2026-03-14'"])
async def test_a_card_that_will_not_be_in_force_is_flagged(
    resources: Resources, register: Register, holder: Holder, owner: asyncpg.Connection, change: str
) -> None:
    """Suspended now, or ended by the day of the session, also where no programme pays."""
    await book(resources, register, holder, programme="")
    await owner.execute(f"UPDATE card SET {change} WHERE id = $1", holder.card_id)  # noqa: S608 # of this test

    await review_bookings(resources)

    assert await flag_of(resources, holder) == ("booked", BookingFlag.CARD_NOT_USABLE)


async def test_a_slot_that_changed_stays_the_reason(
    resources: Resources, register: Register, holder: Holder, owner: asyncpg.Connection
) -> None:
    """A review neither takes back nor replaces a flag that the timetable set."""
    booking_id = await book(resources, register, holder)
    await owner.execute("UPDATE booking SET flag = 'slot_changed', flagged_at = now() WHERE id = $1", booking_id)

    assert await review_bookings(resources) == Reviewed(1, 0, 0)
    assert await flag_of(resources, holder) == ("booked", BookingFlag.SLOT_CHANGED)


async def test_every_resident_is_reached(
    resources: Resources, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, and staff of the area see the flagged ones, page by page too."""
    monkeypatch.setattr(reviews, "PAGE", 2)
    made = []
    for town in ("竹溪乡", "竹溪乡", "竹溪乡", "岭上乡", "岭上乡"):
        holder = await register.resident(town=town, valid_until=date(2026, 3, 12))
        made.append(await book(resources, register, holder))

    assert await review_bookings(resources) == Reviewed(5, 5, 0)
    assert [each.id for each in await flagged_in(resources, Area("竹溪乡"), None, 9)] == made[:3]
    assert [each.id for each in await flagged_in(resources, Area(), made[2], 9)] == made[3:]
