"""Lets a provider's desk keep its own catalogue and nobody else's: each change once, in one transaction, and logged."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal
from services import audit, idempotency
from services.desks import works_at
from services.resources import Resources

_REFUSALS = frozenset(CatalogueRefusal)


class Kept(StrEnum):
    """What a desk keeps; the values name tables."""

    PROVIDER = "provider"
    SITE = "site"
    SERVICE = "service"
    RESOURCE = "resource"
    COURSE = "course"


# Locked, so that one at a time changes a thing.
_PROVIDER_OF = {
    Kept.PROVIDER: "SELECT id FROM provider WHERE id = $1 FOR NO KEY UPDATE",
    Kept.SITE: "SELECT provider_id FROM site WHERE id = $1 FOR NO KEY UPDATE",
    Kept.SERVICE: "SELECT provider_id FROM service WHERE id = $1 FOR NO KEY UPDATE",
    Kept.RESOURCE: "SELECT provider_id FROM resource WHERE id = $1 FOR NO KEY UPDATE",
    Kept.COURSE: (
        "SELECT v.provider_id FROM course c JOIN service v ON v.id = c.service_id WHERE c.id = $1 "
        "FOR NO KEY UPDATE OF c"
    ),
}

# Given the provider whose desk asks.
Create = Callable[[asyncpg.Connection, UUID, datetime], Awaitable[UUID | CatalogueRefusal]]
Change = Callable[[asyncpg.Connection, UUID, datetime], Awaitable[CatalogueRefusal | None]]


async def created(
    resources: Resources, viewer: Viewer, home: tuple[Kept, UUID], key: str, request: list[str], create: Create
) -> UUID | CatalogueRefusal:
    """The id of what `create` makes for the viewer's provider, or for a service of it; the same key gets the same id.

    `request` begins with the action that the log names.
    """
    at = resources.clock()

    async def work(connection: asyncpg.Connection) -> str:
        provider_id = await _own_provider(resources, connection, viewer, home, at)
        if provider_id is None:
            return CatalogueRefusal.NOT_ALLOWED
        made = await create(connection, provider_id, at)
        if not isinstance(made, CatalogueRefusal):
            await _log(connection, viewer, request[0], made, at)
        return str(made)

    asked = [*request, str(home[1])]
    answer = await idempotency.answer_of(resources.database, viewer.account_id, key, asked, at, work)
    return CatalogueRefusal(answer) if answer in _REFUSALS else UUID(answer)


async def changed(
    resources: Resources, viewer: Viewer, what: tuple[Kept, UUID], action: str, change: Change
) -> CatalogueRefusal | None:
    """Change what the viewer's provider keeps; another's and none at all are answered alike.

    Bookings that no longer fit are flagged and those who wait are called, whosever they are.
    """
    at = resources.clock()
    async with resources.database.beyond_reach().transaction() as connection:
        provider_id = await _own_provider(resources, connection, viewer, what, at)
        if provider_id is None:
            return CatalogueRefusal.NOT_ALLOWED
        refusal = await change(connection, provider_id, at)
        if refusal is None:
            await _log(connection, viewer, action, what[1], at)
        return refusal


async def _own_provider(
    resources: Resources, connection: asyncpg.Connection, viewer: Viewer, what: tuple[Kept, UUID], at: datetime
) -> UUID | None:
    kind, key = what
    provider_id: UUID | None = await connection.fetchval(_PROVIDER_OF[kind], key)
    if provider_id is None or not await works_at(resources, connection, viewer, provider_id, at):
        return None
    return provider_id


async def _log(connection: asyncpg.Connection, viewer: Viewer, action: str, subject: UUID, at: datetime) -> None:
    await audit.record(connection, audit.Event(f"account:{viewer.account_id}", action, str(subject)), at)
