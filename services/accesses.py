"""Who saw or changed what of a resident: noted before another person's data is shown, and told to the resident."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.dates import local_date, start_of
from models.session import StaffRole
from services import audit
from services.people import Ward
from services.resources import Resources

VIEW_WARD = "view_ward"
VIEW_FLAGGED = "view_flagged"
VIEW_APPEALS = "view_appeals"
VIEW_RIDE_DISPUTES = "view_ride_disputes"
VIEW_AT_DESK = "view_at_desk"

# Her own account is left out; a guardian may have been entered more than once.
_ACCESSES = """
SELECT e.sequence, e.at, e.actor, e.action, e.detail, s.role, s.organisation, g.relation
FROM audit e
LEFT JOIN staff s ON s.id = CASE WHEN e.actor LIKE 'staff:%' THEN substr(e.actor, 7)::uuid END
LEFT JOIN LATERAL (
    SELECT relation FROM guardian WHERE ward_id = $1
    AND account_id = CASE WHEN e.actor LIKE 'account:%' THEN substr(e.actor, 9)::uuid END
    ORDER BY valid_from DESC LIMIT 1
) g ON true
WHERE e.subject = $2 AND ($3::bigint IS NULL OR e.sequence < $3)
AND NOT EXISTS (SELECT FROM account a WHERE a.resident_id = $1 AND e.actor = 'account:' || a.id)
ORDER BY e.sequence DESC LIMIT $4
"""


_NOT_YET_NOTED = f"""
SELECT id FROM unnest($1::text[]) AS seen (id) WHERE NOT EXISTS (
    SELECT FROM audit e WHERE e.subject = seen.id AND e.at >= $3 AND e.action = '{VIEW_AT_DESK}' AND e.actor = $2
) ORDER BY id
"""


@dataclass(frozen=True)
class Access:
    """One entry of the audit log about a resident, its actor as far as the resident may know her.

    `role` and `organisation` are a member of staff's, `relation` is a guardian's. An account without them is nobody's
    who acts for her now; whatever is no account's is the district's own work.
    """

    sequence: int
    at: datetime
    action: str
    detail: str
    is_account: bool
    role: StaffRole | None
    organisation: str | None
    relation: str | None


async def note_views(resources: Resources, viewer: Viewer, wards: Sequence[Ward], at: datetime) -> None:
    """Log that a guardian is shown her wards, once a day for each; where that cannot be logged, nothing may be shown.

    Raises:
        DatabaseUnavailable: see there.
    """
    fresh = {ward.person.id for ward in wards if not ward.noted_today}
    if not fresh:
        return
    async with resources.database.transaction() as connection:
        for ward_id in sorted(fresh):
            await audit.record(connection, audit.Event(f"account:{viewer.account_id}", VIEW_WARD, str(ward_id)), at)


async def note_at_desk(resources: Resources, viewer: Viewer, resident_ids: Collection[UUID], at: datetime) -> None:
    """Log that a provider's staff are shown these residents, once a day for each; what cannot be logged is not shown.

    Raises:
        DatabaseUnavailable: see there.
    """
    actor = f"account:{viewer.account_id}"
    seen = [str(resident_id) for resident_id in resident_ids]
    async with resources.database.transaction() as connection:
        for row in await connection.fetch(_NOT_YET_NOTED, seen, actor, start_of(local_date(at))):
            await audit.record(connection, audit.Event(actor, VIEW_AT_DESK, row["id"]), at)


async def note_shown(
    resources: Resources, staff_id: UUID, action: str, resident_ids: Collection[UUID], at: datetime
) -> None:
    """Log what a member of staff is shown of these residents; what cannot be logged is not shown.

    Raises:
        DatabaseUnavailable: see there.
    """
    async with resources.database.transaction() as connection:
        for resident_id in sorted(resident_ids):
            await audit.record(connection, audit.Event(f"staff:{staff_id}", action, str(resident_id)), at)


async def accesses_of(resources: Resources, resident_id: UUID, first: int, before: int | None) -> Sequence[Access]:
    """What others saw or did of a resident, the latest first, `first` at most, before an entry's sequence number."""
    rows = await resources.database.fetch(_ACCESSES, resident_id, str(resident_id), before, first)
    return [_access(row) for row in rows]


def _access(row: asyncpg.Record) -> Access:
    role = StaffRole(row["role"]) if row["role"] else None
    is_account = row["actor"].startswith("account:")
    shown = (row["sequence"], row["at"], row["action"], row["detail"])
    return Access(*shown, is_account, role, row["organisation"], row["relation"])
