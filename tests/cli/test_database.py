"""Proves that migration, backup and restore work as an operator runs them, and that the way back is whole."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from services import audit
from tests.conftest import DatabaseAddresses, fresh_database

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 25, 8, tzinfo=UTC)


async def run(url: str, sql: str) -> object:
    """The first value of one statement."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.fixture
async def empty(database: DatabaseAddresses) -> AsyncIterator[DatabaseAddresses]:
    """A second database, with nothing in it."""
    async with fresh_database(database, "template1") as made:
        yield made


@pytest.fixture(scope="module")
async def audited(database: DatabaseAddresses) -> DatabaseAddresses:
    """The module's database with two entries in its audit log."""
    connection = await asyncpg.connect(database.owner_url)
    for number in range(2):
        async with connection.transaction():
            await audit.record(connection, audit.Event("staff:1", "look", f"resident:{number}"), AT)
    await connection.close()
    return database


async def test_migrate_makes_a_database_that_the_servers_role_can_use(empty: DatabaseAddresses, sdc: "Sdc") -> None:
    """From nothing to the newest schema, twice, with the rights of the role that DATABASE_URL names."""
    first = sdc("migrate", DATABASE_OWNER_URL=empty.owner_url, DATABASE_URL=empty.app_url)
    again = sdc("migrate", DATABASE_OWNER_URL=empty.owner_url)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert await run(empty.app_url, "SELECT count(*) FROM resident") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(empty.app_url, "DELETE FROM resident")


async def test_what_was_saved_comes_back_whole_with_rights_and_partitions(
    audited: DatabaseAddresses, empty: DatabaseAddresses, tmp_path: Path, sdc: "Sdc"
) -> None:
    """The restored database serves the same role, has the same audit log, and refuses what the first refuses."""
    file = tmp_path / "sdc.dump"
    saved = sdc("backup", file, DATABASE_OWNER_URL=audited.owner_url)
    restored = sdc("restore", file, DATABASE_OWNER_URL=empty.owner_url, DATABASE_URL=empty.app_url)
    verified = sdc("audit", "verify", DATABASE_URL=empty.app_url)

    assert (saved.returncode, restored.returncode) == (0, 0), saved.stderr + restored.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert "2 entries" in verified.stdout
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'tap'::regclass"
    assert await run(empty.owner_url, partitions) == await run(audited.owner_url, partitions)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await run(empty.owner_url, "DELETE FROM audit")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(empty.app_url, "UPDATE audit SET actor = ''")


def test_the_drill_of_the_manual_succeeds(audited: DatabaseAddresses, empty: DatabaseAddresses) -> None:
    """The script that operators are told to run does what it says, down to its last line."""
    drill = subprocess.run(
        ["/bin/sh", str(ROOT / "docs/restore-drill.sh"), empty.owner_url],
        env={"PATH": "/usr/bin:/bin", "DATABASE_OWNER_URL": audited.owner_url, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )

    assert drill.returncode == 0, drill.stderr
    assert "The drill succeeded" in drill.stdout


def test_a_database_with_tables_is_not_restored_over(audited: DatabaseAddresses, tmp_path: Path, sdc: "Sdc") -> None:
    """Restoring into the live database by mistake changes nothing."""
    file = tmp_path / "sdc.dump"
    sdc("backup", file, DATABASE_OWNER_URL=audited.owner_url)

    refused = sdc("restore", file, DATABASE_OWNER_URL=audited.owner_url)

    assert refused.returncode == 1
    assert "not empty" in refused.stderr


async def test_a_damaged_file_leaves_the_database_empty(empty: DatabaseAddresses, tmp_path: Path, sdc: "Sdc") -> None:
    """The restore is one transaction; what pg_restore says is passed on."""
    file = tmp_path / "sdc.dump"
    file.write_bytes(b"PGDMP" + bytes(200))

    refused = sdc("restore", file, DATABASE_OWNER_URL=empty.owner_url)

    assert refused.returncode == 1
    assert "pg_restore failed" in refused.stderr
    assert await run(empty.owner_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_a_backup_that_fails_leaves_no_file(audited: DatabaseAddresses, tmp_path: Path, sdc: "Sdc") -> None:
    """A file that looks like a backup and is none would be worse than none."""
    file = tmp_path / "sdc.dump"

    failed = sdc("backup", file, DATABASE_OWNER_URL=audited.of("no_such_database").owner_url)

    assert failed.returncode == 1
    assert "no_such_database" in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(audited: DatabaseAddresses, tmp_path: Path, sdc: "Sdc") -> None:
    """A typing error in the path is no traceback."""
    failed = sdc("backup", tmp_path / "nowhere/sdc.dump", DATABASE_OWNER_URL=audited.owner_url)

    assert failed.returncode == 1
    assert "nowhere" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("command", ["migrate", "backup"])
def test_the_owners_address_is_asked_for_where_only_the_servers_is_given(
    command: str, tmp_path: Path, sdc: "Sdc"
) -> None:
    """The server's role could do neither, and the message names the variable."""
    arguments = [command, str(tmp_path / "f")] if command == "backup" else [command]

    refused = sdc(*arguments, DATABASE_URL="postgresql://sdc_app:pw@127.0.0.1:1/sdc")

    assert refused.returncode == 2
    assert "DATABASE_OWNER_URL is missing" in refused.stderr
