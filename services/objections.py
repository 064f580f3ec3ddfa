"""Keeps a ward's voice: she sees who acts for her and may object, and staff of her area decide and tell both."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.guardianship import Guardianship, ObjectionOutcome, acts_after, is_adult, write_acts
from models.record import new_id
from services import audit
from services.card_notices import tell_resident
from services.credentials import revoke_passes
from services.people import People, Person, StaffMember, guardianship_of, mask_name
from services.resources import Resources
from services.vault import Sealed

MAX_TEXT = 1_000

_GUARDIANS = """
SELECT g.id, g.name_sealed, g.relation, g.acts, g.ground, g.valid_from, g.valid_until, EXISTS (
    SELECT FROM guardian_objection o WHERE o.guardian_id = g.id AND o.decided_at IS NULL) AS objection_is_open
FROM guardian g WHERE g.ward_id = $1 AND g.ended_on IS NULL ORDER BY g.valid_from, g.id
"""

_FILE = """
INSERT INTO guardian_objection (id, guardian_id, reason_sealed, filed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (guardian_id) WHERE decided_at IS NULL DO NOTHING RETURNING id
"""

_OPEN = """
SELECT o.id, o.reason_sealed, o.filed_at, g.id AS guardian_id, g.account_id, g.name_sealed AS guardian_sealed,
       g.relation, g.acts, g.ground, g.valid_from, g.valid_until,
       r.id AS ward_id, r.name_sealed, r.data_key, r.data_key_version
FROM guardian_objection o JOIN guardian g ON g.id = o.guardian_id JOIN resident r ON r.id = g.ward_id
WHERE o.decided_at IS NULL AND $1 IN ('', r.town) AND $2 IN ('', r.village)
"""

_PAGE = f"{_OPEN} AND ($3::uuid IS NULL OR o.id > $3) ORDER BY o.id LIMIT $4"

_ONE = f"{_OPEN} AND o.id = $3 FOR NO KEY UPDATE OF r"

_DECIDE = """
UPDATE guardian_objection SET outcome = $2, decided_by_id = $3, decision_sealed = $4, decided_at = $5
WHERE id = $1 AND decided_at IS NULL RETURNING id
"""

_CHANGE = "UPDATE guardian SET acts = $2, ended_on = coalesce($3, ended_on) WHERE id = $1"


class ObjectionRefusal(StrEnum):
    """Why an objection was not taken, or not decided."""

    NO_GUARDIAN = "no_guardian"
    NOT_OF_AGE = "not_of_age"
    ALREADY_OPEN = "already_open"
    TEXT_UNUSABLE = "text_unusable"
    NOT_ALLOWED = "not_allowed"
    NO_OBJECTION = "no_objection"
    OWN_WARD = "own_ward"
    ACTS_WRONG = "acts_wrong"


@dataclass(frozen=True)
class ActingGuardian:
    """Somebody who acts for a ward, as the ward sees her."""

    id: UUID
    masked_name: str
    relation: str
    guardianship: Guardianship
    last_day: date | None
    objection_is_open: bool


@dataclass(frozen=True)
class OpenObjection:
    """What a ward says of a guardian, for whoever decides."""

    id: UUID
    resident_id: UUID
    ward_name: str
    guardian_name: str
    relation: str
    acts: frozenset[Act]
    filed_at: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True)
class Ruling:
    """What staff decide: `acts` are those that stay where an objection narrows them."""

    objection_id: UUID
    outcome: ObjectionOutcome
    acts: frozenset[Act]
    reason: str


async def guardians_of(resources: Resources, person: Person, on: date) -> Sequence[ActingGuardian]:
    """Who acts for a person on a day, the longest first."""
    rows = await resources.database.fetch(_GUARDIANS, person.id)
    held = [(row, guardianship_of(row)) for row in rows]
    return [
        ActingGuardian(
            row["id"],
            mask_name(person.data_key.open(Sealed.GUARDIAN_NAME, row["name_sealed"])),
            row["relation"],
            guardianship,
            guardianship.last_day(person.birth_date),
            row["objection_is_open"],
        )
        for row, guardianship in held
        if guardianship.is_in_force(person.birth_date, on)
    ]


async def object_to(
    resources: Resources, viewer: Viewer, people: People, guardian_id: UUID, reason: str
) -> UUID | ObjectionRefusal:
    """Take the objection of a ward of age to somebody who acts for her; the objection's id."""
    at, own = resources.clock(), people.own
    guardians = [] if own is None else await guardians_of(resources, own, local_date(at))
    if own is None or guardian_id not in {guardian.id for guardian in guardians}:
        return ObjectionRefusal.NO_GUARDIAN
    if not is_adult(own.birth_date, local_date(at)):
        return ObjectionRefusal.NOT_OF_AGE
    if not 0 < len(reason.strip()) <= MAX_TEXT:
        return ObjectionRefusal.TEXT_UNUSABLE
    async with resources.database.transaction() as connection:
        sealed = own.data_key.seal(Sealed.OBJECTION, reason.strip())
        filed: UUID | None = await connection.fetchval(_FILE, new_id(), guardian_id, sealed, at)
        if filed is None:
            return ObjectionRefusal.ALREADY_OPEN
        event = audit.Event(f"account:{viewer.account_id}", "object_to_guardian", str(own.id), str(guardian_id))
        await audit.record(connection, event, at)
    return filed


async def open_objections(
    resources: Resources, people: People, after: UUID | None, first: int
) -> Sequence[OpenObjection] | ObjectionRefusal:
    """Those of the viewer's area that wait, the oldest first and one more than `first`, which are on record as read."""
    staff = people.on_duty(Duty.DECIDE_OBJECTION)
    if staff is None:
        return ObjectionRefusal.NOT_ALLOWED
    async with resources.database.transaction() as connection:
        rows = await connection.fetch(_PAGE, staff.area.town, staff.area.village, after, first + 1)
        for row in rows[:first]:
            event = audit.Event(f"staff:{staff.id}", "read_objection", str(row["ward_id"]), str(row["id"]))
            await audit.record(connection, event, resources.clock())
    return [_objection(resources, row) for row in rows]


async def decide(
    resources: Resources, viewer: Viewer, people: People, ruling: Ruling
) -> ObjectionOutcome | ObjectionRefusal:
    """Decide an objection of the viewer's area; both are told, and a guardian who may show codes no more has none."""
    staff = people.on_duty(Duty.DECIDE_OBJECTION)
    if staff is None:
        return ObjectionRefusal.NOT_ALLOWED
    if not 0 < len(ruling.reason.strip()) <= MAX_TEXT:
        return ObjectionRefusal.TEXT_UNUSABLE
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(_ONE, staff.area.town, staff.area.village, ruling.objection_id)
        if row is None:
            return ObjectionRefusal.NO_OBJECTION
        if people.is_related(row["ward_id"]) or row["account_id"] == viewer.account_id:
            return ObjectionRefusal.OWN_WARD
        return await _rule(resources, connection, staff, ruling, row)


async def _rule(
    resources: Resources, connection: asyncpg.Connection, staff: StaffMember, ruling: Ruling, row: asyncpg.Record
) -> ObjectionOutcome | ObjectionRefusal:
    at, before = resources.clock(), guardianship_of(row).acts
    acts = acts_after(before, ruling.outcome, ruling.acts)
    if acts is None:
        return ObjectionRefusal.ACTS_WRONG
    key = resources.vault.data_key(row["ward_id"], row["data_key"], row["data_key_version"])
    sealed = key.seal(Sealed.OBJECTION, ruling.reason.strip())
    # Whoever waited for the resident's row finds the objection decided.
    if not await connection.fetchval(_DECIDE, row["id"], ruling.outcome, staff.id, sealed, at):
        return ObjectionRefusal.NO_OBJECTION
    ended = local_date(at) if ruling.outcome is ObjectionOutcome.END else None
    # What an ended guardian could do stays on record.
    await connection.execute(_CHANGE, row["guardian_id"], write_acts(acts or before), ended)
    if Act.RIDE_CODE in before - acts and row["account_id"] is not None:
        await revoke_passes(connection, row["ward_id"], at)
    for whom in ("ward", "guardian"):
        detail = {"to": whom, "guardian": str(row["guardian_id"]), "outcome": ruling.outcome, "acts": write_acts(acts)}
        await tell_resident(connection, key, "guardian_objection_decided", json.dumps(detail), at)
    detail_of = f"{row['id']} {ruling.outcome}"
    event = audit.Event(f"staff:{staff.id}", "decide_guardian_objection", str(row["ward_id"]), detail_of)
    await audit.record(connection, event, at)
    return ruling.outcome


def _objection(resources: Resources, row: asyncpg.Record) -> OpenObjection:
    key = resources.vault.data_key(row["ward_id"], row["data_key"], row["data_key_version"])
    return OpenObjection(
        row["id"],
        row["ward_id"],
        mask_name(key.open(Sealed.NAME, row["name_sealed"])),
        mask_name(key.open(Sealed.GUARDIAN_NAME, row["guardian_sealed"])),
        row["relation"],
        guardianship_of(row).acts,
        row["filed_at"],
        key.open(Sealed.OBJECTION, row["reason_sealed"]),
    )
