"""The worker as a process: it delivers, outlives the database, stops when told, and no crash of it tells twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from models.notice import NoticeKind
from models.record import new_id
from services.bookings import HeldBooking, book_slot
from services.notices import tell_of_booking
from services.resources import Resources
from services.settings import SANDBOX_PATH
from tests.api.live import APP_ID, APP_SECRET, LiveServer
from tests.conftest import DatabaseAddresses
from tests.services.register import Register

WAIT_SECONDS = 60


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner, with nothing to deliver yet."""
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute(
        "DELETE FROM notice; DELETE FROM pgqueuer; DELETE FROM pgqueuer_log; DELETE FROM pgqueuer_schedules"
    )
    yield connection
    await connection.close()


@pytest.fixture
def work(live: LiveServer, environ: dict[str, str], tmp_path: Path) -> Callable[[], Any]:
    """Starts a worker beside the live server, whose sandbox is its WeChat."""
    settings = {
        "MODE": "demo",
        "PORT": str(live.port),
        "WECHAT_APP_ID": APP_ID,
        "WECHAT_APP_SECRET": APP_SECRET,
        "JOB_HEARTBEAT_SECONDS": "1",
        "SHUTDOWN_SECONDS": "5",
        **environ,
    }

    @contextmanager
    def working() -> Iterator[subprocess.Popen[bytes]]:
        with (tmp_path / f"{new_id()}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", "work"], env={**os.environ, **settings}, stderr=log
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    return working


async def notice(resources: Resources, register: Register, kind: NoticeKind) -> UUID:
    """A notice about a fresh booking of somebody who agreed to two messages of its kind."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    await register.consent(viewer.account_id, f"demo-{kind}", 2)
    slot = await register.slot(await register.service(), hours=30)
    booking = await book_slot(resources, viewer, await register.people(viewer), slot, None, str(new_id()))
    assert isinstance(booking, HeldBooking)
    async with resources.database.transaction() as connection:
        await tell_of_booking(connection, booking.id, kind, resources.clock())
    return booking.id


async def until_state(owner: asyncpg.Connection, booking_id: UUID, *states: str) -> str:
    """Wait until the notice about a booking is in one of these states."""
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        state: str = await owner.fetchval("SELECT state FROM notice WHERE booking_id = $1", booking_id)
        if state in states:
            return state
        await asyncio.sleep(0.02)
    raise AssertionError(f"the notice stays {state}")


def kept(http: httpx.Client) -> list[dict[str, Any]]:
    """Everything that the sandbox was sent."""
    messages: list[dict[str, Any]] = http.get(f"{SANDBOX_PATH}/messages").json()
    return messages


def fall_silent(http: httpx.Client) -> None:
    """Let the sandbox keep the next message and then answer nothing."""
    http.post(f"{SANDBOX_PATH}/outcomes", json={"silent": True}).raise_for_status()


def wait_for_message(http: httpx.Client, before: int) -> None:
    """Wait until the sandbox has kept one message more."""
    while len(kept(http)) == before:
        time.sleep(0.01)


def logs(folder: Path) -> str:
    """What all workers of a test logged."""
    return "".join(file.read_text() for file in folder.glob("*.log"))


@pytest.fixture
def sandbox(live: LiveServer) -> Iterator[httpx.Client]:
    """The sandbox's own side."""
    with httpx.Client(base_url=live.url, timeout=30, trust_env=False) as client:
        yield client


async def test_a_worker_delivers_and_stops_when_told(
    work: Callable[[], Any], resources: Resources, register: Register, owner: asyncpg.Connection, sandbox: httpx.Client
) -> None:
    """The message is what WeChat would take: the sandbox checks token, template, fields and their lengths."""
    before = len(kept(sandbox))
    booking_id = await notice(resources, register, NoticeKind.CANCELLED)

    with work() as process:
        state = await until_state(owner, booking_id, "sent", "refused", "unknown")
        process.terminate()
        status = process.wait(WAIT_SECONDS)

    assert (state, status) == ("sent", 0)
    (message,) = kept(sandbox)[before:]
    assert message["template"] == "demo-cancelled"
    assert message["data"]["thing1"] == "训练"
    assert message["data"]["phrase4"] == "已取消"


@pytest.mark.parametrize(
    ("kind", "state", "times"), [(NoticeKind.REMINDER, "unknown", 1), (NoticeKind.CHANGED, "sent", 2)]
)
async def test_a_worker_killed_in_mid_send_repeats_changes_and_no_reminder(
    work: Callable[[], Any],
    resources: Resources,
    register: Register,
    owner: asyncpg.Connection,
    sandbox: httpx.Client,
    kind: NoticeKind,
    state: str,
    times: int,
) -> None:
    """WeChat took the message, then the worker died before it could write so: the next one decides by the kind."""
    before = len(kept(sandbox))
    fall_silent(sandbox)
    booking_id = await notice(resources, register, kind)

    with work() as process:
        wait_for_message(sandbox, before)
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = await until_state(owner, booking_id, "due", "sending", "sent", "unknown")
    with work():
        ended = await until_state(owner, booking_id, "sent", "unknown", "refused", "void")

    assert left == "sending"
    assert ended == state
    assert len(kept(sandbox)) - before == times


async def test_a_worker_outlives_the_database(
    work: Callable[[], Any],
    resources: Resources,
    register: Register,
    owner: asyncpg.Connection,
    database: DatabaseAddresses,
) -> None:
    """Its connections are all cut, as a restart of PostgreSQL cuts them, and it works on."""
    with work() as process:
        first = await notice(resources, register, NoticeKind.CANCELLED)
        await until_state(owner, first, "sent")
        killer = await asyncpg.connect(database.app_url)
        await killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sdc%'"
        )
        await killer.close()
        second = await notice(resources, register, NoticeKind.CANCELLED)

        state = await until_state(owner, second, "sent", "refused", "unknown")

        assert state == "sent"
        assert process.poll() is None


async def test_two_workers_share_the_queue_and_tell_once(
    work: Callable[[], Any], resources: Resources, register: Register, owner: asyncpg.Connection, sandbox: httpx.Client
) -> None:
    """Twenty notices, two processes, twenty messages."""
    before = len(kept(sandbox))
    bookings = [await notice(resources, register, NoticeKind.CANCELLED) for _ in range(20)]

    with work(), work():
        states = [await until_state(owner, each, "sent", "refused", "unknown") for each in bookings]

    assert states == ["sent"] * 20
    assert len(kept(sandbox)) - before == 20


async def test_what_a_worker_logs_names_nobody(
    work: Callable[[], Any], resources: Resources, register: Register, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """Neither an openid nor a number nor a token stands in its log or in the library's own log of jobs."""
    booking_id = await notice(resources, register, NoticeKind.CANCELLED)
    await owner.execute("UPDATE resident SET phone_sealed = '\\x00'")
    await owner.execute("DELETE FROM notice_consent")

    with work():
        ends = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends:
            if await owner.fetchval("SELECT count(*) FROM pgqueuer_log WHERE traceback IS NOT NULL"):
                break
            await asyncio.sleep(0.05)

    tracebacks = str(await owner.fetch("SELECT traceback FROM pgqueuer_log WHERE traceback IS NOT NULL"))
    logged = logs(tmp_path) + tracebacks
    assert "VaultRefused" in logged
    assert "RetryRequested" in tracebacks
    assert not any(secret in logged for secret in ("openid-", "139", APP_SECRET, str(booking_id)))
