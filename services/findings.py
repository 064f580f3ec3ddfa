"""Looks through what came in for what one person can hardly have done, and lets a person judge what was found."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from card.refusal import RefusalReason
from card.scan import Position, read_scan
from domain.dates import local_date
from domain.duty import Duty
from domain.suspicion import Finding, Point, Shown, Sighting, Suspicion, suspicions
from models.record import new_id
from services import audit
from services.people import People
from services.resources import Resources
from services.vault import Sealed

NOTE_LENGTH: Final = 500
_SEARCH: Final = "findings"
_STEP: Final = timedelta(hours=1)
# A tap carries the instant at which its upload was read, and is seen when that has been committed.
_COMMITTED_WITHIN: Final = timedelta(minutes=1)
# How far back the first search looks.
_FIRST: Final = timedelta(days=7)
_RESIDENTS: Final = 500
# Whoever rode on a day may have done so on the one before or after it by another clock.
_AROUND: Final = timedelta(days=1)
_DEGREE: Final = 10_000

_BEGUN = """
INSERT INTO tap_search (name, received_at) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET name = $1 RETURNING received_at
"""
_ARRIVED = """
SELECT resident_id, min(at) AS first_at, max(at) AS last_at FROM tap
WHERE received_at >= $1 AND received_at < $2 AND resident_id IS NOT NULL GROUP BY resident_id ORDER BY resident_id
"""
_SIGHTINGS = """
SELECT t.resident_id, t.record, t.at, t.kind, t.presentation, t.admission, t.device_admission, t.device_reason,
       t.overridden
FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS w(resident_id, from_at, until_at)
JOIN tap t ON t.resident_id = w.resident_id AND t.at >= w.from_at AND t.at < w.until_at
WHERE t.kind IS NOT NULL
"""
_KEEP = """
INSERT INTO tap_finding (id, resident_id, kind, first_at, last_at, found_at, evidence, same)
SELECT $1, r.id, $3, $4, $5, $6, $7, $8 FROM resident r WHERE r.id = $2 AND r.erased_at IS NULL
ON CONFLICT (same) DO UPDATE SET last_at = $5, evidence = $7
    WHERE tap_finding.state = 'open' AND tap_finding.last_at < $5
RETURNING id
"""
_LIST = """
SELECT f.* FROM tap_finding f
WHERE ($1::text IS NULL OR f.state = $1)
  AND ($2::timestamptz IS NULL OR (f.last_at, f.id) < ($2, $3::uuid)) ORDER BY f.last_at DESC, f.id DESC LIMIT $4
"""
_DECIDE = """
UPDATE tap_finding SET state = $2, decided_at = $3, decided_by = $4, note_sealed = $5
WHERE id = $1 AND state = 'open' RETURNING *
"""


class FindingState(StrEnum):
    """What a person said of it."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class FindingRefusal(StrEnum):
    """Why a finding was not shown or decided."""

    NOT_STAFF = "not_staff"
    FINDING_NOT_FOUND = "finding_not_found"
    DECIDED = "decided"
    NOTE = "note"


@dataclass(frozen=True)
class Evidence:
    """A scan that a finding names: its key in `tap`, when it was made, and at which stop or gate."""

    device_id: UUID
    epoch: str
    sequence: int
    at: datetime
    place: str | None


@dataclass(frozen=True)
class KeptFinding:
    """A finding with what a person said of it."""

    id: UUID
    resident_id: UUID
    suspicion: Suspicion
    first_at: datetime
    last_at: datetime
    evidence: Sequence[Evidence]
    state: FindingState
    decided_at: datetime | None


@dataclass(frozen=True)
class FindingPage:
    """Which part of the list: of a state, behind a place in it, `limit` at most, one more than is shown."""

    state: FindingState | None
    behind: tuple[datetime, UUID] | None
    limit: int


async def search(resources: Resources) -> int:
    """Go through all that came in since the last time; returns how many findings are new or have grown.

    Cut short, it goes on where it stopped: what is found twice is kept once.
    """
    now, found = resources.clock() - _COMMITTED_WITHIN, 0
    async with resources.database.transaction() as connection:
        since: datetime = await connection.fetchval(_BEGUN, _SEARCH, now - _FIRST)
    while since < now:
        until = min(since + _STEP, now)
        arrived = await resources.database.fetch(_ARRIVED, since, until)
        for start in range(0, len(arrived), _RESIDENTS):
            found += await _look(resources, arrived[start : start + _RESIDENTS])
        async with resources.database.transaction() as connection:
            await connection.execute("UPDATE tap_search SET received_at = $2 WHERE name = $1", _SEARCH, until)
        since = until
    return found


async def findings_for(
    resources: Resources, people: People, page: FindingPage
) -> Sequence[KeptFinding] | FindingRefusal:
    """What was found of the residents in a member of staff's area, the latest first."""
    staff = people.on_duty(Duty.JUDGE_TAPS)
    if staff is None:
        return FindingRefusal.NOT_STAFF
    async with resources.database.transaction() as connection:
        rows = await connection.fetch(_LIST, page.state, *(page.behind or (None, None)), page.limit)
        # The last one only says that there are more.
        for row in rows[: page.limit - 1]:
            event = audit.Event(f"staff:{staff.id}", "view_finding", str(row["resident_id"]), str(row["id"]))
            await audit.record(connection, event, resources.clock())
    return [kept(row) for row in rows]


async def decide_finding(
    resources: Resources, people: People, finding_id: UUID, note: str, *, upheld: bool
) -> KeptFinding | FindingRefusal:
    """Say what it was, once, in words of one's own; what follows from it is for people to do."""
    staff, at = people.on_duty(Duty.JUDGE_TAPS), resources.clock()
    if staff is None:
        return FindingRefusal.NOT_STAFF
    async with resources.database.transaction() as connection:
        decided = await judge(resources, connection, finding_id, staff.id, note, upheld=upheld)
        if isinstance(decided, KeptFinding):
            detail = f"{decided.suspicion} {decided.state}"
            event = audit.Event(f"staff:{staff.id}", "decide_finding", str(decided.resident_id), detail)
            await audit.record(connection, event, at)
    return decided


async def judge(
    resources: Resources,
    connection: asyncpg.Connection,
    finding_id: UUID,
    staff_id: UUID | None,
    note: str,
    *,
    upheld: bool,
) -> KeptFinding | FindingRefusal:
    """Close an open finding within the caller's transaction; an operator's people are no `staff_id`."""
    text = note.strip()
    if not 1 <= len(text) <= NOTE_LENGTH:
        return FindingRefusal.NOTE
    key = await connection.fetchrow(
        "SELECT r.id, r.data_key, r.data_key_version FROM tap_finding f JOIN resident r ON r.id = f.resident_id "
        "WHERE f.id = $1 AND r.erased_at IS NULL",
        finding_id,
    )
    if key is None:
        return FindingRefusal.FINDING_NOT_FOUND
    sealed = resources.vault.data_key(key["id"], key["data_key"], key["data_key_version"]).seal(Sealed.NOTE, text)
    state = FindingState.UPHELD if upheld else FindingState.DISMISSED
    row = await connection.fetchrow(_DECIDE, finding_id, state, resources.clock(), staff_id, sealed)
    return FindingRefusal.DECIDED if row is None else kept(row)


async def _look(resources: Resources, arrived: Sequence[asyncpg.Record]) -> int:
    rows = await resources.database.fetch(
        _SIGHTINGS,
        [row["resident_id"] for row in arrived],
        [row["first_at"] - _AROUND for row in arrived],
        [row["last_at"] + _AROUND for row in arrived],
    )
    seen: dict[UUID, list[Sighting]] = {}
    for row in rows:
        seen.setdefault(row["resident_id"], []).append(_sighting(row))
    found = [(resident_id, finding) for resident_id, each in seen.items() for finding in suspicions(each)]
    async with resources.database.transaction() as connection:
        return sum([await _keep(connection, resident_id, finding, resources.clock()) for resident_id, finding in found])


async def _keep(connection: asyncpg.Connection, resident_id: UUID, finding: Finding, at: datetime) -> bool:
    evidence = [
        Evidence(each.device_id, each.epoch.hex(), each.sequence, each.at, each.place) for each in finding.evidence
    ]
    kept = await connection.fetchval(
        _KEEP,
        *(new_id(), resident_id, finding.suspicion, finding.evidence[0].at, finding.evidence[-1].at, at),
        *(msgspec.json.encode(evidence).decode(), _same(resident_id, finding)),
    )
    return kept is not None


def _same(resident_id: UUID, finding: Finding) -> bytes:
    """By what a finding is known again: its scans, or of a day that goes on, the day; of a code, the code."""
    match finding.suspicion:
        case Suspicion.SHARED:
            content: object = [resident_id, local_date(finding.evidence[0].at)]
        case Suspicion.SAME_CODE:
            content = [resident_id, finding.evidence[0].presentation]
        case _:
            content = [[each.device_id, each.epoch, each.sequence] for each in finding.evidence]
    return hashlib.sha256(msgspec.json.encode([finding.suspicion, content])).digest()


def _sighting(row: asyncpg.Record) -> Sighting:
    scan = read_scan(row["record"])
    return Sighting(
        device_id=scan.device_id,
        epoch=scan.epoch,
        sequence=scan.sequence,
        at=row["at"],
        shown=Shown(row["kind"]),
        presentation=row["presentation"],
        place=scan.place,
        point=_point(scan.position),
        # She went aboard where the device let her in, or the driver did.
        admitted=row["device_admission"] != "refused" or row["overridden"],
        too_soon=row["device_reason"] == RefusalReason.PASS_BACK,
    )


def _point(position: Position | None) -> Point | None:
    return None if position is None else Point(position.north / _DEGREE, position.east / _DEGREE)


def kept(row: Mapping[str, Any]) -> KeptFinding:
    """The finding of a row."""
    return KeptFinding(
        id=row["id"],
        resident_id=row["resident_id"],
        suspicion=Suspicion(row["kind"]),
        first_at=row["first_at"],
        last_at=row["last_at"],
        evidence=msgspec.json.decode(row["evidence"], type=list[Evidence]),
        state=FindingState(row["state"]),
        decided_at=row["decided_at"],
    )
