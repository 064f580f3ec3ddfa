"""Proves that the operator's command makes the first administrators, and says plainly why it makes no other."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from card.cose import SigningKey
from models.record import new_id
from schema.identity import to_id
from services.keys import make_keys, write_keys

if TYPE_CHECKING:
    from tests.cli.conftest import Sdc
    from tests.conftest import DatabaseAddresses


async def test_the_first_administrators_get_their_secret_on_the_screen(
    database: "DatabaseAddresses", sdc: "Sdc", tmp_path: Path
) -> None:
    """Once each, as a picture and as text; an unknown account and a third one are refused in a sentence."""
    write_keys(tmp_path / "keys.json", make_keys(SigningKey.generate(), demo=True, at=datetime.now(UTC)))
    accounts = [await _account(database) for _ in range(3)]

    ran = [
        sdc(
            "staff",
            "first",
            to_id("Account", account),
            "--organisation",
            "区残联",
            DATABASE_URL=database.app_url,
            KEYS_FILE=tmp_path / "keys.json",
        )
        for account in (UUID(int=1), *accounts)
    ]

    assert [each.returncode for each in ran] == [1, 0, 0, 1], ran
    assert "signs in once" in ran[0].stderr
    assert "Two administrators are in office" in ran[3].stderr
    secrets = {re.search(r"type ([A-Z2-7]{32});", each.stdout) for each in ran[1:3]}
    assert None not in secrets
    assert all("▀" in each.stdout for each in ran[1:3])


async def _account(database: "DatabaseAddresses") -> UUID:
    owner = await asyncpg.connect(database.owner_url)
    account_id = new_id()
    await owner.execute(
        "INSERT INTO account (id, openid_index, created_at) VALUES ($1, $2, now())", account_id, account_id.bytes
    )
    await owner.close()
    return account_id
