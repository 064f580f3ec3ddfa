"""How a provider's desk keeps its services: what each asks and promises, what it costs, and until when it is given."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal, Terms, refuse_price, refuse_terms
from domain.dates import local_date, start_of
from domain.timetable import refuse_timetable
from models.record import new_id
from models.service import ServiceKind
from services.curation import Kept, changed, created
from services.resources import Resources
from services.timetables import lay_out, week_of

_COLUMNS = """kind, name, site_id, programme, minutes, buffer_before_minutes, buffer_after_minutes, lead_minutes,
    horizon_days, cancel_minutes, grace_minutes, offer_minutes, only_entitled, needs_confirmation, documents"""
_PLACES = ", ".join(f"${number}" for number in range(2, 17))
_CREATE = f"INSERT INTO service (id, provider_id, {_COLUMNS}) VALUES ($1, $17, {_PLACES})"
_CHANGE = f"UPDATE service SET ({_COLUMNS}) = ({_PLACES}) WHERE id = $1"
_SITE = (
    "SELECT EXISTS (SELECT FROM site WHERE id = $1 AND provider_id = $2 AND (retired_on IS NULL OR retired_on > $3))"
)

_PRICE = """
INSERT INTO service_price (id, service_id, valid_from, price) VALUES ($1, $2, $3, $4)
ON CONFLICT (service_id, valid_from) DO UPDATE SET price = excluded.price
"""

# Nobody joins a course whose last sessions the service will not give; who is in it stays, and a person looks.
_CLOSE_COURSES = """
UPDATE course SET retired_at = $2 WHERE service_id = $1 AND retired_at IS NULL
AND EXISTS (SELECT FROM slot WHERE course_id = course.id AND starts_at >= $3)
"""


@dataclass(frozen=True)
class ServicePlan:
    """A service as its desk wants it; without a site it is given where the resident is."""

    kind: ServiceKind
    site_id: UUID | None
    only_entitled: bool
    needs_confirmation: bool
    terms: Terms

    @property
    def columns(self) -> tuple[object, ...]:
        """The values of its row."""
        terms = self.terms
        return (
            *(self.kind, terms.name, self.site_id, terms.programme, terms.minutes),
            *(terms.buffer_before, terms.buffer_after, terms.lead, terms.horizon_days),
            *(terms.cancel, terms.grace, terms.offer, self.only_entitled, self.needs_confirmation),
            "\n".join(terms.documents),
        )


async def create_service(
    resources: Resources, viewer: Viewer, provider_id: UUID, plan: ServicePlan, key: str
) -> UUID | CatalogueRefusal:
    """A new service of the viewer's provider; it has no slots before its week is set, or a course of it."""

    async def create(connection: asyncpg.Connection, provider_id: UUID, at: datetime) -> UUID | CatalogueRefusal:
        refusal = await _refuse(resources, connection, provider_id, plan, at)
        if refusal is not None:
            return refusal
        service_id = new_id()
        await connection.execute(_CREATE, service_id, *plan.columns, provider_id)
        return service_id

    request = ["create_service", *map(str, plan.columns)]
    return await created(resources, viewer, (Kept.PROVIDER, provider_id), key, request, create)


async def change_service(
    resources: Resources, viewer: Viewer, service_id: UUID, plan: ServicePlan
) -> CatalogueRefusal | None:
    """Offer a service on other terms: slots nobody holds follow, bookings keep theirs and are flagged if they must."""

    async def change(connection: asyncpg.Connection, provider_id: UUID, at: datetime) -> CatalogueRefusal | None:
        refusal = await _refuse(resources, connection, provider_id, plan, at)
        if refusal is not None:
            return refusal
        week = (await week_of(connection, service_id, local_date(at))).timetable
        gap = plan.terms.buffer_before + plan.terms.buffer_after
        if refuse_timetable(replace(week, minutes=plan.terms.minutes, gap=gap)) is not None:
            return CatalogueRefusal.WEEK
        await connection.execute(_CHANGE, service_id, *plan.columns)
        await lay_out(connection, resources.holidays, service_id, at)
        return None

    return await changed(resources, viewer, (Kept.SERVICE, service_id), "change_service", change)


async def retire_service(
    resources: Resources, viewer: Viewer, service_id: UUID, on: date | None
) -> CatalogueRefusal | None:
    """Give a service until the day before; None gives it on."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        if on is not None and on < local_date(at):
            return CatalogueRefusal.PAST
        await retire(connection, resources, service_id, on, at)
        return None

    return await changed(resources, viewer, (Kept.SERVICE, service_id), "retire_service", change)


async def retire(
    connection: asyncpg.Connection, resources: Resources, service_id: UUID, on: date | None, at: datetime
) -> None:
    """Let a service end before a day: slots behind it are withdrawn, or flagged where somebody holds a place."""
    await connection.execute("UPDATE service SET retired_on = $2 WHERE id = $1", service_id, on)
    if on is not None:
        await connection.execute(_CLOSE_COURSES, service_id, at, start_of(on))
    await lay_out(connection, resources.holidays, service_id, at)


async def set_price(
    resources: Resources, viewer: Viewer, service_id: UUID, start: date, price: Decimal
) -> CatalogueRefusal | None:
    """What one session costs from a day on, in yuan; what was quoted for a booking stays."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        refusal = refuse_price(price, start, local_date(at))
        if refusal is None:
            await connection.execute(_PRICE, new_id(), service_id, start, price)
        return refusal

    return await changed(resources, viewer, (Kept.SERVICE, service_id), "set_price", change)


async def _refuse(
    resources: Resources, connection: asyncpg.Connection, provider_id: UUID, plan: ServicePlan, at: datetime
) -> CatalogueRefusal | None:
    refusal = refuse_terms(plan.terms, {each.slug for each in resources.rules.chinese.programmes})
    if refusal is not None or plan.site_id is None:
        return refusal
    is_ours = await connection.fetchval(_SITE, plan.site_id, provider_id, local_date(at))
    return None if is_ours else CatalogueRefusal.SITE
