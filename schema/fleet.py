"""An operator as its staff see it: its places, scanners and tariffs, and how many came, of whom nobody is named."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain.scanner import FleetRefusal, ScannerState
from models.credential import DeviceKind
from schema import messages
from schema.context import Info
from schema.identity import from_id, key_of, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of
from schema.scanner_finding import ScannerFinding
from schema.tap import ScanChain, page_of_own_chains
from schema.tariff import TariffPreview, TariffVersion
from services import drafts, fleet, operators, previews, scanners, venues
from services.findings import FindingState
from services.fleet import SpotKind
from services.operator_findings import OwnFindingPage, operator_findings

strawberry.enum(FleetRefusal, name="FleetRefusalReason", description="Why something of an operator was not done.")
strawberry.enum(ScannerState, name="ScannerState", description="Where a scanner stands in its life.")
strawberry.enum(SpotKind, name="SpotKind", description="What kind of place an operator has.")
strawberry.enum(DeviceKind, name="DeviceKind", description="Where a scanner stands.")

_KINDS = {SpotKind.LINE: "Line", SpotKind.VEHICLE: "Vehicle", SpotKind.VENUE: "Venue", SpotKind.GATE: "Gate"}
_PLACES = {LIST_SIZE: 30}
_DAYS = {LIST_SIZE: 30}


@strawberry.type(description="It was not done.")
class FleetRefused:
    """A typed refusal."""

    reason: FleetRefusal
    message: str

    @classmethod
    def of(cls, reason: FleetRefusal) -> "FleetRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.FLEET[reason])


@strawberry.type(description="A line, vehicle, venue or gate.")
class Spot:
    """One of an operator's places."""

    id: strawberry.ID
    kind: SpotKind
    name: str
    area: str = strawberry.field(description="The town of a line or venue; empty for more than one.")
    venue_id: strawberry.ID | None = strawberry.field(description="The venue of a gate.")

    @classmethod
    def of(cls, spot: fleet.Spot) -> "Spot":
        """The place of a loaded row."""
        venue_id = None if spot.venue_id is None else to_id("Venue", spot.venue_id)
        return cls(
            id=to_id(_KINDS[spot.kind], spot.id), kind=spot.kind, name=spot.name, area=spot.area, venue_id=venue_id
        )


@strawberry.type(description="A scanner as its operator sees it.")
class Scanner:
    """One scanner."""

    id: strawberry.ID
    name: str
    place: str
    kind: DeviceKind
    state: ScannerState
    enrolled_at: datetime | None
    code_expires_at: datetime | None = strawberry.field(description="Until when its enrolment code can be typed.")
    stolen_at: datetime | None
    quarantined: int = strawberry.field(description="Scans that wait for a person because it was stolen.")
    replaces_id: strawberry.ID | None

    @classmethod
    def of(cls, scanner: scanners.Scanner) -> "Scanner":
        """The scanner of a loaded row."""
        return cls(
            id=to_id("Scanner", scanner.id),
            name=scanner.name,
            place=scanner.place,
            kind=scanner.kind,
            state=scanner.state,
            enrolled_at=scanner.enrolled_at,
            code_expires_at=scanner.code_expires_at,
            stolen_at=scanner.stolen_at,
            quarantined=scanner.quarantined,
            replaces_id=None if scanner.replaces_id is None else to_id("Scanner", scanner.replaces_id),
        )


@strawberry.type(description="A scanner that waits for its enrolment.")
class ScannerRegistered:
    """The scanner and its code."""

    scanner: Scanner
    code: str = strawberry.field(description="What the technician types, shown this once.")

    @classmethod
    def of(cls, registered: scanners.Registered) -> "ScannerRegistered":
        """What was registered."""
        return cls(scanner=Scanner.of(registered.scanner), code=registered.code)


@strawberry.type(description="How many were let in on a day on one outcome.")
class VisitorCount:
    """A count without persons."""

    day: date
    outcome: str
    visitors: int
    companions: int


@strawberry.type(description="How many were let in at a venue, by day and outcome.")
class VisitorCounts:
    """The counts of some days."""

    days: list[VisitorCount] = strawberry.field(metadata=_DAYS)


PreviewResult = Annotated[TariffPreview | FleetRefused, strawberry.union("PreviewResult")]
VisitorsResult = Annotated[VisitorCounts | FleetRefused, strawberry.union("VisitorsResult")]


@strawberry.type(description="An operator that the viewer works for, or has just made.")
class Operator:
    """A bus company, or who runs venues."""

    key: strawberry.Private[UUID]
    id: strawberry.ID
    name: str

    @strawberry.field(description="Its lines, vehicles, venues and gates.", metadata=_PLACES)
    async def spots(self, info: Info) -> list[Spot]:
        """Its places."""
        return [Spot.of(row) for row in await fleet.spots_of(info.context.resources, self.key)]

    @strawberry.field(description="Its scanners, in the order in which they were registered.")
    async def scanners(self, info: Info, first: int, after: str | None = None) -> Connection[Scanner]:
        """A page of scanners."""
        behind = _behind("Scanner", after)
        rows = await scanners.scanners_of(info.context.resources, self.key, first + 1, behind)
        return page_of(rows, first, Scanner.of, lambda row: to_id("Scanner", row.id))

    @strawberry.field(description="Its tariffs, drafts included, the newest first.")
    async def tariffs(self, info: Info, first: int, after: str | None = None) -> Connection[TariffVersion]:
        """A page of tariffs."""
        rows = await drafts.tariffs_of(info.context.resources, self.key, first + 1, _behind("Tariff", after))
        return page_of(rows, first, lambda row: TariffVersion.of(row, self.key), lambda row: to_id("Tariff", row.id))

    @strawberry.field(description="Its scanners whose scans have gaps, breaks or conflicts, the latest first.")
    async def scan_chains(self, info: Info, first: int, after: str | None = None) -> Connection[ScanChain]:
        """A page of chains."""
        return await page_of_own_chains(info, self.key, first, after)

    @strawberry.field(description="What may be wrong with its scanners' scans, the latest first; of whom is not told.")
    async def findings(
        self, info: Info, first: int, after: str | None = None, state: FindingState | None = None
    ) -> Connection[ScannerFinding]:
        """A page of findings."""
        page = OwnFindingPage(state, _behind("ScannerFinding", after), first + 1)
        rows = await operator_findings(info.context.resources, self.key, page)
        return page_of(rows, first, ScannerFinding.of, lambda row: to_id("ScannerFinding", row.id))

    @strawberry.field(description="What one of its tariffs would have changed in the scans of the last week.")
    async def preview(self, info: Info, tariff_id: strawberry.ID) -> PreviewResult:
        """The comparison."""
        viewer = info.context.viewer
        assert viewer is not None, "nobody has an operator without an account"
        found = await previews.preview(info.context.resources, viewer, self.key, key_of("Tariff", tariff_id))
        return FleetRefused.of(found) if isinstance(found, FleetRefusal) else TariffPreview.of(found)

    @strawberry.field(description="How many were let in at one of its venues on some days, a year at most.")
    async def visitors(self, info: Info, venue_id: strawberry.ID, begins: date, ends: date) -> VisitorsResult:
        """The counts."""
        viewer = info.context.viewer
        assert viewer is not None, "nobody has an operator without an account"
        venue = key_of("Venue", venue_id)
        found = await venues.visitors(info.context.resources, viewer, self.key, venue, begins, ends)
        if isinstance(found, FleetRefusal):
            return FleetRefused.of(found)
        rows = [VisitorCount(day=r.day, outcome=r.outcome, visitors=r.visitors, companions=r.companions) for r in found]
        return VisitorCounts(days=rows)

    @classmethod
    def of(cls, operator: operators.Operator) -> "Operator":
        """The operator of a loaded row."""
        return cls(key=operator.id, id=to_id("Operator", operator.id), name=operator.name)


def _behind(kind: str, after: str | None) -> UUID | None:
    if after is None:
        return None
    behind = from_id(kind, after)
    if behind is None:
        raise CursorInvalid
    return behind
