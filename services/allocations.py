"""Staff, rooms and interpreters that sessions hold: one of each kind, never for two sessions at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

import asyncpg

from models.record import new_id

# In the order of their numbers, so that no two sessions wait for each other's resources.
_LOCK = """
SELECT n.on_request, r.kind FROM service_resource n JOIN resource r ON r.id = n.resource_id
WHERE n.service_id = $1 AND n.ended_at IS NULL AND n.on_request = ANY($2) ORDER BY r.number FOR NO KEY UPDATE OF r
"""

# A statement of its own behind the lock: only so does it see what those before it came to hold.
_FREE = """
SELECT DISTINCT ON (n.on_request, r.kind) r.id, r.number, n.on_request
FROM service_resource n JOIN resource r ON r.id = n.resource_id
WHERE n.service_id = $1 AND n.ended_at IS NULL AND n.on_request = ANY($2)
AND (r.retired_on IS NULL OR r.retired_on > ($3 AT TIME ZONE 'Asia/Shanghai')::date)
AND NOT EXISTS (
    SELECT FROM allocation a WHERE a.released_at IS NULL
    AND int4range(a.resource_number, a.resource_number, '[]') && int4range(r.number, r.number, '[]')
    AND tstzrange(a.held_from, a.held_until) && tstzrange($3, $4)
)
ORDER BY n.on_request, r.kind, r.number
"""

_HOLD = """
INSERT INTO allocation (id, slot_id, booking_id, resource_id, resource_number, held_from, held_until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


class Scope(Enum):
    """For whom a resource is held; the values are the column `on_request`."""

    SESSION = False
    BOOKING = True


@dataclass(frozen=True)
class Need:
    """A session that needs resources from `held_from` to `held_until`, its buffers included."""

    service_id: UUID
    slot_id: UUID
    held_from: datetime
    held_until: datetime


@dataclass(frozen=True)
class Chosen:
    """A resource that is free for a need, and locked until the transaction ends."""

    need: Need
    resource_id: UUID
    number: int
    scope: Scope


class Busy(Exception):
    """Of some kind none is free at that time."""


class NotOffered(Exception):
    """The service has no resource on request."""


async def choose(connection: asyncpg.Connection, need: Need, scopes: Collection[Scope]) -> list[Chosen]:
    """One free resource of every kind that the service lists for each scope, the lowest number first.

    The caller holds the slot's lock, so that its session's needs are met once. Nothing is written yet.

    Raises:
        Busy: see there.
        NotOffered: see there.
    """
    flags = [scope.value for scope in scopes]
    kinds = {(row["on_request"], row["kind"]) for row in await connection.fetch(_LOCK, need.service_id, flags)}
    if {on_request for on_request, _ in kinds} != set(flags):
        raise NotOffered
    free = await connection.fetch(_FREE, need.service_id, flags, need.held_from, need.held_until)
    if len(free) < len(kinds):
        raise Busy
    return [Chosen(need, row["id"], row["number"], Scope(row["on_request"])) for row in free]


async def hold(connection: asyncpg.Connection, chosen: Collection[Chosen], booking_id: UUID) -> None:
    """Keep what was chosen: for its session, or for the booking that asked."""
    for each in chosen:
        await connection.execute(
            _HOLD,
            new_id(),
            each.need.slot_id,
            booking_id if each.scope is Scope.BOOKING else None,
            each.resource_id,
            each.number,
            each.need.held_from,
            each.need.held_until,
        )
