"""The search for free slots in a month over 200 providers, beside the bare SQL for it, and as history grows.

The resident looks for one kind of service in her town, step-free, and gets a page of a hundred. One client asks for one
page after another, ours and the bare one in turns. Then the database is given years of past slots and bookings.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from time import perf_counter

import asyncpg
import uvloop

import api.server
from bench.server import Place, a_place, ask, post, process, sign_in_as, until_listening
from cli.demo.load import load_district
from services.bootstrap import now

HISTORY = {"small": 100_000, "default": 1_000_000, "large": 10_000_000}
BEFORE = 10_000
ASKED = {"small": 30, "default": 200, "large": 400}
RESIDENTS = 200
PAGE = 100

SEARCH = """
query Search($from: DateTime!, $until: DateTime!) {
    freeSlots(
        from: $from, until: $until, first: 100, kind: REHAB_TRAINING, town: "城东街道", accessibility: STEP_FREE
    ) {
        edges { node { slot { id startsAt endsAt free } service { name provider site } } } pageInfo { endCursor }
    }
}
"""

BARE = """
SELECT s.id, s.starts_at, s.ends_at, s.capacity - s.taken AS free, v.name, p.name AS provider, t.name AS site
FROM slot s JOIN service v ON v.id = s.service_id JOIN provider p ON p.id = v.provider_id
JOIN site t ON t.id = v.site_id
WHERE s.starts_at >= $1 AND s.starts_at < $2 AND s.taken < s.capacity AND s.state = 'open' AND s.course_id IS NULL
AND v.kind = 'rehab_training' AND t.town = '城东街道' AND t.step_free
ORDER BY s.starts_at, s.id LIMIT 101
"""

# One in four serves the town, one in two of these is step-free, and six in ten of their times are taken.
_PROVIDERS = """
WITH made AS (
    INSERT INTO provider (id, name, address) SELECT uuidv7(), '机构' || n, '某路' FROM generate_series(1, 200) n
    RETURNING id, substr(name, 3)::int AS n
), placed AS (
    INSERT INTO site (id, provider_id, name, address, town, step_free)
    SELECT uuidv7(), id, '服务点', '某路', CASE WHEN n % 4 = 0 THEN '城东街道' ELSE '别处' END, n % 8 < 4 FROM made
    RETURNING id, provider_id
)
INSERT INTO service (id, provider_id, site_id, kind, name, programme, cancel_minutes)
SELECT uuidv7(), provider_id, id, 'rehab_training', '训练', '', 0 FROM placed
"""

_MONTH = """
INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken)
SELECT uuidv7(), v.id, $1::timestamptz + hour * interval '1 hour', $1 + (hour + 1) * interval '1 hour',
       4, CASE WHEN random() < 0.6 THEN 4 ELSE 2 END
FROM service v, generate_series(0, 30 * 24) hour WHERE v.name = '训练' AND hour % 24 < 8
"""

# Sessions of an hour, one a minute back in time, with four people in each.
_PAST = """
WITH known AS (
    SELECT array_agg(id) AS ids FROM service WHERE name = '训练'
), past AS (
    INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken)
    SELECT uuidv7(), ids[1 + n % 200], $1::timestamptz - n * interval '1 minute',
           $1 - (n - 60) * interval '1 minute', 4, 4
    FROM known, generate_series($2::int, $3::int) n RETURNING id, starts_at, ends_at
), people AS (
    SELECT array_agg(id) AS ids FROM resident
)
INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at)
SELECT uuidv7(), past.id, ids[1 + (extract(minute FROM starts_at)::int + 50 * place) % 200], 'attended',
       starts_at, ends_at, starts_at FROM past, people, generate_series(0, 3) place
"""

# Ten million look-ups would only draw the measurement out, and so would keeping indexes row by row.
_UNTIED = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = 'booking'::regclass"

_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('slot', 'booking')
AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def run(size: str) -> dict[str, float]:
    """`slots_month_vs_sql` is bare time to ours, `slots_history_flatness` ours with all bookings to ours with few.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=False) as place:
        return uvloop.run(_measure(place, cores[0], HISTORY[size], ASKED[size]))


async def _measure(place: Place, core: int, history: int, times: int) -> dict[str, float]:
    first = now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    async with place.owner() as owner:
        async with place.opened() as resources:
            await load_district(owner, resources.vault, RESIDENTS, now(), lambda _: None)
            resident_id = await owner.fetchval("SELECT id FROM resident ORDER BY id LIMIT 1")
            token = (await sign_in_as(owner, resources, resident_id)).access_token
        await owner.execute(_PROVIDERS)
        await owner.execute(_MONTH, first)
        await _remember(owner, first, 0, BEFORE)
        with process(core, api.server.run, place.settings):
            await until_listening(place.settings.port)
            bare, ours = await _search(place, token, first, times)
            await _remember(owner, first, BEFORE, history)
            _, later = await _search(place, token, first, times)
    return {
        "slots_month_vs_sql": bare / ours,
        "slots_month_ms": 1000 * ours,
        "slots_history_flatness": later / ours,
    }


async def _remember(owner: asyncpg.Connection, before: datetime, known: int, bookings: int) -> None:
    """Let there have been so many bookings, the first of which are there already."""
    for row in await owner.fetch(_UNTIED):
        await owner.execute(f"ALTER TABLE booking DROP CONSTRAINT {row['conname']}")
    await owner.execute("SET maintenance_work_mem = '1GB'")
    indexes = await owner.fetch(_INDEXES)
    for row in indexes:
        await owner.execute(f"DROP INDEX {row['indexname']}")
    for start in range(known, bookings, 1_000_000):
        end = min(start + 1_000_000, bookings)
        await owner.execute(_PAST, before - timedelta(days=2), start // 4 + 1, end // 4, timeout=600)
    for row in indexes:
        await owner.execute(row["indexdef"], timeout=600)
    await owner.execute("VACUUM ANALYZE slot")
    await owner.execute("VACUUM ANALYZE booking")


async def _search(place: Place, token: str, first: datetime, times: int) -> tuple[float, float]:
    """The least seconds of the bare search and of ours, in turns: what else the machine does only adds to them."""
    until = first + timedelta(days=30)
    body = json.dumps({"query": SEARCH, "variables": {"from": first.isoformat(), "until": until.isoformat()}})
    request = post(token, body.encode())
    reader, writer = await asyncio.open_connection("127.0.0.1", place.settings.port)
    connection = await asyncpg.connect(place.postgres.app_url())

    async def ours() -> int:
        return len(json.loads(await ask(reader, writer, request))["data"]["freeSlots"]["edges"])

    async def bare() -> int:
        return len(await connection.fetch(BARE, first, until)) - 1

    with closing(writer):
        await _seconds(ours), await _seconds(bare)
        pairs = [(await _seconds(bare), await _seconds(ours)) for _ in range(times)]
    await connection.close()
    return min(limit for limit, _ in pairs), min(mine for _, mine in pairs)


async def _seconds(search: Callable[[], Awaitable[int]]) -> float:
    start = perf_counter()
    assert await search() == PAGE
    return perf_counter() - start
