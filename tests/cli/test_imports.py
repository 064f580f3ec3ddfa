"""Proves that a clerk can look at a file of another department, apply it, read the report, and take it back."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from openpyxl import load_workbook

from card.cose import SigningKey
from cli.demo.load import load_district
from cli.demo.people import residents
from domain.dates import local_date
from services.keys import make_keys, write_keys
from services.vault import Vault

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses

HEADERS = ("姓名", "身份证号", "认定日期", "有效期至", "家庭类型", "本人月收入（元）")


@pytest.fixture(scope="module")
async def environment(database: "DatabaseAddresses", tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | Path]:
    """A small district and its keys."""
    at = datetime.now(UTC)
    keys = make_keys(SigningKey.generate(), demo=True, at=at)
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    write_keys(file, keys)
    owner = await asyncpg.connect(database.owner_url)
    await load_district(owner, Vault(keys.master, keys.blind_index, keys.pseudonym), 20, at, lambda _: None)
    await owner.close()
    return {"DATABASE_URL": database.app_url, "KEYS_FILE": file}


def write(file: Path, *rows: tuple[str, ...], encoding: str = "gb18030") -> Path:
    """A file of the civil affairs bureau."""
    with file.open("w", encoding=encoding, newline="") as opened:
        csv.writer(opened).writerows([HEADERS, *rows])
    return file


async def test_a_file_goes_in_and_out_again(environment: dict[str, str | Path], sdc: "Sdc", tmp_path: Path) -> None:
    """Dry run, apply, the same again, undo: each says in a sentence what it did, and the report is a sheet."""
    person = next(residents(20, local_date(datetime.now(UTC))))
    since = f"{local_date(datetime.now(UTC)):%Y-%m-%d}"
    rows = ((person.name, person.id_number, since, "", "低保", "1"), ("王小明", "1", "", "", "", ""))
    file, report = write(tmp_path / "a.csv", *rows), tmp_path / "report.xlsx"
    call = ("import", "civil-affairs", file, "--batch", "2026-03", "--by", "li")

    looked = sdc(*call, "--report", report, **environment)
    applied = sdc(*call, "--apply", **environment)
    again = sdc(*call, "--apply", **environment)
    other = sdc("import", "civil-affairs", write(tmp_path / "b.csv", rows[0]), "--batch", "2026-03", **environment)
    undone = sdc("import", "undo", "civil-affairs:2026-03", "--by", "li", **environment)
    twice = sdc("import", "undo", "civil-affairs:2026-03", **environment)

    assert "2 rows: 1 change something, 0 do not, 1 refused" in looked.stdout, looked.stderr
    assert "dry run" in looked.stdout
    assert len(list(load_workbook(report).active.iter_rows())) == 3
    assert "Applied civil-affairs:2026-03" in applied.stdout, applied.stderr
    assert "nothing was changed now" in again.stdout
    assert (other.returncode, "another file" in other.stderr) == (1, True)
    assert "Taken back" in undone.stdout, undone.stderr
    assert (twice.returncode, "taken back" in twice.stderr) == (1, True)


async def test_what_cannot_be_taken_is_said_in_a_sentence(
    environment: dict[str, str | Path], sdc: "Sdc", tmp_path: Path
) -> None:
    """An unknown source, a bad name, a wrong encoding and a file without a usable row leave no traceback."""
    useless, report = write(tmp_path / "a.csv", ("王小明", "1", "", "", "", "")), tmp_path / "report.xlsx"
    foreign = write(tmp_path / "b.csv", encoding="utf-16")

    failed = [
        sdc("import", "nobody", useless, **environment),
        sdc("import", "civil-affairs", useless, "--batch", "三月", **environment),
        sdc("import", "civil-affairs", foreign, **environment),
        sdc("import", "file", "civil-affairs", useless, "--apply", "--report", report, **environment),
    ]

    assert [each.returncode for each in failed] == [1, 1, 1, 1]
    told = [each.stderr.strip().splitlines()[-1] for each in failed]
    assert "No source is called 'nobody'" in told[0]
    assert "1 to 40 letters" in told[1]
    assert "neither UTF-8 nor GB18030" in told[2]
    assert "No row can be used" in told[3]
    assert report.exists()
