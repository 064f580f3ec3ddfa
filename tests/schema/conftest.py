"""Runs documents against the real services on a real database, as somebody who is signed in or not."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from card.cose import SigningKey
from domain.access import Viewer
from schema.context import Context
from schema.execution import Answer, Engine, Request
from services.bootstrap import open_services
from services.keys import Keys, make_keys
from services.resources import Resources
from services.settings import load_settings
from tests.conftest import DatabaseAddresses
from tests.services.register import Clock, FakeWechat, Register

# Ten o'clock in the district, in the middle of a week, a month and a year of the rules.
START = datetime(2026, 3, 11, 2, tzinfo=UTC)

Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def clock() -> Clock:
    """The time that the services see."""
    return Clock(START)


@pytest.fixture
def wechat() -> FakeWechat:
    """WeChat's two answers, in memory."""
    return FakeWechat()


@pytest.fixture(scope="session")
def keys() -> Keys:
    """The server's secrets."""
    return make_keys(SigningKey.generate(), demo=True, at=START)


@pytest.fixture
async def resources(
    database: DatabaseAddresses, keys: Keys, wechat: FakeWechat, clock: Clock
) -> AsyncIterator[Resources]:
    """Everything a use case is given, opened as the server opens it."""
    settings = load_settings({"MODE": "demo", "DATABASE_URL": database.app_url, "STATUS_READ_SECONDS": "0"})
    async with open_services(settings, keys, wechat, clock=clock) as opened:
        yield opened


@pytest.fixture
async def register(database: DatabaseAddresses, resources: Resources) -> AsyncIterator[Register]:
    """Fills the register as its owner."""
    owner = await asyncpg.connect(database.owner_url)
    yield Register(owner, resources)
    await owner.close()


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The schema within the default limits."""
    return Engine(load_settings({"MODE": "demo"}))


@pytest.fixture
def ask(resources: Resources, engine: Engine) -> Ask:
    """Runs a document for a viewer, or for nobody, and returns the body of the answer."""

    async def run(document: str, viewer: Viewer | None = None, **variables: object) -> dict[str, Any]:
        answer: Answer = await engine.run(Request(document, None, variables), Context(resources, viewer), "request-id")
        return dict(answer.body)

    return run
