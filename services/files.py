"""Opens the file of a resident for those who may, writes into it, and keeps who saw what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.file import READABLE, WRITABLE, FileKind, FileRefusal
from models.record import new_id
from services import audit, idempotency
from services.authority import Authority, authority_of
from services.cards import CardStanding
from services.file_rows import Entry, FileFilter, entry_of, read, sights
from services.people import People, mask_name
from services.resources import Resources
from services.standings import find
from services.vault import Indexed, Sealed

MAX_TEXT = 2_000

_REFUSALS = frozenset(FileRefusal)

_BY_NUMBER = """
SELECT r.id FROM resident r WHERE r.id_number_index = $1
UNION SELECT r.id FROM resident r WHERE r.certificate_index = $3
UNION SELECT c.resident_id FROM card c WHERE c.number_index = $2 LIMIT 1
"""


@dataclass(frozen=True)
class OpenedFile:
    """Whose file was found, masked, and how her card stands."""

    masked_name: str
    standing: CardStanding


@dataclass(frozen=True)
class EntryWish:
    """What a member of staff wants to write down: `key` makes a repetition one."""

    resident_id: UUID
    kind: FileKind
    text: str
    happened_on: date
    key: str


async def open_file(resources: Resources, people: People, number: str) -> OpenedFile | FileRefusal:
    """Find a resident of the viewer's area by citizen id, card or certificate number, also by a number that is dead."""
    at, staff, vault = resources.clock(), people.on_duty(Duty.OPEN_FILE), resources.vault
    if staff is None:
        return FileRefusal.NOT_ALLOWED
    async with resources.database.transaction() as connection:
        resident_id = await connection.fetchval(
            _BY_NUMBER,
            *(vault.index(what, number) for what in (Indexed.ID_NUMBER, Indexed.CARD_NUMBER, Indexed.CERTIFICATE)),
        )
        found = await find(resources, connection, resident_id, lock=False) if resident_id else None
        opened = found if found is not None and staff.area.covers(found.town, found.village) else None
        event = audit.Event(f"staff:{staff.id}", "open_file", str(opened.resident_id) if opened else "-")
        await audit.record(connection, event, at)
    if opened is None:
        return FileRefusal.NOT_FOUND
    return OpenedFile(mask_name(opened.name), CardStanding.of(opened))


async def file_of(
    resources: Resources,
    viewer: Viewer,
    people: People,
    resident_id: UUID | None,
    asked: FileFilter,
    after: tuple[datetime, UUID] | None,
    first: int,
) -> Sequence[Entry] | FileRefusal:
    """The `first` entries that the viewer may read and asks for, newest first; a reading by another is on record.

    One more is returned where there is one, to know whether there is a next page; it does not count as seen.
    """
    at = resources.clock()
    authority = authority_of(viewer, people, resident_id, local_date(at), Duty.READ_FILE, as_holder=True, act=Act.VIEW)
    if authority is None:
        return FileRefusal.NOT_ALLOWED
    may = FileFilter(asked.kinds & READABLE[authority.actor.role], asked.since, asked.until)
    async with resources.database.transaction() as connection:
        found = await find(resources, connection, authority.resident_id, lock=False)
        if found is None or not authority.reaches(found.town, found.village):
            return FileRefusal.NOT_ALLOWED
        rows = await read(connection, found.resident_id, may, after, first + 1)
        if authority.staff is not None:
            await _note_sights(connection, [row["id"] for row in rows[:first]], authority.staff.id, at)
        seen = await sights(connection, [row["id"] for row in rows])
        if people.own is None or people.own.id != found.resident_id:
            detail = f"{len(rows[:first])} entries of {','.join(sorted(may.kinds))}"
            entry = audit.Event(authority.name, "read_file", str(found.resident_id), detail)
            await audit.record(connection, entry, at)
    return [entry_of(row, found.data_key, seen) for row in rows]


async def write_entry(resources: Resources, viewer: Viewer, people: People, wish: EntryWish) -> UUID | FileRefusal:
    """Write an entry into the file of a resident of the viewer's area, sealed under her key; the id of the entry."""
    at = resources.clock()
    authority = authority_of(viewer, people, wish.resident_id, local_date(at), Duty.WRITE_FILE, as_holder=False)
    if authority is None or authority.actor.is_related:  # nobody writes into her own file, or her ward's
        return FileRefusal.NOT_ALLOWED
    refusal = _refuse(authority, wish, local_date(at))
    if refusal is not None:
        return refusal

    async def work(connection: asyncpg.Connection) -> str:
        found = await find(resources, connection, wish.resident_id)
        if found is None or not authority.reaches(found.town, found.village):
            return FileRefusal.NOT_ALLOWED
        assert authority.staff is not None, "only staff have kinds to write"
        entry_id = new_id()
        await connection.execute(
            "INSERT INTO file_entry (id, resident_id, kind, text_sealed, happened_on, written_at, author_id) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            entry_id,
            found.resident_id,
            wish.kind,
            found.data_key.seal(Sealed.FILE_TEXT, wish.text.strip()),
            wish.happened_on,
            at,
            authority.staff.id,
        )
        event = audit.Event(authority.name, "write_entry", str(found.resident_id), wish.kind)
        await audit.record(connection, event, at)
        return str(entry_id)

    request = ["entry", str(wish.resident_id), wish.kind, wish.text, str(wish.happened_on)]
    answer = await idempotency.answer_of(resources.database, viewer.account_id, wish.key, request, at, work)
    return FileRefusal(answer) if answer in _REFUSALS else UUID(answer)


def _refuse(authority: Authority, wish: EntryWish, on: date) -> FileRefusal | None:
    if wish.kind not in WRITABLE[authority.actor.role]:
        return FileRefusal.KIND_NOT_ALLOWED
    if not 0 < len(wish.text.strip()) <= MAX_TEXT:
        return FileRefusal.TEXT_UNUSABLE
    return FileRefusal.IN_THE_FUTURE if wish.happened_on > on else None


async def _note_sights(connection: asyncpg.Connection, entry_ids: Sequence[UUID], staff_id: UUID, at: datetime) -> None:
    await connection.executemany(
        "INSERT INTO file_sight (id, entry_id, staff_id, at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (entry_id, staff_id) DO NOTHING",
        [(new_id(), entry_id, staff_id, at) for entry_id in entry_ids],
    )
