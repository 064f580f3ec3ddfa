"""Bookings of one moment share a transaction, and each keeps its own key, refusal, place and line in the log."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from services import audit
from services.booking_round import Asked, Contended, book_round
from services.bookings import HeldBooking, book_slot
from services.database import DatabaseUnavailable
from services.idempotency import Claim, InFlight, hash_key
from services.places import Order, Wanted, orders_for
from services.resources import Resources
from tests.services.register import Holder, Register, open_all


@pytest.fixture
async def service_id(register: Register) -> UUID:
    """A service without a programme."""
    return await register.service(programme="")


async def order(resources: Resources, register: Register, holder: Holder, slot_id: UUID) -> Order:
    """What a guardian orders for a resident."""
    viewer = await register.viewer()
    await register.guardian(holder, viewer.account_id)
    (ward,) = (await register.people(viewer)).wards
    (ordered,) = await orders_for(resources, [Wanted(ward.person, slot_id)])
    assert ordered is not None
    return ordered


def asked(
    resources: Resources,
    viewer: Viewer,
    ordered: Order | BookingRefusal,
    key: str = "",
    *,
    event: audit.Event | None = None,
) -> Asked:
    """A request, under a key of its own unless one is given."""
    expected = str(ordered.id) if isinstance(ordered, Order) else ordered
    request = ["book", expected if isinstance(ordered, BookingRefusal) else str(ordered.place.slot_id)]
    claim = Claim(viewer.account_id, key or str(new_id()), request, resources.clock(), expected)
    return Asked(claim, ordered, event)


async def transactions(owner: asyncpg.Connection, slot_ids: Sequence[UUID]) -> int:
    """In how many transactions the bookings of these slots were written."""
    count: int = await owner.fetchval(
        "SELECT count(DISTINCT xmin::text) FROM booking WHERE slot_id = ANY($1)", slot_ids
    )
    return count


async def test_several_share_a_transaction(resources: Resources, register: Register, owner: asyncpg.Connection) -> None:
    """Of one slot the first get what is left of it, of others everybody theirs, and all counts move at once."""
    service_id = await register.service(programme="")
    hot, other = await register.slot(service_id, capacity=3, taken=1), await register.slot(service_id, hours=9)
    holders = [await register.resident() for _ in range(4)]
    orders = [await order(resources, register, each, hot) for each in holders[:3]]
    orders.append(await order(resources, register, holders[3], other))
    viewer = await register.viewer()

    answers = await book_round(resources, [asked(resources, viewer, each) for each in orders])

    assert answers == [str(orders[0].id), str(orders[1].id), BookingRefusal.SLOT_FULL, str(orders[3].id)]
    rows = await owner.fetch("SELECT id, taken FROM slot WHERE id = ANY($1)", [hot, other])
    assert {row["id"]: row["taken"] for row in rows} == {hot: 3, other: 1}
    assert await transactions(owner, [hot, other]) == 1


async def test_each_keeps_its_own_key(resources: Resources, register: Register, service_id: UUID) -> None:
    """Repeated together, everybody gets the first answer, a refusal too; another request under a key is refused."""
    viewer, slot_id = await register.viewer(), await register.slot(service_id, capacity=5)
    first, second = [await order(resources, register, await register.resident(), slot_id) for _ in range(2)]
    requests = [asked(resources, viewer, first, "a"), asked(resources, viewer, BookingRefusal.NOT_ALLOWED, "b")]
    answers = await book_round(resources, requests)

    again = await book_round(resources, [*requests, asked(resources, viewer, second, "b")])

    assert answers == [str(first.id), BookingRefusal.NOT_ALLOWED]
    assert again == [*answers, BookingRefusal.KEY_REUSED]


async def test_what_one_resident_asks_twice_is_judged_one_after_the_other(
    resources: Resources, register: Register, service_id: UUID
) -> None:
    """In one round, too, she holds one place at a time, and the second sees what the first came to."""
    holder, viewer = await register.resident(), await register.viewer()
    slots = [await register.slot(service_id, hours=24 + part / 4) for part in range(2)]
    orders = [await order(resources, register, holder, slots[number]) for number in (0, 0, 1)]
    other = await order(resources, register, await register.resident(), slots[1])

    answers = await book_round(resources, [asked(resources, viewer, each) for each in [*orders, other]])

    refused = [BookingRefusal.ALREADY_BOOKED, BookingRefusal.OVERLAPS]
    assert answers == [str(orders[0].id), *refused, str(other.id)]


async def test_what_was_done_for_others_is_logged(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Each booking gets its line, and a refusal none."""
    slot_id, viewer = await register.slot(service_id, capacity=1), await register.viewer()
    orders = [await order(resources, register, await register.resident(), slot_id) for _ in range(2)]
    events = [audit.Event("account:x", "book_slot", str(each.resident_id)) for each in orders]

    await book_round(
        resources,
        [asked(resources, viewer, each, event=event) for each, event in zip(orders, events, strict=True)],
    )

    logged = await owner.fetch(
        "SELECT subject FROM audit WHERE action = 'book_slot' AND subject = ANY($1)", [each.subject for each in events]
    )
    assert [row["subject"] for row in logged] == [events[0].subject]


async def test_a_card_that_is_lost_meanwhile_books_nothing(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """What was read before the round does not decide, and the others are booked."""
    slot_id, viewer = await register.slot(service_id, capacity=5), await register.viewer()
    loser, other = [await register.resident() for _ in range(2)]
    orders = [await order(resources, register, each, slot_id) for each in (loser, other)]
    await owner.execute("UPDATE card SET state = 'lost' WHERE id = $1", loser.card_id)

    answers = await book_round(resources, [asked(resources, viewer, each) for each in orders])

    assert answers == [BookingRefusal.CARD_NOT_USABLE, str(orders[1].id)]


async def test_several_do_not_wait_long_for_one(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """A resident or a key that another transaction holds ends the round, so that each of it can try alone."""
    slot_id, viewer = await register.slot(service_id, capacity=5), await register.viewer()
    held, other = [await register.resident() for _ in range(2)]
    orders = [await order(resources, register, each, slot_id) for each in (held, other)]
    requests = [asked(resources, viewer, each, f"key {number}") for number, each in enumerate(orders)]

    async with owner.transaction():
        await owner.execute("SELECT FROM resident WHERE id = $1 FOR UPDATE", held.id)
        with pytest.raises(Contended):
            await book_round(resources, requests)
        with pytest.raises(DatabaseUnavailable):
            await book_round(resources, requests[:1])
        await claimed(owner, viewer, "key 0")
        with pytest.raises(InFlight):
            await book_round(resources, requests)


async def test_one_under_way_keeps_nobody_else_from_booking(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Of several at one moment only the one whose key is under way is told to come again."""
    slot_id = await register.slot(service_id, capacity=9)
    viewers = [await register.viewer(await register.resident()) for _ in range(6)]
    peoples = [await register.people(each) for each in viewers]
    await open_all(resources)

    async with owner.transaction():
        await claimed(owner, viewers[2], "key")
        answers = await asyncio.gather(
            *(
                book_slot(resources, viewer, people, slot_id, None, "key")
                for viewer, people in zip(viewers, peoples, strict=True)
            )
        )

    assert answers.pop(2) is BookingRefusal.IN_FLIGHT
    assert all(isinstance(answer, HeldBooking) for answer in answers)


async def claimed(owner: asyncpg.Connection, viewer: Viewer, key: str) -> None:
    """A first request with this key, whose transaction has not ended."""
    await owner.execute(
        "INSERT INTO idempotency_key (id, account_id, key, request_hash, created_at) VALUES ($1, $2, $3, '', now())",
        new_id(),
        viewer.account_id,
        hash_key(key),
    )
