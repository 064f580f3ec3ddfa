"""Shows the status list as all scanners share it: read once for many, small, and never older than it may be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from card.statuslist import EntryStatus, StatusList, deflate
from card.trust import KeyUse, read_key_set
from services.resources import Resources
from services.status import STATUS_LIST_SIZE, SignedStatus
from tests.services.register import Clock, Register

_MANY = 100_000
_REVOKED = """
INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at, revoked_at, suspended_at)
SELECT gen_random_uuid(), $1, '', (n::bigint * 7919 + 13) % $2, $3::timestamptz, $4,
    CASE WHEN n % 2 = 0 THEN $3::timestamptz END, CASE WHEN n % 2 = 1 THEN $3::timestamptz END
FROM generate_series(1, $5::int) n
"""


@pytest.fixture
def patient(resources: Resources) -> Resources:
    """A server that reads what was revoked every other second, as in production."""
    return replace(resources, settings=resources.settings.model_copy(update={"status_read_seconds": 2.0}))


async def current(resources: Resources) -> SignedStatus:
    """The list as a scanner that asks now gets it."""
    keys = resources.keys
    return await resources.status_lists.current(resources.database, resources.settings, keys.status, resources.clock())


async def revoke(owner: asyncpg.Connection, register: Register, clock: Clock, count: int) -> None:
    """Passes of a resident, at places spread over the list, all revoked at once, every other only suspended."""
    holder = await register.resident()
    await owner.execute(_REVOKED, holder.id, STATUS_LIST_SIZE, clock(), clock() + timedelta(days=5), count)


@pytest.fixture(autouse=True)
async def _cleared(owner: asyncpg.Connection) -> AsyncIterator[None]:
    await owner.execute("DELETE FROM credential")
    yield
    await owner.execute("DELETE FROM credential")


async def test_the_register_is_read_every_other_second(
    patient: Resources, owner: asyncpg.Connection, register: Register, clock: Clock
) -> None:
    """Whoever asks within two seconds gets what was read; afterwards a revocation is in the list."""
    first = await current(patient)
    await revoke(owner, register, clock, 1)
    clock.forward(seconds=1.9)

    same = await current(patient)
    clock.forward(seconds=0.2)
    fresh = await current(patient)

    assert same is first
    assert (first.entries, list(fresh.entries.values())) == ({}, [EntryStatus.SUSPENDED])


async def test_many_scanners_at_once_share_one_reading(patient: Resources) -> None:
    """A hundred at the same moment are given the same list."""
    lists = await asyncio.gather(*(current(patient) for _ in range(100)))

    assert all(each is lists[0] for each in lists)


async def test_a_list_is_signed_anew_when_it_changes_or_its_period_ends(
    resources: Resources, owner: asyncpg.Connection, register: Register, clock: Clock
) -> None:
    """As long as nothing changes the same bytes are given out, so that a scanner's tag stays."""
    clock.at = clock.at.replace(minute=0)
    first = await current(resources)
    clock.forward(minutes=14)
    same = await current(resources)
    clock.forward(minutes=1)
    next_period = await current(resources)
    await revoke(owner, register, clock, 1)
    changed = await current(resources)

    assert same.token is first.token
    assert len({each.tag for each in (first, next_period, changed)}) == 3


async def test_a_hundred_thousand_changes_at_once_are_in_the_next_list(
    resources: Resources, owner: asyncpg.Connection, register: Register, clock: Clock
) -> None:
    """Each of them as it is, in a list that a scanner reads."""
    await revoke(owner, register, clock, _MANY)

    status = await current(resources)

    keys = read_key_set(resources.keys.key_set, resources.keys.root).keys_for(KeyUse.STATUS, clock())
    read = StatusList.read(status.token, keys)
    states = [read.status((n * 7919 + 13) % STATUS_LIST_SIZE) for n in range(1, _MANY + 1)]
    assert states == [EntryStatus.SUSPENDED, EntryStatus.INVALID] * (_MANY // 2)
    assert len(status.entries) == _MANY
    assert len(status.token) < 128 * 1024


def test_a_million_cards_fit_in_forty_kilobytes() -> None:
    """One in a hundred revoked or suspended, at random places, as the standard's zlib stream has them."""
    # Powers of five modulo a prime: spread over the list like drawn places, and the same in each run.
    places = {pow(5, n, 1_048_573) for n in range(1, 10_487)}
    entries = {place: EntryStatus.SUSPENDED if place % 2 else EntryStatus.INVALID for place in places}

    assert len(deflate(STATUS_LIST_SIZE, entries)) <= 40_000
