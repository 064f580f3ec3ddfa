"""Shows staff one full value of one resident: for a reason, in their area, counted, and told to the resident."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.dates import local_date
from domain.duty import Duty
from models.record import new_id
from services import attempts, audit
from services.people import People, StaffMember
from services.resources import Resources
from services.vault import Sealed

ACTION = "reveal"
NOTE_LENGTH = 200


class RevealField(StrEnum):
    """What can be shown in full."""

    NAME = "name"
    ID_NUMBER = "id_number"
    CARD_NUMBER = "card_number"
    PHONE = "phone"
    ADDRESS = "address"


class RevealReason(StrEnum):
    """For what a full value is needed."""

    CONTACT = "contact"
    HOME_VISIT = "home_visit"
    ASSESSMENT = "assessment"
    CORRECTION = "correction"
    COMPLAINT = "complaint"


class RevealRefusal(StrEnum):
    """Why no full value was shown. NOT_FOUND stands for residents of other areas, too."""

    NOT_STAFF = "not_staff"
    NOT_FOUND = "not_found"
    NOTE_NEEDED = "note_needed"
    NOT_RECORDED = "not_recorded"
    TOO_MANY = "too_many"


@dataclass(frozen=True)
class RevealRequest:
    """Whose value and which; the note says in the clerk's own words what it is for."""

    resident_id: UUID
    field: RevealField
    reason: RevealReason
    note: str


@dataclass(frozen=True)
class Revealed:
    """The full value, to be shown and not kept."""

    value: str = field(repr=False)
    at: datetime


async def reveal(resources: Resources, people: People, request: RevealRequest) -> Revealed | RevealRefusal:
    """The full value, once the log says who saw it and why.

    Raises:
        DatabaseUnavailable: see there; nothing was shown.
        VaultRefused: the value was altered.
    """
    staff, note, at = people.on_duty(Duty.REVEAL), request.note.strip(), resources.clock()
    if staff is None:
        return RevealRefusal.NOT_STAFF
    if not 1 <= len(note) <= NOTE_LENGTH:
        return RevealRefusal.NOTE_NEEDED
    if not await _may_ask(resources, staff, at):
        return RevealRefusal.TOO_MANY
    async with resources.database.transaction() as connection:
        row = await _row(connection, request.resident_id)
        if row is None or not staff.area.covers(row["town"], row["village"]):
            return RevealRefusal.NOT_FOUND
        sealed = row[f"{request.field}_sealed"]
        if sealed is None:
            return RevealRefusal.NOT_RECORDED
        key = resources.vault.data_key(request.resident_id, row["data_key"], row["data_key_version"])
        await _record(connection, staff, request, key.seal(Sealed.NOTE, note), at)
        return Revealed(key.open(Sealed(request.field.value), sealed), at)


async def _may_ask(resources: Resources, staff: StaffMember, at: datetime) -> bool:
    # In a transaction of its own: an unknown resident counts too, or ids could be tried without end.
    async with resources.database.transaction() as connection:
        tries = await attempts.count(connection, "reveal:staff", staff.id.bytes, local_date(at))
    return tries <= resources.settings.reveals_staff


async def _row(connection: asyncpg.Connection, resident_id: UUID) -> asyncpg.Record | None:
    row: asyncpg.Record | None = await connection.fetchrow(
        "SELECT r.town, r.village, r.data_key, r.data_key_version, r.name_sealed, r.id_number_sealed, r.phone_sealed, "
        "r.address_sealed, (SELECT c.number_sealed FROM card c WHERE c.resident_id = r.id "
        "ORDER BY c.state IN ('active', 'suspended', 'lost') DESC, c.issued_on DESC, c.id DESC LIMIT 1) "
        "AS card_number_sealed FROM resident r WHERE r.id = $1 AND r.erased_at IS NULL",
        resident_id,
    )
    return row


async def _record(
    connection: asyncpg.Connection, staff: StaffMember, request: RevealRequest, note: bytes, at: datetime
) -> None:
    await connection.execute(
        "INSERT INTO reveal (id, resident_id, staff_id, field, reason, note_sealed, at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        *(new_id(), request.resident_id, staff.id, request.field, request.reason, note, at),
    )
    # The clerk's own words may name people, so they stay out of the log, which is never erased.
    detail = f"{request.field} {request.reason}"
    await audit.record(connection, audit.Event(f"staff:{staff.id}", ACTION, str(request.resident_id), detail), at)
