"""How a provider's desk keeps its rooms, staff and interpreters, and says which service uses which."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal, refuse_name
from domain.dates import local_date
from models.record import new_id
from models.service import ResourceKind
from services.curation import Kept, changed, created
from services.resources import Resources

_CREATE = "INSERT INTO resource (id, provider_id, kind, name) VALUES ($1, $2, $3, $4)"

# What it is held for stays: it is only chosen no more.
_USE = """
INSERT INTO service_resource (id, service_id, resource_id, on_request) VALUES ($1, $2, $3, $4)
ON CONFLICT (service_id, resource_id) DO UPDATE SET on_request = excluded.on_request, ended_at = NULL
"""
_END_USE = """
UPDATE service_resource SET ended_at = $3 WHERE service_id = $1 AND resource_id = $2 AND ended_at IS NULL
"""
_OURS = """
SELECT EXISTS (SELECT FROM resource WHERE id = $1 AND provider_id = $2 AND (retired_on IS NULL OR retired_on > $3))
"""


class ResourceUse(StrEnum):
    """How a service uses a resource."""

    EVERY_SESSION = "every_session"
    ON_REQUEST = "on_request"
    NONE = "none"


async def create_resource(
    resources: Resources, viewer: Viewer, provider_id: UUID, kind: ResourceKind, name: str, key: str
) -> UUID | CatalogueRefusal:
    """A new room, member of staff or interpreter of the viewer's provider; no service uses it yet."""

    async def create(connection: asyncpg.Connection, provider_id: UUID, _: datetime) -> UUID | CatalogueRefusal:
        refusal = refuse_name(name)
        if refusal is not None:
            return refusal
        resource_id = new_id()
        await connection.execute(_CREATE, resource_id, provider_id, kind, name)
        return resource_id

    request = ["create_resource", kind, name]
    return await created(resources, viewer, (Kept.PROVIDER, provider_id), key, request, create)


async def rename_resource(
    resources: Resources, viewer: Viewer, resource_id: UUID, name: str
) -> CatalogueRefusal | None:
    """Call it otherwise."""

    async def change(connection: asyncpg.Connection, _: UUID, __: datetime) -> CatalogueRefusal | None:
        refusal = refuse_name(name)
        if refusal is None:
            await connection.execute("UPDATE resource SET name = $2 WHERE id = $1", resource_id, name)
        return refusal

    return await changed(resources, viewer, (Kept.RESOURCE, resource_id), "rename_resource", change)


async def retire_resource(
    resources: Resources, viewer: Viewer, resource_id: UUID, on: date | None
) -> CatalogueRefusal | None:
    """Use it until the day before, for what is booked from now on; None uses it on."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        if on is not None and on < local_date(at):
            return CatalogueRefusal.PAST
        await connection.execute("UPDATE resource SET retired_on = $2 WHERE id = $1", resource_id, on)
        return None

    return await changed(resources, viewer, (Kept.RESOURCE, resource_id), "retire_resource", change)


async def use_resource(
    resources: Resources, viewer: Viewer, service_id: UUID, resource_id: UUID, use: ResourceUse
) -> CatalogueRefusal | None:
    """Let a service hold one of the same provider's resources with every session, on request, or no more."""

    async def change(connection: asyncpg.Connection, provider_id: UUID, at: datetime) -> CatalogueRefusal | None:
        if use is ResourceUse.NONE:
            await connection.execute(_END_USE, service_id, resource_id, at)
            return None
        if not await connection.fetchval(_OURS, resource_id, provider_id, local_date(at)):
            return CatalogueRefusal.NOT_ALLOWED
        await connection.execute(_USE, new_id(), service_id, resource_id, use is ResourceUse.ON_REQUEST)
        return None

    return await changed(resources, viewer, (Kept.SERVICE, service_id), "use_resource", change)
