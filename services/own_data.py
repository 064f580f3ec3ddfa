"""Gives a resident everything that the register holds about her, opened and machine-readable (PIPL, Art. 45)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from domain.access import Act, Viewer
from domain.dates import local_date
from models.record import new_id
from services import audit
from services.own_data_parts import PARTS
from services.people import People
from services.resources import Resources
from services.vault import DataKey, Sealed

_PURPOSE = "own data"

_PERSON = """
SELECT name_sealed, identified_by, id_number_sealed, certificate_sealed, phone_sealed, address_sealed, birth_date, town,
       village, data_key, data_key_version FROM resident WHERE id = $1
"""

_PERSON_SEALED = {
    "name": Sealed.NAME,
    "id_number": Sealed.ID_NUMBER,
    "certificate": Sealed.CERTIFICATE,
    "phone": Sealed.PHONE,
    "address": Sealed.ADDRESS,
}


class OwnDataRefusal(StrEnum):
    """Why somebody does not get a resident's data."""

    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class OwnData:
    """All data of one resident as one JSON object, made at an instant."""

    made_at: datetime
    json: str = field(repr=False)


async def own_data(
    resources: Resources, viewer: Viewer, people: People, resident_id: UUID | None
) -> OwnData | OwnDataRefusal:
    """Everything about the viewer herself, or about a ward for whom she may do everything; that it left is on record.

    Raises:
        VaultRefused: her key cannot be opened.
    """
    at = resources.clock()
    related = people.reach(resident_id, Act.APPLY, local_date(at))
    if related is None:
        return OwnDataRefusal.NOT_ALLOWED
    whom, actor = related.id, f"account:{viewer.account_id}"
    async with resources.database.transaction() as connection:
        person = await connection.fetchrow(_PERSON, whom)
        key = resources.vault.data_key(whom, person["data_key"], person["data_key_version"])
        told: dict[str, object] = {"madeAt": at, "person": _opened(person, key, _PERSON_SEALED)}
        for name, (sql, sealed) in PARTS.items():
            told[name] = [_opened(row, key, sealed) for row in await connection.fetch(sql, whom)]
        await note_export(connection, actor, _PURPOSE, list(told), actor, [whom], at)
        await audit.record(connection, audit.Event(actor, "export_own", str(whom)), at)
    return OwnData(at, msgspec.json.encode(told).decode())


async def note_export(
    connection: asyncpg.Connection,
    recipient: str,
    purpose: str,
    columns: list[str],
    actor: str,
    residents: list[UUID],
    at: datetime,
) -> UUID:
    """Put on record that data leaves: to whom, for what, which, by whose hand, and of whom."""
    export_id = new_id()
    await connection.execute(
        "INSERT INTO data_export (id, recipient, purpose, columns, actor, at) VALUES ($1, $2, $3, $4, $5, $6)",
        *(export_id, recipient, purpose, ",".join(columns), actor, at),
    )
    await connection.execute(
        "INSERT INTO data_export_subject (id, export_id, resident_id) "
        "SELECT * FROM unnest($1::uuid[], array_fill($2::uuid, ARRAY[cardinality($3::uuid[])]), $3::uuid[])",
        *([new_id() for _ in residents], export_id, residents),
    )
    return export_id


def _opened(row: asyncpg.Record, key: DataKey, sealed: Mapping[str, Sealed]) -> dict[str, object]:
    """The columns of a row, the sealed ones opened under their names; keys and their versions left out."""
    plain = {name: value for name, value in row.items() if not isinstance(value, bytes) and name != "data_key_version"}
    opened: dict[str, object] = {}
    for name, what in sealed.items():
        content = row[f"{name}_sealed"]
        plain.pop(f"{name}_sealed", None)
        text = None if content is None else key.open(what, content)
        opened[name] = json.loads(text) if text and what in {Sealed.FACT, Sealed.NOTICE} else text
    return opened | plain
