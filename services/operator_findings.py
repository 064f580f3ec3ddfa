"""Tells an operator what may be wrong with its own scanners' scans, never whose codes they were, and hears its word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.scanner import FleetRefusal
from domain.suspicion import Suspicion
from services.findings import FindingRefusal, FindingState, KeptFinding, judge, kept
from services.operators import Acting, acting_for
from services.resources import Resources

_FINDINGS = """
SELECT f.* FROM tap_finding f
WHERE EXISTS (SELECT FROM jsonb_to_recordset(f.evidence) AS e(device_id uuid) JOIN device d ON d.id = e.device_id
              WHERE d.operator_id = $1)
  AND ($2::uuid IS NULL OR f.id = $2) AND ($3::text IS NULL OR f.state = $3) AND ($4::uuid IS NULL OR f.id < $4)
ORDER BY f.id DESC LIMIT $5
"""
_SCANNERS = "SELECT id, name FROM device WHERE operator_id = $1 AND id = ANY($2)"
_REFUSED: Final = {
    FindingRefusal.NOTE: FleetRefusal.NOTE_INVALID,
    FindingRefusal.DECIDED: FleetRefusal.FINDING_DECIDED,
}


@dataclass(frozen=True)
class OwnScan:
    """A scan that one of the operator's scanners made, and at which stop or gate."""

    scanner_id: UUID
    scanner: str
    at: datetime
    place: str | None


@dataclass(frozen=True)
class OwnFinding:
    """What may be wrong: the operator's own scans of it, and how many more others' scanners made."""

    id: UUID
    suspicion: Suspicion
    scans: Sequence[OwnScan]
    elsewhere: int
    state: FindingState
    decided_at: datetime | None


@dataclass(frozen=True)
class OwnFindingPage:
    """Which part of the list: of a state, behind one of them, `limit` at most."""

    state: FindingState | None
    behind: UUID | None
    limit: int


async def operator_findings(resources: Resources, operator_id: UUID, page: OwnFindingPage) -> Sequence[OwnFinding]:
    """What was found with an operator's scanners, the latest first."""
    # Whoever works there reaches none of the residents, and is told of none.
    database = resources.beyond_reach().database
    rows = await database.fetch(_FINDINGS, operator_id, None, page.state, page.behind, page.limit)
    found = [kept(row) for row in rows]
    names = _names(await database.fetch(_SCANNERS, operator_id, _devices(found)))
    return [_own(each, names) for each in found]


async def judge_finding(
    resources: Resources, viewer: Viewer, operator_id: UUID, finding_id: UUID, note: str, *, upheld: bool
) -> OwnFinding | FleetRefusal:
    """Say once what it was, where all its scans are the operator's own; the federation judges what is not."""
    everybody = resources.beyond_reach()

    async def work(acting: Acting) -> OwnFinding | FleetRefusal:
        rows = await acting.connection.fetch(_FINDINGS, operator_id, finding_id, None, None, 1)
        if not rows:
            return FleetRefusal.UNKNOWN
        finding = kept(rows[0])
        names = _names(await acting.connection.fetch(_SCANNERS, operator_id, _devices([finding])))
        if _own(finding, names).elsewhere:
            return FleetRefusal.FINDING_ELSEWHERE
        decided = await judge(everybody, acting.connection, finding_id, None, note, upheld=upheld)
        if isinstance(decided, FindingRefusal):
            return _REFUSED.get(decided, FleetRefusal.UNKNOWN)
        await acting.log("judge_finding", f"{finding_id} {decided.suspicion} {decided.state}")
        return _own(decided, names)

    return await acting_for(everybody, viewer, operator_id, work)


def _devices(found: Sequence[KeptFinding]) -> Sequence[UUID]:
    return list({each.device_id for finding in found for each in finding.evidence})


def _names(rows: Sequence[asyncpg.Record]) -> Mapping[UUID, str]:
    return {row["id"]: row["name"] for row in rows}


def _own(finding: KeptFinding, names: Mapping[UUID, str]) -> OwnFinding:
    scans = [
        OwnScan(each.device_id, names[each.device_id], each.at, each.place)
        for each in finding.evidence
        if each.device_id in names
    ]
    return OwnFinding(
        id=finding.id,
        suspicion=finding.suspicion,
        scans=scans,
        elsewhere=len(finding.evidence) - len(scans),
        state=finding.state,
        decided_at=finding.decided_at,
    )
