"""Gives people roles, by two administrators together, and takes them back at once when somebody leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.access import Area, Viewer
from domain.dates import local_date
from domain.duty import Duty
from models.record import new_id
from models.session import StaffRole
from services import audit
from services.appointments import IN_OFFICE, Appointment, Post, StaffRefusal, appoint, unfit
from services.factor_codes import forget
from services.people import People
from services.resources import Resources

GRANT_LIFETIME = timedelta(days=7)

_LIST = f"""
SELECT id, role, organisation, town, village, left_on FROM staff WHERE {IN_OFFICE} AND ($2::uuid IS NULL OR id > $2)
ORDER BY id LIMIT $3
"""

_END = f"""
UPDATE staff SET left_on = $1 WHERE id = $2 AND {IN_OFFICE} RETURNING *
"""

_WAITING = """
SELECT id, account_id, role, organisation, town, village, expires_at FROM staff_grant
WHERE confirmed_at IS NULL AND expires_at > $1 ORDER BY id LIMIT 100
"""

_GRANT = f"""
SELECT g.*, staff.account_id AS proposer FROM staff_grant g JOIN staff ON staff.id = g.proposed_by_id
WHERE g.id = $2 AND g.confirmed_at IS NULL AND g.expires_at > $3 AND {IN_OFFICE} FOR UPDATE OF g
"""


@dataclass(frozen=True)
class Grant:
    """A post that waits for a second administrator."""

    id: UUID
    account_id: UUID
    post: Post
    expires_at: datetime


@dataclass(frozen=True)
class Colleague:
    """A member of staff in office."""

    id: UUID
    post: Post


async def propose(resources: Resources, people: People, account_id: UUID, post: Post) -> Grant | StaffRefusal:
    """Propose a post for an account: a first one, a change, or the same again for a lost authenticator."""
    staff, at = people.on_duty(Duty.GRANT_ROLES), resources.clock()
    if staff is None:
        return StaffRefusal.NOT_ALLOWED
    refusal = unfit(post)
    if refusal is not None:
        return refusal
    grant = Grant(new_id(), account_id, post, at + GRANT_LIFETIME)
    async with resources.database.transaction() as connection:
        known = await connection.fetchval("SELECT id FROM account WHERE id = $1", account_id)
        if known is None:
            return StaffRefusal.NO_ACCOUNT
        if await _account_of(connection, staff.id) == account_id:
            return StaffRefusal.OWN_ROLE
        await connection.execute(
            "INSERT INTO staff_grant (id, account_id, role, organisation, town, village, proposed_by_id, proposed_at, "
            "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            grant.id,
            account_id,
            post.role,
            post.organisation,
            post.area.town,
            post.area.village,
            staff.id,
            at,
            grant.expires_at,
        )
        await audit.record(
            connection, audit.Event(f"staff:{staff.id}", "propose_staff", f"account:{account_id}", post.role), at
        )
    return grant


async def confirm(resources: Resources, viewer: Viewer, people: People, grant_id: UUID) -> Appointment | StaffRefusal:
    """Put a proposed post into force, as another than proposed it and than gets it."""
    staff, at = people.on_duty(Duty.GRANT_ROLES), resources.clock()
    if staff is None:
        return StaffRefusal.NOT_ALLOWED
    async with resources.database.transaction() as connection:
        grant = await connection.fetchrow(_GRANT, local_date(at), grant_id, at)
        if grant is None:
            return StaffRefusal.NO_GRANT
        if viewer.account_id == grant["proposer"]:
            return StaffRefusal.SAME_PERSON
        if viewer.account_id == grant["account_id"]:
            return StaffRefusal.OWN_ROLE
        await connection.execute(
            "UPDATE staff_grant SET confirmed_by_id = $2, confirmed_at = $3 WHERE id = $1", grant_id, staff.id, at
        )
        post = _post(grant)
        appointment = await appoint(resources, connection, grant["account_id"], post, at)
        event = audit.Event(f"staff:{staff.id}", "confirm_staff", f"staff:{appointment.staff_id}", post.role)
        await audit.record(connection, event, at)
    return appointment


async def end(resources: Resources, people: People, staff_id: UUID) -> Colleague | StaffRefusal:
    """Cut off whoever leaves: from this moment no session of hers goes on, as staff or otherwise."""
    staff, at = people.on_duty(Duty.GRANT_ROLES), resources.clock()
    if staff is None:
        return StaffRefusal.NOT_ALLOWED
    if staff_id == staff.id:
        return StaffRefusal.OWN_ROLE
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(
            _END,
            local_date(at),
            staff_id,
        )
        if row is None:
            return StaffRefusal.NO_STAFF
        await connection.execute(
            "UPDATE session SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL", row["account_id"], at
        )
        await forget(connection, row["account_id"], at)
        await audit.record(connection, audit.Event(f"staff:{staff.id}", "end_staff", f"staff:{staff_id}"), at)
    return _colleague(row)


async def colleagues(
    resources: Resources, people: People, after: UUID | None, limit: int
) -> Sequence[Colleague] | StaffRefusal:
    """The staff in office, the longest known first."""
    if people.on_duty(Duty.GRANT_ROLES) is None:
        return StaffRefusal.NOT_ALLOWED
    on = local_date(resources.clock())
    return [_colleague(row) for row in await resources.database.fetch(_LIST, on, after, limit)]


async def waiting(resources: Resources, people: People) -> Sequence[Grant]:
    """The posts that wait for a second administrator, the oldest first; for others than administrators none."""
    if people.on_duty(Duty.GRANT_ROLES) is None:
        return []
    rows = await resources.database.fetch(_WAITING, resources.clock())
    return [Grant(row["id"], row["account_id"], _post(row), row["expires_at"]) for row in rows]


async def _account_of(connection: asyncpg.Connection, staff_id: UUID) -> UUID:
    account_id: UUID = await connection.fetchval("SELECT account_id FROM staff WHERE id = $1", staff_id)
    return account_id


def _post(row: asyncpg.Record) -> Post:
    return Post(StaffRole(row["role"]), row["organisation"], Area(row["town"], row["village"]))


def _colleague(row: asyncpg.Record) -> Colleague:
    return Colleague(row["id"], _post(row))
