"""Shows that a register comes under a new master key while it is used, however often the work is cut short."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from services import rewrapping
from services.keys import Keys
from services.people import people_of
from services.resources import Resources
from services.rewrapping import RewrapIncomplete, count_outdated, rewrap_all
from services.rotation import add_master
from services.vault import Sealed, Vault
from tests.conftest import DatabaseAddresses, fresh_database
from tests.services.register import Clock, Holder, Register


@pytest.fixture
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for each test, because the work is about everybody in it."""
    async with fresh_database(postgres, template) as made:
        yield made


@pytest.fixture
def rotated(keys: Keys) -> Vault:
    """The vault of the same keys with a second master key."""
    master = add_master(keys).master
    return Vault(master, keys.blind_index, keys.pseudonym)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two, so that a handful of residents takes several."""
    monkeypatch.setattr(rewrapping, "_BATCH", 2)


async def versions(owner: asyncpg.Connection) -> list[int]:
    """The master keys in use, one a resident."""
    rows = await owner.fetch("SELECT data_key_version FROM resident ORDER BY id")
    return [row["data_key_version"] for row in rows]


async def name_of(owner: asyncpg.Connection, vault: Vault, holder: Holder) -> str:
    """The name that a vault opens."""
    row = await owner.fetchrow("SELECT * FROM resident WHERE id = $1", holder.id)
    key = vault.data_key(holder.id, row["data_key"], row["data_key_version"])
    return key.open(Sealed.NAME, row["name_sealed"])


async def test_everybody_comes_under_the_newest_master_key(
    resources: Resources, register: Register, owner: asyncpg.Connection, rotated: Vault, clock: Clock
) -> None:
    """What was sealed before opens with the new master key alone; the work is counted and logged, and then done."""
    holders = [await register.resident(name=f"王{number}") for number in range(5)]
    outdated, steps = await count_outdated(resources.database, rotated), list[int]()

    done = await rewrap_all(resources.database, rotated, clock(), steps.append)
    again = await rewrap_all(resources.database, rotated, clock(), steps.append)

    alone = replace(rotated, master={2: rotated.master[2]})
    assert (outdated, done, again, steps) == (5, 5, 0, [2, 2, 1])
    assert await versions(owner) == [2] * 5
    assert [await name_of(owner, alone, holder) for holder in holders] == [f"王{number}" for number in range(5)]
    entries = await owner.fetch("SELECT actor, detail FROM audit WHERE action = 'rewrap'")
    assert [tuple(row) for row in entries] == [("operator:keys", "version 2, 5 residents")]


async def test_work_that_was_cut_short_goes_on_where_it_was(
    resources: Resources, register: Register, owner: asyncpg.Connection, rotated: Vault, clock: Clock
) -> None:
    """Batches that were done stay so, and everybody opens at any moment between."""
    holders = [await register.resident() for _ in range(5)]

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rewrap_all(resources.database, rotated, clock(), stop)
    between = await versions(owner)
    names = [await name_of(owner, rotated, holder) for holder in holders]
    done = await rewrap_all(resources.database, rotated, clock(), lambda _: None)

    assert (between, done) == ([2, 2, 1, 1, 1], 3)
    assert names == [holder.name for holder in holders]
    assert await versions(owner) == [2] * 5


async def test_residents_are_served_and_added_meanwhile(
    resources: Resources, register: Register, owner: asyncpg.Connection, rotated: Vault, clock: Clock
) -> None:
    """Whoever looks during the work sees herself; a resident of a server that still wraps with the old key is left."""
    serving = replace(resources, vault=rotated)
    holders = [await register.resident() for _ in range(7)]
    viewers = [await register.viewer(holder) for holder in holders]
    seen = []

    async def look() -> None:
        for viewer in viewers * 3:
            people = await people_of(serving, viewer, clock().date())
            seen.append(people.own is not None)

    await asyncio.gather(look(), rewrap_all(resources.database, rotated, clock(), lambda _: None))
    late = await register.resident()
    left = await count_outdated(resources.database, rotated)

    assert seen == [True] * 21
    assert (left, await rewrap_all(resources.database, rotated, clock(), lambda _: None)) == (1, 1)
    assert await name_of(owner, replace(rotated, master={2: rotated.master[2]}), late) == late.name


async def test_a_master_key_that_is_gone_is_told_before_anything_changes(
    resources: Resources, register: Register, owner: asyncpg.Connection, rotated: Vault, clock: Clock
) -> None:
    """How many residents need which version, and who they are by id; those that could be wrapped are left, too."""
    holders = [await register.resident() for _ in range(12)]
    await owner.execute("UPDATE resident SET data_key_version = 7 WHERE id <> $1", holders[0].id)

    with pytest.raises(RewrapIncomplete) as refused:
        await rewrap_all(resources.database, rotated, clock(), lambda _: None)

    assert str(refused.value).startswith("11 residents are under master key version 7,")
    assert str(holders[1].id) in str(refused.value)
    assert "and 1 more. Bring back the keys file" in str(refused.value)
    assert await versions(owner) == [1] + [7] * 11


async def test_rows_that_were_altered_are_told_and_do_not_stop_the_others(
    resources: Resources, register: Register, owner: asyncpg.Connection, rotated: Vault, clock: Clock
) -> None:
    """The damaged one keeps its bytes, for whoever has to find out what happened."""
    holders = [await register.resident() for _ in range(3)]
    await owner.execute("UPDATE resident SET data_key = $2 WHERE id = $1", holders[1].id, os.urandom(60))

    with pytest.raises(RewrapIncomplete, match=f"2 data keys were wrapped anew, and 1 do not open.*{holders[1].id}"):
        await rewrap_all(resources.database, rotated, clock(), lambda _: None)

    assert await versions(owner) == [2, 1, 2]
