"""Takes a month of taps out of the database into Parquet, one file a day, and keeps what it counts; as the owner."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import polars as pl

from domain.dates import local_date
from models.migrate import month_before
from services import audit

# Whose code it was stays behind: an erasure could not reach it in a file.
_COLUMNS: Final[dict[str, pl.DataType]] = {
    "device_id": pl.Binary(),
    "epoch": pl.Binary(),
    "sequence": pl.Int64(),
    "device_at": pl.Datetime("us", "UTC"),
    "at": pl.Datetime("us", "UTC"),
    "received_at": pl.Datetime("us", "UTC"),
    "admission": pl.String(),
    "reason": pl.String(),
    "device_admission": pl.String(),
    "device_reason": pl.String(),
    "companions": pl.Int16(),
    "overridden": pl.Boolean(),
    "mark": pl.String(),
    "record": pl.Binary(),
    "kind": pl.String(),
    "presentation": pl.Binary(),
}
_COUNT = """
INSERT INTO tap_archive_count (month, device_id, day, admission, device_admission, kind, overridden, taps, companions)
SELECT $1, device_id, (at AT TIME ZONE 'Asia/Shanghai')::date AS day, admission, device_admission,
       coalesce(kind, ''), overridden, count(*), sum(companions)
FROM {table} GROUP BY device_id, day, admission, device_admission, coalesce(kind, ''), overridden
"""
_COUNTED: Final = "SELECT coalesce(sum(taps), 0)::bigint FROM tap_archive_count WHERE month = $1"
_SECONDS: Final = 3_600.0


class ArchiveRefused(Exception):
    """The month cannot be archived; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Archived:
    """A month that is out of the database: how many taps, and in which folder."""

    month: date
    taps: int
    folder: Path


async def archive_month(owner: asyncpg.Connection, month: date, directory: Path, at: datetime) -> Archived:
    """Write a month to a folder of its own, read that back, and only then drop the month.

    What comes in of it later is kept apart, as what is absurd is. Cut short, it begins anew with the same month.

    Raises:
        ArchiveRefused: the month may still change, is archived, or never was; or a file is not what was written.
        OSError: the folder cannot be written.
    """
    table, folder = f"tap_{month:%Y_%m}", directory / f"taps-{month:%Y-%m}"
    if month >= month_before(local_date(at)):
        raise ArchiveRefused("The month may still change: archive it when the one after it is over.")
    if not await _detached(owner, table):
        raise ArchiveRefused(f"There is no month {month:%Y-%m} among the taps: it is archived, or it never was.")
    folder.mkdir(parents=True, exist_ok=True)
    taps, digest = 0, hashlib.sha256()
    for day in _days(month):
        written = await _write_day(owner, table, day, folder / f"{day}.parquet")
        taps += written.taps
        digest.update(written.digest)
    async with owner.transaction():
        await owner.execute(
            "INSERT INTO tap_archive (month, taps, file, sha256, archived_at) VALUES ($1, $2, $3, $4, $5)",
            *(month, taps, folder.name, digest.digest(), at),
        )
        await owner.execute(_COUNT.format(table=table), month, timeout=_SECONDS)
        kept = await owner.fetchval(
            "SELECT coalesce(sum(taps), 0)::bigint FROM tap_archive_count WHERE month = $1", month
        )
        if kept != taps:
            raise ArchiveRefused(f"{table} has {kept} taps and the files have {taps}: nothing was dropped.")
        await owner.execute(f"DROP TABLE {table}")
        await audit.record(owner, audit.Event("operator:archive", "archive_taps", f"{month:%Y-%m}", f"taps {taps}"), at)
    return Archived(month, taps, folder)


@dataclass(frozen=True)
class _Written:
    taps: int
    digest: bytes


async def _detached(owner: asyncpg.Connection, table: str) -> bool:
    """Take the month out of the table of taps, if that was not done before; False where there is none."""
    attached = await owner.fetchval(
        "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'tap'::regclass AND inhrelid = c.oid) "
        "FROM pg_class c WHERE c.oid = to_regclass($1)",
        table,
    )
    if attached:
        await owner.execute(f"ALTER TABLE tap DETACH PARTITION {table}")
    return attached is not None


async def _write_day(owner: asyncpg.Connection, table: str, day: date, file: Path) -> _Written:
    rows = await owner.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM {table} WHERE device_at >= $1 AND device_at < $2 "
        "ORDER BY device_id, epoch, sequence, device_at",
        *_span(day),
        timeout=_SECONDS,
    )
    return _Written(len(rows), _write(_frame(rows), file))


def _write(frame: pl.DataFrame, file: Path) -> bytes:
    """Write a file and read it back; returns its SHA-256."""
    frame.write_parquet(file)
    if not pl.read_parquet(file).equals(frame):
        raise ArchiveRefused(f"{file} does not hold what was written: check the disk, nothing was dropped.")
    return hashlib.sha256(file.read_bytes()).digest()


def _frame(rows: Sequence[asyncpg.Record]) -> pl.DataFrame:
    columns = {name: [row[name] for row in rows] for name in _COLUMNS}
    columns["device_id"] = [device_id.bytes for device_id in columns["device_id"]]
    return pl.DataFrame(columns, schema=_COLUMNS)


def _days(month: date) -> Iterator[date]:
    day = month
    while day.month == month.month:
        yield day
        day += timedelta(days=1)


def _span(day: date) -> tuple[datetime, datetime]:
    """A day of UTC, as months are."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begins, begins + timedelta(days=1)
