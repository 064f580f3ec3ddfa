"""Proves that an operator erases by rule and on request, and that no backup brings an erased resident back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from card.cose import SigningKey
from cli.demo.load import load_district
from schema.identity import to_id
from services.keys import Keys, make_keys, write_keys
from services.vault import Vault
from tests.conftest import DatabaseAddresses, fresh_database

if TYPE_CHECKING:
    from uuid import UUID

    from tests.cli.conftest import Sdc

AT = datetime(2026, 11, 25, 8, tzinfo=UTC)
Environment = Callable[[DatabaseAddresses], dict[str, str | Path]]


@pytest.fixture(scope="module")
def keys() -> Keys:
    """The keys of the server whose data are erased."""
    return make_keys(SigningKey.generate(), demo=True, at=AT)


@pytest.fixture
def environment(keys: Keys, tmp_path: Path) -> Environment:
    """What the commands need for a database: its addresses, the keys, and the folder that outlives it."""
    write_keys(tmp_path / "keys.json", keys)

    def of(database: DatabaseAddresses) -> dict[str, str | Path]:
        return {
            "DATABASE_URL": database.app_url,
            "DATABASE_OWNER_URL": database.owner_url,
            "KEYS_FILE": tmp_path / "keys.json",
            "AUDIT_DIR": tmp_path / "audit",
        }

    return of


@pytest.fixture(scope="module")
def residents(database: DatabaseAddresses, keys: Keys) -> list["UUID"]:
    """A hundred residents, by id."""

    async def load() -> list["UUID"]:
        connection = await asyncpg.connect(database.owner_url)
        vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
        await load_district(connection, vault, 100, AT, lambda _: None)
        rows = await connection.fetch("SELECT id FROM resident ORDER BY id")
        await connection.close()
        return [row["id"] for row in rows]

    return asyncio.run(load())


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the tables' owner."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def empty(database: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """A second database, with nothing in it."""
    async with fresh_database(database, "template1") as made:
        yield made


async def erased_in(database: DatabaseAddresses) -> set["UUID"]:
    """Who is erased in a database."""
    connection = await asyncpg.connect(database.owner_url)
    rows = await connection.fetch("SELECT id FROM resident WHERE erased_at IS NOT NULL AND data_key = ''")
    await connection.close()
    return {row["id"] for row in rows}


async def test_a_restored_backup_brings_nobody_back(
    database: DatabaseAddresses,
    empty: DatabaseAddresses,
    residents: list["UUID"],
    environment: Environment,
    tmp_path: Path,
    sdc: "Sdc",
) -> None:
    """Erased after the backup, erased again by its restore; the log of both is whole, and what was lost is known."""
    file, here, there = tmp_path / "sdc.dump", environment(database), environment(empty)
    sdc("residents", "erase", str(residents[0]), **here)
    sdc("backup", file, **here)
    erased = sdc("residents", "erase", to_id("Resident", residents[1]), **here)
    sdc("audit", "checkpoint", **here)
    verified = sdc("audit", "verify", **here)

    restored = sdc("restore", file, **there)
    whole = sdc("audit", "verify", **there)

    assert (erased.returncode, restored.returncode) == (0, 0), erased.stderr + restored.stderr
    assert "1 checkpoints hold" in verified.stdout
    assert "1 residents who were erased after this backup were erased again." in restored.stdout
    assert await erased_in(empty) == await erased_in(database) == set(residents[:2])
    assert whole.returncode == 0, whole.stderr
    assert "2 checkpoints hold" in whole.stdout


async def test_a_restore_without_the_list_says_so(
    database: DatabaseAddresses, empty: DatabaseAddresses, environment: Environment, tmp_path: Path, sdc: "Sdc"
) -> None:
    """Where no folder is named, nobody can be erased again, and the operator hears it."""
    file = tmp_path / "sdc.dump"
    sdc("backup", file, **environment(database))

    restored = sdc("restore", file, DATABASE_OWNER_URL=empty.owner_url, DATABASE_URL=empty.app_url)

    assert restored.returncode == 0, restored.stderr
    assert "AUDIT_DIR is missing: whoever was erased after this backup is back." in restored.stdout


async def test_a_damaged_list_stops_a_restore_before_it_begins(
    database: DatabaseAddresses, empty: DatabaseAddresses, environment: Environment, tmp_path: Path, sdc: "Sdc"
) -> None:
    """Better no register yet than one with somebody in it who asked to be erased."""
    file = tmp_path / "sdc.dump"
    sdc("backup", file, **environment(database))
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit/erasures.jsonl").write_text("half")

    refused = sdc("restore", file, **environment(empty))

    connection = await asyncpg.connect(empty.owner_url)
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert refused.returncode == 1
    assert "erasures.jsonl is damaged" in refused.stderr
    assert tables == 0


def test_who_cannot_be_erased_is_told(
    database: DatabaseAddresses, residents: list["UUID"], environment: Environment, sdc: "Sdc"
) -> None:
    """No id, an unknown one, and no folder that would remember: each has its sentence."""
    here = environment(database)
    without = {name: value for name, value in here.items() if name != "AUDIT_DIR"}

    nonsense = sdc("residents", "erase", "330604198001010011", **here)
    unknown = sdc("residents", "erase", "00000000-0000-0000-0000-000000000001", **here)
    forgetful = sdc("residents", "erase", str(residents[5]), **without)

    assert [each.returncode for each in (nonsense, unknown, forgetful)] == [1, 1, 1]
    assert "no resident's id" in nonsense.stderr
    assert "no such resident" in unknown.stderr
    assert "AUDIT_DIR is missing" in forgetful.stderr


async def test_what_is_due_is_shown_first_and_erased_then(
    database: DatabaseAddresses,
    owner: asyncpg.Connection,
    residents: list["UUID"],
    environment: Environment,
    sdc: "Sdc",
) -> None:
    """A dry run needs no folder and changes nothing; the run erases just that."""
    await owner.execute("UPDATE resident SET deceased_on = $2 WHERE id = $1", residents[9], date(2020, 1, 1))
    here = environment(database)

    planned = sdc("retention", "run", "--dry-run", DATABASE_OWNER_URL=database.owner_url)
    between = await erased_in(database)
    done, again = sdc("retention", "run", **here), sdc("retention", "run", **here)

    assert (planned.returncode, done.returncode, again.returncode) == (0, 0, 0), planned.stderr + done.stderr
    assert "1 would be erased; nothing was changed." in planned.stdout
    assert "deceased_resident" in planned.stdout
    assert residents[9] not in between
    assert "1 erased." in done.stdout
    assert residents[9] in await erased_in(database)
    assert "0 erased." in again.stdout
