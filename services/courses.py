"""Courses as residents find them: a series of sessions with places for everybody in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.catalogue import SERVICE_COLUMNS, SERVICE_OF_COURSE, OfferedService
from services.resources import Resources

COURSE_COLUMNS = """c.id AS course_id, c.name AS course_name, c.capacity AS course_capacity, c.taken AS course_taken,
       c.retired_at, span.first_at, span.last_at, span.sessions"""
# Of the course `c`; continues a join.
SPAN_OF_COURSE = """LATERAL (
    SELECT min(starts_at) AS first_at, max(ends_at) AS last_at, count(*) AS sessions
    FROM slot WHERE course_id = c.id AND state = 'open'
) span"""

_COURSES = f"""
SELECT {COURSE_COLUMNS}, {SERVICE_COLUMNS} FROM course c JOIN {SERVICE_OF_COURSE} JOIN {SPAN_OF_COURSE}
ON span.first_at > $1 WHERE c.retired_at IS NULL AND ($2::uuid IS NULL OR c.id > $2) ORDER BY c.id LIMIT $3
"""


@dataclass(frozen=True)
class OfferedCourse:
    """A course: so many `sessions` from `first_at` to `last_at`, with `free` places that can still be had."""

    id: UUID
    name: str
    capacity: int
    free: int
    sessions: int
    first_at: datetime
    last_at: datetime
    service: OfferedService

    @classmethod
    def of(cls, row: asyncpg.Record) -> "OfferedCourse":
        """The course of a row with `COURSE_COLUMNS` and its service's; one that is closed has no free place."""
        return cls(
            id=row["course_id"],
            name=row["course_name"],
            capacity=row["course_capacity"],
            free=row["course_capacity"] - row["course_taken"] if row["retired_at"] is None else 0,
            sessions=row["sessions"],
            first_at=row["first_at"],
            last_at=row["last_at"],
            service=OfferedService.of(row),
        )


async def courses(resources: Resources, after: UUID | None, limit: int) -> Sequence[OfferedCourse]:
    """The courses yet to begin, behind `after` in the order of their keys, `limit` at most."""
    rows = await resources.database.fetch(_COURSES, resources.clock(), after, limit)
    return [OfferedCourse.of(row) for row in rows]
