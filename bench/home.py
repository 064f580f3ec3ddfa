"""The home screen through our server, beside a hand-written endpoint that sends the same SELECTs.

Each server is one process on one core, in turns, in the same run; the client, on another core where there is one, keeps
a few connections busy. The peer returns the rows as they are: it opens no seal, decides nothing and knows no GraphQL,
and as the tables' owner it stands before no wall. Our server runs a second time past the wall, to show what that costs.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, Router

import api.server
from bench.server import Place, a_place, ask, post, process, processor_seconds, sign_in_as, until_listening
from cli.demo.load import load_district
from cli.embedded import free_port
from models.record import new_id
from schema.context import Context
from schema.execution import Engine, Request
from services.bootstrap import now
from services.database import Database
from services.resources import Resources
from services.sessions import read_access_token
from services.settings import Settings

RESIDENTS = 100
SECONDS = {"small": 1.0, "default": 5.0, "large": 20.0}
ROUNDS = 4
CONNECTIONS = 8
BOOKINGS = 6

HOME = """
query Home { viewer { residentId maskedName
    card { maskedNumber categoryName gradeName state validUntil }
    entitlements { programme title verdict }
    bookings(first: 6) { edges { node { id state slot { startsAt endsAt } service { name provider address } } } }
    credentials { id issuedAt expiresAt revokedAt } } }
"""

Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Load:
    """What the client sends again and again: whole HTTP requests, one a resident."""

    port: int
    requests: Sequence[bytes]


@dataclass
class Spent:
    """What one server did: requests answered, in so many seconds, with so many of its processor."""

    answered: int = 0
    seconds: float = 0.0
    processor: float = 0.0


def run(size: str) -> dict[str, float]:
    """`home_vs_raw` compares requests a second, `home_vs_raw_cpu` processor time a request (peer's to ours).

    `home_rls_cost` is requests a second behind PostgreSQL's row-level security to those past it.

    Raises:
        AssertionError: an answer was not what it should be.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=False) as place:
        return uvloop.run(_measure(place, cores[0], SECONDS[size]))


async def _measure(place: Place, core: int, seconds: float) -> dict[str, float]:
    async with place.opened() as resources, place.owner() as owner:
        tokens = await _fill(owner, resources)
        statements = [await _statements(resources, token) for token in tokens]
    past = place.settings_of(place.postgres.owner_url())
    body = json.dumps({"query": HOME}).encode()
    ours = Load(place.settings.port, [post(token, body) for token in tokens])
    open_ = Load(past.port, ours.requests)
    raw = Load(free_port(), [_get(number) for number in range(len(tokens))])
    with (
        process(core, api.server.run, place.settings) as our_process,
        process(core, _serve_past_the_wall, past) as open_process,
        process(core, _serve_raw, raw.port, place.postgres.owner_url(), statements) as raw_process,
    ):
        loads = ((ours, our_process), (open_, open_process), (raw, raw_process))
        spent = {load.port: Spent() for load, _ in loads}
        for load, _ in loads:
            await until_listening(load.port)
            await _drive(load, seconds / 4)
        for _ in range(ROUNDS):
            for load, serving in loads:
                await _count(load, serving, seconds, spent[load.port])
    return _figures(spent[ours.port], spent[open_.port], spent[raw.port])


def _figures(ours: Spent, open_: Spent, raw: Spent) -> dict[str, float]:
    return {
        "home_rls_cost": (ours.answered / ours.seconds) / (open_.answered / open_.seconds),
        "home_vs_raw": (ours.answered / ours.seconds) / (raw.answered / raw.seconds),
        "home_vs_raw_cpu": (raw.processor / raw.answered) / (ours.processor / ours.answered),
        "home_per_s": ours.answered / ours.seconds,
    }


async def _fill(owner: asyncpg.Connection, resources: Resources) -> list[str]:
    """Residents with their bookings and a phone; the access token of each."""
    at = now()
    await load_district(owner, resources.vault, RESIDENTS, at, lambda _: None)
    await owner.execute("ANALYZE")
    slots = await owner.fetch("SELECT id, starts_at, ends_at FROM slot ORDER BY starts_at DESC LIMIT $1", BOOKINGS)
    residents = await owner.fetch("SELECT DISTINCT resident_id FROM card WHERE state = 'active' LIMIT 50")
    return [await _sign_in(owner, resources, row["resident_id"], slots) for row in residents]


async def _sign_in(
    owner: asyncpg.Connection, resources: Resources, resident_id: UUID, slots: Sequence[asyncpg.Record]
) -> str:
    at = now()
    signed_in = await sign_in_as(owner, resources, resident_id)
    await owner.execute(
        "INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at) "
        "VALUES ($1, $2, $3, (SELECT count(*) FROM credential), $4, $5)",
        *(new_id(), resident_id, resident_id.bytes, at, at + timedelta(days=7)),
    )
    await owner.executemany(
        "INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at) "
        "VALUES ($1, $2, $3, 'booked', $4, $5, $6)",
        [(new_id(), slot["id"], resident_id, slot["starts_at"], slot["ends_at"], at) for slot in slots],
    )
    return signed_in.access_token


async def _statements(resources: Resources, token: str) -> list[Statement]:
    """The statements that our server sends for this viewer's home screen, with their values."""
    seen: list[Statement] = []
    fetch = Database.fetch

    async def noted(self: Database, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        seen.append((sql, values))
        return await fetch(self, sql, *values)

    Database.fetch = noted  # type: ignore[method-assign] # put back below
    viewer = read_access_token(resources, token, "127.0.0.1")
    try:
        answer = await Engine(resources.settings).run(Request(HOME), Context(resources, viewer), "bench")
    finally:
        Database.fetch = fetch  # type: ignore[method-assign]
    assert "errors" not in answer.body, answer.body
    assert len(answer.body["data"]["viewer"]["bookings"]["edges"]) == BOOKINGS
    return seen


def _get(number: int) -> bytes:
    return f"GET /home?resident={number} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def _serve_past_the_wall(settings: Settings) -> None:
    """Our server as the tables' owner, whom no policy holds, its statements sent as they are written."""

    async def fetch(self: Database, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        async with self._client.acquire_connection() as connection:
            rows: Sequence[asyncpg.Record] = await connection.fetch(sql, *values)
            return rows

    Database.fetch = fetch  # type: ignore[method-assign] # in this process alone
    api.server.run(settings)


def _serve_raw(port: int, url: str, statements: Sequence[Sequence[Statement]]) -> None:
    """The peer: Starlette and asyncpg, the same statements with the same values, rows as JSON."""

    async def serve() -> None:
        async with asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:

            async def home(request: HttpRequest) -> Response:
                rows = [
                    [dict(row) for row in await pool.fetch(sql, *values)]
                    for sql, values in statements[int(request.query_params["resident"])]
                ]
                return Response(msgspec.json.encode(rows), media_type="application/json")

            app = Router([Route("/home", home)])
            options: dict[str, Any] = {"log_config": None, "access_log": False, "lifespan": "off", "ws": "none"}
            await uvicorn.Server(uvicorn.Config(app, port=port, http="httptools", **options)).serve()

    uvloop.run(serve())


async def _count(load: Load, serving: BaseProcess, seconds: float, spent: Spent) -> None:
    assert serving.pid is not None
    processor, started = processor_seconds(serving.pid), perf_counter()
    spent.answered += await _drive(load, seconds)
    spent.seconds += perf_counter() - started
    spent.processor += processor_seconds(serving.pid) - processor


async def _drive(load: Load, seconds: float) -> int:
    ends = perf_counter() + seconds
    return sum(await asyncio.gather(*(_connection(load, number, ends) for number in range(CONNECTIONS))))


async def _connection(load: Load, first: int, ends: float) -> int:
    """Ask one resident's screen after another over one connection; the number of whole answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    answered = 0
    with closing(writer):
        while perf_counter() < ends:
            await ask(reader, writer, load.requests[(first + answered * CONNECTIONS) % len(load.requests)])
            answered += 1
    return answered
