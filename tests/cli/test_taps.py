"""Proves that an operator takes out a month of taps by one command, and is told what stands in the way."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses


async def _fill(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("SELECT make_tap_partitions('2024-02-01', 1)")
    await owner.execute(
        "INSERT INTO tap VALUES (gen_random_uuid(), '', 1, '2024-02-29 23:59+00', '2024-02-29 23:59+00', now(), NULL, "
        "'free', NULL, 'free', NULL, 1, false, NULL, '')"
    )
    await owner.close()


def test_a_month_is_archived_once(database: "DatabaseAddresses", tmp_path: Path, sdc: "Sdc") -> None:
    """Its folder is named; what is no month, or is archived already, is one sentence and changes nothing."""
    asyncio.run(_fill(database.owner_url))
    url = {"DATABASE_OWNER_URL": database.owner_url}

    done = sdc("taps", "archive", "--month", "2024-02", "--directory", tmp_path, **url)
    again = sdc("taps", "archive", "--month", "2024-02", "--directory", tmp_path, **url)
    nonsense = sdc("taps", "archive", "--month", "February", "--directory", tmp_path, **url)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"1 taps of 2024-02 are in {tmp_path}/taps-2024-02")
    assert (tmp_path / "taps-2024-02" / "2024-02-29.parquet").is_file()
    assert (again.returncode, "archived" in again.stderr) == (1, True)
    assert (nonsense.returncode, "2026-03" in nonsense.stderr) == (1, True)
