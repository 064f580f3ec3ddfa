"""How a provider's desk keeps its sites: where it serves, and what makes each place usable."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal, refuse_place
from domain.dates import local_date
from models.record import new_id
from services.catalogue import Accessibility
from services.curation import Kept, changed, created
from services.resources import Resources
from services.service_terms import retire

_COLUMNS = "name, address, town, step_free, hearing_loop, guide_dog_welcome, parking_bay"
_CREATE = f"INSERT INTO site (id, provider_id, {_COLUMNS}) VALUES ($1, $9, $2, $3, $4, $5, $6, $7, $8)"
_CHANGE = f"UPDATE site SET ({_COLUMNS}) = ($2, $3, $4, $5, $6, $7, $8) WHERE id = $1"
_SERVICES = "SELECT id FROM service WHERE site_id = $1 AND (retired_on IS NULL OR retired_on > $2) ORDER BY id"


@dataclass(frozen=True)
class SitePlan:
    """A site as its desk wants it; an empty town is the whole district."""

    name: str
    address: str
    town: str
    accessibility: frozenset[Accessibility]

    @property
    def columns(self) -> tuple[object, ...]:
        """The values of its row."""
        return self.name, self.address, self.town, *(feature in self.accessibility for feature in Accessibility)

    def refuse(self) -> CatalogueRefusal | None:
        """Why it cannot be so."""
        return refuse_place(self.name, self.address, self.town)


async def create_site(
    resources: Resources, viewer: Viewer, provider_id: UUID, plan: SitePlan, key: str
) -> UUID | CatalogueRefusal:
    """A new site of the viewer's provider."""

    async def create(connection: asyncpg.Connection, provider_id: UUID, _: datetime) -> UUID | CatalogueRefusal:
        refusal = plan.refuse()
        if refusal is not None:
            return refusal
        site_id = new_id()
        await connection.execute(_CREATE, site_id, *plan.columns, provider_id)
        return site_id

    request = ["create_site", *map(str, plan.columns)]
    return await created(resources, viewer, (Kept.PROVIDER, provider_id), key, request, create)


async def change_site(resources: Resources, viewer: Viewer, site_id: UUID, plan: SitePlan) -> CatalogueRefusal | None:
    """Describe a site anew; whoever booked there finds it so."""

    async def change(connection: asyncpg.Connection, _: UUID, __: datetime) -> CatalogueRefusal | None:
        refusal = plan.refuse()
        if refusal is None:
            await connection.execute(_CHANGE, site_id, *plan.columns)
        return refusal

    return await changed(resources, viewer, (Kept.SITE, site_id), "change_site", change)


async def close_site(resources: Resources, viewer: Viewer, site_id: UUID, on: date | None) -> CatalogueRefusal | None:
    """Serve there until the day before, and end its services with it; None opens the site again, not its services."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        if on is not None and on < local_date(at):
            return CatalogueRefusal.PAST
        await connection.execute("UPDATE site SET retired_on = $2 WHERE id = $1", site_id, on)
        if on is not None:
            for row in await connection.fetch(_SERVICES, site_id, on):
                await retire(connection, resources, row["id"], on, at)
        return None

    return await changed(resources, viewer, (Kept.SITE, site_id), "close_site", change)
