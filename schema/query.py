"""What can be asked: the viewer with all that is hers, the services of the district, and their slots."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from models.service import ServiceKind
from schema.context import Info
from schema.course import Course
from schema.file import FileResult, FirstDay, Kinds, LastDay, filter_of, page_of_file
from schema.guardian import GuardianQuery
from schema.identity import from_id, key_of, to_id
from schema.paging import Connection, CursorInvalid, page_of, time_place
from schema.register import (
    CoverageReport,
    CoverageResult,
    RegisterRefused,
    SimulationInput,
    SimulationReport,
    SimulationResult,
)
from schema.service import Found, Service, Slot, slot_cursor
from schema.session import NotSignedIn, signed_in
from schema.staff import Colleague, StaffGrant, StaffRefused, StaffRoll, StaffRollResult
from schema.tap import ScanChainsResult, TapFindingsResult, page_of_chains, page_of_findings
from schema.venue import Venue
from schema.viewer import Viewer, viewer
from services import catalogue, courses, officers, staffing, venues
from services.appointments import StaffRefusal
from services.catalogue import Accessibility, Wanted
from services.findings import FindingState
from services.officers import RegisterRefusal

From = Annotated[datetime, strawberry.argument(name="from", description="The span's beginning, included.")]
Until = Annotated[datetime, strawberry.argument(description="The span's end, excluded.")]
First = Annotated[int, strawberry.argument(description="Entries of the page, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor behind which the page begins.")]


@strawberry.type(description="What can be asked.")
class Query(GuardianQuery):
    """The root of all queries."""

    @strawberry.field(description="Whoever is signed in; null, with an error of the code NOT_SIGNED_IN, for nobody.")
    async def viewer(self, info: Info) -> Viewer | None:
        """The viewer."""
        return await viewer(info)

    @strawberry.field(description="For staff: who is entitled and receives, or misses out, by programme and town.")
    async def coverage(
        self,
        info: Info,
        on: Annotated[date | None, strawberry.argument(description="Today when not given.")] = None,
        programme: str | None = None,
        town: Annotated[
            str | None, strawberry.argument(description="All that the viewer may see when not given.")
        ] = None,
    ) -> CoverageResult:
        """The coverage of the register."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        question = officers.Question(on or info.context.on, town)
        lines = await officers.coverage_for(info.context.resources, signed.people, question, programme)
        if isinstance(lines, RegisterRefusal):
            return RegisterRefused.of(lines)
        return CoverageReport.of(question.on, info.context.resources.rules.chinese, lines)

    @strawberry.field(description="For staff: what other figures would do, in heads and yuan, and who gains and loses.")
    async def simulate(
        self, info: Info, supposed: Annotated[SimulationInput, strawberry.argument(name="input")]
    ) -> SimulationResult:
        """The effects on the register."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        question = officers.Question(supposed.on or info.context.on, supposed.town)
        figures = [(figure.name, figure.value) for figure in supposed.figures]
        found = await officers.simulation_for(info.context.resources, signed.people, question, figures)
        return (
            RegisterRefused.of(found) if isinstance(found, RegisterRefusal) else SimulationReport.of(question.on, found)
        )

    @strawberry.field(description="For staff: the file of a resident, the newest entry first; reading it is on record.")
    async def resident_file(
        self,
        info: Info,
        resident_id: strawberry.ID,
        first: First,
        after: After = None,
        kinds: Kinds = None,
        since: FirstDay = None,
        until: LastDay = None,
    ) -> FileResult:
        """A page of a file."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        asked = filter_of(kinds, since, until)
        return await page_of_file(info, signed, key_of("Resident", resident_id), asked, first, after)

    @strawberry.field(description="For staff: devices whose scans have gaps, breaks or conflicts, the latest first.")
    async def scan_chains(
        self, info: Info, first: First, after: After = None, operator_id: strawberry.ID | None = None
    ) -> ScanChainsResult:
        """A page of chains."""
        return await page_of_chains(info, operator_id, first, after)

    @strawberry.field(description="For staff: what one person can hardly have done, in their area, the latest first.")
    async def tap_findings(
        self, info: Info, first: First, after: After = None, state: FindingState | None = None
    ) -> TapFindingsResult:
        """A page of findings."""
        return await page_of_findings(info, state, first, after)

    @strawberry.field(description="For administrators: who is in office, and which posts wait for one of them.")
    async def staff_roll(self, info: Info, first: First, after: After = None) -> StaffRollResult:
        """A page of colleagues, with all posts that wait."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        behind = None if after is None else from_id("Staff", after)
        if after is not None and behind is None:
            raise CursorInvalid
        resources = info.context.resources
        rows = await staffing.colleagues(resources, signed.people, behind, first + 1)
        if isinstance(rows, StaffRefusal):
            return StaffRefused.of(rows)
        grants = [StaffGrant.of(grant) for grant in await staffing.waiting(resources, signed.people)]
        return StaffRoll(
            colleagues=page_of(rows, first, Colleague.of, lambda row: to_id("Staff", row.id)), grants=grants
        )

    @strawberry.field(description="What the district's providers offer.")
    async def services(self, info: Info, first: First, after: After = None) -> Connection[Service]:
        """A page of services."""
        behind = None
        if after is not None:
            behind = from_id("Service", after)
            if behind is None:
                raise CursorInvalid
        rows = await catalogue.services(info.context.resources, behind, first + 1)
        return page_of(rows, first, Service.of, lambda row: to_id("Service", row.id))

    @strawberry.field(description="Parks, museums and halls where a card is worth something, of one town if asked.")
    async def venues(self, info: Info, first: First, after: After = None, area: str | None = None) -> Connection[Venue]:
        """A page of venues."""
        behind = None
        if after is not None:
            behind = from_id("Venue", after)
            if behind is None:
                raise CursorInvalid
        rows = await venues.venues(info.context.resources, first + 1, behind, area)
        return page_of(rows, first, Venue.of, lambda row: to_id("Venue", row.id))

    @strawberry.field(description="The public page of a venue; null for none.")
    async def venue(self, info: Info, id: strawberry.ID) -> Venue | None:  # noqa: A002 - the name in the schema
        """The venue."""
        found = await venues.venue(info.context.resources, key_of("Venue", id))
        return None if found is None else Venue.of(found)

    @strawberry.field(description="The courses that can be joined as a whole: those that have not begun.")
    async def courses(self, info: Info, first: First, after: After = None) -> Connection[Course]:
        """A page of courses."""
        behind = None
        if after is not None:
            behind = from_id("Course", after)
            if behind is None:
                raise CursorInvalid
        rows = await courses.courses(info.context.resources, behind, first + 1)
        return page_of(rows, first, Course.of, lambda row: to_id("Course", row.id))

    @strawberry.field(description="The slots of a service that begin in a span of time, earliest first, none past.")
    async def slots(
        self,
        info: Info,
        service_id: strawberry.ID,
        start: From,
        until: Until,
        first: First,
        after: After = None,
    ) -> Connection[Slot]:
        """A page of slots; of an unknown service there are none."""
        service = from_id("Service", service_id)
        behind = time_place("Slot", after) if after is not None else None
        if service is None:
            return page_of((), first, Slot.of, slot_cursor)
        rows = await catalogue.slots(info.context.resources, service, start, until, behind, first + 1)
        return page_of(rows, first, Slot.of, slot_cursor)

    @strawberry.field(
        description="Slots over all providers that can be booked now and begin in a span of time, earliest first."
    )
    async def free_slots(
        self,
        info: Info,
        start: From,
        until: Until,
        first: First,
        after: After = None,
        kind: ServiceKind | None = None,
        programme: str | None = None,
        town: Annotated[
            str | None, strawberry.argument(description="Services given at the resident's own place come along.")
        ] = None,
        accessibility: Annotated[
            list[Accessibility] | None, strawberry.argument(description="What the site must have, all of it.")
        ] = None,
    ) -> Connection[Found]:
        """A page of slots with a free place."""
        wanted = Wanted(kind, programme, town, frozenset(accessibility or ()))
        behind = time_place("Slot", after) if after is not None else None
        rows = await catalogue.free_slots(info.context.resources, wanted, start, until, behind, first + 1)
        return page_of(rows, first, Found.of, lambda row: slot_cursor(row.slot))
