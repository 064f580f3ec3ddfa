"""The one door to PostgreSQL: bounded in time, and a typed refusal when the database is away."""

import asyncio
import copy
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Self
from uuid import UUID

import asyncpg
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError

from models.config import tortoise_config

AWAY = (
    OSError,
    TimeoutError,
    DBConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    # A deadlock's victim, a standby after a fail-over, a role or database that a restore has not brought back yet.
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
# After these nobody knows what the connection still waits for. The last is how asyncpg 0.32 takes a farewell that the
# server sent between two statements, as it does when it shuts down.
_BROKEN_OFF = (TimeoutError, asyncio.CancelledError, asyncpg.InternalClientError)


# What the policies of the tables read (migrations 0008 and 0017): an account and a day, or one of these.
_EVERYBODY = "everybody"
_RESIDENTS = "residents "  # and their ids
_NOBODY = ""

_BEGUN = """
SELECT set_config('sdc.reach', $1, true),
       set_config('lock_timeout', coalesce($2, current_setting('lock_timeout')), true)
"""


class DatabaseUnavailable(Exception):
    """PostgreSQL did not answer in time, or not at all; nothing was written, or it is unknown and a retry is safe."""


@dataclass(frozen=True)
class DatabaseLimits:
    """Seconds that one thing may take, and the size of the pool."""

    command: float = 2.0
    statement: float = 1.5
    lock: float = 0.5
    acquire: float = 1.0
    pool_size: int = 10


class Database:
    """A pool of connections to one PostgreSQL, Tortoise's own, for hand-written statements.

    It reaches every resident until it is narrowed; what a request is answered with is narrowed at the edge.
    """

    def __init__(self, client: AsyncpgDBClient) -> None:
        self._client = client
        self.reach = _EVERYBODY

    def reaching(self, account_id: UUID | None, on: date) -> Self:
        """The same pool, through which PostgreSQL shows only whom an account may see on a day: None sees nobody.

        Those are her own resident, her wards, and for staff the residents of her area.
        """
        return self._narrowed(_NOBODY if account_id is None else f"{account_id} {on}")

    def reaching_only(self, resident_ids: Iterable[UUID]) -> Self:
        """The same pool, through which PostgreSQL shows these residents alone; their accounts named them before."""
        return self._narrowed(_RESIDENTS + ",".join(sorted({str(each) for each in resident_ids})))

    def beyond_reach(self) -> Self:
        """The same pool reaching everybody, for a use case that must find a resident before anybody is tied to her."""
        return self._narrowed(_EVERYBODY)

    def _narrowed(self, reach: str) -> Self:
        narrowed = copy.copy(self)
        narrowed.reach = reach
        return narrowed

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of one statement outside a transaction.

        Raises:
            DatabaseUnavailable: see there.
        """
        with _translated():
            async with self._client.acquire_connection() as connection:
                try:
                    walled = _walled(sql, len(values))
                    rows: Sequence[asyncpg.Record] = await connection.fetch(walled, *values, self.reach)
                except _BROKEN_OFF:
                    _drop(connection)
                    raise
                return rows

    @asynccontextmanager
    async def transaction(
        self, *, snapshot: bool = False, patience: float | None = None
    ) -> AsyncIterator[asyncpg.Connection]:
        """One transaction. Commits on leaving, rolls back on an exception; a snapshot only reads, as of one moment.

        It waits for a lock for `patience` seconds, or as long as the limits say.

        Tortoise's `in_transaction` is not used: it keeps the connection for ever when BEGIN fails, and asks a link that
        has just fallen silent for a rollback. Here a connection that was broken off is dropped, which rolls back too.

        Raises:
            DatabaseUnavailable: see there; after a failed commit the outcome is unknown.
        """
        with _translated():
            async with self._client.acquire_connection() as connection:
                # Only before anything is asked can the isolation be chosen.
                isolation = "repeatable_read" if snapshot else None
                transaction = connection.transaction(isolation=isolation, readonly=snapshot)
                try:
                    await transaction.start()
                    lock = None if patience is None else f"{int(patience * 1000)}ms"
                    await connection.execute(_BEGUN, self.reach, lock)
                    yield connection
                    await transaction.commit()
                except _BROKEN_OFF:
                    _drop(connection)
                    raise
                except BaseException:
                    await _roll_back(connection, transaction)
                    raise

    async def ping(self) -> None:
        """Ask for an answer.

        Raises:
            DatabaseUnavailable: none came.
        """
        await self.fetch("SELECT 1")


@cache
def _walled(sql: str, count: int) -> str:
    """The statement of `count` values, bound to the reach that is its last one, in the same journey to the server.

    It refers to the setting's row, so PostgreSQL sets first and asks then; OFFSET 0 keeps it from merging the two. The
    setting ends with the statement, which is its own transaction.
    """
    # Of our own statements, never of anything that a client sent.
    return (
        f"SELECT asked.* FROM (SELECT set_config('sdc.reach', ${count + 1}, true) AS reach OFFSET 0) AS wall, "
        f"LATERAL (SELECT * FROM ({sql}) AS walled WHERE wall.reach IS NOT NULL OFFSET 0) AS asked"
    )


def _drop(connection: asyncpg.Connection) -> None:
    with suppress(asyncpg.InterfaceError):  # it has gone by itself
        connection.terminate()


async def _roll_back(connection: asyncpg.Connection, transaction: asyncpg.transaction.Transaction) -> None:
    with suppress(asyncpg.InterfaceError):  # the connection has gone, and the transaction with it
        if not connection.is_closed() and connection.is_in_transaction():
            await transaction.rollback()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        raise DatabaseUnavailable(type(error).__name__) from error


@asynccontextmanager
async def open_database(url: str, limits: DatabaseLimits) -> AsyncIterator[Database]:
    """Open the pool for the server's role at `url`; connections are made when first used, so a start never waits."""
    config = tortoise_config(
        url,
        engine="models.engine",
        min_size=0,
        max_size=limits.pool_size,
        timeout=limits.command,
        command_timeout=limits.command,
        acquire_timeout=limits.acquire,
        server_settings={
            "application_name": "sdc",
            "statement_timeout": f"{int(limits.statement * 1000)}ms",
            "lock_timeout": f"{int(limits.lock * 1000)}ms",
            "idle_in_transaction_session_timeout": "10s",
            "timezone": "UTC",
        },
    )
    # Request tasks do not inherit the context in which the server started.
    await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        client: Any = get_connection("default")
        yield Database(client)
    finally:
        await Tortoise.close_connections()
