"""Proves that the nightly command ends cards whose day has come, and that the waiting times are told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from card.cose import SigningKey
from cli.demo.load import load_district
from services.keys import make_keys, write_keys
from services.vault import Vault

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses


@pytest.fixture
async def owner(database: "DatabaseAddresses") -> AsyncIterator[asyncpg.Connection]:
    """A connection that may do what the server may not."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def test_cards_expire_at_night_and_waiting_is_told(
    database: "DatabaseAddresses", owner: asyncpg.Connection, sdc: "Sdc", tmp_path: Path
) -> None:
    """A second run finds nothing to do, and the table names states, towns and days."""
    keys = make_keys(SigningKey.generate(), demo=True, at=datetime.now(UTC))
    write_keys(tmp_path / "keys.json", keys)
    vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
    await load_district(owner, vault, 20, datetime.now(UTC), lambda _: None)
    await owner.execute(
        "UPDATE card SET valid_until = '2020-01-01' WHERE id = (SELECT id FROM card WHERE state = 'active' LIMIT 1)"
    )
    environment: dict[str, str | Path] = {"DATABASE_URL": database.app_url, "KEYS_FILE": tmp_path / "keys.json"}

    first = sdc("cards", "advance", **environment)
    again = sdc("cards", "advance", **environment)
    times = sdc("cards", "times", **environment)

    assert "1 expire" in first.stdout, first.stderr
    assert "nothing was due" in again.stdout
    assert "expired" in times.stdout
    assert "(district)" in times.stdout
