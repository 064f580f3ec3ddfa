"""How the district takes providers up and puts the first people at their desks; these put others beside them."""

from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal, refuse_place
from domain.dates import local_date
from domain.duty import Duty
from models.record import new_id
from services import audit, idempotency
from services.desks import services_of, works_at
from services.factor_codes import forget
from services.people import People
from services.resources import Resources

_REFUSALS = frozenset(CatalogueRefusal)

_APPOINT = """
INSERT INTO provider_staff (id, provider_id, account_id) VALUES ($1, $2, $3)
ON CONFLICT (account_id, provider_id) WHERE left_on IS NULL DO NOTHING
"""
_END = "UPDATE provider_staff SET left_on = $3 WHERE provider_id = $1 AND account_id = $2 AND left_on IS NULL"


async def create_provider(
    resources: Resources, viewer: Viewer, people: People, name: str, address: str, key: str
) -> UUID | CatalogueRefusal:
    """A new provider, for the district's clerks; nobody is at its desk yet. The same `key` again gets the same id."""
    at, clerk = resources.clock(), people.on_duty(Duty.KEEP_PROVIDERS)

    async def work(connection: asyncpg.Connection) -> str:
        if clerk is None:
            return CatalogueRefusal.NOT_ALLOWED
        refusal = refuse_place(name, address)
        if refusal is not None:
            return refusal
        provider_id = new_id()
        await connection.execute(
            "INSERT INTO provider (id, name, address) VALUES ($1, $2, $3)", provider_id, name, address
        )
        await _log(connection, f"staff:{clerk.id}", "create_provider", provider_id, at)
        return str(provider_id)

    request = ["create_provider", name, address]
    answer = await idempotency.answer_of(resources.database, viewer.account_id, key, request, at, work)
    return CatalogueRefusal(answer) if answer in _REFUSALS else UUID(answer)


async def change_provider(
    resources: Resources, viewer: Viewer, people: People, provider_id: UUID, name: str, address: str
) -> CatalogueRefusal | None:
    """Call a provider otherwise, or let it move: for the district's clerks and its own desk."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        actor = await _actor(resources, connection, viewer, people, provider_id, at)
        if actor is None:
            return CatalogueRefusal.NOT_ALLOWED
        refusal = refuse_place(name, address)
        if refusal is None:
            await connection.execute(
                "UPDATE provider SET name = $2, address = $3 WHERE id = $1", provider_id, name, address
            )
            await _log(connection, actor, "change_provider", provider_id, at)
        return refusal


async def appoint_at_desk(
    resources: Resources, viewer: Viewer, people: People, provider_id: UUID, account_id: UUID
) -> CatalogueRefusal | None:
    """Let an account work at a provider's desk from now on, though never the viewer's own; again is no mistake."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        actor = await _actor(resources, connection, viewer, people, provider_id, at)
        if actor is None:
            return CatalogueRefusal.NOT_ALLOWED
        known = await connection.fetchval("SELECT EXISTS (SELECT FROM account WHERE id = $1)", account_id)
        if account_id == viewer.account_id or not known:
            return CatalogueRefusal.ACCOUNT
        await connection.execute(_APPOINT, new_id(), provider_id, account_id)
        await _log(connection, actor, "appoint_at_desk", provider_id, at, f"account:{account_id}")
        return None


async def end_at_desk(
    resources: Resources, viewer: Viewer, people: People, provider_id: UUID, account_id: UUID
) -> CatalogueRefusal | None:
    """Let an account work at a provider's desk no more, from this moment; again is no mistake."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        actor = await _actor(resources, connection, viewer, people, provider_id, at)
        if actor is None:
            return CatalogueRefusal.NOT_ALLOWED
        await connection.execute(_END, provider_id, account_id, local_date(at))
        await forget(connection, account_id, at)
        await _log(connection, actor, "end_at_desk", provider_id, at, f"account:{account_id}")
    # Whoever follows the day hears that she does so no more.
    resources.news.tell(*await services_of(resources, provider_id))
    return None


async def _actor(
    resources: Resources,
    connection: asyncpg.Connection,
    viewer: Viewer,
    people: People,
    provider_id: UUID,
    at: datetime,
) -> str | None:
    """How the log names whoever may keep a provider; None for others, and where there is none."""
    known = await connection.fetchval("SELECT EXISTS (SELECT FROM provider WHERE id = $1)", provider_id)
    clerk = people.on_duty(Duty.KEEP_PROVIDERS)
    if known and clerk is not None:
        return f"staff:{clerk.id}"
    return f"account:{viewer.account_id}" if await works_at(resources, connection, viewer, provider_id, at) else None


async def _log(
    connection: asyncpg.Connection, actor: str, action: str, provider_id: UUID, at: datetime, detail: str = ""
) -> None:
    await audit.record(connection, audit.Event(actor, action, str(provider_id), detail), at)
