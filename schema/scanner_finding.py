"""What an operator is shown of a finding: its own scanners, places and times, and nothing of the resident."""

from datetime import datetime

import strawberry

from domain.suspicion import Suspicion
from schema import messages
from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.tap import EVIDENCE
from services import operator_findings
from services.findings import FindingState


@strawberry.type(description="A scan of one of the operator's scanners that a finding names.")
class ScannerSighting:
    """One scan."""

    scanner_id: strawberry.ID
    scanner: str
    at: datetime
    place: str | None = strawberry.field(description="The stop or gate, as the scanner wrote it.")

    @classmethod
    def of(cls, scan: operator_findings.OwnScan) -> "ScannerSighting":
        """The scan as the finding has it."""
        return cls(scanner_id=to_id("Scanner", scan.scanner_id), scanner=scan.scanner, at=scan.at, place=scan.place)


@strawberry.type(
    description="What may be wrong with scans of an operator's scanners; whose codes they were is not told."
)
class ScannerFinding:
    """A finding as an operator sees it."""

    id: strawberry.ID
    suspicion: Suspicion
    message: str
    sightings: list[ScannerSighting] = strawberry.field(metadata={LIST_SIZE: EVIDENCE})
    elsewhere: int = strawberry.field(description="How many more scans others' scanners made; then others judge it.")
    state: FindingState
    decided_at: datetime | None

    @classmethod
    def of(cls, finding: operator_findings.OwnFinding) -> "ScannerFinding":
        """The finding of a loaded row."""
        return cls(
            id=to_id("ScannerFinding", finding.id),
            suspicion=finding.suspicion,
            message=messages.SUSPICION[finding.suspicion],
            sightings=[ScannerSighting.of(each) for each in finding.scans[:EVIDENCE]],
            elsewhere=finding.elsewhere,
            state=finding.state,
            decided_at=finding.decided_at,
        )
