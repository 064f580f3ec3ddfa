"""What staff see of scans: chains that do not hang together, and findings that wait for a person's judgement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain.suspicion import Suspicion
from schema import messages
from schema.context import Info
from schema.identity import key_of, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, page_of, time_cursor, time_place
from schema.session import NotSignedIn, signed_in
from services import chains, findings
from services.chain import ChainState
from services.findings import FindingRefusal, FindingState

strawberry.enum(ChainState, name="ScanChainState", description="How the scans of a device hang together.")
strawberry.enum(Suspicion, name="TapSuspicion", description="What may be wrong; each has an innocent explanation too.")
strawberry.enum(FindingState, name="TapFindingState", description="What a person said of a finding.")
strawberry.enum(FindingRefusal, name="TapRefusalReason", description="Why there is no answer about scans.")

# A day of more rides than this is evident without the rest.
EVIDENCE = 50


@strawberry.type(description="There is no answer about scans.")
class TapRefused:
    """A typed refusal."""

    reason: FindingRefusal
    message: str

    @classmethod
    def of(cls, reason: FindingRefusal) -> "TapRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.TAP[reason])


@strawberry.type(description="The scans of one device since its storage was made, where they do not hang together.")
class ScanChain:
    """A troubled chain."""

    device_id: strawberry.ID
    operator: str
    place: str
    epoch: str
    state: ChainState
    whole_until: str = strawberry.field(description="The number up to which no scan is missing.")
    signed_until: str = strawberry.field(description="The newest number for which the device has signed.")
    conflicts: int = strawberry.field(description="Scans that came with other content under a number that was taken.")
    clock_offset_seconds: float = strawberry.field(description="How far its clock was behind at the last upload.")
    received_at: datetime
    message: str

    @classmethod
    def of(cls, chain: chains.TroubledChain) -> "ScanChain":
        """The chain of a loaded row."""
        return cls(
            device_id=to_id("Device", chain.device_id),
            operator=chain.operator,
            place=chain.place,
            epoch=chain.epoch.hex(),
            state=chain.state,
            whole_until=str(chain.whole_until),
            signed_until=str(chain.signed_until),
            conflicts=chain.conflicts,
            clock_offset_seconds=chain.clock_offset.total_seconds(),
            received_at=chain.received_at,
            message=messages.SCAN_CHAIN[chain.state],
        )


@strawberry.type(description="A scan that a finding names.")
class TapEvidence:
    """One scan."""

    device_id: strawberry.ID
    sequence: str
    at: datetime
    place: str | None

    @classmethod
    def of(cls, evidence: findings.Evidence) -> "TapEvidence":
        """The scan as the finding has it."""
        return cls(
            device_id=to_id("Device", evidence.device_id),
            sequence=str(evidence.sequence),
            at=evidence.at,
            place=evidence.place,
        )


@strawberry.type(description="What one person can hardly have done, for a person to judge; nobody is cut off by it.")
class TapFinding:
    """A finding."""

    id: strawberry.ID
    resident_id: strawberry.ID
    suspicion: Suspicion
    message: str
    first_at: datetime
    last_at: datetime
    evidence: list[TapEvidence] = strawberry.field(metadata={LIST_SIZE: EVIDENCE})
    state: FindingState
    decided_at: datetime | None

    @classmethod
    def of(cls, finding: findings.KeptFinding) -> "TapFinding":
        """The finding of a loaded row."""
        return cls(
            id=to_id("TapFinding", finding.id),
            resident_id=to_id("Resident", finding.resident_id),
            suspicion=finding.suspicion,
            message=messages.SUSPICION[finding.suspicion],
            first_at=finding.first_at,
            last_at=finding.last_at,
            evidence=[TapEvidence.of(each) for each in finding.evidence[:EVIDENCE]],
            state=finding.state,
            decided_at=finding.decided_at,
        )


ScanChainsResult = Annotated[Connection[ScanChain] | TapRefused | NotSignedIn, strawberry.union("ScanChainsResult")]
TapFindingsResult = Annotated[Connection[TapFinding] | TapRefused | NotSignedIn, strawberry.union("TapFindingsResult")]
TapFindingResult = Annotated[TapFinding | TapRefused | NotSignedIn, strawberry.union("TapFindingResult")]


async def page_of_chains(
    info: Info, operator_id: strawberry.ID | None, first: int, after: str | None
) -> Connection[ScanChain] | TapRefused | NotSignedIn:
    """A page of troubled chains."""
    signed = await signed_in(info)
    if isinstance(signed, NotSignedIn):
        return signed
    operator = None if operator_id is None else key_of("Operator", operator_id)
    behind = time_place("ScanChain", after) if after is not None else None
    page = chains.ChainPage(operator, behind, first + 1)
    rows = await chains.troubled_chains(info.context.resources, signed.people, page)
    return TapRefused.of(FindingRefusal.NOT_STAFF) if isinstance(rows, chains.ChainRefusal) else _chains(rows, first)


async def page_of_own_chains(info: Info, operator: UUID, first: int, after: str | None) -> Connection[ScanChain]:
    """A page of an operator's own troubled chains."""
    behind = time_place("ScanChain", after) if after is not None else None
    rows = await chains.chains_of(info.context.resources, chains.ChainPage(operator, behind, first + 1))
    return _chains(rows, first)


def _chains(rows: Sequence[chains.TroubledChain], first: int) -> Connection[ScanChain]:
    return page_of(rows, first, ScanChain.of, lambda row: time_cursor("ScanChain", row.received_at, row.device_id))


async def page_of_findings(
    info: Info, state: FindingState | None, first: int, after: str | None
) -> Connection[TapFinding] | TapRefused | NotSignedIn:
    """A page of findings."""
    signed = await signed_in(info)
    if isinstance(signed, NotSignedIn):
        return signed
    behind = time_place("TapFinding", after) if after is not None else None
    page = findings.FindingPage(state, behind, first + 1)
    rows = await findings.findings_for(info.context.resources, signed.people, page)
    if isinstance(rows, FindingRefusal):
        return TapRefused.of(rows)
    return page_of(rows, first, TapFinding.of, lambda row: time_cursor("TapFinding", row.last_at, row.id))


@strawberry.type(description="What staff do about scans.")
class TapMutation:
    """Each finding is decided once."""

    @strawberry.mutation(description="For staff: say of a finding whether something was wrong; it is on record.")
    async def decide_tap_finding(
        self,
        info: Info,
        finding_id: strawberry.ID,
        note: Annotated[str, strawberry.argument(description="What it was, in a few words; 500 characters at most.")],
        *,
        upheld: bool,
    ) -> TapFindingResult:
        """The finding, decided."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("TapFinding", finding_id)
        decided = await findings.decide_finding(info.context.resources, signed.people, key, note, upheld=upheld)
        return TapRefused.of(decided) if isinstance(decided, FindingRefusal) else TapFinding.of(decided)
