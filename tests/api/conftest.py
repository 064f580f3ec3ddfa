"""A live server a test module, over the module's database, and the register that the test fills beside it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from card.cose import SigningKey
from services.bootstrap import now, open_services
from services.keys import Keys, make_keys, write_keys
from services.resources import Resources
from services.settings import load_settings
from tests.api.live import LiveServer, serving
from tests.conftest import DatabaseAddresses
from tests.services.register import FakeWechat, Register


@pytest.fixture(scope="session")
def root() -> SigningKey:
    """The root key of the tests."""
    return SigningKey.generate()


@pytest.fixture(scope="session")
def keys(root: SigningKey) -> Keys:
    """The server's secrets."""
    return make_keys(root, demo=True, at=now())


@pytest.fixture(scope="session")
def keys_file(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets where a server reads them."""
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(path, keys)
    return path


@pytest.fixture(scope="module")
def environ(database: DatabaseAddresses, keys_file: Path) -> dict[str, str]:
    """What a server needs to start."""
    return {"DATABASE_URL": database.app_url, "KEYS_FILE": str(keys_file)}


@pytest.fixture(scope="module")
def live(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The running server."""
    with serving(tmp_path_factory.mktemp("live") / "log", environ) as server:
        yield server


@pytest.fixture
async def http(live: LiveServer) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running server."""
    async with httpx.AsyncClient(base_url=live.url, timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
async def resources(environ: dict[str, str], keys: Keys) -> AsyncIterator[Resources]:
    """The same database, seen from the test with the same secrets."""
    async with open_services(load_settings({"MODE": "demo", **environ}), keys, FakeWechat()) as opened:
        yield opened


@pytest.fixture
async def register(database: DatabaseAddresses, resources: Resources) -> AsyncIterator[Register]:
    """Fills the register as its owner."""
    owner = await asyncpg.connect(database.owner_url)
    yield Register(owner, resources)
    await owner.close()
