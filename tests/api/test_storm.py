"""Proves that no place is lost, doubled or given twice, and no client deceived, when processes die at random."""

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import httpx
import pytest

from cli.embedded import APP_ROLE, EmbeddedPostgres, free_port
from domain.dates import local_date
from models.migrate import migrate
from services.bootstrap import now, open_services
from services.keys import Keys
from services.sessions import sign_in
from services.settings import load_settings
from tests.api.storm import ACCEPT, BOOK, CANCEL, JOIN, Phone, Site, Storm, Told
from tests.services.register import FakeWechat, Register

CLIENTS, SLOTS, CONTESTED, WISHES, REPEATED = 64, 1_000, 24, 4, 40

MISCOUNTED = """
SELECT count(*) FROM slot s WHERE taken > capacity OR taken
    <> (SELECT count(*) FROM booking b WHERE b.slot_id = s.id AND b.state <> 'cancelled')
     + (SELECT count(*) FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id
        WHERE e.slot_id = s.id AND o.state = 'open')
"""

DOUBLE = """
SELECT count(*) FROM booking a JOIN booking b ON a.resident_id = b.resident_id AND a.id < b.id
AND a.starts_at < b.ends_at AND a.ends_at > b.starts_at WHERE a.state <> 'cancelled' AND b.state <> 'cancelled'
"""

FORGOTTEN = """
SELECT count(*) FROM waitlist_entry e JOIN slot s ON s.id = e.slot_id
WHERE (e.state = 'waiting' AND s.taken < s.capacity)
OR (e.state = 'offered') <> EXISTS (SELECT FROM offer o WHERE o.entry_id = e.id AND o.state = 'open')
"""

# No worker runs here, so each message still waits in the queue.
UNTOLD = """
SELECT (SELECT count(*) FROM booking b WHERE (b.state = 'cancelled') <> EXISTS (
    SELECT FROM notice n WHERE n.booking_id = b.id AND n.kind = 'cancelled' AND n.revision = b.revision
)) + (SELECT count(*) FROM offer o WHERE NOT EXISTS (SELECT FROM notice n WHERE n.offer_id = o.id)
) + (SELECT count(*) FROM notice n WHERE NOT EXISTS (SELECT FROM pgqueuer j WHERE j.dedupe_key = 'deliver:' || n.id))
"""


@pytest.fixture
def site(keys_file: Path, tmp_path: Path) -> Iterator[Site]:
    """A database that waits for its disk, of this test alone, and where a server for it finds its settings."""
    directory = Path(tempfile.mkdtemp(prefix="sdc-storm-"))
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
async def a_storm(site: Site, keys: Keys, seed: int) -> AsyncIterator[Storm]:
    """Slots that overlap their neighbours, contested ones among them, people to book them, and a server."""
    await migrate(site.postgres.owner_url(), APP_ROLE, local_date(now()))
    owner = await asyncpg.connect(site.postgres.owner_url())
    wechat, draw = FakeWechat(), Random(seed)  # noqa: S311 - a test's choices
    async with open_services(load_settings({"MODE": "demo", **site.environ}), keys, wechat) as resources:
        register = Register(owner, resources)
        service_id = await register.service()
        async with owner.transaction():
            slots = [
                await register.slot(service_id, hours=72 + number / 2, minutes=45, capacity=draw.randint(1, 3))
                for number in range(SLOTS)
            ]
        phones = []
        for _ in range(CLIENTS):
            holder = await register.resident()
            signed_in = await sign_in(resources, wechat.login_code(str(holder.id)))
            await owner.execute("UPDATE account SET resident_id = $2 WHERE id = $1", signed_in.account_id, holder.id)
            phones.append(Phone(holder.id, signed_in.access_token))
    await owner.close()
    site.start_server()
    async with httpx.AsyncClient(base_url=site.started[0].url, timeout=10, trust_env=False) as http:
        yield Storm(site, http, seed, phones, slots[:CONTESTED], slots[CONTESTED:])


def booked(told: Sequence[Told]) -> dict[UUID, UUID]:
    """The bookings that clients were told of, and whose they are."""
    return {
        booking_id: each.phone.resident_id
        for each in told
        if each.document in {BOOK, ACCEPT} and (booking_id := each.key_of("Booking"))
    }


async def test_kills_at_random_lose_and_double_nothing(site: Site, keys: Keys) -> None:
    """Counts, bookings, wishes, offers and messages agree with each other and with every answer, also repeated."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure
    async with a_storm(site, keys, seed) as storm:
        await storm.rage(WISHES)
        joined = [each for each in storm.told if each.document == JOIN and each.key_of("WaitlistEntry")]
        for wish in joined:
            await storm.ask(wish.phone, ACCEPT, wish.answer)

        repeated = Random(seed).sample(storm.told, REPEATED)  # noqa: S311 - a test's choices
        again = [await storm.say(each.phone, each.document, each.subject, each.key) for each in repeated]
    owner = await asyncpg.connect(site.postgres.owner_url())
    wrong = [await owner.fetchval(sql) for sql in (MISCOUNTED, DOUBLE, FORGOTTEN, UNTOLD)]
    stored = {row["id"]: row for row in await owner.fetch("SELECT id, resident_id, state FROM booking")}
    wishes = {row["id"] for row in await owner.fetch("SELECT id FROM waitlist_entry")}
    unanswered = await owner.fetchval("SELECT count(*) FROM idempotency_key WHERE answer IS NULL")
    await owner.close()

    assert wrong == [0, 0, 0, 0]
    assert {booking_id: row["resident_id"] for booking_id, row in stored.items()} == booked(storm.told)
    cancelled = {each.key_of("Booking") for each in storm.told if each.document == CANCEL}
    assert {booking_id for booking_id, row in stored.items() if row["state"] == "cancelled"} == cancelled
    assert wishes == {each.key_of("WaitlistEntry") for each in joined}
    assert again == [each.answer for each in repeated]
    assert unanswered == 0
    # The storm was one: places were contested, and given back.
    assert len(joined) > 10
    assert len(cancelled) > 10
