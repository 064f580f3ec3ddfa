"""Who works at a provider's desk, and the bookings that a desk or the federation's staff has to look at.

Whoever is at a desk is beyond PostgreSQL's reach for its staff: what is asked here is bound to the desk's provider.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from domain.access import Area, Viewer
from domain.attendance import DeskRefusal
from domain.dates import end_of, start_of
from models.attendance import AttendanceMethod
from services import audit
from services.bookings import BOOKING_COLUMNS, BOOKING_SOURCE, HeldBooking
from services.locks import lock_booking
from services.people import mask_name
from services.resources import Resources
from services.second_factor import PROVEN, asking
from services.vault import Sealed

# Whoever has not proven her second factor in this session is nobody here.
_IN_FORCE = f"d.account_id = $1 AND (d.left_on IS NULL OR d.left_on > $2) AND {PROVEN}"
_DESKS = f"""
SELECT p.id, p.name FROM provider_staff d JOIN provider p ON p.id = d.provider_id WHERE {_IN_FORCE}
ORDER BY p.name, p.id
"""
_SERVICES = "SELECT id FROM service WHERE provider_id = $1"
_WORKS_AT = f"SELECT EXISTS (SELECT FROM provider_staff d WHERE {_IN_FORCE} AND d.provider_id = $5)"

_BOOKINGS = f"""
SELECT {BOOKING_COLUMNS}, b.flagged_at, r.data_key, r.data_key_version, r.name_sealed,
       n.method, n.recorded_at, n.appealed_at, n.appeal_sealed, n.appeal_upheld
FROM {BOOKING_SOURCE} JOIN resident r ON r.id = b.resident_id LEFT JOIN attendance n ON n.booking_id = b.id
"""
_BEHIND = "($1::timestamptz IS NULL OR (s.starts_at, b.id) > ($1, $2::uuid))"
_ORDER = "ORDER BY s.starts_at, b.id LIMIT $3"


@dataclass(frozen=True)
class Desk:
    """A provider at whose desk the viewer works."""

    provider_id: UUID
    name: str


@dataclass(frozen=True)
class DeskBooking:
    """A booking as a desk sees it: the name masked, what was written down, an appeal against that in her own words."""

    booking: HeldBooking
    masked_name: str
    method: AttendanceMethod | None
    recorded_at: datetime | None
    appeal: str | None
    appealed_at: datetime | None
    appeal_upheld: bool | None


@dataclass(frozen=True)
class Page:
    """Which part of a list: behind a start and a booking's id, `limit` at most."""

    behind: tuple[datetime, UUID] | None
    limit: int


async def desks_of(resources: Resources, viewer: Viewer) -> Sequence[Desk]:
    """The desks at which the viewer works today."""
    rows = await resources.database.fetch(_DESKS, *asking(resources, viewer, resources.clock()))
    return [Desk(row["id"], row["name"]) for row in rows]


async def services_of(resources: Resources, provider_id: UUID) -> Sequence[UUID]:
    """The services of a provider, whose bookings make its day."""
    return [row["id"] for row in await resources.database.fetch(_SERVICES, provider_id)]


async def works_at(
    resources: Resources, connection: asyncpg.Connection, viewer: Viewer, provider_id: UUID, at: datetime
) -> bool:
    """Whether the viewer works at a provider's desk, and has proven her second factor."""
    return bool(await connection.fetchval(_WORKS_AT, *asking(resources, viewer, at), provider_id))


async def day_list(
    resources: Resources, provider_id: UUID, on: date, site_id: UUID | None, page: Page
) -> Sequence[DeskBooking]:
    """The bookings of a provider's day, or of one of its sites, in order of time."""
    return await _list(
        resources.beyond_reach(),
        "v.provider_id = $4 AND s.starts_at >= $5 AND s.starts_at < $6 AND b.state <> 'cancelled' "
        "AND ($7::uuid IS NULL OR v.site_id = $7)",
        page,
        *(provider_id, start_of(on), end_of(on), site_id),
    )


async def to_confirm(resources: Resources, provider_id: UUID, page: Page) -> Sequence[DeskBooking]:
    """The requests that wait for a provider's answer."""
    condition = "v.provider_id = $4 AND b.state = 'requested' AND s.starts_at > $5"
    return await _list(resources.beyond_reach(), condition, page, provider_id, resources.clock())


async def flagged_at_desk(resources: Resources, provider_id: UUID, page: Page) -> Sequence[DeskBooking]:
    """The coming bookings with a provider that a person has to look at."""
    condition = "v.provider_id = $4 AND b.flag IS NOT NULL AND b.state IN ('requested', 'booked') AND s.starts_at > $5"
    return await _list(resources.beyond_reach(), condition, page, provider_id, resources.clock())


async def appeals_in_area(resources: Resources, area: Area, page: Page) -> Sequence[DeskBooking]:
    """The appeals against a miss that wait for an answer."""
    return await _list(
        resources,
        "($4 = '' OR r.town = $4) AND ($5 = '' OR r.village = $5) "
        "AND n.appealed_at IS NOT NULL AND n.appeal_decided_at IS NULL",
        page,
        *(area.town, area.village),
    )


async def desk_booking(resources: Resources, booking_id: UUID) -> DeskBooking:
    """One booking that is known to exist."""
    (row,) = await resources.database.fetch(f"{_BOOKINGS} WHERE b.id = $1", booking_id)
    return _entry(resources, row)


async def at_desk(
    resources: Resources,
    viewer: Viewer,
    booking_id: UUID,
    action: str,
    work: Callable[[asyncpg.Connection, asyncpg.Record, datetime], Awaitable[DeskRefusal | None]],
) -> DeskBooking | DeskRefusal:
    """Do something to a booking as `lock_booking` gives it, and log it; only for those at the desk it is with."""
    at, everybody = resources.clock(), resources.beyond_reach()
    async with everybody.database.transaction() as connection:
        row = await lock_booking(connection, booking_id)
        # Another provider's booking and none at all are answered alike.
        if row is None or not await works_at(resources, connection, viewer, row["provider_id"], at):
            return DeskRefusal.BOOKING_NOT_FOUND
        refusal = await work(connection, row, at)
        if refusal is not None:
            return refusal
        event = audit.Event(f"account:{viewer.account_id}", action, str(row["resident_id"]))
        await audit.record(connection, event, at)
    return await desk_booking(everybody, booking_id)


async def _list(resources: Resources, condition: str, page: Page, *values: object) -> Sequence[DeskBooking]:
    rows = await resources.database.fetch(
        f"{_BOOKINGS} WHERE {_BEHIND} AND {condition} {_ORDER}", *(page.behind or (None, None)), page.limit, *values
    )
    return [_entry(resources, row) for row in rows]


def _entry(resources: Resources, row: asyncpg.Record) -> DeskBooking:
    key = resources.vault.data_key(row["resident_id"], row["data_key"], row["data_key_version"])
    return DeskBooking(
        booking=HeldBooking.of(row),
        masked_name=mask_name(key.open(Sealed.NAME, row["name_sealed"])),
        method=AttendanceMethod(row["method"]) if row["method"] else None,
        recorded_at=row["recorded_at"],
        appeal=key.open(Sealed.APPEAL, row["appeal_sealed"]) if row["appeal_sealed"] else None,
        appealed_at=row["appealed_at"],
        appeal_upheld=row["appeal_upheld"],
    )
