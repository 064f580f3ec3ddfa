"""Opens the services on a real database, with a clock and a WeChat that the test sets, and fills the register."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from card.cose import SigningKey
from services.bootstrap import open_services
from services.keys import Keys, make_keys
from services.resources import Resources
from services.settings import Settings, load_settings
from tests.conftest import DatabaseAddresses
from tests.services.office import Office
from tests.services.register import Clock, FakeSms, FakeWechat, Register

# Ten o'clock in the district, in the middle of a week, a month and a year of the rules.
START = datetime(2026, 3, 11, 2, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """The time that the services see; it stands still until the test moves it."""
    return Clock(START)


@pytest.fixture
def wechat() -> FakeWechat:
    """WeChat's two answers, in memory."""
    return FakeWechat()


@pytest.fixture(scope="session")
def root() -> SigningKey:
    """The root key of the tests, which stays offline elsewhere."""
    return SigningKey.generate()


@pytest.fixture(scope="session")
def keys(root: SigningKey) -> Keys:
    """The server's secrets, made once."""
    return make_keys(root, demo=True, at=START)


@pytest.fixture
def settings(database: DatabaseAddresses) -> Settings:
    """The defaults, with the module's database as the server's role sees it."""
    return load_settings({"MODE": "demo", "DATABASE_URL": database.app_url, "STATUS_READ_SECONDS": "0"})


@pytest.fixture
def sms() -> FakeSms:
    """The text gateway, in memory."""
    return FakeSms()


@pytest.fixture
async def resources(
    settings: Settings, keys: Keys, wechat: FakeWechat, sms: FakeSms, clock: Clock
) -> AsyncIterator[Resources]:
    """Everything a use case is given, opened as the server opens it."""
    async with open_services(settings, keys, wechat, sms=sms, clock=clock) as opened:
        yield opened


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the database's owner."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
def register(owner: asyncpg.Connection, resources: Resources) -> Register:
    """Writes residents and what belongs to them, as the federation's import would."""
    return Register(owner, resources)


@pytest.fixture
async def killer(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the server's role, which may end the others of that role as a crash would."""
    connection = await asyncpg.connect(database.app_url)
    yield connection
    await connection.close()


@pytest.fixture
def office(resources: Resources, register: Register) -> Office:
    """The people of the federation."""
    return Office(resources, register)
