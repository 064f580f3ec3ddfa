"""Reads the file of a resident together from the tables that its entries stand in, newest first, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Area
from domain.card_event import CardEvent
from domain.file import FileKind, kind_of
from domain.standing import Role
from models.session import StaffRole
from services.people import StaffMember
from services.redecision import Change, read_changes
from services.vault import DataKey, Sealed

# $2 and $3 say under which kind each event stands; $4 kinds, $5 and $6 the days, $7 and $8 the place to go on from.
_ENTRIES = """
SELECT entry.*, staff.id AS staff_id, staff.role AS staff_role, staff.town, staff.village, staff.organisation FROM (
    SELECT id, written_at AS at, happened_on AS day, kind::text, 'entry' AS source, NULL AS code, NULL AS detail,
           text_sealed AS sealed, author_id AS author, NULL::uuid AS account_id, NULL AS role
    FROM file_entry WHERE resident_id = $1
    UNION ALL
    SELECT e.id, e.at, coalesce(e.day, (e.at AT TIME ZONE 'Asia/Shanghai')::date), m.kind, 'event', e.event::text,
           e.cause::text, e.reason_sealed, NULL, e.account_id, e.role::text
    FROM card_event e JOIN unnest($2::text[], $3::text[]) AS m (event, kind) ON m.event = e.event
    WHERE e.resident_id = $1
    UNION ALL
    SELECT id, filed_at, (filed_at AT TIME ZONE 'Asia/Shanghai')::date, 'assessment', 'appeal', level::text,
           outcome::text, reason_sealed, NULL, filed_by_id, role::text
    FROM card_appeal WHERE resident_id = $1
    UNION ALL
    SELECT b.id, b.booked_at, (b.starts_at AT TIME ZONE 'Asia/Shanghai')::date, 'service', 'booking', b.state::text,
           v.name::text, NULL, NULL, NULL, NULL
    FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id WHERE b.resident_id = $1
) entry LEFT JOIN staff ON staff.id = entry.author OR (staff.account_id = entry.account_id AND entry.role <> 'holder')
WHERE kind = ANY($4) AND ($5::date IS NULL OR day >= $5) AND ($6::date IS NULL OR day <= $6)
  AND ($7::timestamptz IS NULL OR (at, entry.id) < ($7, $8::uuid))
ORDER BY at DESC, entry.id DESC LIMIT $9
"""

_SIGHTS = """
SELECT f.entry_id, f.at, s.role, s.town, s.village, s.organisation, s.id
FROM file_sight f JOIN staff s ON s.id = f.staff_id
WHERE f.entry_id = ANY($1) ORDER BY f.at, f.id
"""


class FileSource(StrEnum):
    """What an entry is: written by somebody, an event of the card, an appeal, or a booking."""

    ENTRY = "entry"
    EVENT = "event"
    APPEAL = "appeal"
    BOOKING = "booking"


@dataclass(frozen=True)
class Part:
    """Somebody as the file names her: by her part, and as staff by her organisation."""

    role: Role
    organisation: str


@dataclass(frozen=True)
class Sight:
    """A member of staff who has seen an entry, and when first."""

    by: Part
    at: datetime


@dataclass(frozen=True)
class Entry:
    """One entry: `day` is when it happened, `at` when it was written, `written_by` None where nobody is on record.

    `code` and `detail` are of the source: event and cause, level and outcome, state and service. `text` is what a
    person wrote, `changes` what a change of the card did to entitlements.
    """

    id: UUID
    at: datetime
    day: date
    kind: FileKind
    source: FileSource
    code: str
    detail: str
    text: str
    changes: tuple[Change, ...]
    written_by: Part | None
    seen_by: tuple[Sight, ...]


@dataclass(frozen=True)
class FileFilter:
    """Which entries are asked for: kinds, and the days between which they happened, both included."""

    kinds: frozenset[FileKind]
    since: date | None = None
    until: date | None = None


async def read(
    connection: asyncpg.Connection,
    resident_id: UUID,
    asked: FileFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[asyncpg.Record]:
    """The rows of the entries behind a place, newest first, `limit` at most."""
    moment, key = after or (None, None)
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        _ENTRIES,
        resident_id,
        list(CardEvent),
        [kind_of(event) for event in CardEvent],
        sorted(asked.kinds),
        asked.since,
        asked.until,
        moment,
        key,
        limit,
    )
    return rows


async def sights(connection: asyncpg.Connection, entry_ids: Sequence[UUID]) -> dict[UUID, tuple[Sight, ...]]:
    """Who has seen each entry, the first first."""
    seen: dict[UUID, tuple[Sight, ...]] = {}
    for row in await connection.fetch(_SIGHTS, entry_ids):
        by = Part(_staff(row, row["id"], row["role"]).part, row["organisation"])
        seen[row["entry_id"]] = (*seen.get(row["entry_id"], ()), Sight(by, row["at"]))
    return seen


def entry_of(row: asyncpg.Record, key: DataKey, seen: dict[UUID, tuple[Sight, ...]]) -> Entry:
    """The entry of a row, opened."""
    kind, source = FileKind(row["kind"]), FileSource(row["source"])
    sealed_as = Sealed.FILE_TEXT if source is FileSource.ENTRY else Sealed.CARD_REASON
    text = key.open(sealed_as, row["sealed"]) if row["sealed"] else ""
    is_changes = kind is FileKind.BENEFIT and source is FileSource.ENTRY
    return Entry(
        id=row["id"],
        at=row["at"],
        day=row["day"],
        kind=kind,
        source=source,
        code=row["code"] or "",
        detail=row["detail"] or "",
        text="" if is_changes else text,
        changes=read_changes(text) if is_changes else (),
        written_by=_writer(row),
        seen_by=seen.get(row["id"], ()),
    )


def _writer(row: asyncpg.Record) -> Part | None:
    if row["staff_id"] is not None:
        return Part(_staff(row, row["staff_id"], row["staff_role"]).part, row["organisation"])
    if row["role"] is not None:
        return Part(Role(row["role"]), "")
    return Part(Role.REGISTER, "") if row["source"] == FileSource.ENTRY else None


def _staff(row: asyncpg.Record, staff_id: UUID, role: str) -> StaffMember:
    return StaffMember(staff_id, StaffRole(role), Area(row["town"], row["village"]), row["organisation"])
