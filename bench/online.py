"""One scan judged and kept while its bearer waits, beside a bare endpoint that inserts a row; and a resident's rides.

Both servers are one process on one core, in turns; PostgreSQL, on the other where there is one, waits for its disk
before either answers. Then the table is given years of taps, and a resident asks for her last twenty again.
"""

import asyncio
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from statistics import quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

import api.server
from bench.server import Place, a_place, process, until_listening
from bench.taps import enrolled, rider, scan_of
from card.presentation import encode_text, present
from card.scan import NO_RECORD, encode_scan
from cli.embedded import free_port
from models.record import new_id
from services.bootstrap import now
from services.resources import Resources
from services.taps import rides_of

ASKED = {"small": 200, "default": 2_000, "large": 5_000}
TAPS = {"small": 100_000, "default": 1_000_000, "large": 10_000_000}
FEW = 10_000
RIDERS = 500
CONNECTIONS = 8
ROUNDS = 4
RIDES = 20
ASKS = 200

# A tap a rider and hour back in time, on a bus of her own.
_PAST = """
INSERT INTO tap (device_id, epoch, sequence, device_at, at, received_at, resident_id, admission, device_admission,
                 companions, overridden, record, kind)
SELECT $1, '\\x00', n, $2::timestamptz - n * interval '10 seconds', $2 - n * interval '10 seconds',
       $2 - n * interval '10 seconds', ($3::uuid[])[1 + n % $6::int], 'free', 'free', 0, false, $7, 'pass'
FROM generate_series($4::int, $5::int) n
"""
_BARE = "INSERT INTO bare (id, at, record) VALUES ($1, $2, $3)"


@dataclass(frozen=True)
class Load:
    """What one server is asked, whole HTTP requests, each once."""

    port: int
    requests: list[bytes]


def run(size: str) -> dict[str, float]:
    """`tap_online_vs_insert` is answers a second to the bare endpoint's; `tap_rides_flatness` time with few to many.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=True) as place:
        online = uvloop.run(_measure(place, cores[0], ASKED[size]))
    with a_place(cores[-1], durable=False) as place:
        return online | uvloop.run(_rides(place, TAPS[size]))


async def _measure(place: Place, core: int, asked: int) -> dict[str, float]:
    async with place.opened() as resources, place.owner() as owner:
        await owner.execute("CREATE TABLE bare (id uuid PRIMARY KEY, at timestamptz NOT NULL, record bytea NOT NULL)")
        ours = Load(place.settings.port, await _questions(resources, owner, asked))
        bare = Load(free_port(), [_post("/bare", "", request.partition(b"\r\n\r\n")[2]) for request in ours.requests])
    answered: dict[int, list[float]] = {ours.port: [], bare.port: []}
    with (
        process(core, api.server.run, place.settings),
        process(core, _serve_bare, bare.port, place.postgres.owner_url()),
    ):
        for load in (ours, bare):
            await until_listening(load.port)
        spent = {ours.port: 0.0, bare.port: 0.0}
        for _ in range(ROUNDS):
            for load in (ours, bare):
                started = perf_counter()
                answered[load.port] += await _drive(load, asked // ROUNDS)
                spent[load.port] += perf_counter() - started
    slow, limit = (quantiles(answered[load.port], n=100)[98] for load in (ours, bare))
    return {
        "tap_online_vs_insert": spent[bare.port] / spent[ours.port],
        "tap_online_p99_vs_insert": slow / limit,
        "tap_online_p99_ms": 1_000 * slow,
    }


async def _questions(resources: Resources, owner: asyncpg.Connection, count: int) -> list[bytes]:
    """Scans of this minute, each of somebody new, from a few buses."""
    at = now().replace(microsecond=0)
    buses = [await enrolled(owner) for _ in range(CONNECTIONS)]
    requests = []
    for number in range(count):
        bus, somebody = buses[number % CONNECTIONS], rider(resources, at)
        text = encode_text(present(somebody.token, somebody.phone, at))
        record = encode_scan(scan_of(bus, number + 1, NO_RECORD, at, text))
        requests.append(bus.request(record, "/v1/devices/verify"))
    return requests


def _post(path: str, headers: str, body: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _drive(load: Load, count: int) -> list[float]:
    """The seconds that each of so many questions took, over a few connections at once."""
    waiting, taken = [load.requests.pop() for _ in range(count)], []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
        with closing(writer):
            while waiting:
                started = perf_counter()
                writer.write(waiting.pop())
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
                taken.append(perf_counter() - started)
                assert b'"stored"' in body, (head, body)

    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return taken


def _serve_bare(port: int, url: str) -> None:
    """The peer: Starlette and asyncpg, one row, on the disk before the answer."""

    async def serve() -> None:
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:

            async def insert(request: Request) -> Response:
                await pool.execute(_BARE, new_id(), now(), await request.body())
                return Response(b'{"outcome":"stored"}', media_type="application/json")

            app = Router([Route("/bare", insert, methods=["POST"])])
            options: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off", "ws": "none"}
            await uvicorn.Server(uvicorn.Config(app, port=port, http="httptools", **options)).serve()

    uvloop.run(serve())


async def _rides(place: Place, taps: int) -> dict[str, float]:
    """A resident's last rides with few taps in the table and with many, which reach back over the months."""
    async with place.opened() as resources, place.owner() as owner:
        device_id = (await enrolled(owner)).id
        riders = [new_id() for _ in range(RIDERS)]
        first = (now() - timedelta(seconds=10 * taps)).date()
        await owner.execute("SELECT make_tap_partitions($1, 60)", first)
        record = os.urandom(450)
        await _fill(owner, device_id, riders, 0, FEW, record)
        few = await _asked(resources, riders)
        for start in range(FEW, taps, 500_000):
            await _fill(owner, device_id, riders, start, min(start + 500_000, taps), record)
        many = await _asked(resources, riders)
    return {"tap_rides_flatness": few / many, "tap_rides_ms": 1_000 * many}


async def _fill(
    owner: asyncpg.Connection, device_id: UUID, riders: Sequence[UUID], start: int, end: int, record: bytes
) -> None:
    await owner.execute(_PAST, device_id, now(), riders, start + 1, end, RIDERS, record, timeout=3_600)
    await owner.execute("VACUUM ANALYZE tap", timeout=3_600)


async def _asked(resources: Resources, riders: Sequence[UUID]) -> float:
    """The least seconds of a page of rides."""
    taken = []
    for number in range(ASKS):
        started = perf_counter()
        assert len(await rides_of(resources, riders[number % len(riders)], RIDES, None)) == RIDES
        taken.append(perf_counter() - started)
    return min(taken)
