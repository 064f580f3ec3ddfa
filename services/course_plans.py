"""How a provider's desk keeps its courses: a series of sessions with places, until nobody can join it any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.catalogue import CatalogueRefusal, refuse_name, refuse_places, refuse_sessions
from domain.dates import local_date
from models.record import new_id
from services.course_offers import call_all
from services.curation import Kept, changed, created
from services.resources import Resources

_SERVICE = """
SELECT minutes, buffer_before_minutes + buffer_after_minutes AS gap, retired_on FROM service WHERE id = $1
"""

_CREATE = "INSERT INTO course (id, service_id, name, capacity) VALUES ($1, $2, $3, $4)"

_SESSIONS = """
INSERT INTO slot (id, service_id, course_id, starts_at, ends_at, capacity, taken)
SELECT s.id, $1, $2, s.starts_at, s.starts_at + make_interval(mins => $3), $4, 0
FROM unnest($5::uuid[], $6::timestamptz[]) AS s (id, starts_at)
"""

_TAKEN = """
SELECT greatest(c.taken, (SELECT max(taken) FROM slot WHERE course_id = c.id)) FROM course c WHERE c.id = $1
"""


async def create_course(
    resources: Resources,
    viewer: Viewer,
    service_id: UUID,
    name: str,
    capacity: int,
    starts: Sequence[datetime],
    key: str,
) -> UUID | CatalogueRefusal:
    """A new course of a service of the viewer's provider, whose sessions last as long as the service's slots."""

    async def create(connection: asyncpg.Connection, _: UUID, at: datetime) -> UUID | CatalogueRefusal:
        service = await connection.fetchrow(_SERVICE, service_id)
        length, gap = timedelta(minutes=service["minutes"]), timedelta(minutes=service["gap"])
        refusal = refuse_name(name) or refuse_places(capacity) or refuse_sessions(starts, length, gap, at)
        if refusal is not None:
            return refusal
        if service["retired_on"] is not None and local_date(max(starts)) >= service["retired_on"]:
            return CatalogueRefusal.CLOSED
        course_id = new_id()
        await connection.execute(_CREATE, course_id, service_id, name, capacity)
        ids = [new_id() for _ in starts]
        await connection.execute(_SESSIONS, service_id, course_id, service["minutes"], capacity, ids, sorted(starts))
        return course_id

    request = ["create_course", name, str(capacity), *(start.isoformat() for start in starts)]
    return await created(resources, viewer, (Kept.SERVICE, service_id), key, request, create)


async def change_course(
    resources: Resources, viewer: Viewer, course_id: UUID, name: str, capacity: int
) -> CatalogueRefusal | None:
    """Call a course otherwise, or give it more places or fewer; new ones are offered to those who wait."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        taken = await connection.fetchval(_TAKEN, course_id)
        refusal = refuse_name(name) or refuse_places(capacity, taken)
        if refusal is not None:
            return refusal
        await connection.execute("UPDATE course SET name = $2, capacity = $3 WHERE id = $1", course_id, name, capacity)
        await connection.execute("UPDATE slot SET capacity = $2 WHERE course_id = $1", course_id, capacity)
        await call_all(connection, course_id, at)
        return None

    return await changed(resources, viewer, (Kept.COURSE, course_id), "change_course", change)


async def close_course(
    resources: Resources, viewer: Viewer, course_id: UUID, *, closed: bool
) -> CatalogueRefusal | None:
    """Let nobody join a course any more, or let them again; who is in it stays in it."""

    async def change(connection: asyncpg.Connection, _: UUID, at: datetime) -> CatalogueRefusal | None:
        await connection.execute(
            "UPDATE course SET retired_at = CASE WHEN $2 THEN coalesce(retired_at, $3) END WHERE id = $1",
            *(course_id, closed, at),
        )
        return None

    return await changed(resources, viewer, (Kept.COURSE, course_id), "close_course", change)
