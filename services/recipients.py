"""Who hears of a notice: the resident before those who act for her, or one guardian alone where it is for that one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg

from domain.access import Act
from services.people import acting_guardians
from services.resources import Resources
from services.vault import Sealed

_RESIDENT = "SELECT data_key, data_key_version, phone_sealed FROM resident WHERE id = $1"
# Also one whose guardianship has just ended: of that she is told.
_GUARDIAN = "SELECT account_id, phone_sealed FROM guardian WHERE id = $1 AND ward_id = $2"


@dataclass(frozen=True)
class Recipients:
    """Whose accounts may be written to, hers first where she is meant at all, and the one phone for a text message."""

    resident_id: UUID | None
    guardians: Sequence[UUID]
    phone: str | None = field(repr=False)


async def recipients_of(
    resources: Resources, connection: asyncpg.Connection, resident_id: UUID, detail_sealed: bytes | None, on: date
) -> Recipients:
    """The recipients of a notice; `detail_sealed` is that of the news about a card, which may name a guardian."""
    row = await connection.fetchrow(_RESIDENT, resident_id)
    key = resources.vault.data_key(resident_id, row["data_key"], row["data_key_version"])
    detail = json.loads(key.open(Sealed.NOTICE, detail_sealed)) if detail_sealed else {}
    is_hers = detail.get("to") != "guardian"
    guardians = (
        await acting_guardians(connection, resident_id, Act.VIEW, on)
        if is_hers
        else await connection.fetch(_GUARDIAN, UUID(detail["guardian"]), resident_id)
    )
    accounts = [each["account_id"] for each in guardians if each["account_id"] is not None]
    phones = [key.open(Sealed.GUARDIAN_PHONE, each["phone_sealed"]) for each in guardians]
    if is_hers and row["phone_sealed"] is not None:
        phones.insert(0, key.open(Sealed.PHONE, row["phone_sealed"]))
    return Recipients(resident_id if is_hers else None, accounts, phones[0] if phones else None)
