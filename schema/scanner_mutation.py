"""What an operator's staff do with its scanners: a part of all mutations."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.scanner import FleetRefusal
from schema.context import Info
from schema.fleet import FleetRefused, Scanner, ScannerRegistered
from schema.identity import key_of
from schema.scanner_finding import ScannerFinding
from schema.session import NotSignedIn, signed_in
from services import scanners
from services.operator_findings import judge_finding

ScannerResult = Annotated[Scanner | FleetRefused | NotSignedIn, strawberry.union("ScannerResult")]
ScannerFindingResult = Annotated[ScannerFinding | FleetRefused | NotSignedIn, strawberry.union("ScannerFindingResult")]
RegisteredResult = Annotated[ScannerRegistered | FleetRefused | NotSignedIn, strawberry.union("RegisteredResult")]


@strawberry.input(description="Where a scanner stands: a line or vehicle or both, or a venue and perhaps its gate.")
class ScannerPlaceInput:
    """A place for a scanner."""

    line_id: strawberry.ID | None = None
    vehicle_id: strawberry.ID | None = None
    venue_id: strawberry.ID | None = None
    gate_id: strawberry.ID | None = None

    def spot(self) -> scanners.Spot:
        """The place of the keys; one of another kind is nobody's."""
        named = {"Line": self.line_id, "Vehicle": self.vehicle_id, "Venue": self.venue_id, "Gate": self.gate_id}
        return scanners.Spot(*(None if given is None else key_of(kind, given) for kind, given in named.items()))


def _scanner(done: scanners.Scanner | FleetRefusal) -> Scanner | FleetRefused:
    return FleetRefused.of(done) if isinstance(done, FleetRefusal) else Scanner.of(done)


def _registered(done: scanners.Registered | FleetRefusal) -> ScannerRegistered | FleetRefused:
    return FleetRefused.of(done) if isinstance(done, FleetRefusal) else ScannerRegistered.of(done)


@strawberry.type(description="The life of scanners.")
class ScannerMutation:
    """Each is for an operator's staff."""

    @strawberry.mutation(description="For an operator's staff: add a scanner at a place; the code enrols it, once.")
    async def register_scanner(
        self, info: Info, operator_id: strawberry.ID, name: str, place: ScannerPlaceInput
    ) -> RegisteredResult:
        """The scanner with its code."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Operator", operator_id)
        return _registered(await scanners.register(info.context.resources, signed.viewer, key, name, place.spot()))

    @strawberry.mutation(description="For an operator's staff: another in its place; once enrolled the old is cut off.")
    async def replace_scanner(
        self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID
    ) -> RegisteredResult:
        """The new scanner with its code."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _registered(await scanners.replace(info.context.resources, signed.viewer, *keys))

    @strawberry.mutation(description="For an operator's staff: a scanner stands elsewhere from now on.")
    async def place_scanner(
        self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID, place: ScannerPlaceInput
    ) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.place(info.context.resources, signed.viewer, *keys, place.spot()))

    @strawberry.mutation(description="For an operator's staff: give a scanner another name.")
    async def rename_scanner(
        self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID, name: str
    ) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.rename(info.context.resources, signed.viewer, *keys, name))

    @strawberry.mutation(description="For an operator's staff: refuse a scanner's requests until it is resumed.")
    async def suspend_scanner(self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.suspend(info.context.resources, signed.viewer, *keys))

    @strawberry.mutation(description="For an operator's staff: let a suspended scanner in again.")
    async def resume_scanner(self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.resume(info.context.resources, signed.viewer, *keys))

    @strawberry.mutation(description="For an operator's staff: take a scanner out of service for good.")
    async def retire_scanner(self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.retire(info.context.resources, signed.viewer, *keys))

    @strawberry.mutation(
        description="For an operator's staff: cut a scanner off at once; its scans since then are settled by nobody."
    )
    async def report_scanner_stolen(
        self, info: Info, operator_id: strawberry.ID, scanner_id: strawberry.ID, since: datetime
    ) -> ScannerResult:
        """The scanner."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Scanner", scanner_id)
        return _scanner(await scanners.report_stolen(info.context.resources, signed.viewer, *keys, since))

    @strawberry.mutation(
        description="For an operator's staff: say once what a finding was that only its own scanners saw; on record."
    )
    async def judge_scanner_finding(
        self,
        info: Info,
        operator_id: strawberry.ID,
        finding_id: strawberry.ID,
        note: Annotated[str, strawberry.argument(description="What it was, in a few words; 500 characters at most.")],
        *,
        upheld: bool,
    ) -> ScannerFindingResult:
        """The finding, decided."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("ScannerFinding", finding_id)
        judged = await judge_finding(info.context.resources, signed.viewer, *keys, note, upheld=upheld)
        return FleetRefused.of(judged) if isinstance(judged, FleetRefusal) else ScannerFinding.of(judged)
