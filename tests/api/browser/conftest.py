"""A district behind a server that can be switched off, a browser for each test, and scanners' codes for either."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from card.cose import SigningKey
from card.credential import CredentialClaims, CredentialKind, issue
from card.presentation import encode_text, present
from cli.demo.fixtures import add_fixtures
from cli.demo.load import load_district
from models.credential import DeviceKind
from services.bootstrap import now, open_services
from services.devices import register_device
from services.keys import Keys
from services.settings import load_settings
from tests.api.browser.chromium import Browser, Page, chromium, missing
from tests.api.browser.district import District
from tests.api.browser.scanning import enrolled
from tests.conftest import DatabaseAddresses, fresh_database
from tests.services.register import FakeWechat

RESIDENTS = 100
HOLDER = SigningKey.generate()


@pytest.fixture(scope="session", autouse=True)
def _browser_at_hand() -> None:
    """Without a browser these tests are skipped, and say so; continuous integration must have one."""
    if (lacking := missing()) is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(lacking)
        pytest.skip(lacking)


@pytest.fixture(scope="session")
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """One database for all of these tests: each has a device, and a visitor's browser, of its own."""
    async with fresh_database(postgres, template) as made:
        yield made


@pytest.fixture(scope="session")
def environ(database: DatabaseAddresses, keys_file: Path) -> dict[str, str]:
    """What the server needs to start."""
    return {"DATABASE_URL": database.app_url, "KEYS_FILE": str(keys_file)}


@pytest.fixture(scope="session")
async def loaded(
    database: DatabaseAddresses, environ: dict[str, str], keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[District]:
    """A hundred residents, operators and people to play."""
    async with open_services(load_settings({"MODE": "demo", **environ}), keys, FakeWechat()) as resources:
        owner = await asyncpg.connect(database.owner_url)
        await load_district(owner, resources.vault, RESIDENTS, now(), lambda _: None)
        await owner.close()
        cast = await add_fixtures(resources, ())
    made = District(cast, environ, tmp_path_factory.mktemp("logs"))
    yield made
    made.off()


@pytest.fixture
def district(loaded: District) -> District:
    """The district with its server on, whatever the test before did."""
    loaded.on()
    return loaded


@pytest.fixture
async def enrolment_code(environ: dict[str, str], keys: Keys) -> Callable[[], Awaitable[str]]:
    """Makes a code for one more bus."""

    async def made() -> str:
        async with (
            open_services(load_settings({"MODE": "demo", **environ}), keys, FakeWechat()) as resources,
            resources.database.transaction() as connection,
        ):
            operator = await connection.fetchval("SELECT operator_id FROM device WHERE kind = 'bus' LIMIT 1")
            return await register_device(connection, resources, operator, DeviceKind.BUS, "9路车")

    return made


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A running browser."""
    with chromium(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A blank page of a visitor who has never been here."""
    made = browser.page("page", visitor=request.node.nodeid)
    yield made
    made.leave()


@pytest.fixture
async def scanner(page: Page, district: District, enrolment_code: Callable[[], Awaitable[str]]) -> Page:
    """The scanner's page, enrolled and in touch with its server."""
    return enrolled(page, district, await enrolment_code())


@pytest.fixture
async def scanner_beside(page: Page, district: District, enrolment_code: Callable[[], Awaitable[str]]) -> Page:
    """A scanner's page in a window beside the test's own."""
    return enrolled(page.beside("scanner"), district, await enrolment_code())


@pytest.fixture
def shown(keys: Keys) -> Callable[..., str]:
    """Makes the text that some phone shows just now, or so many seconds ago; `changes` are of its pass's claims."""

    def text(seconds_ago: float = 0, **changes: Any) -> str:
        at = now()
        values: dict[str, Any] = {
            "cti": os.urandom(8),
            "kind": CredentialKind.PASS,
            "pseudonym": os.urandom(16),
            "access_classes": ("ride",),
            "issued_at": at - timedelta(hours=1),
            "expires_at": at + timedelta(days=6),
            "holder_key": HOLDER.verifying_key.public,
            "status": None,
            "masked_name": None,
        }
        pass_token = issue(CredentialClaims(**(values | changes)), keys.issuer)
        return encode_text(present(pass_token, HOLDER, at - timedelta(seconds=seconds_ago)))

    return text


@pytest.fixture
async def stored(database: DatabaseAddresses) -> Callable[[], Awaitable[list[Any]]]:
    """Says what scans the server holds of the newest device: number, admitted outcome and reason, in order."""

    async def scans() -> list[Any]:
        owner = await asyncpg.connect(database.owner_url)
        try:
            rows: list[Any] = await owner.fetch(
                "SELECT * FROM tap WHERE device_id = (SELECT id FROM device ORDER BY id DESC LIMIT 1) ORDER BY sequence"
            )
            return rows
        finally:
            await owner.close()

    return scans
