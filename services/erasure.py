"""Erases a resident for good: her key, what finds her, and what is readable of her, also after a restored backup."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from services import audit
from services.checkpoints import append_line
from services.release import release_all

FILE_NAME = "erasures.jsonl"

# The index of a number must stay unique, and find nobody.
_END_CARDS = """
UPDATE card SET number_sealed = '', number_index = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
       state = CASE WHEN state IN ('active', 'suspended', 'lost') THEN 'cancelled' ELSE state END
WHERE resident_id = $1
"""
# What stays is a row without a name, to which payments and statistics belong: the year of birth and the town.
_ERASE = """
UPDATE resident SET data_key = '', name_sealed = '', name_index = '', id_number_sealed = '', id_number_index = '',
       certificate_sealed = NULL, certificate_index = NULL, phone_sealed = NULL, phone_index = NULL,
       address_sealed = '', village = '', birth_date = date_trunc('year', birth_date), erased_at = $2
WHERE id = $1
"""
_STATEMENTS = (
    "UPDATE credential SET revoked_at = $2 WHERE resident_id = $1 AND revoked_at IS NULL",
    "DELETE FROM notice_consent WHERE account_id IN (SELECT id FROM account WHERE resident_id = $1)",
    "UPDATE account SET resident_id = NULL, openid_sealed = NULL WHERE resident_id = $1",
    "UPDATE tap SET resident_id = NULL WHERE resident_id = $1",
    "DELETE FROM tap_finding WHERE resident_id = $1",
    "DELETE FROM guardian WHERE ward_id = $1",
    "DELETE FROM fact WHERE resident_id = $1",
    "DELETE FROM binding_code WHERE resident_id = $1",
    "DELETE FROM reveal WHERE resident_id = $1",
    "DELETE FROM file_sight WHERE entry_id IN (SELECT id FROM file_entry WHERE resident_id = $1)",
    "DELETE FROM file_entry WHERE resident_id = $1",
    "DELETE FROM card_notice WHERE resident_id = $1",
    "DELETE FROM notice WHERE resident_id = $1",
    "DELETE FROM calendar_feed WHERE resident_id = $1",
    "DELETE FROM referral WHERE resident_id = $1",
    "UPDATE attendance SET appeal_sealed = NULL WHERE resident_id = $1",
    # A hospital is written in words, and may be a small one.
    "UPDATE card_application SET hospital = NULL WHERE resident_id = $1",
    _END_CARDS,
    _ERASE,
)


class Cause(StrEnum):
    """Why a resident is erased; RESTORED repeats an erasure that a backup did not know of."""

    REQUEST = "request"
    DECEASED = "deceased"
    RESTORED = "restored"


class ErasureListInvalid(Exception):
    """A line of the list of erased residents is damaged; the message names it and the remedy."""


class _Line(msgspec.Struct):
    resident: UUID
    at: datetime


async def erase(connection: asyncpg.Connection, resident_id: UUID, cause: Cause, at: datetime) -> bool:
    """Erase a resident inside the caller's transaction, as the tables' owner; False where there is nothing to erase."""
    found = await connection.fetchval(
        "SELECT id FROM resident WHERE id = $1 AND erased_at IS NULL FOR UPDATE", resident_id
    )
    if found is None:
        return False
    await release_all(connection, resident_id, at, told=False)
    for statement in _STATEMENTS:
        values = (resident_id, at) if "$2" in statement else (resident_id,)
        await connection.execute(statement, *values)
    await audit.record(connection, audit.Event("operator:erasure", "erase", str(resident_id), cause), at)
    return True


async def erase_for_good(
    connection: asyncpg.Connection, directory: Path, resident_id: UUID, cause: Cause, at: datetime
) -> bool:
    """Erase a resident, noted first in the list that outlives every backup: cut short, a repetition completes it.

    Raises:
        OSError: the list cannot be written; nothing was erased.
    """
    known = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM resident WHERE id = $1 AND erased_at IS NULL)", resident_id
    )
    if not known:
        return False
    append_line(directory / FILE_NAME, msgspec.json.encode(_Line(resident_id, at.astimezone(UTC))))
    async with connection.transaction():
        return await erase(connection, resident_id, cause, at)


async def erase_again(connection: asyncpg.Connection, resident_ids: Sequence[UUID], at: datetime) -> int:
    """Erase those of the list whom a restored backup brought back, and return their number."""
    again = 0
    for resident_id in resident_ids:
        async with connection.transaction():
            again += await erase(connection, resident_id, Cause.RESTORED, at)
    return again


def erased_residents(directory: Path) -> Sequence[UUID]:
    """Everybody in the list, in the order of their erasure; nobody where there is no list yet.

    Raises:
        ErasureListInvalid: see there.
    """
    file = directory / FILE_NAME
    if not file.exists():
        return ()
    return [_resident(file, number, line) for number, line in enumerate(file.read_bytes().splitlines(), start=1)]


def _resident(file: Path, number: int, line: bytes) -> UUID:
    try:
        return msgspec.json.decode(line, type=_Line).resident
    except (msgspec.DecodeError, ValueError):
        raise ErasureListInvalid(
            f"Line {number} of {file} is damaged: bring the file back from its copy, or the erasure is not repeated."
        ) from None
