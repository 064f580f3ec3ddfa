"""Proves that data leaves for a department into a file that only its maker can read, or not at all with a sentence."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
from openpyxl import load_workbook

from card.cose import SigningKey
from cli.demo.load import load_district
from services.keys import make_keys, write_keys
from services.vault import Vault

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses


async def test_data_leaves_for_a_department(database: "DatabaseAddresses", sdc: "Sdc", tmp_path: Path) -> None:
    """Only declared recipients, purposes and fields, and never over a file that exists."""
    at = datetime.now(UTC)
    keys = make_keys(SigningKey.generate(), demo=True, at=at)
    write_keys(tmp_path / "keys.json", keys)
    owner = await asyncpg.connect(database.owner_url)
    await load_district(owner, Vault(keys.master, keys.blind_index, keys.pseudonym), 20, at, lambda _: None)
    await owner.close()
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": tmp_path / "keys.json"}
    file = tmp_path / "tax.xlsx"
    call = ("export", "tax", file, "--purpose", "quota", "--by", "li")

    written = sdc(*call, **environment)
    failed = [
        sdc(*call, **environment),
        sdc("export", "nobody", file, "--purpose", "quota", **environment),
        sdc("export", "tax", tmp_path / "tax.doc", "--purpose", "quota", **environment),
        sdc("export", "tax", tmp_path / "b.csv", "--purpose", "fun", **environment),
        sdc("export", "tax", tmp_path / "b.csv", "--purpose", "quota", "--field", "phone", **environment),
        sdc(*call[:2], tmp_path / "b.csv", *call[3:], "--field", "name", DATABASE_URL=database.app_url),
    ]

    assert "residents for tax" in written.stdout, written.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(list(load_workbook(file).active.iter_rows())) > 5
    told = [each.stderr for each in failed]
    assert [each.returncode for each in failed] == [1] * 6
    assert "exists already" in told[0]
    assert "No recipient is called 'nobody'" in told[1]
    assert ".csv or .xlsx" in told[2]
    assert "purpose is not declared" in told[3]
    assert "field is not declared" in told[4]
    assert not (tmp_path / "b.csv").exists()
