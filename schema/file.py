"""The file of a resident as clients see it: one list of all that happened, in sentences, with writers and readers."""

from datetime import date, datetime
from typing import Annotated, assert_never
from uuid import UUID

import strawberry

from domain.appeal import AppealLevel, AppealOutcome
from domain.card_event import CardEvent
from domain.file import FileKind, FileRefusal
from domain.standing import Cause, Role
from models.booking import BookingState
from schema import messages
from schema.context import Info
from schema.guardian import Guardian
from schema.identity import to_id
from schema.lifecycle import CardStanding
from schema.limits import LIST_SIZE
from schema.paging import Connection, page_of, time_cursor, time_place
from schema.session import NotSignedIn, Signed
from services import files, objections
from services.file_rows import Entry, FileFilter, FileSource, Part, Sight
from services.people import residents_by_id

# An entry is seen by the town's clerk, the district's, and the commissioner.
_USUAL_READERS = 3
_USUAL_GUARDIANS = 2

strawberry.enum(FileKind, name="FileKind", description="Kinds of entries in the file of a resident.")
strawberry.enum(FileRefusal, name="FileRefusalReason", description="Why a file was not opened or written into.")
strawberry.enum(Role, name="ActorRole", description="In which part somebody acts on a card or a file.")


@strawberry.type(description="Somebody, named by her part alone.")
class FilePart:
    """A role and, for staff, an organisation."""

    role: Role
    role_name: str = strawberry.field(description="The role in Chinese.")
    organisation: str = strawberry.field(description="Empty for others than staff.")

    @classmethod
    def of(cls, part: Part) -> "FilePart":
        """The part in words."""
        return cls(role=part.role, role_name=messages.ROLE[part.role], organisation=part.organisation)


@strawberry.type(description="That a member of staff has seen an entry, and when first.")
class FileSight:
    """A reader."""

    by: FilePart
    at: datetime

    @classmethod
    def of(cls, sight: Sight) -> "FileSight":
        """The reader of a loaded row."""
        return cls(by=FilePart.of(sight.by), at=sight.at)


@strawberry.type(description="档案记录。One entry in the file of a resident.")
class FileEntry:
    """An entry in words."""

    id: strawberry.ID
    kind: FileKind
    day: date = strawberry.field(description="When it happened.")
    written_at: datetime
    sentence: str = strawberry.field(description="What happened, in plain words; empty where only a person's text is.")
    text: str = strawberry.field(description="What a person wrote, or empty.")
    written_by: FilePart | None = strawberry.field(description="Null where nobody is on record.")
    seen_by: list[FileSight] = strawberry.field(
        description="The staff who have seen it, the first first.", metadata={LIST_SIZE: _USUAL_READERS}
    )

    @classmethod
    def of(cls, entry: Entry, titles: dict[str, str]) -> "FileEntry":
        """The entry of a loaded row; `titles` are those of the programmes."""
        return cls(
            id=to_id("FileEntry", entry.id),
            kind=entry.kind,
            day=entry.day,
            written_at=entry.at,
            sentence=_sentence(entry, titles),
            text=entry.text,
            written_by=FilePart.of(entry.written_by) if entry.written_by else None,
            seen_by=[FileSight.of(sight) for sight in entry.seen_by],
        )


def _sentence(entry: Entry, titles: dict[str, str]) -> str:
    match entry.source:
        case FileSource.ENTRY:
            return "".join(
                messages.benefit_changed(titles.get(each.programme, each.programme), each.before, each.after)
                for each in entry.changes
            )
        case FileSource.EVENT:
            return messages.card_event(CardEvent(entry.code), Cause(entry.detail) if entry.detail else None)
        case FileSource.APPEAL:
            outcome = AppealOutcome(entry.detail) if entry.detail else None
            return messages.appeal_filed(AppealLevel(entry.code), outcome)
        case FileSource.BOOKING:
            return messages.service_booked(entry.detail, cancelled=entry.code == BookingState.CANCELLED)
        case _:
            assert_never(entry.source)


@strawberry.type(description="The file was not opened, or nothing was written.")
class FileRefused:
    """A typed refusal."""

    reason: FileRefusal
    message: str

    @classmethod
    def of(cls, reason: FileRefusal) -> "FileRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.FILE[reason])


@strawberry.type(description="Whose file was found.")
class FileOpened:
    """A resident, masked, and how her card stands."""

    resident_key: strawberry.Private[UUID]
    masked_name: str
    standing: CardStanding

    @strawberry.field(description="Who acts for her, the longest first.", metadata={LIST_SIZE: _USUAL_GUARDIANS})
    async def guardians(self, info: Info) -> list[Guardian]:
        """Her guardians, by the ids by which an office may end one."""
        resources = info.context.resources
        (person,) = await residents_by_id(resources, [self.resident_key])
        return [Guardian.of(row) for row in await objections.guardians_of(resources, person, info.context.on)]

    @classmethod
    def of(cls, opened: files.OpenedFile) -> "FileOpened":
        """The resident in words."""
        return cls(
            resident_key=opened.standing.resident_id,
            masked_name=opened.masked_name,
            standing=CardStanding.of(opened.standing),
        )


@strawberry.type(description="The entry stands in the file.")
class FileEntryWritten:
    """A written entry."""

    id: strawberry.ID
    message: str = messages.ENTRY_WRITTEN


FileResult = Annotated[Connection[FileEntry] | FileRefused | NotSignedIn, strawberry.union("FileResult")]
FileOpenedResult = Annotated[FileOpened | FileRefused | NotSignedIn, strawberry.union("FileOpenedResult")]
FileEntryResult = Annotated[FileEntryWritten | FileRefused | NotSignedIn, strawberry.union("FileEntryResult")]

Kinds = Annotated[list[FileKind] | None, strawberry.argument(description="Only entries of these kinds.")]
FirstDay = Annotated[date | None, strawberry.argument(description="Only what happened on or after this day.")]
LastDay = Annotated[date | None, strawberry.argument(description="Only what happened on or before this day.")]


async def page_of_file(
    info: Info, signed: Signed, resident_id: UUID | None, asked: FileFilter, first: int, after: str | None
) -> Connection[FileEntry] | FileRefused:
    """A page of a resident's file, of the viewer's own without an id."""
    resources = info.context.resources
    behind = None if after is None else time_place("FileEntry", after)
    rows = await files.file_of(resources, signed.viewer, signed.people, resident_id, asked, behind, first)
    if isinstance(rows, FileRefusal):
        return FileRefused.of(rows)
    titles = {programme.slug: programme.title for programme in resources.rules.chinese.programmes}
    return page_of(
        rows,
        first,
        lambda entry: FileEntry.of(entry, titles),
        lambda entry: time_cursor("FileEntry", entry.at, entry.id),
    )


def filter_of(kinds: list[FileKind] | None, since: date | None, until: date | None) -> FileFilter:
    """The filter of a query's arguments."""
    return FileFilter(frozenset(FileKind if kinds is None else kinds), since, until)
