"""Sixty-four phones that book, wait, accept and cancel without rest, while what they talk to is killed under them."""

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from cli.embedded import APP_ROLE, EmbeddedPostgres
from models.record import new_id
from schema.identity import from_id, to_id
from tests.api.live import LiveServer, serving

REFUSED = "... on BookingRefused { reason }"
BOOK = f"""mutation ($id: ID!, $key: IdempotencyKey!) {{ answer: bookSlot(slotId: $id, key: $key) {{
    ... on Booking {{ id }} {REFUSED} }} }}"""
CANCEL = f"""mutation ($id: ID!, $key: IdempotencyKey!) {{ answer: cancelBooking(bookingId: $id, key: $key) {{
    ... on Booking {{ id }} {REFUSED} }} }}"""
JOIN = f"""mutation ($id: ID!, $key: IdempotencyKey!) {{ answer: joinWaitlist(slotId: $id, key: $key) {{
    ... on WaitlistEntry {{ id }} {REFUSED} }} }}"""
ACCEPT = f"""mutation ($id: ID!, $key: IdempotencyKey!) {{ answer: acceptOffer(entryId: $id, key: $key) {{
    ... on Booking {{ id }} {REFUSED} }} }}"""


@dataclass(frozen=True)
class Phone:
    """A resident's phone, signed in."""

    resident_id: UUID
    token: str


@dataclass(frozen=True)
class Told:
    """A request with its key, and the answer it came to in the end: an id, or the reason of a refusal."""

    phone: Phone
    document: str
    subject: str
    key: str
    answer: str

    def key_of(self, kind: str) -> UUID | None:
        """The row that the answer names, where it is of that kind."""
        return from_id(kind, self.answer)


@dataclass
class Site:
    """A database and a server that can be killed, and come back."""

    postgres: EmbeddedPostgres
    environ: dict[str, str]
    logs: Path
    running: ExitStack = field(default_factory=ExitStack)
    started: list[LiveServer] = field(default_factory=list)

    def start_server(self) -> None:
        """A new process on the same port."""
        log = self.logs / f"log-{len(self.started)}"
        self.started.append(self.running.enter_context(serving(log, self.environ)))

    def kill_server(self) -> None:
        """As when the machine's memory runs out."""
        self.started[-1].process.kill()
        self.started[-1].process.wait()
        self.start_server()

    def kill_backend(self) -> None:
        """One process of the database dies, and takes all the others through a recovery."""
        pid = asyncio.run(self._some_backend())
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def kill_database(self) -> None:
        """The database dies as a whole."""
        pid = self.postgres._postmaster_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self.postgres.start()

    async def _some_backend(self) -> int | None:
        try:
            connection = await asyncpg.connect(self.postgres.app_url())
        except (OSError, asyncpg.PostgresError):  # it recovers from the last kill
            return None
        try:
            pid: int | None = await connection.fetchval(
                "SELECT pid FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid() "
                "ORDER BY state = 'active' DESC LIMIT 1",
                APP_ROLE,
            )
            return pid
        finally:
            await connection.close()


@dataclass
class Storm:
    """What the phones do; each draws from its own seed, so that only the kills' moments differ between runs."""

    site: Site
    http: httpx.AsyncClient
    seed: int
    phones: Sequence[Phone]
    contested: Sequence[UUID]
    others: Sequence[UUID]
    told: list[Told] = field(default_factory=list)

    async def rage(self, wishes: int) -> None:
        """Let every phone have so many wishes, while server and database are killed twice each way."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._kill(len(self.phones) * wishes))
            for number, phone in enumerate(self.phones):
                group.create_task(self._phone(number, phone, wishes))

    async def say(self, phone: Phone, document: str, subject: str, key: str) -> str:
        """The answer to one request, asked again with the same key until there is one."""
        body = {"query": document, "variables": {"id": subject, "key": key}}
        headers = {"Authorization": f"Bearer {phone.token}"}
        while True:
            try:
                response = await self.http.post("/graphql", json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if response.status_code == 503:
                await asyncio.sleep(0.1)
                continue
            assert response.status_code == 200, response.text
            content: dict[str, Any] = response.json()
            assert "errors" not in content, content
            answer = content["data"]["answer"]
            if answer.get("reason") != "IN_FLIGHT":
                return str(answer.get("id") or answer["reason"])
            await asyncio.sleep(0.1)

    async def ask(self, phone: Phone, document: str, subject: str, *, times: int = 1) -> Told:
        """Send a new request, perhaps several times at once as an impatient thumb does, and note what came of it."""
        key = str(new_id())
        answers = await asyncio.gather(*(self.say(phone, document, subject, key) for _ in range(times)))
        assert len(set(answers)) == 1, answers
        told = Told(phone, document, subject, key, answers[0])
        self.told.append(told)
        return told

    async def _phone(self, number: int, phone: Phone, wishes: int) -> None:
        draw = Random(f"{self.seed} {number}")  # noqa: S311 - a test's choices
        for _ in range(wishes):
            slot = draw.choice(draw.choice([self.contested, self.others]))
            choice, times = draw.random(), draw.choice([1, 1, 1, 2])
            booked = await self.ask(phone, BOOK, to_id("Slot", slot), times=times)
            if booked.key_of("Booking") and choice < 0.3:
                await self.ask(phone, CANCEL, booked.answer, times=times)
            if booked.answer == "SLOT_FULL" and choice < 0.7:
                await self.ask(phone, JOIN, booked.subject, times=times)

    async def _kill(self, requests: int) -> None:
        draw = Random(self.seed)  # noqa: S311 - see above
        site = self.site
        ways: list[Callable[[], None]] = [site.kill_server, site.kill_backend, site.kill_database] * 2
        draw.shuffle(ways)
        for after, way in zip(sorted(draw.sample(range(10, requests - 100), len(ways))), ways, strict=True):
            while len(self.told) < after:  # noqa: ASYNC110 - a count has no event
                await asyncio.sleep(0.01)
            await asyncio.to_thread(way)
