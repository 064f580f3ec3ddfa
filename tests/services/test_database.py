"""Shows that every way in which PostgreSQL can be away ends in time, typed, and heals by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.database import Database, DatabaseLimits, DatabaseUnavailable, open_database
from tests.conftest import DatabaseAddresses
from tests.services.link import Link

# What DESIGN promises when the link falls silent; everything below it is the services' own limits.
PROMISED_SECONDS = 3
INSERT = "INSERT INTO attempt (id, action, subject, day, count) VALUES ($1, $2, '', '2026-01-01', 1)"


@pytest.fixture
async def link(database: DatabaseAddresses) -> AsyncIterator[Link]:
    """The way to the database, which a test may cut."""
    async with Link(database.app_url) as link:
        yield link


@pytest.fixture
async def distant(link: Link) -> AsyncIterator[Database]:
    """The database over that link, with the default limits and two connections."""
    async with open_database(link.url, DatabaseLimits(pool_size=2)) as opened:
        yield opened


@pytest.fixture
async def single(database: DatabaseAddresses) -> AsyncIterator[Database]:
    """The database with one connection, so that a second user meets what the first left behind."""
    limits = DatabaseLimits(acquire=0.2, lock=0.1, statement=0.2, pool_size=1)
    async with open_database(database.app_url, limits) as opened:
        yield opened


async def kept(database: Database, action: str) -> int:
    """How many rows a test wrote."""
    (row,) = await database.fetch("SELECT count(*) FROM attempt WHERE action = $1", action)
    return int(row["count"])


async def insert(database: Database, action: str) -> None:
    """Write one row in a transaction."""
    async with database.transaction() as connection:
        await connection.execute(INSERT, uuid4(), action)


async def test_a_transaction_is_kept_whole(single: Database) -> None:
    """What was written is there after the end."""
    await insert(single, "whole")

    assert await kept(single, "whole") == 1


async def test_an_exception_undoes_a_transaction(single: Database) -> None:
    """A use case that fails leaves nothing, and the next user of the connection starts clean."""

    async def fail() -> None:
        async with single.transaction() as connection:
            await connection.execute(INSERT, uuid4(), "undone")
            raise ZeroDivisionError

    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    with pytest.raises(ZeroDivisionError):
        await fail()

    asyncio.get_running_loop().set_exception_handler(None)
    assert await kept(single, "undone") == 0
    # asyncpg complains of a connection that comes back with its transaction open.
    assert complaints == []


async def test_an_exhausted_pool_refuses_instead_of_waiting(single: Database) -> None:
    """Whoever finds every connection taken hears so, and is served once one is free."""
    async with single.transaction():
        with pytest.raises(DatabaseUnavailable):
            await single.ping()
        with pytest.raises(DatabaseUnavailable):
            await insert(single, "crowded")

    await single.ping()


@pytest.mark.parametrize("use", ["fetch", "begin"])
async def test_a_silent_link_is_told_within_the_promise(link: Link, distant: Database, use: str) -> None:
    """A connection that worked and falls silent ends a statement and the begin of a transaction alike."""
    await distant.ping()
    link.silence()

    with pytest.raises(DatabaseUnavailable):
        async with asyncio.timeout(PROMISED_SECONDS):
            await (distant.ping() if use == "fetch" else insert(distant, "silent"))

    link.restore()
    await distant.ping()


@pytest.mark.parametrize("moment", ["statement", "commit"])
async def test_a_link_that_falls_silent_in_a_transaction_is_told_within_the_promise(
    link: Link, distant: Database, moment: str
) -> None:
    """No rollback is asked of a dead link, and the next transaction finds the service as it was."""

    async def work() -> None:
        async with distant.transaction() as connection:
            if moment == "statement":
                link.silence()
            await connection.execute(INSERT, uuid4(), f"cut at {moment}")
            link.silence()

    with pytest.raises(DatabaseUnavailable):
        async with asyncio.timeout(PROMISED_SECONDS):
            await work()

    link.restore()
    await insert(distant, f"after {moment}")
    assert await kept(distant, f"after {moment}") == 1


async def test_a_link_that_was_never_there_is_told_within_the_promise(link: Link, distant: Database) -> None:
    """A connection that cannot be made ends too, although the other side accepts it."""
    link.silence()

    with pytest.raises(DatabaseUnavailable):
        async with asyncio.timeout(PROMISED_SECONDS):
            await distant.ping()


async def test_silence_uses_up_no_connections(link: Link, distant: Database) -> None:
    """However many fail while the link is silent, the whole pool serves again afterwards."""
    link.silence()
    failures = await asyncio.gather(*(insert(distant, "lost") for _ in range(6)), return_exceptions=True)
    link.restore()

    async with AsyncExitStack() as stack:
        for _ in range(2):
            connection = await stack.enter_async_context(distant.transaction())
            await connection.execute("SELECT 1")

    assert [type(failure) for failure in failures] == [DatabaseUnavailable] * 6


async def test_a_cancelled_request_stays_cancelled_and_frees_its_connection(link: Link, distant: Database) -> None:
    """The edge's own time limit ends a request on a silent link at once, without a word of the database."""
    begun = asyncio.Event()

    async def ask() -> None:
        async with distant.transaction() as connection:
            link.silence()
            begun.set()
            await connection.execute(INSERT, uuid4(), "cancelled")

    request = asyncio.create_task(ask())
    await begun.wait()
    await asyncio.sleep(0)

    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(DatabaseLimits().command / 2):
            await request

    link.restore()
    assert await kept(distant, "cancelled") == 0


async def test_slow_statements_and_held_locks_are_told(single: Database, database: DatabaseAddresses) -> None:
    """PostgreSQL itself ends what takes too long, and the connection goes on serving."""
    owner = await asyncpg.connect(database.owner_url)
    await insert(single, "locked")
    with pytest.raises(DatabaseUnavailable, match="QueryCanceledError"):
        await single.fetch("SELECT pg_sleep(5)")
    async with owner.transaction():
        await owner.execute("SELECT FROM attempt WHERE action = 'locked' FOR UPDATE")

        with pytest.raises(DatabaseUnavailable, match="LockNotAvailableError"):
            async with single.transaction() as connection:
                await connection.execute("UPDATE attempt SET count = 2 WHERE action = 'locked'")

    await single.ping()
    await owner.close()


async def test_a_killed_backend_keeps_nothing_and_is_replaced(single: Database, killer: asyncpg.Connection) -> None:
    """After a crash in the middle of a transaction nothing of it is there, and the next request is served."""

    async def crash() -> None:
        async with single.transaction() as connection:
            await connection.execute(INSERT, uuid4(), "killed")
            await killer.execute("SELECT pg_terminate_backend($1, 5000)", connection.get_server_pid())
            await connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        await crash()

    assert await kept(single, "killed") == 0


async def test_a_farewell_between_two_statements_is_an_absence(
    link: Link, distant: Database, killer: asyncpg.Connection
) -> None:
    """A server that shuts down says so unasked; the next statement is refused as typed, and the one after is served."""
    link.passes_ends_on = False
    (row,) = await distant.fetch("SELECT pg_backend_pid() AS backend")
    await killer.execute("SELECT pg_terminate_backend($1, 1000)", row["backend"])
    await asyncio.sleep(0.1)

    with pytest.raises(DatabaseUnavailable):
        await distant.ping()

    await distant.ping()


@pytest.mark.parametrize("wrong", ["port", "password", "name"])
async def test_a_database_that_cannot_be_reached_does_not_stop_the_start(
    database: DatabaseAddresses, unused_tcp_port: int, wrong: str
) -> None:
    """The server starts without its database and says at each use that it is away."""
    url = {
        "port": f"postgresql://sdc_app@127.0.0.1:{unused_tcp_port}/sdc",
        "password": database.app_url.replace("sdc_app:", "sdc_app:wrong", 1),
        "name": database.of("no_such_database").app_url,
    }[wrong]

    async with open_database(url, DatabaseLimits()) as opened:
        with pytest.raises(DatabaseUnavailable):
            await opened.ping()


async def test_nothing_of_a_user_is_left_on_the_connection(single: Database) -> None:
    """Settings, locks and a failed transaction end with it, though giving a connection back asks PostgreSQL nothing."""
    backends = []

    async def use() -> None:
        async with single.transaction() as connection:
            backends.append(connection.get_server_pid())
            await connection.execute("SET LOCAL search_path = pg_catalog")
            await connection.execute("SELECT pg_advisory_xact_lock(42)")
            await connection.fetchval("SELECT 1 / $1::int", 0)

    with pytest.raises(asyncpg.DivisionByZeroError):
        await use()

    (row,) = await single.fetch(
        "SELECT pg_backend_pid() AS backend, current_setting('search_path') AS path, 1 / $1::int AS answer, "
        "(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks",
        1,
    )
    assert dict(row) == {"backend": backends[0], "path": '"$user", public', "answer": 1, "locks": 0}


async def test_our_own_mistakes_are_not_called_an_absence(single: Database) -> None:
    """A wrong type or statement must surface as what it is, or nobody would ever mend it."""
    with pytest.raises(asyncpg.DataError):
        await single.fetch("SELECT $1::int", "one")
    with pytest.raises(asyncpg.UndefinedTableError):
        await single.fetch("SELECT FROM no_such_table")
