"""Fills the demo's appointments: a request that waits for its provider, and a full slot with somebody waiting."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from domain.access import Area, Viewer
from models.session import StaffRole
from services.bookings import book_slot
from services.people import People, StaffMember
from services.resources import Resources
from services.waitlist import join_waitlist

# With a day in hand, so that neither the demo's start nor a service's lead time makes it too late.
_NEXT: Final = """
SELECT s.id FROM slot s JOIN service v ON v.id = s.service_id
WHERE v.name = $1 AND s.taken = 0 AND s.state = 'open' AND s.course_id IS NULL
AND s.starts_at > $2::timestamptz + '1 day'
ORDER BY s.starts_at, s.id LIMIT 1
"""
_CONFIRMED: Final = "法律咨询"
_WANTED: Final = "辅具适配"


async def add_appointments(
    resources: Resources, clerk_id: UUID, organisation: str, resident_ids: Sequence[UUID]
) -> None:
    """Let the clerk book for the first three residents, once: the keys keep a later start from booking again."""
    viewer = Viewer(clerk_id, UUID(int=0), "")
    clerk = People(None, (), StaffMember(UUID(int=0), StaffRole.CLERK, Area(), organisation))
    waiting, asking, served = resident_ids[:3]
    requested, wanted = [await _next(resources, service) for service in (_CONFIRMED, _WANTED)]
    if requested is None or wanted is None:
        return
    await book_slot(resources, viewer, clerk, requested, asking, "demo-request")
    await book_slot(resources, viewer, clerk, wanted, served, "demo-served")
    await join_waitlist(resources, viewer, clerk, wanted, waiting, "demo-waiting")


async def _next(resources: Resources, service: str) -> UUID | None:
    rows = await resources.database.fetch(_NEXT, service, resources.clock())
    return rows[0]["id"] if rows else None
