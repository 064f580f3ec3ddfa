"""A provider's catalogue as its desk keeps it: what is closed too, and how many wait for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from models.service import ResourceKind, ServiceKind
from services.catalogue import Accessibility
from services.resources import Resources
from services.staff_and_rooms import ResourceUse

MOST = 200

_SITES = """
SELECT id, name, address, town, step_free, hearing_loop, guide_dog_welcome, parking_bay, retired_on FROM site
WHERE provider_id = $1 OR id = $2 ORDER BY name, id LIMIT $3
"""

_SERVICES = """
SELECT v.*,
       coalesce((SELECT array_agg((p.valid_from, p.price) ORDER BY p.valid_from) FROM service_price p
                 WHERE p.service_id = v.id), '{}') AS prices,
       coalesce((SELECT array_agg((n.resource_id, n.on_request) ORDER BY n.id) FROM service_resource n
                 WHERE n.service_id = v.id AND n.ended_at IS NULL), '{}') AS uses
FROM service v WHERE v.provider_id = $1 OR v.id = $2 ORDER BY v.name, v.id LIMIT $3
"""

_RESOURCES = """
SELECT id, kind, name, retired_on FROM resource
WHERE provider_id = $1 OR id = $2 ORDER BY kind, name, id LIMIT $3
"""

_COURSES = """
SELECT c.id, c.service_id, c.name, c.capacity, c.retired_at,
       (SELECT array_agg(starts_at ORDER BY starts_at) FROM slot WHERE course_id = c.id) AS sessions,
       (SELECT count(*) FROM enrolment WHERE course_id = c.id AND cancelled_at IS NULL) AS enrolled,
       (SELECT count(*) FROM waitlist_entry WHERE course_id = c.id AND state = 'waiting') AS waiting,
       (SELECT count(*) FROM waitlist_entry WHERE course_id = c.id AND state = 'offered') AS offered
FROM course c JOIN service v ON v.id = c.service_id
WHERE v.provider_id = $1 OR c.id = $2 ORDER BY c.id DESC LIMIT $3
"""

_WAITED_FOR = """
SELECT s.id, v.id AS service_id, v.name, s.starts_at,
       count(*) FILTER (WHERE e.state = 'waiting') AS waiting, count(*) FILTER (WHERE e.state = 'offered') AS offered
FROM waitlist_entry e JOIN slot s ON s.id = e.slot_id JOIN service v ON v.id = s.service_id
WHERE v.provider_id = $1 AND e.state IN ('waiting', 'offered') AND s.starts_at > $2
GROUP BY s.id, v.id ORDER BY s.starts_at, s.id LIMIT $3
"""


@dataclass(frozen=True)
class KeptSite:
    """A site; it is closed from `retired_on` on."""

    id: UUID
    name: str
    address: str
    town: str
    accessibility: frozenset[Accessibility]
    retired_on: date | None


@dataclass(frozen=True)
class KeptService:
    """A service with its prices in order of their days, and the resources that it uses, as `services.service_terms`."""

    id: UUID
    site_id: UUID | None
    kind: ServiceKind
    name: str
    programme: str
    minutes: int
    buffer_before: int
    buffer_after: int
    lead: int
    horizon_days: int
    cancel: int
    grace: int
    offer: int
    only_entitled: bool
    needs_confirmation: bool
    documents: tuple[str, ...]
    retired_on: date | None
    prices: Sequence[tuple[date, Decimal]]
    uses: Sequence[tuple[UUID, ResourceUse]]


@dataclass(frozen=True)
class KeptResource:
    """A room, a member of staff or an interpreter."""

    id: UUID
    kind: ResourceKind
    name: str
    retired_on: date | None


@dataclass(frozen=True)
class KeptCourse:
    """A course, and how many are in it, wait for it and are offered a place; nobody joins it from `closed_at` on."""

    id: UUID
    service_id: UUID
    name: str
    capacity: int
    sessions: Sequence[datetime]
    enrolled: int
    waiting: int
    offered: int
    closed_at: datetime | None


@dataclass(frozen=True)
class WaitedFor:
    """A slot to come for which somebody waits, or is offered a place."""

    slot_id: UUID
    service_id: UUID
    service: str
    starts_at: datetime
    waiting: int
    offered: int


async def sites(resources: Resources, provider_id: UUID | None, site_id: UUID | None = None) -> Sequence[KeptSite]:
    """The sites of a provider, or one site that its desk has just kept."""
    rows = await resources.database.fetch(_SITES, provider_id, site_id, MOST)
    return [
        KeptSite(
            row["id"],
            row["name"],
            row["address"],
            row["town"],
            frozenset(feature for feature in Accessibility if row[feature.value]),
            row["retired_on"],
        )
        for row in rows
    ]


async def services(
    resources: Resources, provider_id: UUID | None, service_id: UUID | None = None
) -> Sequence[KeptService]:
    """The services of a provider, or one service."""
    return [_service(row) for row in await resources.database.fetch(_SERVICES, provider_id, service_id, MOST)]


async def rooms_and_staff(
    resources: Resources, provider_id: UUID | None, resource_id: UUID | None = None
) -> Sequence[KeptResource]:
    """The rooms, staff and interpreters of a provider, or one resource."""
    rows = await resources.database.fetch(_RESOURCES, provider_id, resource_id, MOST)
    return [KeptResource(row["id"], ResourceKind(row["kind"]), row["name"], row["retired_on"]) for row in rows]


async def courses(
    resources: Resources, provider_id: UUID | None, course_id: UUID | None = None
) -> Sequence[KeptCourse]:
    """The courses of a provider, the newest first, or one course."""
    # Who is in them is counted only.
    rows = await resources.database.beyond_reach().fetch(_COURSES, provider_id, course_id, MOST)
    return [
        KeptCourse(
            row["id"],
            row["service_id"],
            row["name"],
            row["capacity"],
            row["sessions"],
            row["enrolled"],
            row["waiting"],
            row["offered"],
            row["retired_at"],
        )
        for row in rows
    ]


async def waited_for(resources: Resources, provider_id: UUID) -> Sequence[WaitedFor]:
    """The slots to come of a provider for which somebody waits, in order of time; who they are is not told."""
    rows = await resources.database.beyond_reach().fetch(_WAITED_FOR, provider_id, resources.clock(), MOST)
    return [
        WaitedFor(row["id"], row["service_id"], row["name"], row["starts_at"], row["waiting"], row["offered"])
        for row in rows
    ]


def _service(row: asyncpg.Record) -> KeptService:
    return KeptService(
        id=row["id"],
        site_id=row["site_id"],
        kind=ServiceKind(row["kind"]),
        name=row["name"],
        programme=row["programme"],
        minutes=row["minutes"],
        buffer_before=row["buffer_before_minutes"],
        buffer_after=row["buffer_after_minutes"],
        lead=row["lead_minutes"],
        horizon_days=row["horizon_days"],
        cancel=row["cancel_minutes"],
        grace=row["grace_minutes"],
        offer=row["offer_minutes"],
        only_entitled=row["only_entitled"],
        needs_confirmation=row["needs_confirmation"],
        documents=tuple(row["documents"].splitlines()),
        retired_on=row["retired_on"],
        prices=[(start, price) for start, price in row["prices"]],
        uses=[
            (resource_id, ResourceUse.ON_REQUEST if on_request else ResourceUse.EVERY_SESSION)
            for resource_id, on_request in row["uses"]
        ],
    )
