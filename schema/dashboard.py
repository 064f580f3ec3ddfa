"""What scanners did and which fell silent, as numbers, as tables to take away, and as a page with charts."""

import base64
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from domain.dashboard import Delay, is_span
from domain.settlement import Verdict
from schema import messages
from schema.context import Info
from schema.dashboard_page import dashboard_page, tables_of
from schema.errors import ErrorCode, ExpectedError
from schema.limits import LIST_SIZE
from services.dashboard import Seen, look
from services.sheet import as_csv, as_xlsx

strawberry.enum(Delay, name="ScanDelay", description="How long a scan took to come, the shortest first.")

_DAYS = 31
_LINES = 50
_CLASSES = 4
_REASONS = 10
_TABLES = 6


@strawberry.type(description="A day: rides on buses, entries to venues, companions of both, and refusals.")
class DashboardDay:
    """One day."""

    day: date
    rides: int
    entries: int
    companions: int
    refused: int


@strawberry.type(description="How often something happened.")
class NamedCount:
    """A name in Chinese, and a number."""

    name: str
    number: int


@strawberry.type(description="A scanner in service that sent nothing for a day.")
class QuietDevice:
    """One scanner."""

    operator: str
    place: str
    last_at: datetime | None = strawberry.field(description="Null if it never sent anything.")


@strawberry.type(description="A table to take away.")
class DashboardTable:
    """One table."""

    title: str
    csv: str
    xlsx: str = strawberry.field(description="The file in base 64.")


@strawberry.type(description="What the scanners of an operator, or of all, did on some days; it names nobody.")
class Dashboard:
    """A dashboard."""

    seen: strawberry.Private[Seen]
    operator: strawberry.Private[str]
    since: date
    until: date
    as_of: datetime

    @strawberry.field(description="Day by day.", metadata={LIST_SIZE: _DAYS})
    def days(self) -> list[DashboardDay]:
        """The days."""
        return [
            DashboardDay(
                day=each.day,
                rides=each.rides,
                entries=each.entries,
                companions=each.companions,
                refused=each.refused,
            )
            for each in self.seen.tally.days
        ]

    @strawberry.field(description="By line and venue, the greatest first.", metadata={LIST_SIZE: _LINES})
    def lines(self) -> list[NamedCount]:
        """The lines."""
        return _counts(self.seen.tally.lines)

    @strawberry.field(description="By what was paid.", metadata={LIST_SIZE: _CLASSES})
    def classes(self) -> list[NamedCount]:
        """The classes."""
        return _counts([(messages.RIDE_CLASS[Verdict(name)], number) for name, number in self.seen.tally.classes])

    @strawberry.field(description="Refusals by reason, the most frequent first.", metadata={LIST_SIZE: _REASONS})
    def refusals(self) -> list[NamedCount]:
        """The reasons."""
        return _counts([(messages.because(name), number) for name, number in self.seen.tally.refusals])

    @strawberry.field(description="How long scans took to come.", metadata={LIST_SIZE: _CLASSES})
    def delays(self) -> list[NamedCount]:
        """The delays."""
        return _counts([(messages.DELAY[Delay(name)], number) for name, number in self.seen.tally.delays])

    @strawberry.field(description="Scanners that have fallen silent, the longest first.", metadata={LIST_SIZE: _LINES})
    def silent(self) -> list[QuietDevice]:
        """The devices."""
        return [
            QuietDevice(operator=each.operator, place=each.place, last_at=each.last_at) for each in self.seen.silent
        ]

    @strawberry.field(description="Each table as CSV and as XLSX.", metadata={LIST_SIZE: _TABLES})
    def tables(self) -> list[DashboardTable]:
        """The tables."""
        return [
            DashboardTable(
                title=table.title,
                csv=as_csv(table.sheet).decode(),
                xlsx=base64.b64encode(as_xlsx(table.sheet)).decode(),
            )
            for table in tables_of(self.seen)
        ]

    @strawberry.field(description="All of it as a page to read or print, a whole HTML document.")
    def page(self) -> str:
        """The page."""
        return dashboard_page(self.operator, self.seen)


async def dashboard_of(info: Info, operator_id: UUID | None, operator: str, since: date, until: date) -> Dashboard:
    """The dashboard of an operator whom the viewer may see, or of all.

    Raises:
        ExpectedError: the days are no span, or too many.
    """
    if not is_span(since, until):
        raise ExpectedError(ErrorCode.BAD_REQUEST, messages.DASHBOARD_SPAN)
    seen = await look(info.context.resources, operator_id, since, until)
    return Dashboard(seen=seen, operator=operator, since=since, until=until, as_of=seen.at)


def _counts(rows: Sequence[tuple[str, int]]) -> list[NamedCount]:
    return [NamedCount(name=name, number=number) for name, number in rows]
