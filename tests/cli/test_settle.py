"""Shows settlement from the command line: closed once, checked, proven without a database, and exported."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import polars as pl
import pytest
from openpyxl import load_workbook

from card.cose import SigningKey
from card.scan import NO_RECORD, Scan, encode_scan
from card.tariff import Outcome
from services.keys import make_keys, write_keys
from tests.cli.conftest import Sdc
from tests.conftest import DatabaseAddresses
from tests.services.fleet import Fleet

MARCH = ("--month", "2026-03")


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the server may not."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def fleet(owner: asyncpg.Connection) -> Fleet:
    """An operator whose bus wrote down one ride."""
    made = await Fleet(owner).open()
    at = datetime(2026, 3, 10, 2, tzinfo=UTC)
    scan = Scan(made.device_id, made.epoch, 1, NO_RECORD, at, "SDC1:", Outcome.FREE, None, 0, 0, None, override=False)
    await made.tap(at, record=encode_scan(scan))
    return made


async def test_a_month_is_settled_by_command(
    fleet: Fleet, owner: asyncpg.Connection, sdc: Sdc, database: DatabaseAddresses, tmp_path: Path
) -> None:
    """Closing tells of the statement, checking finds nothing until a scan is altered, and the proof needs the root."""
    keys = make_keys(SigningKey.generate(), demo=True, at=datetime.now(UTC))
    write_keys(tmp_path / "keys.json", keys)
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": tmp_path / "keys.json"}
    named = ("--operator", str(fleet.operator_id), *MARCH)
    proof, root = tmp_path / "proof", keys.root.public.hex()

    early = sdc("settle", "verify", *named, **environment)
    made = sdc("settle", "close", *named, **environment)
    good = sdc("settle", "verify", *named, **environment)
    written = sdc("settle", "prove", str(fleet.device_id), fleet.epoch.hex(), "1", proof, **environment)
    believed = sdc("settle", "check", proof, "--root", root)
    stranger = sdc("settle", "check", proof, "--root", SigningKey.generate().verifying_key.public.hex())
    await owner.execute("UPDATE device SET place = '9 路' WHERE id = $1", fleet.device_id)
    altered = sdc("settle", "verify", *named, **environment)

    assert "make it with `sdc settle close`" in early.stderr
    assert "2026-03: 1 scans" in made.stdout, made.stderr
    assert "are those of 1 scans" in good.stdout, good.stderr
    assert "holds the proof" in written.stdout, written.stderr
    assert f"Scan 1 of {fleet.device_id}" in believed.stdout, believed.stderr
    assert "proves nothing: bad_signature" in stranger.stderr
    assert altered.returncode == 1
    assert "line 1 路, 2026-03-10, free, holder_signed: stated 1, found 0" in altered.stderr


async def test_what_cannot_be_settled_is_told(
    fleet: Fleet, sdc: Sdc, database: DatabaseAddresses, tmp_path: Path
) -> None:
    """An operator that is not there, a month to come, a scan that nobody counts, and files that are none."""
    write_keys(tmp_path / "keys.json", make_keys(SigningKey.generate(), demo=True, at=datetime.now(UTC)))
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": tmp_path / "keys.json"}
    device = str(fleet.device_id)

    unknown = sdc("settle", "close", "--operator", "nobody", *MARCH, **environment)
    running = sdc("settle", "close", "--operator", str(fleet.operator_id), "--month", "2999-01", **environment)
    uncounted = sdc("settle", "prove", device, fleet.epoch.hex(), "9", tmp_path / "p", **environment)
    no_epoch = sdc("settle", "prove", device, "epoch", "9", tmp_path / "p", **environment)
    no_root = sdc("settle", "check", tmp_path / "keys.json", "--root", "00")

    assert "give its id" in unknown.stderr
    assert "The month is not over" in running.stderr
    assert "No statement counts this scan" in uncounted.stderr
    assert "no hexadecimal text" in no_epoch.stderr
    assert "The root is no public key" in no_root.stderr


async def test_lines_are_exported_in_three_formats(
    fleet: Fleet, sdc: Sdc, database: DatabaseAddresses, tmp_path: Path
) -> None:
    """Each holds the same line; what begins like a formula stays text, and another ending is refused."""
    write_keys(tmp_path / "keys.json", make_keys(SigningKey.generate(), demo=True, at=datetime.now(UTC)))
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": tmp_path / "keys.json"}
    at = datetime(2026, 3, 11, 2, tzinfo=UTC)
    await fleet.stand("=1+1", at)
    await fleet.tap(at)
    named = ("--operator", str(fleet.operator_id), *MARCH)
    sdc("settle", "close", *named, **environment)

    answers = [
        sdc("settle", "export", *named, tmp_path / f"lines.{ending}", **environment)
        for ending in ("csv", "xlsx", "parquet", "txt")
    ]

    assert [answer.returncode for answer in answers] == [0, 0, 0, 1], answers
    assert "ends in .csv, .xlsx, .parquet" in answers[3].stderr
    text = (tmp_path / "lines.csv").read_text(encoding="utf-8-sig")
    assert "1 路,2026-03-10,free,holder_signed,1" in text
    assert "'=1+1,2026-03-11" in text
    cells = [[cell.value for cell in row] for row in load_workbook(tmp_path / "lines.xlsx").active.rows]
    assert [row[2] for row in cells] == ["line", "1 路", "=1+1"]
    assert pl.read_parquet(tmp_path / "lines.parquet")["rides"].to_list() == [1, 1]
