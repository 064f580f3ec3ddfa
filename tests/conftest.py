"""Gives every test a real PostgreSQL: one server a session, one fresh database a test module."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from cli.embedded import APP_ROLE, EmbeddedPostgres
from models.migrate import migrate

APP_PASSWORD = "made-up-for-tests"
TEMPLATE = f"sdc_template_{os.getpid()}"
_numbers = count(1)
_TRIES = 300


@dataclass(frozen=True)
class DatabaseAddresses:
    """Where one database is for its owner, who migrates it, and for the role that serves and owns nothing."""

    owner_url: str
    app_url: str

    def of(self, database: str) -> "DatabaseAddresses":
        """The same server and roles with another database."""
        return DatabaseAddresses(_with_database(self.owner_url, database), _with_database(self.app_url, database))


@pytest.fixture(scope="session")
def postgres() -> Iterator[DatabaseAddresses]:
    """A PostgreSQL server: an embedded one, or the one of TEST_DATABASE_OWNER_URL (it needs CREATEDB, CREATEROLE)."""
    if owner_url := os.environ.get("TEST_DATABASE_OWNER_URL"):
        address = urlsplit(owner_url)
        app_address = address._replace(netloc=f"{APP_ROLE}:{APP_PASSWORD}@{address.netloc.rpartition('@')[2]}")
        yield DatabaseAddresses(owner_url, app_address.geturl())
        return
    directory = Path(tempfile.mkdtemp(prefix="sdc-test-"))
    directory.chmod(0o711)
    server = EmbeddedPostgres(directory / "postgres", durable=False)
    server.start()
    try:
        yield DatabaseAddresses(server.owner_url(), server.app_url())
    finally:
        server.remove()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
async def template(postgres: DatabaseAddresses) -> AsyncIterator[str]:
    """The name of a migrated database to copy; migrating once and copying is what keeps each module's start fast."""
    if "TEST_DATABASE_OWNER_URL" in os.environ:
        await _run(postgres.owner_url, _CREATE_APP_ROLE, f"ALTER ROLE {APP_ROLE} LOGIN PASSWORD '{APP_PASSWORD}'")
    await _run(postgres.owner_url, f"CREATE DATABASE {TEMPLATE}")
    await migrate(postgres.of(TEMPLATE).owner_url, APP_ROLE, datetime.now(UTC).date())
    yield TEMPLATE
    await drop_database(postgres.owner_url, TEMPLATE)


@pytest.fixture(scope="module")
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A fresh migrated database for the test module, as its owner and as the server's role see it."""
    async with fresh_database(postgres, template) as made:
        yield made


@pytest.fixture(scope="module")
def database_url(database: DatabaseAddresses) -> str:
    """The address of the module's database for the role that the server uses."""
    return database.app_url


@asynccontextmanager
async def fresh_database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A migrated database that is dropped in the end."""
    name = f"sdc_test_{os.getpid()}_{next(_numbers)}"
    await _run(postgres.owner_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.of(name)
    await drop_database(postgres.owner_url, name)


async def drop_database(owner_url: str, name: str) -> None:
    """Drop a database, whoever is still connected to it.

    A worker of PostgreSQL's own that is vacuuming in it is the superuser's: nobody else may send it away, and it goes.
    """
    for _ in range(_TRIES):
        try:
            return await _run(owner_url, f"DROP DATABASE {name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
    raise AssertionError(f"{name} is being vacuumed still")


_CREATE_APP_ROLE = f"""
DO $$ BEGIN CREATE ROLE {APP_ROLE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$
"""


def _with_database(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
