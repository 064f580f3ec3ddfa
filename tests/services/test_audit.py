"""Shows that the log keeps its order under any concurrency, and that whatever is done to it shows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone

import asyncpg
import pytest

from services import audit
from services.audit import ChainBroken, Event, verify_chain
from services.resources import Resources
from tests import conftest
from tests.conftest import DatabaseAddresses

AT = datetime(2026, 3, 11, 2, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for each test, because a log that was tampered with stays so."""
    name = f"{template}_audit"
    await conftest._run(postgres.owner_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.of(name)
    await conftest._run(postgres.owner_url, f"DROP DATABASE {name} WITH (FORCE)")


async def append(resources: Resources, number: int, at: datetime = AT) -> None:
    """One entry in a transaction of its own."""
    async with resources.database.transaction() as connection:
        await audit.record(connection, Event("account:1", "act", str(number), "细节"), at)


async def tamper(owner: asyncpg.Connection, statement: str) -> None:
    """What somebody with the owner's password could do."""
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    await owner.execute(statement)
    await owner.execute("ALTER TABLE audit ENABLE TRIGGER USER")


async def test_an_empty_log_is_whole(resources: Resources) -> None:
    """Nothing logged is no breach."""
    assert await verify_chain(resources.database) == 0


async def test_entries_follow_from_one_another(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry verifies, whatever zone its time was given in and however many pages there are."""
    monkeypatch.setattr(audit, "_PAGE", 4)
    for number in range(9):
        await append(resources, number, AT.astimezone(timezone(timedelta(hours=8))))

    assert await verify_chain(resources.database) == 9


async def test_concurrent_writers_keep_the_chain(resources: Resources) -> None:
    """Many at once get one order without a gap, and none is lost."""
    await asyncio.gather(*(append(resources, number) for number in range(40)))

    assert await verify_chain(resources.database) == 40


async def test_an_entry_is_kept_only_with_what_it_tells(resources: Resources) -> None:
    """A use case that fails leaves no entry, and the next takes its place in the chain."""

    async def fail() -> None:
        async with resources.database.transaction() as connection:
            await audit.record(connection, Event("account:1", "act", "1"), AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await append(resources, 2)

    assert await verify_chain(resources.database) == 1


@pytest.mark.parametrize(
    ("statement", "first"),
    [
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE sequence = 2", 2),
        ("UPDATE audit SET actor = 'account:2' WHERE sequence = 1", 1),
        ("UPDATE audit SET action = 'other' WHERE sequence = 3", 3),
        ("UPDATE audit SET subject = '9' WHERE sequence = 2", 2),
        ("UPDATE audit SET detail = '' WHERE sequence = 2", 2),
        ("UPDATE audit SET previous = hash WHERE sequence = 2", 2),
        ("UPDATE audit SET hash = previous WHERE sequence = 3", 3),
        ("DELETE FROM audit WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 2", 2),
        ("UPDATE audit SET sequence = 7 WHERE sequence = 3", 3),
        # A field moved over the border to the next must not hash alike.
        ("UPDATE audit SET actor = 'account:1act', action = '' WHERE sequence = 2", 2),
        (
            "INSERT INTO audit SELECT 4, at, actor, action, subject, detail, previous, hash FROM audit WHERE sequence = 3",
            4,
        ),
    ],
)
async def test_any_change_is_found(resources: Resources, owner: asyncpg.Connection, statement: str, first: int) -> None:
    """The first entry that was altered, moved, left out or made up is named."""
    for number in range(3):
        await append(resources, number)
    await tamper(owner, statement)

    assert await verify_chain(resources.database) == ChainBroken(first)


async def test_whoever_logs_can_wait_for_no_one_who_waits_for_him(
    resources: Resources, owner: asyncpg.Connection
) -> None:
    """The chain's lock is the last that a use case takes: nothing is locked behind it, so no circle can form."""
    async with resources.database.transaction() as connection:
        await audit.record(connection, Event("account:1", "act", "1"), AT)
        locks = await owner.fetch(
            "SELECT relation::regclass::text AS name FROM pg_locks WHERE pid = $1 AND locktype = 'relation' "
            "AND mode IN ('RowShareLock', 'RowExclusiveLock')",
            connection.get_server_pid(),
        )

    assert {row["name"] for row in locks} <= {"audit", "audit_pkey"}
