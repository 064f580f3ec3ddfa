"""Shows that a file tells who wrote what and when, to those who may read it, and keeps who has seen it."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.card_event import CardEvent
from domain.entitlement import Verdict
from domain.file import FileKind, FileRefusal
from domain.standing import Findings, Role
from services.bookings import book_slot
from services.card_appeals import AppealWish, appeal
from services.file_rows import Entry, FileFilter, FileSource, Part
from services.files import EntryWish, OpenedFile, file_of, open_file, write_entry
from services.redecision import Change
from services.resources import Resources
from tests.services.office import Office
from tests.services.register import Clock, Holder, Register

EVERYTHING = FileFilter(frozenset(FileKind))
TOWN = "曹娥街道"
TODAY = date(2026, 3, 11)
_keys = iter(range(1_000))


class Desk:
    """A viewer who reads and writes files."""

    def __init__(self, office: Office, viewer: Viewer) -> None:
        self.resources, self.register, self.viewer = office.resources, office.register, viewer

    async def read(
        self, whom: UUID | None = None, asked: FileFilter = EVERYTHING, after: Any = None, first: int = 100
    ) -> Any:
        """The entries, or the refusal."""
        people = await self.register.people(self.viewer)
        return await file_of(self.resources, self.viewer, people, whom, asked, after, first)

    async def write(
        self,
        whom: UUID,
        kind: FileKind = FileKind.NOTE,
        text: str = "上门看望",
        happened_on: date = TODAY,
        key: str = "",
    ) -> UUID | FileRefusal:
        """The id of what was written, or the refusal."""
        wish = EntryWish(whom, kind, text, happened_on, key or f"entry-{next(_keys)}")
        return await write_entry(self.resources, self.viewer, await self.register.people(self.viewer), wish)


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A holder of the town."""
    return await register.resident(town=TOWN)


@pytest.fixture
async def district(office: Office) -> Desk:
    """The district's clerk."""
    return Desk(office, await office.clerk())


@pytest.fixture
async def visitor(office: Office) -> Desk:
    """The commissioner of the holder's town."""
    return Desk(office, await office.clerk(town=TOWN, role="commissioner"))


def told(entries: list[Entry]) -> list[tuple[FileKind, FileSource, str]]:
    """What the entries are."""
    return [(entry.kind, entry.source, entry.code) for entry in entries]


async def test_a_file_holds_everything_in_order(
    office: Office, register: Register, resources: Resources, holder: Holder, district: Desk, clock: Clock
) -> None:
    """Screening, referral, assessment, appeal, card, service and benefits, the newest first, each with its writer."""
    viewer, town = await register.viewer(holder), Desk(office, await office.clerk(town=TOWN))
    slot = await register.slot(await register.service(name="康复训练"))
    steps = [
        town.write(holder.id, FileKind.SCREENING, "听力初筛未通过"),
        office.done(town.viewer, CardEvent.REASSESS, holder.id),
        office.done(town.viewer, CardEvent.REFER, holder.id),
        office.done(town.viewer, CardEvent.ASSESS, holder.id, findings=Findings(((1, 3),))),
        appeal(resources, viewer, await register.people(viewer), AppealWish("appeal-1", None, "不认可等级")),
        book_slot(resources, viewer, await register.people(viewer), slot, None, "booking-1"),
        office.done(viewer, CardEvent.REPORT_LOST),
    ]
    for step in steps:
        clock.forward(minutes=1)
        await step

    entries = await district.read(holder.id)

    assert set(told(entries[:2])) == {
        (FileKind.CARD, FileSource.EVENT, "report_lost"),
        (FileKind.BENEFIT, FileSource.ENTRY, ""),
    }
    assert told(entries[2:]) == [
        (FileKind.SERVICE, FileSource.BOOKING, "booked"),
        (FileKind.ASSESSMENT, FileSource.APPEAL, "city"),
        (FileKind.ASSESSMENT, FileSource.EVENT, "assess"),
        (FileKind.REFERRAL, FileSource.EVENT, "refer"),
        (FileKind.CARD, FileSource.EVENT, "reassess"),
        (FileKind.SCREENING, FileSource.ENTRY, ""),
    ]
    screening, benefit = entries[-1], next(entry for entry in entries if entry.kind is FileKind.BENEFIT)
    assert (screening.text, screening.written_by) == ("听力初筛未通过", Part(Role.TOWN, "区残联"))
    assert (benefit.text, benefit.written_by) == ("", Part(Role.REGISTER, ""))
    assert Change("free-bus", Verdict.ELIGIBLE, Verdict.NOT_ELIGIBLE) in benefit.changes
    writers = {entry.code: entry.written_by for entry in entries}
    assert writers["report_lost"] == writers["city"] == Part(Role.HOLDER, "")
    assert (writers["booked"], writers["assess"]) == (None, Part(Role.TOWN, "区残联"))
    assert next(entry for entry in entries if entry.code == "city").text == "不认可等级"
    assert next(entry for entry in entries if entry.code == "booked").detail == "康复训练"


async def test_a_file_is_filtered_and_paged(holder: Holder, district: Desk, clock: Clock) -> None:
    """By kind, by the days on which things happened, and on from the last entry of a page."""
    for day in (1, 2, 3):
        clock.forward(minutes=1)
        await district.write(holder.id, FileKind.NOTE, f"第{day}天", date(2026, 3, day))
    await district.write(holder.id, FileKind.DIAGNOSIS, "医院诊断")
    notes = frozenset({FileKind.NOTE})

    first = await district.read(holder.id, FileFilter(notes), first=2)
    rest = await district.read(holder.id, FileFilter(notes), after=(first[1].at, first[1].id), first=2)
    days = await district.read(holder.id, FileFilter(notes, date(2026, 3, 2), date(2026, 3, 2)))

    assert [[entry.text for entry in page] for page in (first, rest, days)] == [
        ["第3天", "第2天", "第1天"],
        ["第1天"],
        ["第2天"],
    ]


async def test_a_part_reads_and_writes_its_kinds(
    office: Office, register: Register, holder: Holder, district: Desk, visitor: Desk
) -> None:
    """A commissioner sees no diagnosis and writes none; the holder sees all but the staff's notes; others nothing."""
    own, elsewhere = Desk(office, await register.viewer(holder)), Desk(office, await office.clerk(town="别处"))
    stranger = Desk(office, await register.viewer())
    await district.write(holder.id, FileKind.DIAGNOSIS, "医院诊断")
    await visitor.write(holder.id, FileKind.NOTE, "上门看望")

    kinds = [{entry.kind for entry in await desk.read(holder.id)} for desk in (district, visitor, own)]

    assert kinds == [{FileKind.DIAGNOSIS, FileKind.NOTE}, {FileKind.NOTE}, {FileKind.DIAGNOSIS}]
    assert await visitor.write(holder.id, FileKind.DIAGNOSIS) is FileRefusal.KIND_NOT_ALLOWED
    assert await district.write(holder.id, FileKind.BENEFIT) is FileRefusal.KIND_NOT_ALLOWED
    assert await own.write(holder.id) is FileRefusal.NOT_ALLOWED
    assert [await desk.read(holder.id) for desk in (elsewhere, stranger)] == [FileRefusal.NOT_ALLOWED] * 2
    assert await elsewhere.write(holder.id) is FileRefusal.NOT_ALLOWED
    assert await district.read(UUID(int=5)) is FileRefusal.NOT_ALLOWED


async def test_nobody_writes_into_her_own_file(office: Office, register: Register, holder: Holder) -> None:
    """Not even as a member of staff, nor into her ward's."""
    viewer = await register.viewer(holder)
    await register.staff(viewer.account_id)

    assert await Desk(office, viewer).write(holder.id) is FileRefusal.NOT_ALLOWED


async def test_what_was_seen_by_whom_is_told(
    office: Office, register: Register, holder: Holder, district: Desk, visitor: Desk, owner: asyncpg.Connection
) -> None:
    """Each member of staff once an entry, with the first time; every reading by another is in the audit log."""
    own, guardian = Desk(office, await register.viewer(holder)), Desk(office, await register.viewer())
    await register.guardian(holder, guardian.viewer.account_id, scope="view")
    await visitor.write(holder.id, FileKind.SCREENING, "视力初筛")

    await visitor.read(holder.id, first=0)
    await visitor.read(holder.id)
    await visitor.read(holder.id)
    await district.read(holder.id)
    await guardian.read(holder.id)
    (entry,) = await own.read()

    log = await owner.fetch(
        "SELECT actor, detail FROM audit WHERE subject = $1 AND action = 'read_file' ORDER BY sequence", str(holder.id)
    )
    assert [sight.by.role for sight in entry.seen_by] == [Role.COMMISSIONER, Role.DISTRICT]
    assert [row["actor"].partition(":")[0] for row in log] == ["staff", "staff", "staff", "staff", "account"]
    assert log[1]["detail"] == "1 entries of benefit,card,note,referral,screening,service"


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"text": "  "}, FileRefusal.TEXT_UNUSABLE),
        ({"text": "长" * 2_001}, FileRefusal.TEXT_UNUSABLE),
        ({"happened_on": date(2026, 3, 12)}, FileRefusal.IN_THE_FUTURE),
    ],
)
async def test_an_entry_says_something_that_happened(
    holder: Holder, district: Desk, wish: dict[str, Any], refusal: FileRefusal
) -> None:
    """Neither nothing nor a book, and nothing that is yet to come."""
    assert await district.write(holder.id, **wish) is refusal


async def test_a_repetition_writes_once(holder: Holder, district: Desk, owner: asyncpg.Connection) -> None:
    """The same key gets the first answer, and is good for nothing else; what is written stays."""
    first = await district.write(holder.id, key="entry-of-a-clerk")
    again = await district.write(holder.id, key="entry-of-a-clerk")
    other = await district.write(holder.id, text="别的话", key="entry-of-a-clerk")

    assert first == again
    assert other is FileRefusal.KEY_REUSED
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute("UPDATE file_entry SET kind = 'note'")


async def test_what_is_written_is_sealed(holder: Holder, district: Desk, owner: asyncpg.Connection) -> None:
    """The words of an entry are nowhere in the row."""
    await district.write(holder.id, text="只有我们知道")

    row = await owner.fetchrow("SELECT * FROM file_entry WHERE resident_id = $1", holder.id)
    assert "只有我们知道".encode() not in b"".join(value for value in row.values() if isinstance(value, bytes))


async def test_staff_open_a_file_by_number(
    office: Office, register: Register, resources: Resources, holder: Holder, district: Desk, owner: asyncpg.Connection
) -> None:
    """By citizen id or card number, in their area only; each try is in the audit log."""
    people = await register.people(district.viewer)
    elsewhere = await register.people(await office.clerk(town="别处"))
    nobody = await register.people(await register.viewer())

    by_card = await open_file(resources, people, holder.card_number)
    by_id = await open_file(resources, people, holder.card_number[:18])
    answers = [await open_file(resources, who, holder.card_number) for who in (elsewhere, nobody)]
    unknown = await open_file(resources, people, "330604193101010011")

    assert isinstance(by_card, OpenedFile)
    assert by_card == by_id
    assert (by_card.masked_name, by_card.standing.resident_id) == ("王**", holder.id)
    assert (answers, unknown) == ([FileRefusal.NOT_FOUND, FileRefusal.NOT_ALLOWED], FileRefusal.NOT_FOUND)
    actions = await owner.fetch("SELECT subject FROM audit WHERE action = 'open_file' ORDER BY sequence")
    assert [row["subject"] for row in actions][-4:] == [str(holder.id), str(holder.id), "-", "-"]
