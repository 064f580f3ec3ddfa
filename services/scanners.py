"""An operator's scanners: registered with a code, put in their place, suspended, replaced, retired, reported stolen."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.scanner import FleetRefusal, ScannerAct, ScannerState, may, state_of
from models.credential import DeviceKind
from models.record import new_id
from services.devices import register_device
from services.operators import Acting, acting_for, clean
from services.resources import Resources
from services.tap_rows import Mark

_Done = TypeVar("_Done")
_SCANNERS = """
SELECT d.*, p.line_id, p.vehicle_id, p.venue_id, p.gate_id, p.since AS placed_at,
    (SELECT count(*) FROM tap t WHERE t.device_id = d.id AND t.mark = 'stolen') AS quarantined
FROM device d LEFT JOIN placement p ON p.device_id = d.id AND p.until IS NULL
WHERE d.operator_id = $1 AND ($2::uuid IS NULL OR d.id = $2) AND ($3::uuid IS NULL OR d.id > $3) ORDER BY d.id LIMIT $4
"""
# What is told of a place: the line before the vehicle, the venue before its gate.
_TOLD = """
SELECT concat_ws(' ', (SELECT name FROM line WHERE id = $2 AND operator_id = $1),
    (SELECT name FROM vehicle WHERE id = $3 AND operator_id = $1),
    (SELECT name FROM venue WHERE id = $4 AND operator_id = $1),
    (SELECT name FROM gate WHERE id = $5 AND venue_id = $4)) AS told,
    ($2::uuid IS NULL OR EXISTS (SELECT FROM line WHERE id = $2 AND operator_id = $1))
    AND ($3::uuid IS NULL OR EXISTS (SELECT FROM vehicle WHERE id = $3 AND operator_id = $1))
    AND ($4::uuid IS NULL OR EXISTS (SELECT FROM venue WHERE id = $4 AND operator_id = $1))
    AND ($5::uuid IS NULL OR EXISTS (SELECT FROM gate WHERE id = $5 AND venue_id = $4)) AS known
"""
_PLACE = """
INSERT INTO placement (id, device_id, since, line_id, vehicle_id, venue_id, gate_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True)
class Spot:
    """Where a scanner stands: on a line and in a vehicle, one at least; or at a venue, at one of its gates or not."""

    line_id: UUID | None = None
    vehicle_id: UUID | None = None
    venue_id: UUID | None = None
    gate_id: UUID | None = None

    @property
    def kind(self) -> DeviceKind | None:
        """On a bus or at a venue; None for a place that is none, or both."""
        bus, venue = self.line_id or self.vehicle_id, self.venue_id
        if (bus is None) == (venue is None) or (self.gate_id and not venue):
            return None
        return DeviceKind.VENUE if venue else DeviceKind.BUS


@dataclass(frozen=True)
class Scanner:
    """A scanner as its operator sees it; `quarantined` of its scans wait for a person because it was stolen."""

    id: UUID
    name: str
    place: str
    kind: DeviceKind
    state: ScannerState
    spot: Spot
    enrolled_at: datetime | None
    code_expires_at: datetime | None
    stolen_at: datetime | None
    replaces_id: UUID | None
    quarantined: int


@dataclass(frozen=True)
class Registered:
    """A scanner that waits for its enrolment, with the code for the technician, shown this once."""

    scanner: Scanner
    code: str


async def scanners_of(
    resources: Resources, operator_id: UUID, first: int, after: UUID | None = None
) -> Sequence[Scanner]:
    """An operator's scanners in the order in which they were registered, `first` at most, behind one of them."""
    # Its operator counts a scanner's scans, whosever they are.
    rows = await resources.beyond_reach().database.fetch(_SCANNERS, operator_id, None, after, first)
    return [_scanner(row) for row in rows]


async def register(
    resources: Resources, viewer: Viewer, operator_id: UUID, name: str, spot: Spot
) -> Registered | FleetRefusal:
    """Add a scanner at a place; the code enrols it within a week."""

    async def work(acting: Acting) -> Registered | FleetRefusal:
        cleaned, kind, told = clean(name), spot.kind, await _told(acting, spot)
        if cleaned is None:
            return FleetRefusal.NAME_INVALID
        if kind is None or isinstance(told, FleetRefusal):
            return FleetRefusal.UNKNOWN
        return await _registered(resources, acting, cleaned, kind, told, spot)

    return await acting_for(resources.beyond_reach(), viewer, operator_id, work)


async def replace(
    resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID
) -> Registered | FleetRefusal:
    """Add another scanner for the same place; as soon as it is enrolled, the old one is cut off."""

    async def work(acting: Acting, old: Scanner) -> Registered | FleetRefusal:
        return await _registered(resources, acting, old.name, old.kind, old.place, old.spot, old.id)

    return await _changed(resources, viewer, operator_id, scanner_id, ScannerAct.REPLACE, work)


async def place(
    resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID, spot: Spot
) -> Scanner | FleetRefusal:
    """Put a scanner elsewhere from now on; its next bundle has the tariff of that place."""

    async def work(acting: Acting, old: Scanner) -> Scanner | FleetRefusal:
        told = await _told(acting, spot)
        if isinstance(told, FleetRefusal) or spot.kind is not old.kind:
            return FleetRefusal.UNKNOWN
        sql = "UPDATE placement SET until = $2 WHERE device_id = $1 AND until IS NULL"
        await acting.connection.execute(sql, old.id, acting.at)
        await _put(acting, old.id, spot)
        await acting.connection.execute("UPDATE device SET place = $2 WHERE id = $1", old.id, told)
        return await _logged(acting, "place_scanner", old.id)

    return await _changed(resources, viewer, operator_id, scanner_id, ScannerAct.PLACE, work)


async def rename(
    resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID, name: str
) -> Scanner | FleetRefusal:
    """Give a scanner another name."""
    cleaned = clean(name)
    if cleaned is None:
        return FleetRefusal.NAME_INVALID
    return await _set(resources, viewer, operator_id, scanner_id, ScannerAct.NAME, "name = $2", cleaned)


async def suspend(resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID) -> Scanner | FleetRefusal:
    """Refuse a scanner's requests until it is resumed; what it wrote meanwhile comes then."""
    at = resources.clock()
    return await _set(resources, viewer, operator_id, scanner_id, ScannerAct.SUSPEND, "suspended_at = $2", at)


async def resume(resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID) -> Scanner | FleetRefusal:
    """Let a suspended scanner in again."""
    none = "suspended_at = $2::timestamptz"
    return await _set(resources, viewer, operator_id, scanner_id, ScannerAct.RESUME, none, None)


async def retire(resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID) -> Scanner | FleetRefusal:
    """Take a scanner out of service for good; others may still carry its scans in."""
    at = resources.clock()
    return await _set(resources, viewer, operator_id, scanner_id, ScannerAct.RETIRE, "retired_at = $2", at)


async def report_stolen(
    resources: Resources, viewer: Viewer, operator_id: UUID, scanner_id: UUID, since: datetime
) -> Scanner | FleetRefusal:
    """Cut a scanner off at once; its scans since then are kept, wait for a person, and are settled by nobody."""
    if since > resources.clock():
        return FleetRefusal.TIME_INVALID

    async def work(acting: Acting, old: Scanner) -> Scanner | FleetRefusal:
        sql = "UPDATE device SET stolen_at = $2, stolen_reported_at = $3 WHERE id = $1"
        await acting.connection.execute(sql, old.id, since, acting.at)
        sql = "UPDATE tap SET mark = $3 WHERE device_id = $1 AND at >= $2"
        await acting.connection.execute(sql, old.id, since, Mark.STOLEN)
        return await _logged(acting, "report_scanner_stolen", old.id)

    return await _changed(resources, viewer, operator_id, scanner_id, ScannerAct.REPORT_STOLEN, work)


async def _changed(
    resources: Resources,
    viewer: Viewer,
    operator_id: UUID,
    scanner_id: UUID,
    act: ScannerAct,
    work: Callable[[Acting, Scanner], Awaitable[_Done | FleetRefusal]],
) -> _Done | FleetRefusal:
    async def checked(acting: Acting) -> _Done | FleetRefusal:
        await acting.connection.execute("SELECT FROM device WHERE id = $1 FOR UPDATE", scanner_id)
        rows = await acting.connection.fetch(_SCANNERS, operator_id, scanner_id, None, 1)
        if not rows:
            return FleetRefusal.UNKNOWN
        scanner = _scanner(rows[0])
        return await work(acting, scanner) if may(act, scanner.state) else FleetRefusal.STATE

    return await acting_for(resources.beyond_reach(), viewer, operator_id, checked)


async def _set(
    resources: Resources,
    viewer: Viewer,
    operator_id: UUID,
    scanner_id: UUID,
    act: ScannerAct,
    change: str,
    value: object,
) -> Scanner | FleetRefusal:
    async def work(acting: Acting, old: Scanner) -> Scanner | FleetRefusal:
        # `change` is one of those above, never a client's.
        await acting.connection.execute(f"UPDATE device SET {change} WHERE id = $1", old.id, value)
        return await _logged(acting, f"{act.value}_scanner", old.id)

    return await _changed(resources, viewer, operator_id, scanner_id, act, work)


async def _registered(
    resources: Resources,
    acting: Acting,
    name: str,
    kind: DeviceKind,
    told: str,
    spot: Spot,
    replaces_id: UUID | None = None,
) -> Registered:
    device_id = new_id()
    code = await register_device(acting.connection, resources, acting.operator_id, kind, told, device_id)
    sql = "UPDATE device SET name = $2, replaces_id = $3 WHERE id = $1"
    await acting.connection.execute(sql, device_id, name, replaces_id)
    await _put(acting, device_id, spot)
    action = "register_scanner" if replaces_id is None else "replace_scanner"
    return Registered(await _logged(acting, action, device_id), code)


async def _told(acting: Acting, spot: Spot) -> str | FleetRefusal:
    """What is said of a place, if it is one of the operator's."""
    ids = (spot.line_id, spot.vehicle_id, spot.venue_id, spot.gate_id)
    row = await acting.connection.fetchrow(_TOLD, acting.operator_id, *ids)
    assert row is not None, "a SELECT without FROM has one row"
    return str(row["told"])[:80] if row["known"] else FleetRefusal.UNKNOWN


async def _put(acting: Acting, device_id: UUID, spot: Spot) -> None:
    ids = (spot.line_id, spot.vehicle_id, spot.venue_id, spot.gate_id)
    if any(ids):
        await acting.connection.execute(_PLACE, new_id(), device_id, acting.at, *ids)


async def _logged(acting: Acting, action: str, device_id: UUID) -> Scanner:
    (row,) = await acting.connection.fetch(_SCANNERS, acting.operator_id, device_id, None, 1)
    await acting.log(action, str(device_id))
    return _scanner(row)


def _scanner(row: asyncpg.Record) -> Scanner:
    return Scanner(
        id=row["id"],
        name=row["name"],
        place=row["place"],
        kind=DeviceKind(row["kind"]),
        state=state_of(
            enrolled=row["enrolled_at"] is not None,
            suspended=row["suspended_at"] is not None,
            stolen=row["stolen_at"] is not None,
            retired=row["retired_at"] is not None,
        ),
        spot=Spot(row["line_id"], row["vehicle_id"], row["venue_id"], row["gate_id"]),
        enrolled_at=row["enrolled_at"],
        code_expires_at=row["code_expires_at"] if row["code_hash"] else None,
        stolen_at=row["stolen_at"],
        replaces_id=row["replaces_id"],
        quarantined=row["quarantined"],
    )
