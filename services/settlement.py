"""Closes a month of an operator: counts the scans that no statement counts yet, and signs what they come to."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from card.statement import Statement, sign_statement
from domain.dates import local_date
from domain.settlement import month_after, totals_of
from models.record import new_id
from services import audit
from services.counted import COUNT_SECONDS, Derived, Span, count, take_time
from services.resources import Resources

# Any constant: with the operator it makes the lock under which one statement at a time is closed.
_CLOSING: Final = 0x5344_4353

_OPERATOR = """
SELECT (SELECT max(month) FROM statement WHERE operator_id = o.id) AS last,
       (SELECT id FROM statement WHERE operator_id = o.id AND month = $2) AS closed
FROM operator o WHERE o.id = $1
"""
_ADD = """
INSERT INTO statement (id, operator_id, month, closed_at, closed_by, taps, signed, key_set)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_ADD_LINES = """
INSERT INTO statement_line (id, statement_id, number, line, day, verdict, evidence, rides)
SELECT id, $2, number, line, day, verdict, evidence, rides
FROM unnest($1::uuid[], $3::text[], $4::date[], $5::text[], $6::text[], $7::bigint[])
    WITH ORDINALITY AS made (id, line, day, verdict, evidence, rides, number)
"""


class CloseRefusal(StrEnum):
    """Why no statement was made: months are closed in their order, and when they are over."""

    OPERATOR_UNKNOWN = "operator_unknown"
    NOT_OVER = "not_over"
    NOT_NEXT = "not_next"


async def close(resources: Resources, operator_id: UUID, month: date, actor: str) -> UUID | CloseRefusal:
    """The statement of the month in which a day lies, made now or before: two who close at once get the same.

    Raises:
        DatabaseUnavailable: see there; no statement was made, or it is unknown and a retry is safe.
    """
    month, at = month.replace(day=1), resources.clock()
    if local_date(at) < month_after(month):
        return CloseRefusal.NOT_OVER
    async with resources.beyond_reach().database.transaction() as connection:
        await take_time(connection)
        lock = "SELECT pg_advisory_xact_lock($1, hashtext($2))"
        await connection.execute(lock, _CLOSING, str(operator_id), timeout=COUNT_SECONDS)
        # A statement of its own, so that it sees what whoever held the lock before has committed.
        found = await connection.fetchrow(_OPERATOR, operator_id, month)
        if found is None:
            return CloseRefusal.OPERATOR_UNKNOWN
        if found["closed"] is not None:
            return UUID(bytes=found["closed"].bytes)
        if found["last"] is not None and month_after(found["last"]) != month:
            return CloseRefusal.NOT_NEXT
        span = Span.of(month, is_first=found["last"] is None)
        return await _make(connection, resources, operator_id, month, span, actor, at)


async def _make(
    connection: asyncpg.Connection,
    resources: Resources,
    operator_id: UUID,
    month: date,
    span: Span,
    actor: str,
    at: datetime,
) -> UUID:
    statement_id = new_id()
    derived = await count(connection, operator_id, statement_id, span)
    statement = Statement(
        id=statement_id,
        operator_id=operator_id,
        month=month,
        closed_at=at,
        taps=len(derived.hashes),
        root=derived.root,
        rides={evidence.value: rides for evidence, rides in totals_of(derived.lines).items()},
        lines=derived.hashed_lines,
    )
    await _keep(connection, resources, statement, derived, actor)
    await audit.record(connection, audit.Event(actor, "close_statement", str(operator_id), f"{month:%Y-%m}"), at)
    return statement_id


async def _keep(
    connection: asyncpg.Connection, resources: Resources, statement: Statement, derived: Derived, actor: str
) -> None:
    keys, lines = resources.keys, derived.lines
    signed = sign_statement(statement, keys.bundle)
    head = (statement.id, statement.operator_id, statement.month, statement.closed_at)
    await connection.execute(_ADD, *head, actor, statement.taps, signed, keys.key_set)
    await connection.execute(
        _ADD_LINES,
        [new_id() for _ in lines],
        statement.id,
        [each.line for each in lines],
        [each.day for each in lines],
        [each.verdict for each in lines],
        [each.evidence for each in lines],
        [each.rides for each in lines],
    )
