"""Bookings through our server, beside the best bare SQL for them: one statement that counts the place and writes it.

The same residents book, by as many clients, in turns, in the same run and tables, on a database that waits for its
disk as a real one does. A last few find the hot slot full. The peer asks nobody who she is, and has no rules or keys.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from uuid import UUID

import asyncpg
import uvloop

import api.server
from bench.server import Place, a_place, ask, post, process, processor_seconds, sign_in_as, until_listening
from cli.demo.load import load_district
from models.record import new_id
from schema.identity import to_id
from services.bootstrap import now
from services.resources import Resources

RESIDENTS = {"small": 100, "default": 1_000, "large": 2_000}
CLIENTS = 32
SLOTS = 1_000
ROUNDS = 5
# Sessions of 45 minutes, so that nobody's overlap: those of the hot slots on the first day, the others behind them.
STEP = timedelta(minutes=50)

BOOK = """
mutation Book($slot: ID!, $key: IdempotencyKey!) { bookSlot(slotId: $slot, key: $key) { __typename
    ... on Booking { id state price costShare slot { startsAt free } service { name } }
    ... on BookingRefused { reason } } }
"""

BARE = """
WITH place AS (
    UPDATE slot SET taken = taken + 1 WHERE id = $2 AND taken < capacity RETURNING id, starts_at, ends_at
)
INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at)
SELECT $1, id, $3, 'booked', starts_at, ends_at, $4 FROM place RETURNING id
"""

_AGREE = """
SELECT count(*) FROM slot s WHERE taken > capacity OR taken <> (
    SELECT count(*) FROM booking b WHERE b.slot_id = s.id AND b.state <> 'cancelled'
)
"""

# One request of one client: whether it got the place.
Book = Callable[[int, "Wish"], Awaitable[bool]]


@dataclass(frozen=True)
class Resident:
    """Somebody who books, and the token of her phone."""

    id: UUID
    token: str


@dataclass(frozen=True)
class Wish:
    """A resident who wants a slot."""

    resident: Resident
    slot_id: UUID


def run(size: str) -> dict[str, float]:
    """Ratios of bookings a second on one slot and on a thousand, ours a second, and slots whose count is wrong.

    `bookings_per_processor_s` is what our server answers in a second of one processor, whatever else the machine does.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=True) as place:
        return uvloop.run(_measure(place, cores[0], RESIDENTS[size]))


async def _measure(place: Place, core: int, count: int) -> dict[str, float]:
    async with place.owner() as owner:
        async with place.opened() as resources:
            residents = await _residents(owner, resources, count)
        async with owner.transaction():
            rounds = [await _wishes(owner, residents, number) for number in range(2 * ROUNDS)]
        await owner.execute("ANALYZE")
        with process(core, api.server.run, place.settings) as serving:
            await until_listening(place.settings.port)
            async with AsyncExitStack() as stack:
                ours, bare = await _clients(stack, place.settings.port), await _connections(stack, place)
                for wishes in await _wishes(owner, residents[:CLIENTS], 2 * ROUNDS):
                    await _rate(ours, wishes)
                assert serving.pid is not None
                figures, spent = dict[str, float](), processor_seconds(serving.pid)
                for kind, name in enumerate(("hot", "spread")):
                    pairs = [
                        (await _rate(ours, rounds[2 * number][kind]), await _rate(bare, rounds[2 * number + 1][kind]))
                        for number in range(ROUNDS)
                    ]
                    figures[f"bookings_{name}_vs_limit"] = median(mine / limit for mine, limit in pairs)
                    figures[f"bookings_{name}_per_s"] = median(mine for mine, _ in pairs)
                spent = processor_seconds(serving.pid) - spent
                figures["bookings_per_processor_s"] = 2 * ROUNDS * len(residents) / spent
        return figures | {"bookings_overbooked": await owner.fetchval(_AGREE)}


async def _residents(owner: asyncpg.Connection, resources: Resources, count: int) -> list[Resident]:
    await load_district(owner, resources.vault, 2 * count, now(), lambda _: None)
    rows = await owner.fetch(
        "SELECT resident_id FROM card WHERE state = 'active' AND valid_until > current_date ORDER BY id LIMIT $1", count
    )
    return [
        Resident(row["resident_id"], (await sign_in_as(owner, resources, row["resident_id"])).access_token)
        for row in rows
    ]


async def _wishes(owner: asyncpg.Connection, residents: Sequence[Resident], number: int) -> tuple[list[Wish], ...]:
    """What everybody wants in a round: all one slot, which has no place for the last of them, and each some other."""
    first = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    hot = await _slot(owner, first + number * STEP, max(len(residents) - CLIENTS, 1))
    begin = first + timedelta(days=2)
    slots = [await _slot(owner, begin + place * STEP, len(residents)) for place in range(min(SLOTS, len(residents)))]
    return (
        [Wish(resident, hot) for resident in residents],
        [Wish(resident, slots[(place + 37 * number) % len(slots)]) for place, resident in enumerate(residents)],
    )


async def _slot(owner: asyncpg.Connection, starts_at: datetime, capacity: int) -> UUID:
    slot_id: UUID = await owner.fetchval(
        "INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken) "
        "SELECT $1, id, $2, $3, $4, 0 FROM service WHERE name = '肢体功能训练' RETURNING id",
        *(new_id(), starts_at, starts_at + timedelta(minutes=45), capacity),
    )
    return slot_id


async def _clients(stack: AsyncExitStack, port: int) -> Book:
    links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CLIENTS)]
    for _, writer in links:
        stack.enter_context(closing(writer))

    async def book(client: int, wish: Wish) -> bool:
        variables = {"slot": to_id("Slot", wish.slot_id), "key": str(new_id())}
        body = json.dumps({"query": BOOK, "variables": variables}).encode()
        answer = json.loads(await ask(*links[client], post(wish.resident.token, body)))["data"]["bookSlot"]
        assert answer.get("reason") in {None, "SLOT_FULL"}, answer
        return bool(answer["__typename"] == "Booking")

    return book


async def _connections(stack: AsyncExitStack, place: Place) -> Book:
    # As the owner, whom no policy of the second wall slows down.
    links = [await asyncpg.connect(place.postgres.owner_url()) for _ in range(CLIENTS)]
    for link in links:
        stack.push_async_callback(link.close)

    async def book(client: int, wish: Wish) -> bool:
        made = await links[client].fetchval(BARE, new_id(), wish.slot_id, wish.resident.id, now())
        return made is not None

    return book


async def _rate(book: Book, wishes: Sequence[Wish]) -> float:
    """Requests a second by all clients at once, each with one under way."""
    waiting = iter(wishes)
    start = perf_counter()
    booked = sum(await asyncio.gather(*(_one_client(book, client, waiting) for client in range(CLIENTS))))
    assert booked in {len(wishes), max(len(wishes) - CLIENTS, 1)}, booked
    return len(wishes) / (perf_counter() - start)


async def _one_client(book: Book, client: int, waiting: Iterator[Wish]) -> int:
    return sum([await book(client, wish) for wish in waiting])
