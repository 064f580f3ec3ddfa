"""What providers offer: services, their slots, and free places over many providers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.dates import local_date
from models.service import ServiceKind
from services.resources import Resources

# A site's own address goes before its provider's.
SERVICE_COLUMNS = """v.id AS service_id, v.provider_id, v.name AS service_name, v.kind, v.programme, v.cancel_minutes,
       v.documents, p.name AS provider_name, coalesce(t.address, p.address) AS address,
       coalesce(t.name, '') AS site_name, coalesce(t.town, '') AS town,
       t.step_free, t.hearing_loop, t.guide_dog_welcome, t.parking_bay"""
WHOSE = "JOIN provider p ON p.id = v.provider_id LEFT JOIN site t ON t.id = v.site_id"
SERVICE_OF_SLOT = f"service v ON v.id = s.service_id {WHOSE}"
SERVICE_OF_COURSE = f"service v ON v.id = c.service_id {WHOSE}"
SLOT_COLUMNS = "s.id AS slot_id, s.starts_at, s.ends_at, s.capacity, s.taken, s.state AS slot_state"

# Only slots yet to come are read, by time; so history costs nothing, and the page ends the search. What fits is picked
# among the services first, once and not again for each of their slots.
_FREE = f"""
WITH fitting AS MATERIALIZED (
    SELECT {SERVICE_COLUMNS}, v.lead_minutes, v.horizon_days FROM service v {WHOSE}
    WHERE ($4::text IS NULL OR v.kind = $4) AND ($5::text IS NULL OR v.programme = $5)
      AND ($6::text IS NULL OR t.town = $6 OR t.id IS NULL)
      AND (NOT $7 OR t.step_free) AND (NOT $8 OR t.hearing_loop)
      AND (NOT $9 OR t.guide_dog_welcome) AND (NOT $10 OR t.parking_bay)
)
SELECT {SLOT_COLUMNS}, f.* FROM slot s JOIN fitting f ON f.service_id = s.service_id
WHERE s.starts_at >= $1 AND s.starts_at < $2 AND s.taken < s.capacity AND s.state = 'open' AND s.course_id IS NULL
  AND s.starts_at >= $3::timestamptz + make_interval(mins => f.lead_minutes)
  AND s.starts_at <= $3 + make_interval(days => f.horizon_days)
  AND ($11::timestamptz IS NULL OR (s.starts_at, s.id) > ($11, $12::uuid))
ORDER BY s.starts_at, s.id LIMIT $13
"""


class Accessibility(StrEnum):
    """What a site has for those who need it; the values name its columns."""

    STEP_FREE = "step_free"
    HEARING_LOOP = "hearing_loop"
    GUIDE_DOG_WELCOME = "guide_dog_welcome"
    PARKING_BAY = "parking_bay"


@dataclass(frozen=True)
class OfferedService:
    """A service with its provider and site; bookings can be cancelled until `cancel_before` ahead of the start."""

    id: UUID
    provider_id: UUID
    name: str
    kind: ServiceKind
    programme: str
    provider: str
    site: str
    address: str
    town: str
    accessibility: frozenset[Accessibility]
    documents: tuple[str, ...]
    cancel_before: timedelta

    @classmethod
    def of(cls, row: asyncpg.Record) -> "OfferedService":
        """The service of a row with `SERVICE_COLUMNS`."""
        return cls(
            row["service_id"],
            row["provider_id"],
            row["service_name"],
            ServiceKind(row["kind"]),
            row["programme"],
            row["provider_name"],
            row["site_name"],
            row["address"],
            row["town"],
            frozenset(feature for feature in Accessibility if row[feature.value]),
            tuple(row["documents"].splitlines()),
            timedelta(minutes=row["cancel_minutes"]),
        )


@dataclass(frozen=True)
class OfferedSlot:
    """A time with `capacity` places, of which `free` can still be had."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> "OfferedSlot":
        """The slot of a row with `SLOT_COLUMNS`; one that is no longer offered has no free place."""
        free = row["capacity"] - row["taken"] if row["slot_state"] == "open" else 0
        return cls(row["slot_id"], row["starts_at"], row["ends_at"], row["capacity"], free)


@dataclass(frozen=True)
class FreeSlot:
    """A slot with a free place, and what it is for."""

    slot: OfferedSlot
    service: OfferedService


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for: every part that is given must fit; a service without a site comes to every town."""

    kind: ServiceKind | None = None
    programme: str | None = None
    town: str | None = None
    accessibility: frozenset[Accessibility] = frozenset()


async def services(resources: Resources, after: UUID | None, limit: int) -> Sequence[OfferedService]:
    """The services that are given today or later, behind `after` in the order of their keys, `limit` at most."""
    rows = await resources.database.fetch(
        f"SELECT {SERVICE_COLUMNS} FROM service v {WHOSE} WHERE ($1::uuid IS NULL OR v.id > $1) "
        "AND (v.retired_on IS NULL OR v.retired_on > $3) ORDER BY v.id LIMIT $2",
        after,
        limit,
        local_date(resources.clock()),
    )
    return [OfferedService.of(row) for row in rows]


async def slots(
    resources: Resources,
    service_id: UUID,
    start: datetime,
    end: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[OfferedSlot]:
    """The offered slots of a service that begin in [start, end) and are not past, in order of time, `limit` at most."""
    moment, key = after or (None, None)
    rows = await resources.database.fetch(
        f"SELECT {SLOT_COLUMNS} FROM slot s WHERE service_id = $1 AND starts_at >= $2 AND starts_at < $3 "
        "AND state = 'open' AND course_id IS NULL "
        "AND ($4::timestamptz IS NULL OR (starts_at, id) > ($4, $5::uuid)) ORDER BY starts_at, id LIMIT $6",
        service_id,
        max(start, resources.clock()),
        end,
        moment,
        key,
        limit,
    )
    return [OfferedSlot.of(row) for row in rows]


async def free_slots(
    resources: Resources,
    wanted: Wanted,
    start: datetime,
    end: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[FreeSlot]:
    """The slots over all providers that can be booked now and begin in [start, end), in order of time."""
    at = resources.clock()
    moment, key = after or (None, None)
    rows = await resources.database.fetch(
        _FREE,
        max(start, at),
        end,
        at,
        wanted.kind,
        wanted.programme,
        wanted.town,
        *(feature in wanted.accessibility for feature in Accessibility),
        moment,
        key,
        limit,
    )
    return [FreeSlot(OfferedSlot.of(row), OfferedService.of(row)) for row in rows]
