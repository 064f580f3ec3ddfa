"""Wishes for a place in a full slot or course, as those who wait see them, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Act
from domain.dates import local_date
from domain.language import Language
from models.waitlist import WaitlistState
from services.catalogue import SERVICE_COLUMNS, SLOT_COLUMNS, WHOSE, OfferedService, OfferedSlot
from services.courses import COURSE_COLUMNS, SPAN_OF_COURSE, OfferedCourse
from services.entitlements import decide_for, facts_of
from services.people import People, Person, person_for
from services.resources import Resources

_WISHES = f"""
SELECT e.id, e.resident_id, e.state AS wish_state, e.joined_at, e.ended_at, o.expires_at,
       (SELECT count(*) FROM waitlist_entry f WHERE f.state = 'waiting'
        AND (f.slot_id = e.slot_id OR f.course_id = e.course_id)
        AND (f.priority, f.joined_at, f.id) < (e.priority, e.joined_at, e.id)) AS before,
       {SLOT_COLUMNS}, {COURSE_COLUMNS}, {SERVICE_COLUMNS}
FROM waitlist_entry e LEFT JOIN offer o ON o.entry_id = e.id AND o.state = 'open'
LEFT JOIN slot s ON s.id = e.slot_id LEFT JOIN course c ON c.id = e.course_id LEFT JOIN {SPAN_OF_COURSE} ON true
JOIN service v ON v.id = coalesce(s.service_id, c.service_id) {WHOSE}
"""


@dataclass(frozen=True)
class HeldWish:
    """A resident's wish for a slot or for a course; `before` her so many wait.

    Until `offered_until` a place is held for her.
    """

    id: UUID
    resident_id: UUID
    state: WaitlistState
    joined_at: datetime
    ended_at: datetime | None
    before: int
    offered_until: datetime | None
    slot: OfferedSlot | None
    course: OfferedCourse | None
    service: OfferedService


@dataclass(frozen=True)
class Entry:
    """What a wish is for, and who has it, as far as the viewer may act for her."""

    slot_id: UUID | None
    course_id: UUID | None
    person: Person


async def wishes_of(resources: Resources, resident_ids: Sequence[UUID]) -> Sequence[HeldWish]:
    """What these residents wait for, or are offered, the earliest slot or course first."""
    # Of the others who wait nothing is told but how many they are.
    rows = await resources.database.beyond_reach().fetch(
        f"{_WISHES} WHERE e.resident_id = ANY($1) AND e.state IN ('waiting', 'offered') "
        "ORDER BY coalesce(s.starts_at, span.first_at), e.id LIMIT 500",
        resident_ids,
    )
    return [_wish(row) for row in rows]


async def wish(resources: Resources, entry_id: UUID) -> HeldWish:
    """One wish that is known to exist."""
    (row,) = await resources.database.beyond_reach().fetch(f"{_WISHES} WHERE e.id = $1", entry_id)
    return _wish(row)


async def entry_of(resources: Resources, people: People, entry_id: UUID) -> Entry | None:
    """A wish of somebody for whom the viewer may act; a stranger's and none at all are answered alike."""
    rows = await resources.database.fetch(
        "SELECT slot_id, course_id, resident_id FROM waitlist_entry WHERE id = $1", entry_id
    )
    if not rows:
        return None
    person = await person_for(resources, people, rows[0]["resident_id"], Act.BOOK, local_date(resources.clock()))
    return Entry(rows[0]["slot_id"], rows[0]["course_id"], person) if person else None


async def priority_of(resources: Resources, person: Person) -> int:
    """When a person is called by the rules of today, the lowest first."""
    (facts,) = await facts_of(resources, [person])
    on = local_date(resources.clock())
    return resources.calling.priority(decide_for(resources, facts, on, Language.CHINESE), on)


def _wish(row: asyncpg.Record) -> HeldWish:
    return HeldWish(
        id=row["id"],
        resident_id=row["resident_id"],
        state=WaitlistState(row["wish_state"]),
        joined_at=row["joined_at"],
        ended_at=row["ended_at"],
        before=row["before"],
        offered_until=row["expires_at"],
        slot=OfferedSlot.of(row) if row["slot_id"] else None,
        course=OfferedCourse.of(row) if row["course_id"] else None,
        service=OfferedService.of(row),
    )
