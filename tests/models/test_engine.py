"""Shows that waiting for a connection ends, and that giving one back without a reset is safe."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection

from models.config import tortoise_config
from models.engine import Client
from models.session import Attempt
from tests.conftest import DatabaseAddresses

ROOT = Path(__file__).parents[2]
# What outlives a transaction on its connection: listeners, session locks, settings, temporary tables, cursors, plans.
SESSION_STATE = re.compile(
    r"add_listener|\bLISTEN\b|pg_advisory_lock\b|pg_try_advisory_lock\b|(?<!\w )\bSET (?!LOCAL\b)[a-z_.]+ *(=|TO\b)"
    r"|set_config\([^)]*false|CREATE TEMP(?![^;]*ON COMMIT DROP)|WITH HOLD|\bPREPARE\b"
)


@pytest.fixture
async def client(database: DatabaseAddresses) -> AsyncIterator[Client]:
    """The engine with a pool of one connection."""
    config = tortoise_config(
        database.app_url, engine="models.engine", min_size=0, max_size=1, timeout=2.0, acquire_timeout=0.1
    )
    await Tortoise.init(config=config, _enable_global_fallback=True)
    opened = get_connection("default")
    assert isinstance(opened, Client)
    yield opened
    await Tortoise.close_connections()


async def test_waiting_for_a_connection_ends(client: Client) -> None:
    """When all are in use the next user is refused, and served once one is given back."""
    async with client.acquire_connection():
        with pytest.raises(TimeoutError):
            await client.execute_query("SELECT 1")

    assert (await client.execute_query("SELECT 1"))[0] == 1


async def test_a_caller_may_wait_shorter_or_longer(client: Client) -> None:
    """A time given with the call comes before the pool's own."""
    async with client.acquire_connection():
        assert client._pool is not None
        with pytest.raises(TimeoutError):
            await client._pool.acquire(timeout=0.01)


async def test_giving_a_connection_back_asks_nothing(client: Client) -> None:
    """The same connection serves the next user, and the last statement it ran is the user's own."""
    async with client.acquire_connection() as connection:
        backend = await connection.fetchval("SELECT pg_backend_pid()")
    async with client.acquire_connection() as connection:
        again, last = await connection.fetchrow("SELECT pg_backend_pid(), $1::text", "mine")

    assert (again, last) == (backend, "mine")
    assert connection._con is None or connection._con.get_reset_query() == ""


async def test_models_use_the_same_pool(client: Client) -> None:
    """Tortoise's own queries go through the bounded pool as well."""
    assert await Attempt.all().count() == 0
    async with client.acquire_connection():
        with pytest.raises(TimeoutError):
            await Attempt.all().count()


@pytest.mark.parametrize("package", ["services", "models"])
def test_no_statement_leaves_anything_on_its_connection(package: str) -> None:
    """Because nothing is reset, the server's code must use nothing that outlives a transaction."""
    found = [
        (file.name, match.group())
        for file in (ROOT / package).glob("*.py")
        if file.name != "news.py"  # listens on a connection of its own, which it never gives back
        for match in SESSION_STATE.finditer(file.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize(
    "statement",
    [
        "connection.add_listener('x')",
        "LISTEN taps",
        "SELECT pg_advisory_lock(1)",
        "SET search_path = x",
        "SET statement_timeout TO 5",
        "SELECT set_config('a', 'b', false)",
        "CREATE TEMP TABLE t ()",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    ],
)
def test_the_lint_knows_what_outlives_a_transaction(statement: str) -> None:
    """The rule above would find each of these, and lets a transaction's own settings and an update pass."""
    assert SESSION_STATE.search(statement)
    assert not SESSION_STATE.search("SET LOCAL search_path = x; SELECT pg_advisory_xact_lock(1)")
    assert not SESSION_STATE.search("set_config('a', 'b', true)")
