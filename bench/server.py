"""What a measurement of the server needs: a database and keys of its own, our server as a process, people signed in."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

import asyncpg

from card.cose import SigningKey
from cli.embedded import APP_ROLE, EmbeddedPostgres, free_port
from domain.dates import local_date
from models.migrate import migrate
from services.bootstrap import now, open_services
from services.keys import make_keys, write_keys
from services.message import Message
from services.resources import Resources
from services.sessions import SignedIn, sign_in
from services.settings import Settings, load_settings
from services.wechat import WechatNotReached


class _Wechat:
    """Takes every code for the account of that name."""

    async def openid(self, code: str) -> str:
        return code

    async def phone_number(self, code: str) -> str:
        return code

    async def send(self, openid: str, message: Message) -> None:
        raise WechatNotReached(f"{message.kind} to {openid}")


@dataclass(frozen=True)
class Place:
    """Where a measurement happens: a running PostgreSQL, and the settings of a server on it."""

    postgres: EmbeddedPostgres
    environ: Mapping[str, str]

    @cached_property
    def settings(self) -> Settings:
        """Of the server that is measured."""
        return load_settings(self.environ)

    def settings_of(self, url: str) -> Settings:
        """Of a second server, at another address, that reaches the database as `url` says."""
        return load_settings({**self.environ, "DATABASE_URL": url, "PORT": str(free_port())})

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Resources]:
        """The services on a migrated database, with keys that the server will find."""
        await migrate(self.postgres.owner_url(), APP_ROLE, local_date(now()))
        assert self.settings.keys_file is not None
        keys = make_keys(SigningKey.generate(), demo=True, at=now())
        write_keys(self.settings.keys_file, keys)
        async with open_services(self.settings, keys, _Wechat()) as resources:
            yield resources

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of the role that owns the tables."""
        connection = await asyncpg.connect(self.postgres.owner_url())
        try:
            yield connection
        finally:
            await connection.close()


@contextmanager
def a_place(core: int, *, durable: bool) -> Iterator[Place]:
    """A database whose processes start on one core; gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="sdc-bench-"))
    directory.chmod(0o711)
    postgres = EmbeddedPostgres(directory / "postgres", durable=durable)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    postgres.start()
    try:
        environ = {
            "MODE": "demo",
            "DATABASE_URL": postgres.app_url(),
            "KEYS_FILE": str(directory / "keys.json"),
            "PORT": str(free_port()),
            "LOG_LEVEL": "WARNING",
        }
        yield Place(postgres, environ)
    finally:
        os.sched_setaffinity(0, cores)
        postgres.remove()
        shutil.rmtree(directory)


async def sign_in_as(owner: asyncpg.Connection, resources: Resources, resident_id: UUID) -> SignedIn:
    """A new phone of a resident."""
    signed_in = await sign_in(resources, str(resident_id))
    await owner.execute("UPDATE account SET resident_id = $2 WHERE id = $1", signed_in.account_id, resident_id)
    return signed_in


@contextmanager
def process(core: int, target: Callable[..., None], *arguments: object) -> Iterator[BaseProcess]:
    """A process of its own on one core, ended as an operator would."""
    started = get_context("spawn").Process(target=_pinned, args=(core, target, *arguments), daemon=True)
    started.start()
    try:
        yield started
    finally:
        assert started.pid is not None
        os.kill(started.pid, signal.SIGTERM)
        started.join(30)


def _pinned(core: int, target: Callable[..., None], *arguments: object) -> None:
    os.sched_setaffinity(0, {core})
    target(*arguments)


def processor_seconds(pid: int) -> float:
    """How long a process has kept processors busy."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def until_listening(port: int) -> None:
    """Wait for a server's port to take connections."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def post(token: str, body: bytes) -> bytes:
    """A GraphQL request of a signed-in viewer, head and body."""
    head = (
        "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    """The body of the answer to a whole request over a kept connection; asks again while the server is too busy.

    Raises:
        AssertionError: it is an error.
    """
    head = b"HTTP/1.1 503 "
    while head.startswith(b"HTTP/1.1 503 "):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
    assert head.startswith(b"HTTP/1.1 200 "), (head, body)
    assert b'"errors"' not in body, body
    return body
