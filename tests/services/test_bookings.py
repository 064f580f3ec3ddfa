"""Shows that places are never given twice, never lost, and only to those who may have them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services import catalogue, taking
from services.bookings import HeldBooking, book_slot, bookings_of, cancel_booking
from services.database import DatabaseUnavailable
from services.idempotency import hash_key
from services.resources import Resources
from tests.services.register import Clock, Holder, Register, open_all

Answer = HeldBooking | BookingRefusal


async def book(
    resources: Resources,
    register: Register,
    viewer: Viewer,
    slot_id: UUID,
    resident_id: UUID | None = None,
    key: str | None = None,
) -> Answer:
    """One booking as the edge asks for it; without a key of the test's own it is a new request."""
    people = await register.people(viewer)
    return await book_slot(resources, viewer, people, slot_id, resident_id, key or str(new_id()))


async def cancel(
    resources: Resources, register: Register, viewer: Viewer, booking_id: UUID, key: str | None = None
) -> Answer:
    """One cancellation as the edge asks for it."""
    people = await register.people(viewer)
    return await cancel_booking(resources, viewer, people, booking_id, key or str(new_id()))


def held(answer: Answer) -> HeldBooking:
    """The booking, where no refusal is expected."""
    assert isinstance(answer, HeldBooking)
    return answer


async def insist(request: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again as long as the database is too busy, as a phone does with the same key."""
    while True:
        try:
            answer = await request()
        except DatabaseUnavailable:
            continue
        if answer is not BookingRefusal.IN_FLIGHT:
            return answer


async def taken(owner: asyncpg.Connection, slot_id: UUID) -> tuple[int, int]:
    """The places that the slot counts and the bookings that hold one."""
    row = await owner.fetchrow(
        "SELECT taken, (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state = 'booked') AS held "
        "FROM slot WHERE id = $1",
        slot_id,
    )
    return row["taken"], row["held"]


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A resident with a card in force."""
    return await register.resident()


@pytest.fixture
async def viewer(register: Register, holder: Holder) -> Viewer:
    """Her account."""
    return await register.viewer(holder)


@pytest.fixture
async def service_id(register: Register) -> UUID:
    """A service whose bookings can be cancelled until two hours before."""
    return await register.service()


async def test_a_place_is_booked(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, holder: Holder
) -> None:
    """The answer names slot, service and provider, and the slot counts one place less."""
    slot_id = await register.slot(service_id, capacity=3)

    booking = held(await book(resources, register, viewer, slot_id))

    assert (booking.resident_id, booking.state, booking.booked_at) == (holder.id, "booked", resources.clock())
    assert (booking.slot.id, booking.slot.capacity, booking.slot.free) == (slot_id, 3, 2)
    assert (booking.service.id, booking.service.provider) == (service_id, "康复中心")
    assert booking.service.cancel_before == timedelta(hours=2)
    assert await bookings_of(resources, [holder.id]) == [booking]


async def test_a_hot_slot_is_never_overbooked(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Sixty-four people at once get exactly the places there are, and the others a plain no."""
    slot_id = await register.slot(service_id, capacity=10)
    viewers = [await register.viewer(await register.resident()) for _ in range(64)]
    peoples = [await register.people(each) for each in viewers]

    await open_all(resources)
    answers = await asyncio.gather(
        *(insist(partial(book_slot, resources, viewers[n], peoples[n], slot_id, None, "key")) for n in range(64))
    )

    refusals = Counter(answer for answer in answers if not isinstance(answer, HeldBooking))
    assert refusals == {BookingRefusal.SLOT_FULL: 54}
    assert await taken(owner, slot_id) == (10, 10)


async def test_one_person_never_holds_two_places_at_once(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Requests at the same moment for one slot and for overlapping ones leave one booking."""
    slots = [await register.slot(service_id, hours=24 + start / 4, capacity=9) for start in (0, 0, 1, 2, 3, 3)]
    people = await register.people(viewer)

    await open_all(resources)
    answers = await asyncio.gather(
        *(
            insist(partial(book_slot, resources, viewer, people, slot_id, None, f"key {n}"))
            for n, slot_id in enumerate([*slots, slots[0]])
        )
    )

    refusals = [answer for answer in answers if not isinstance(answer, HeldBooking)]
    assert len(refusals) == len(answers) - 1
    assert set(refusals) <= {BookingRefusal.OVERLAPS, BookingRefusal.ALREADY_BOOKED}
    assert sum([(await taken(owner, slot_id))[0] for slot_id in slots]) == 1


async def test_slots_that_only_touch_do_not_overlap(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID
) -> None:
    """One session may begin when the other ends; a minute of overlap is refused, and the same slot named as such."""
    first = await register.slot(service_id, hours=24, minutes=60)
    after = await register.slot(service_id, hours=25)
    across = await register.slot(service_id, hours=24 + 59 / 60)
    held(await book(resources, register, viewer, first))

    assert await book(resources, register, viewer, first) is BookingRefusal.ALREADY_BOOKED
    assert await book(resources, register, viewer, across) is BookingRefusal.OVERLAPS
    held(await book(resources, register, viewer, after))


async def test_what_cannot_be_booked_is_refused(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """No slot, a past or begun one, and a full one are named as what they are, and count nothing."""
    begun = await register.slot(service_id, hours=0, capacity=5)
    full = await register.slot(service_id, capacity=2, taken=2)

    assert await book(resources, register, viewer, new_id()) is BookingRefusal.SLOT_NOT_FOUND
    assert await book(resources, register, viewer, begun) is BookingRefusal.SLOT_PAST
    assert await book(resources, register, viewer, full) is BookingRefusal.SLOT_FULL
    assert await taken(owner, begun) == (0, 0)


async def test_a_slot_that_fills_in_between_is_full(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count decides and not what was read before it."""
    slot_id = await register.slot(service_id, capacity=1, taken=1)
    monkeypatch.setattr(taking, "refuse_booking", lambda *_: None)

    assert await book(resources, register, viewer, slot_id) is BookingRefusal.SLOT_FULL


async def test_a_slot_that_is_withdrawn_in_between_takes_nobody(
    resources: Resources,
    register: Register,
    viewer: Viewer,
    service_id: UUID,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its state decides when the place is counted, and not what was read before."""
    slot_id = await register.slot(service_id)
    await owner.execute("UPDATE slot SET state = 'withdrawn' WHERE id = $1", slot_id)
    monkeypatch.setattr(taking, "refuse_booking", lambda *_: None)

    assert await book(resources, register, viewer, slot_id) is BookingRefusal.SLOT_FULL
    assert await taken(owner, slot_id) == (0, 0)


@pytest.mark.parametrize(
    "card",
    [
        {"state": "suspended"},
        {"state": "lost"},
        {"state": "cancelled"},
        {"state": "applied"},
        {"valid_until": date(2026, 3, 10)},
        {"issued_on": date(2026, 3, 12)},
    ],
)
async def test_a_card_that_is_not_in_force_books_nothing(
    resources: Resources, register: Register, service_id: UUID, card: dict[str, Any]
) -> None:
    """Only an active card within its days carries rights."""
    viewer = await register.viewer(await register.resident(**card))

    answer = await book(resources, register, viewer, await register.slot(service_id))

    assert answer is BookingRefusal.CARD_NOT_USABLE


async def test_an_account_without_a_resident_books_nothing(
    resources: Resources, register: Register, service_id: UUID, holder: Holder
) -> None:
    """Neither for herself, who is nobody, nor for a stranger whose id she learnt."""
    viewer, slot_id = await register.viewer(), await register.slot(service_id)

    assert await book(resources, register, viewer, slot_id) is BookingRefusal.NOT_ALLOWED
    assert await book(resources, register, viewer, slot_id, holder.id) is BookingRefusal.NOT_ALLOWED


async def test_cancelling_frees_the_place_once(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Many cancellations at once give back one place, and the place can be had again."""
    slot_id = await register.slot(service_id, capacity=1)
    booking = held(await book(resources, register, viewer, slot_id))
    people = await register.people(viewer)

    await open_all(resources)
    answers = await asyncio.gather(
        *(insist(partial(cancel_booking, resources, viewer, people, booking.id, f"cancel {n}")) for n in range(8))
    )

    refusals = [answer for answer in answers if not isinstance(answer, HeldBooking)]
    (cancelled,) = [answer for answer in answers if isinstance(answer, HeldBooking)]
    assert refusals == [BookingRefusal.CANCELLED_ALREADY] * 7
    assert (cancelled.state, cancelled.cancelled_at) == ("cancelled", resources.clock())
    assert await taken(owner, slot_id) == (0, 0)
    held(await book(resources, register, viewer, slot_id))
    assert await taken(owner, slot_id) == (1, 1)


async def test_booking_and_cancelling_at_once_keep_the_count(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """However places change hands, the slot counts what is held."""
    slot_id = await register.slot(service_id, capacity=4)

    async def come_and_go(viewer: Viewer) -> None:
        people = await register.people(viewer)
        for turn in range(4):
            answer = await insist(partial(book_slot, resources, viewer, people, slot_id, None, f"b {turn}"))
            if isinstance(answer, HeldBooking) and turn < 3:
                await insist(partial(cancel_booking, resources, viewer, people, answer.id, f"c {turn}"))

    viewers = [await register.viewer(await register.resident()) for _ in range(8)]
    await open_all(resources)
    await asyncio.gather(*map(come_and_go, viewers))

    count, bookings_held = await taken(owner, slot_id)
    assert count == bookings_held <= 4


async def test_the_deadline_counts_to_the_minute(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, clock: Clock
) -> None:
    """Two hours ahead it can still be cancelled, a second later no more."""
    first, second = [await register.slot(service_id, hours=hours) for hours in (10, 20)]
    kept, given_back = [held(await book(resources, register, viewer, slot_id)) for slot_id in (first, second)]
    clock.forward(hours=8, seconds=1)
    too_late = await cancel(resources, register, viewer, kept.id)
    clock.forward(hours=10, seconds=-1)

    in_time = await cancel(resources, register, viewer, given_back.id)

    assert too_late is BookingRefusal.TOO_LATE
    assert held(in_time).state == "cancelled"


async def test_somebody_elses_booking_is_not_found(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """A stranger's booking and none at all are answered alike, and the place stays held."""
    slot_id = await register.slot(service_id)
    booking = held(await book(resources, register, viewer, slot_id))
    stranger = await register.viewer(await register.resident())

    answers = {await cancel(resources, register, stranger, target) for target in (booking.id, new_id())}

    assert answers == {BookingRefusal.BOOKING_NOT_FOUND}
    assert await taken(owner, slot_id) == (1, 1)


async def test_a_guardian_acts_for_her_ward(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """She books and cancels by the ward's id, and the log names her account, the ward and nothing else."""
    ward, guardian = await register.resident(), await register.viewer()
    await register.guardian(ward, guardian.account_id)
    slot_id = await register.slot(service_id)

    booking = held(await book(resources, register, guardian, slot_id, ward.id))
    refused = await book(resources, register, guardian, slot_id, ward.id)
    held(await cancel(resources, register, guardian, booking.id))

    assert booking.resident_id == ward.id
    assert refused is BookingRefusal.ALREADY_BOOKED
    logged = await owner.fetch(
        "SELECT actor, action, subject, detail FROM audit WHERE subject = $1 ORDER BY sequence", str(ward.id)
    )
    actor = f"account:{guardian.account_id}"
    assert [tuple(entry) for entry in logged] == [
        (actor, "book_slot", str(ward.id), ""),
        (actor, "cancel_booking", str(ward.id), ""),
    ]


async def test_staff_book_on_behalf_within_their_area(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """A clerk books and cancels for a resident of her town, and the log names her account; elsewhere she may not."""
    resident, clerk, elsewhere = await register.resident(), await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id, town="曹娥街道")
    await register.staff(elsewhere.account_id, town="别处")
    slot_id = await register.slot(service_id, capacity=2)

    booking = held(await book(resources, register, clerk, slot_id, resident.id))
    refused = await book(resources, register, elsewhere, slot_id, resident.id)
    not_hers = await cancel(resources, register, elsewhere, booking.id)
    held(await cancel(resources, register, clerk, booking.id))

    assert booking.resident_id == resident.id
    assert (refused, not_hers) == (BookingRefusal.NOT_ALLOWED, BookingRefusal.BOOKING_NOT_FOUND)
    logged = await owner.fetch("SELECT actor, action FROM audit WHERE subject = $1 ORDER BY sequence", str(resident.id))
    actor = f"account:{clerk.account_id}"
    assert [tuple(entry) for entry in logged] == [(actor, "book_slot"), (actor, "cancel_booking")]


async def test_staff_of_the_district_need_a_name(
    resources: Resources, register: Register, service_id: UUID, holder: Holder
) -> None:
    """She books for anybody by id, for nobody without one, and not for an id that no resident has."""
    clerk = await register.viewer()
    await register.staff(clerk.account_id)
    slot_id = await register.slot(service_id)

    assert await book(resources, register, clerk, slot_id) is BookingRefusal.NOT_ALLOWED
    assert await book(resources, register, clerk, slot_id, new_id()) is BookingRefusal.NOT_ALLOWED
    held(await book(resources, register, clerk, slot_id, holder.id))


@pytest.mark.parametrize(
    "guardianship",
    [{"scope": "view"}, {"valid_until": date(2026, 3, 10)}, {"valid_from": date(2026, 3, 12)}],
)
async def test_a_guardian_who_may_not_act_books_and_cancels_nothing(
    resources: Resources, register: Register, service_id: UUID, guardianship: dict[str, Any]
) -> None:
    """One who may only look, whose time is over or has not come, is as good as a stranger."""
    ward, guardian = await register.resident(), await register.viewer()
    await register.guardian(ward, guardian.account_id, **guardianship)
    slot_id, own = await register.slot(service_id, capacity=2), await register.viewer(ward)
    booking = held(await book(resources, register, own, slot_id))

    assert await book(resources, register, guardian, slot_id, ward.id) is BookingRefusal.NOT_ALLOWED
    assert await cancel(resources, register, guardian, booking.id) is BookingRefusal.BOOKING_NOT_FOUND


async def test_a_retry_gets_the_first_answer(
    resources: Resources,
    register: Register,
    viewer: Viewer,
    service_id: UUID,
    holder: Holder,
    owner: asyncpg.Connection,
) -> None:
    """With and without her own id, and though the card has been suspended since, a retry finds the same booking."""
    slot_id = await register.slot(service_id, capacity=5)
    first = held(await book(resources, register, viewer, slot_id, key="one key"))
    await owner.execute("UPDATE card SET state = 'suspended' WHERE id = $1", holder.card_id)

    again = [
        held(await book(resources, register, viewer, slot_id, resident_id, key="one key"))
        for resident_id in (None, holder.id)
    ]

    assert [booking.id for booking in again] == [first.id] * 2
    assert await taken(owner, slot_id) == (1, 1)


async def test_a_retry_of_a_cancellation_and_of_a_refusal_gets_the_first_answer(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID
) -> None:
    """A cancelled booking is no refusal the second time, and a full slot stays full for the same request."""
    full = await register.slot(service_id, hours=48, capacity=1, taken=1)
    booking = held(await book(resources, register, viewer, await register.slot(service_id)))

    cancelled = [held(await cancel(resources, register, viewer, booking.id, key="c")) for _ in range(2)]
    refused = [await book(resources, register, viewer, full, key="b") for _ in range(2)]

    assert [answer.state for answer in cancelled] == ["cancelled"] * 2
    assert refused == [BookingRefusal.SLOT_FULL] * 2


async def test_a_key_is_for_one_request(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Another slot, another person or another kind of request under the same key is refused and does nothing."""
    first, second = [await register.slot(service_id, hours=hours) for hours in (10, 20)]
    booking = held(await book(resources, register, viewer, first, key="key"))

    assert await book(resources, register, viewer, second, key="key") is BookingRefusal.KEY_REUSED
    assert await book(resources, register, viewer, first, new_id(), key="key") is BookingRefusal.KEY_REUSED
    assert await cancel(resources, register, viewer, booking.id, key="key") is BookingRefusal.KEY_REUSED
    assert [await taken(owner, slot_id) for slot_id in (first, second)] == [(1, 1), (0, 0)]


async def test_a_request_under_way_is_told(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """While the first request waits for the slot, its retry is told to come again."""
    slot_id = await register.slot(service_id)
    people = await register.people(viewer)
    async with owner.transaction():
        await owner.execute(
            "INSERT INTO idempotency_key (id, account_id, key, request_hash, created_at) "
            "VALUES ($1, $2, $3, '', now())",
            new_id(),
            viewer.account_id,
            hash_key("key"),
        )

        answer = await book_slot(resources, viewer, people, slot_id, None, "key")

    assert answer is BookingRefusal.IN_FLIGHT


async def test_services_are_listed_page_by_page(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Each comes once, in the order of the keys, whatever the page's size."""
    await register.service(name="手语翻译")
    await register.service(name="日间照料")
    expected = [row["id"] for row in await owner.fetch("SELECT id FROM service ORDER BY id")]

    listed: list[UUID] = []
    while page := await catalogue.services(resources, listed[-1] if listed else None, 2):
        assert len(page) <= 2
        listed += [service.id for service in page]

    assert listed == expected


async def test_slots_are_listed_page_by_page(resources: Resources, register: Register, service_id: UUID) -> None:
    """Those of the window that have not begun, by time and each once, also where two begin together."""
    hours = [-1, 1, 2, 2, 3, 48]
    ids = [await register.slot(service_id, hours=hour, capacity=5, taken=2) for hour in hours]
    now = resources.clock()

    listed: list[catalogue.OfferedSlot] = []
    while page := await catalogue.slots(
        resources,
        service_id,
        now - timedelta(days=1),
        now + timedelta(hours=48),
        (listed[-1].starts_at, listed[-1].id) if listed else None,
        2,
    ):
        listed += page

    assert [slot.id for slot in listed] == ids[1:5]
    assert {(slot.capacity, slot.free) for slot in listed} == {(5, 3)}


async def test_old_bookings_are_forgotten_in_the_list(
    resources: Resources, register: Register, viewer: Viewer, service_id: UUID, holder: Holder, clock: Clock
) -> None:
    """For thirty days past sessions are still shown, the newest first."""
    early, late = [await register.slot(service_id, hours=hours) for hours in (1, 24)]
    for slot_id in (early, late):
        held(await book(resources, register, viewer, slot_id))
    clock.forward(days=30)
    both = await bookings_of(resources, [holder.id])
    clock.forward(hours=2)

    assert [booking.slot.id for booking in both] == [late, early]
    assert [booking.slot.id for booking in await bookings_of(resources, [holder.id])] == [late]
