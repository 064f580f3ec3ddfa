"""Disputes on lines of statements: one side opens, the other answers, and the first takes the offer; all on record."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.settlement import StatementLine
from domain.statement_dispute import (
    Dispute,
    Side,
    StatementRefusal,
    refuse_answer,
    refuse_settling,
    refuse_words,
)
from models.record import new_id
from services import audit
from services.people import People
from services.resources import Resources
from services.sides import party
from services.statements import statement_line

_DISPUTES = """
SELECT q.id, q.side, q.claimed, q.reason, q.opened_at, q.offered, q.answer, q.answered_at, q.agreed, q.settled_at,
       s.operator_id, s.id AS statement_id, l.number, l.line, l.day, l.verdict, l.evidence, l.rides
FROM statement_dispute q JOIN statement_line l ON l.id = q.line_id JOIN statement s ON s.id = l.statement_id
"""
_OPEN = """
INSERT INTO statement_dispute (id, line_id, side, claimed, reason, opened_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (line_id) WHERE settled_at IS NULL DO NOTHING RETURNING id
"""
_LINE = """
SELECT l.id, s.operator_id FROM statement_line l JOIN statement s ON s.id = l.statement_id
WHERE l.statement_id = $1 AND l.number = $2
"""
_ANSWER = "UPDATE statement_dispute SET offered = $2, answer = $3, answered_by = $4, answered_at = $5 WHERE id = $1"
_SETTLE = "UPDATE statement_dispute SET agreed = offered, settled_by = $2, settled_at = $3 WHERE id = $1"

_Work = Callable[[asyncpg.Connection, Dispute, Side, datetime], Awaitable[StatementRefusal | None]]


@dataclass(frozen=True)
class HeldDispute:
    """A dispute with the line it is about."""

    id: UUID
    statement_id: UUID
    operator_id: UUID
    number: int
    line: StatementLine
    dispute: Dispute
    reason: str
    opened_at: datetime
    answer: str | None
    answered_at: datetime | None
    settled_at: datetime | None


async def disputes_of(resources: Resources, statement_id: UUID) -> Sequence[HeldDispute]:
    """The disputes on a statement, in the order in which they were opened."""
    rows = await resources.database.fetch(f"{_DISPUTES} WHERE s.id = $1 ORDER BY q.opened_at, q.id", statement_id)
    return [_held(row) for row in rows]


async def open_dispute(
    resources: Resources, viewer: Viewer, people: People, statement_id: UUID, number: int, rides: int, reason: str
) -> HeldDispute | StatementRefusal:
    """Say how many rides a line should have, and why."""
    rows = await resources.database.fetch(_LINE, statement_id, number)
    side = await party(resources, viewer, people, rows[0]["operator_id"]) if rows else None
    if side is None:
        return StatementRefusal.NOT_FOUND
    words, at = reason.strip(), resources.clock()
    refusal = refuse_words(words, rides)
    if refusal is not None:
        return refusal
    who = f"account:{viewer.account_id}"
    async with resources.database.transaction() as connection:
        made = await connection.fetchval(_OPEN, new_id(), rows[0]["id"], side.side, rides, words, who, at)
        if made is None:
            return StatementRefusal.OPEN_ALREADY
        await _log(connection, who, "open_statement_dispute", made, at)
    return await _dispute(resources, made)


async def answer_dispute(
    resources: Resources, viewer: Viewer, people: People, dispute_id: UUID, rides: int, answer: str
) -> HeldDispute | StatementRefusal:
    """Offer a number of rides, with the reason for it."""
    words = answer.strip()

    async def work(
        connection: asyncpg.Connection, dispute: Dispute, side: Side, at: datetime
    ) -> StatementRefusal | None:
        refusal = refuse_words(words, rides) or refuse_answer(dispute, side)
        if refusal is None:
            await connection.execute(_ANSWER, dispute_id, rides, words, f"account:{viewer.account_id}", at)
        return refusal

    return await _change(resources, viewer, people, dispute_id, "answer_statement_dispute", work)


async def settle_dispute(
    resources: Resources, viewer: Viewer, people: People, dispute_id: UUID
) -> HeldDispute | StatementRefusal:
    """Take the other side's offer; the closed statement stays, and the difference is paid beside it."""

    async def work(
        connection: asyncpg.Connection, dispute: Dispute, side: Side, at: datetime
    ) -> StatementRefusal | None:
        refusal = refuse_settling(dispute, side)
        if refusal is None:
            await connection.execute(_SETTLE, dispute_id, f"account:{viewer.account_id}", at)
        return refusal

    return await _change(resources, viewer, people, dispute_id, "settle_statement_dispute", work)


async def _change(
    resources: Resources, viewer: Viewer, people: People, dispute_id: UUID, action: str, work: _Work
) -> HeldDispute | StatementRefusal:
    """Do something to a dispute behind its lock, and log it."""
    rows = await resources.database.fetch(f"{_DISPUTES} WHERE q.id = $1", dispute_id)
    side = await party(resources, viewer, people, rows[0]["operator_id"]) if rows else None
    if side is None:
        return StatementRefusal.NOT_FOUND
    at = resources.clock()
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(f"{_DISPUTES} WHERE q.id = $1 FOR UPDATE OF q", dispute_id)
        refusal = await work(connection, _held(row).dispute, side.side, at)
        if refusal is not None:
            return refusal
        await _log(connection, f"account:{viewer.account_id}", action, dispute_id, at)
    return await _dispute(resources, dispute_id)


async def _log(connection: asyncpg.Connection, who: str, action: str, dispute_id: UUID, at: datetime) -> None:
    await audit.record(connection, audit.Event(who, action, str(dispute_id)), at)


async def _dispute(resources: Resources, dispute_id: UUID) -> HeldDispute:
    (row,) = await resources.database.fetch(f"{_DISPUTES} WHERE q.id = $1", dispute_id)
    return _held(row)


def _held(row: asyncpg.Record) -> HeldDispute:
    return HeldDispute(
        id=row["id"],
        statement_id=row["statement_id"],
        operator_id=row["operator_id"],
        number=row["number"],
        line=statement_line(row),
        dispute=Dispute(Side(row["side"]), row["claimed"], row["offered"], row["agreed"]),
        reason=row["reason"],
        opened_at=row["opened_at"],
        answer=row["answer"],
        answered_at=row["answered_at"],
        settled_at=row["settled_at"],
    )
