"""Proves that no scan is lost or counted twice, and none made up, when buses, networks and servers fail at random.

`make soak` lets it go on for ten minutes (SOAK_SECONDS).
"""

import os
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import asyncpg
import httpx
import pytest

from card.cose import SigningKey
from card.tariff import Outcome, Tariff, TariffRule, encode_tariff
from cli.embedded import APP_ROLE, EmbeddedPostgres, free_port
from domain.dates import local_date
from models.migrate import migrate
from models.record import new_id
from services.bootstrap import now, open_services
from services.keys import Keys
from services.settings import load_settings
from tests.api.fleet import SCANS, Bus, Fleet, Key
from tests.api.storm import Site
from tests.services.bus import shown_code
from tests.services.register import FakeWechat

BUSES, KILLS, CODES = 100, 3, 40
SOAK_SECONDS = float(os.environ.get("SOAK_SECONDS", "0"))


@pytest.fixture
def site(keys_file: Path, tmp_path: Path) -> Iterator[Site]:
    """A database that waits for its disk, of this test alone, and where a server for it finds its settings."""
    directory = Path(tempfile.mkdtemp(prefix="sdc-buses-"))
    directory.chmod(0o711)
    postgres = EmbeddedPostgres(directory / "postgres")
    postgres.start()
    # Coverage makes a server start three times as slowly, and whoever is killed reports none.
    unmeasured = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
    environ = {"DATABASE_URL": postgres.app_url(), "KEYS_FILE": str(keys_file), "PORT": str(free_port()), **unmeasured}
    place = Site(postgres, environ, tmp_path)
    with place.running:
        yield place
    postgres.remove()
    shutil.rmtree(directory)


@asynccontextmanager
async def a_fleet(site: Site, keys: Keys, seed: int) -> AsyncIterator[Fleet]:
    """A hundred enrolled buses of one operator, and a server."""
    await migrate(site.postgres.owner_url(), APP_ROLE, local_date(now()))
    draw = Random(seed)  # noqa: S311 - a test's choices
    async with open_services(load_settings({"MODE": "demo", **site.environ}), keys, FakeWechat()) as resources:
        codes = [shown_code(resources, new_id(), now()) for _ in range(CODES)] + ["SDC1:MADE UP"]
    buses = [
        Bus(new_id(), SigningKey.generate(), Random(f"{seed} {number}"), codes)  # noqa: S311 - see above
        for number in range(BUSES)
    ]
    await _enrol(site, buses)
    site.start_server()
    async with httpx.AsyncClient(base_url=site.started[0].url, timeout=20, trust_env=False) as http:
        yield Fleet(site, http, buses, draw)


async def _enrol(site: Site, buses: Sequence[Bus]) -> None:
    owner = await asyncpg.connect(site.postgres.owner_url())
    operator_id, rules = new_id(), (TariffRule("ride", Outcome.FREE, Decimal(0)),)
    tariff = encode_tariff(Tariff("公交", local_date(now()), rules))
    await owner.execute("INSERT INTO operator (id, name, tariff) VALUES ($1, '公交', $2)", operator_id, tariff)
    await owner.executemany(
        "INSERT INTO device (id, operator_id, kind, place, public_key, enrolled_at) "
        "VALUES ($1, $2, 'bus', '1', $3, $4)",
        [(bus.id, operator_id, bus.key.verifying_key.public, now()) for bus in buses],
    )
    await owner.close()


async def _stored(site: Site) -> Counter[tuple[Key, bytes]]:
    """Each tap with its content, and how often it is there."""
    owner = await asyncpg.connect(site.postgres.owner_url())
    rows = await owner.fetch("SELECT device_id, epoch, sequence, record FROM tap", timeout=60)
    await owner.close()
    return Counter(((row["device_id"], row["epoch"], row["sequence"]), row["record"]) for row in rows)


@pytest.mark.timeout(600 + 2 * SOAK_SECONDS)
async def test_every_acknowledged_scan_is_stored_once_and_every_stored_scan_was_sent(site: Site, keys: Keys) -> None:
    """Through cuts, repetitions, reorderings, clock jumps, lost storages and kill -9 of the server."""
    seed, ends = secrets.randbits(32), time.monotonic() + SOAK_SECONDS
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure
    async with a_fleet(site, keys, seed) as fleet:
        await fleet.run(SCANS, KILLS)
        while time.monotonic() < ends:
            await fleet.run(SCANS, KILLS)

        stored = await _stored(site)

    written = {(key, record) for bus in fleet.buses for key, record in bus.written.items()}
    acknowledged = {(key, bus.written[key]) for bus in fleet.buses for key in bus.acknowledged}
    assert set(stored.values()) == {1}
    assert len({key for key, _ in stored}) == len(stored)
    assert acknowledged == written
    assert set(stored) == written
    # It was a storm: the server was killed, and clocks were wrong.
    assert len(site.started) > KILLS
    assert len(written) >= BUSES * SCANS
