"""Proves that a month goes into files that hold it, that it is still counted, and that it does not come back twice."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import polars as pl
import pytest

from card.scan import Scan, read_scan
from services import months
from services.archive import ArchiveRefused, archive_month
from services.resources import Resources
from services.tap_rows import ScanOutcome
from tests.services.bus import Bus, enrolled_bus, shown_code
from tests.services.register import Clock, Register

MARCH = date(2025, 3, 1)
LATER = datetime(2025, 5, 1, 4, tzinfo=UTC)


@pytest.fixture
async def bus(resources: Resources, owner: asyncpg.Connection, clock: Clock) -> Bus:
    """A bus in March of another year, for which the months were made."""
    clock.at = datetime(2025, 3, 11, 2, tzinfo=UTC)
    await months.make_ahead(resources)
    return await enrolled_bus(resources, owner)


async def counted(owner: asyncpg.Connection, device_id: UUID) -> list[tuple[object, ...]]:
    """What a device is counted with, at hand or in files."""
    rows = await owner.fetch(
        "SELECT day, admission, kind, taps::int, companions::int FROM tap_day_count WHERE device_id = $1 "
        "ORDER BY day, kind",
        device_id,
    )
    return [tuple(row) for row in rows]


async def test_a_month_goes_into_files_and_is_still_counted(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """Every scan is in the file of its day, without its resident; the count is the same as before."""
    holder, at = await register.resident(), resources.clock()
    bus.scan(shown_code(resources, holder.id, at), at, companions=1)
    bus.scan("SDC1:MADE UP", at)
    await bus.upload()
    before = await counted(owner, bus.device.id)

    archived = await archive_month(owner, MARCH, tmp_path, LATER)

    frame = pl.read_parquet(archived.folder / "2025-03-11.parquet")
    scans: list[Scan] = [read_scan(record) for record in frame["record"]]
    assert (archived.taps, len(list(archived.folder.iterdir()))) == (2, 31)
    assert [scan.sequence for scan in scans] == [1, 2]
    assert "resident_id" not in frame.columns
    assert await counted(owner, bus.device.id) == before
    assert await owner.fetchval("SELECT count(*) FROM tap WHERE device_id = $1", bus.device.id) == 0
    assert await owner.fetchval("SELECT to_regclass('tap_2025_03')") is None
    with pytest.raises(ArchiveRefused, match="no month"):
        await archive_month(owner, MARCH, tmp_path, LATER)


async def test_what_is_archived_is_repeated_when_it_comes_again(
    bus: Bus, resources: Resources, owner: asyncpg.Connection, clock: Clock, tmp_path: Path
) -> None:
    """A device that sends its old scans anew is told that they are known, and a new one of that month is kept."""
    clock.at = datetime(2025, 4, 2, tzinfo=UTC)
    first = bus.scan("SDC1:1", resources.clock())
    await bus.upload()
    await archive_month(owner, date(2025, 4, 1), tmp_path, datetime(2025, 6, 1, 4, tzinfo=UTC))
    await months.make_ahead(resources)
    second = bus.scan("SDC1:2", resources.clock())

    answer = await bus.upload(first, second)

    assert [result.outcome for result in answer.results] == [ScanOutcome.REPEATED, ScanOutcome.STORED]
    assert await owner.fetchval("SELECT to_regclass('tap_2025_04')") is None
    assert await owner.fetchval("SELECT count(*) FROM tap_default WHERE device_id = $1", bus.device.id) == 1


@pytest.mark.parametrize(("month", "reason"), [(date(2025, 4, 1), "may still change"), (date(2001, 1, 1), "no month")])
async def test_a_month_that_may_change_or_never_was_is_refused(
    owner: asyncpg.Connection, tmp_path: Path, month: date, reason: str
) -> None:
    """The month before this one still takes late scans."""
    with pytest.raises(ArchiveRefused, match=reason):
        await archive_month(owner, month, tmp_path, datetime(2025, 5, 31, 15, tzinfo=UTC))


async def test_a_run_that_was_cut_short_begins_anew(
    bus: Bus, resources: Resources, owner: asyncpg.Connection, clock: Clock, tmp_path: Path
) -> None:
    """A month that was taken out of the table but not dropped is written again, whole; a bad file drops nothing."""
    clock.at = datetime(2025, 5, 3, tzinfo=UTC)
    bus.scan("SDC1:1", resources.clock())
    await bus.upload()
    (tmp_path / "taps-2025-05").mkdir()
    (tmp_path / "taps-2025-05" / "2025-05-03.parquet").mkdir()
    with pytest.raises(IsADirectoryError):
        await archive_month(owner, date(2025, 5, 1), tmp_path, datetime(2025, 8, 1, tzinfo=UTC))
    (tmp_path / "taps-2025-05" / "2025-05-03.parquet").rmdir()

    archived = await archive_month(owner, date(2025, 5, 1), tmp_path, datetime(2025, 8, 1, tzinfo=UTC))

    assert archived.taps == 1


async def test_months_are_made_ahead_and_closed_to_the_server(resources: Resources, clock: Clock) -> None:
    """The server's role makes them, owns none and sees nothing in them but through the table; once is enough."""
    clock.at = datetime(2031, 12, 31, 20, tzinfo=UTC)

    made = await months.make_ahead(resources)
    again = await months.make_ahead(resources)

    assert (made, again) == (6, 0)
    walled = await resources.database.fetch("SELECT relrowsecurity FROM pg_class WHERE relname = 'tap_2032_01'")
    assert [row["relrowsecurity"] for row in walled] == [True]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await resources.database.fetch("SELECT FROM tap_2032_01")
