"""Operators and who works for them: made and appointed by the federation's district staff, then on their own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.scanner import FleetRefusal
from models.record import new_id
from services import audit
from services.factor_codes import forget
from services.people import People
from services.resources import Resources
from services.second_factor import PROVEN, asking

MAX_NAME = 40
_MAX_OPERATOR_NAME = 80
# Whoever has not proven her second factor in this session is nobody here.
_IN_FORCE = f"s.account_id = $1 AND (s.left_on IS NULL OR s.left_on > $2) AND {PROVEN}"
_OPERATORS = f"""
SELECT o.id, o.name FROM operator_staff s JOIN operator o ON o.id = s.operator_id WHERE {_IN_FORCE}
ORDER BY o.name, o.id
"""
_APPOINT = """
INSERT INTO operator_staff (id, operator_id, account_id, appointed_at) VALUES ($4, $1, $2, $3) ON CONFLICT DO NOTHING
"""
_END = "UPDATE operator_staff SET left_on = $3 WHERE operator_id = $1 AND account_id = $2 AND left_on IS NULL"
_WORKS_FOR = f"SELECT EXISTS (SELECT FROM operator_staff s WHERE {_IN_FORCE} AND s.operator_id = $5)"
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class Operator:
    """A bus company, or who runs venues."""

    id: UUID
    name: str


@dataclass(frozen=True)
class Acting:
    """One act of a member of an operator's staff, inside its transaction."""

    connection: asyncpg.Connection
    account_id: UUID
    operator_id: UUID
    at: datetime

    async def log(self, action: str, detail: str = "") -> None:
        """Write it into the audit log; the last thing that an act does."""
        event = audit.Event(f"account:{self.account_id}", action, f"operator:{self.operator_id}", detail)
        await audit.record(self.connection, event, self.at)


async def operators_of(resources: Resources, viewer: Viewer) -> Sequence[Operator]:
    """The operators that the viewer works for today."""
    rows = await resources.database.fetch(_OPERATORS, *asking(resources, viewer, resources.clock()))
    return [Operator(row["id"], row["name"]) for row in rows]


async def acting_for(
    resources: Resources,
    viewer: Viewer,
    operator_id: UUID,
    work: Callable[[Acting], Awaitable[_Done | FleetRefusal]],
) -> _Done | FleetRefusal:
    """Do something for an operator in one transaction; only for those who work there and have proven it."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        if not await connection.fetchval(_WORKS_FOR, *asking(resources, viewer, at), operator_id):
            # Another's operator and none at all are answered alike.
            return FleetRefusal.NOT_ALLOWED
        return await work(Acting(connection, viewer.account_id, operator_id, at))


async def create_operator(resources: Resources, people: People, name: str) -> Operator | FleetRefusal:
    """Add an operator; it has no tariff until its staff publish one."""
    staff, cleaned = people.on_duty(Duty.KEEP_OPERATORS), clean(name, _MAX_OPERATOR_NAME)
    if staff is None:
        return FleetRefusal.NOT_ALLOWED
    if cleaned is None:
        return FleetRefusal.NAME_INVALID
    created, at = Operator(new_id(), cleaned), resources.clock()
    async with resources.database.transaction() as connection:
        # Names are told to residents, so no two operators share one; the lock makes two attempts wait for each other.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1))", f"operator {cleaned}")
        if await connection.fetchval("SELECT EXISTS (SELECT FROM operator WHERE name = $1)", cleaned):
            return FleetRefusal.NAME_TAKEN
        await connection.execute("INSERT INTO operator (id, name) VALUES ($1, $2)", created.id, created.name)
        event = audit.Event(f"staff:{staff.id}", "create_operator", f"operator:{created.id}")
        await audit.record(connection, event, at)
    return created


async def appoint_operator_staff(
    resources: Resources, people: People, operator_id: UUID, account_id: UUID
) -> Operator | FleetRefusal:
    """Let an account work for an operator; doing it again changes nothing."""
    return await _staffing(resources, people, operator_id, account_id, appoint=True)


async def end_operator_staff(
    resources: Resources, people: People, operator_id: UUID, account_id: UUID
) -> Operator | FleetRefusal:
    """Let an account no longer work for an operator, from now on; doing it again changes nothing."""
    return await _staffing(resources, people, operator_id, account_id, appoint=False)


def clean(name: str, longest: int = MAX_NAME) -> str | None:
    """A name without spaces around it; None for one that is empty, too long or not to be printed."""
    name = name.strip()
    return name if 0 < len(name) <= longest and name.isprintable() else None


async def _staffing(
    resources: Resources, people: People, operator_id: UUID, account_id: UUID, *, appoint: bool
) -> Operator | FleetRefusal:
    staff, at = people.on_duty(Duty.KEEP_OPERATORS), resources.clock()
    if staff is None:
        return FleetRefusal.NOT_ALLOWED
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow("SELECT id, name FROM operator WHERE id = $1", operator_id)
        if row is None:
            return FleetRefusal.UNKNOWN
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM account WHERE id = $1)", account_id):
            return FleetRefusal.ACCOUNT_UNKNOWN
        if appoint:
            done = await connection.execute(_APPOINT, operator_id, account_id, at, new_id())
        else:
            done = await connection.execute(_END, operator_id, account_id, local_date(at))
            await forget(connection, account_id, at)
        if not done.endswith(" 0"):
            action = "appoint_operator_staff" if appoint else "end_operator_staff"
            event = audit.Event(f"staff:{staff.id}", action, f"operator:{operator_id}", str(account_id))
            await audit.record(connection, event, at)
    return Operator(row["id"], row["name"])
