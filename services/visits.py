"""Tells a provider's staff where to go: the address of whoever they visit, on the eve and the day, and on record."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.attendance import DeskRefusal, refuse_visit
from domain.dates import local_date
from services.attendance import session_of
from services.desks import at_desk
from services.recipients import recipients_of
from services.resources import Resources
from services.vault import Sealed

_WHERE = """
SELECT r.data_key, r.data_key_version, r.address_sealed FROM resident r, service v
WHERE r.id = $1 AND v.id = $2 AND v.site_id IS NULL
"""


@dataclass(frozen=True)
class Visit:
    """Where a resident lives, and at which number she or her guardian is reached; to be shown and not kept."""

    address: str = field(repr=False)
    phone: str | None = field(repr=False)


async def show_visit(resources: Resources, viewer: Viewer, booking_id: UUID) -> Visit | DeskRefusal:
    """Where a session takes place that is given at the resident's own place, once the log says who was told."""
    found: list[Visit] = []

    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        where = await connection.fetchrow(_WHERE, row["resident_id"], row["service_id"])
        if where is None:
            return DeskRefusal.NOT_A_VISIT
        refusal = refuse_visit(session_of(row), at)
        if refusal is None:
            key = resources.vault.data_key(row["resident_id"], where["data_key"], where["data_key_version"])
            who = await recipients_of(resources, connection, row["resident_id"], None, local_date(at))
            found.append(Visit(key.open(Sealed.ADDRESS, where["address_sealed"]), who.phone))
        return refusal

    answer = await at_desk(resources, viewer, booking_id, "view_visit", work)
    return answer if isinstance(answer, DeskRefusal) else found[0]
