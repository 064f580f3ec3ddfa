"""Reads closed statements, checks them against the scans they count, and proves that a scan is in one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from card.cose import VerifyingKey
from card.merkle import path_of
from card.proof import encode_proof
from card.refusal import CredentialRefused
from card.statement import Statement, hash_lines, read_statement
from card.trust import read_key_set
from domain.settlement import Evidence, StatementLine, Verdict, totals_of
from services.counted import Derived, Span, derive, take_time
from services.database import Database

_STATEMENT = """
SELECT s.id, s.operator_id, o.name AS operator, s.month, s.closed_at, s.closed_by, s.taps, s.signed, s.key_set,
       NOT EXISTS (SELECT FROM statement e WHERE e.operator_id = s.operator_id AND e.month < s.month) AS is_first
FROM statement s JOIN operator o ON o.id = s.operator_id
"""
_LINES = """
SELECT line, day, verdict, evidence, rides FROM statement_line WHERE statement_id = $1 AND number > $2 ORDER BY number
LIMIT $3
"""
_RECORD = """
SELECT t.record, c.statement_id FROM tap t
JOIN tap_counted c ON c.device_id = t.device_id AND c.epoch = t.epoch AND t.sequence <@ c.sequences
WHERE t.device_id = $1 AND t.epoch = $2 AND t.sequence = $3
"""


class Flaw(StrEnum):
    """Where a statement differs from what it stands for."""

    SIGNATURE = "signature"
    HEAD = "head"
    LINES = "lines"
    TOTALS = "totals"
    SCANS = "scans"
    ROOT = "root"
    LINE = "line"


@dataclass(frozen=True)
class Difference:
    """One difference: what the statement says, and what was found; of a LINE the numbers of rides, and which line."""

    flaw: Flaw
    stated: str = ""
    found: str = ""
    line: StatementLine | None = None


@dataclass(frozen=True)
class ClosedStatement:
    """A statement as it is kept; `signed` and `key_set` are COSE bytes."""

    id: UUID
    operator_id: UUID
    operator: str
    month: date
    closed_at: datetime
    closed_by: str
    taps: int
    signed: bytes
    key_set: bytes
    is_first: bool

    def content(self, root: VerifyingKey) -> Statement:
        """What was signed.

        Raises:
            CredentialRefused: it was altered, or signed by a key that the root did not vouch for when it was closed.
        """
        return read_statement(self.signed, read_key_set(self.key_set, root))


async def statement_of(database: Database, operator_id: UUID, month: date) -> ClosedStatement | None:
    """The statement of the month in which a day lies; None before it is closed."""
    rows = await database.fetch(
        f"{_STATEMENT} WHERE s.operator_id = $1 AND s.month = $2", operator_id, month.replace(day=1)
    )
    return _statement(rows[0]) if rows else None


async def statement(database: Database, statement_id: UUID) -> ClosedStatement | None:
    """The statement of an id."""
    rows = await database.fetch(f"{_STATEMENT} WHERE s.id = $1", statement_id)
    return _statement(rows[0]) if rows else None


async def statements_of(
    database: Database, operator_id: UUID, before: date | None, limit: int
) -> Sequence[ClosedStatement]:
    """An operator's statements of the months before one, the newest first."""
    older = (
        f"{_STATEMENT} WHERE s.operator_id = $1 AND ($2::date IS NULL OR s.month < $2) ORDER BY s.month DESC LIMIT $3"
    )
    return [_statement(row) for row in await database.fetch(older, operator_id, before, limit)]


async def lines_of(
    database: Database, statement_id: UUID, behind: int = 0, limit: int | None = None
) -> Sequence[StatementLine]:
    """The lines of a statement in its order, those behind a number."""
    return [statement_line(row) for row in await database.fetch(_LINES, statement_id, behind, limit)]


async def verify(database: Database, root: VerifyingKey, closed: ClosedStatement) -> Sequence[Difference]:
    """Where a statement differs from its signature, from its own lines, and from the scans that it counts."""
    lines = await lines_of(database, closed.id)
    try:
        signed = closed.content(root)
    except CredentialRefused as refusal:
        return [Difference(Flaw.SIGNATURE, found=refusal.reason)]
    async with database.beyond_reach().transaction(snapshot=True) as connection:
        await take_time(connection)
        derived = await derive(connection, closed.id, Span.of(closed.month, is_first=closed.is_first))
    return [*_against_itself(closed, signed, lines), *_against_scans(signed, lines, derived)]


async def prove(database: Database, device_id: UUID, epoch: bytes, sequence: int) -> bytes | None:
    """The proof (`card.proof`) that a scan is in the statement that counts it; None where none does."""
    async with database.beyond_reach().transaction(snapshot=True) as connection:
        await take_time(connection)
        row = await connection.fetchrow(_RECORD, device_id, epoch, sequence)
        if row is None:
            return None
        (found,) = await connection.fetch(f"{_STATEMENT} WHERE s.id = $1", row["statement_id"])
        closed = _statement(found)
        derived = await derive(connection, closed.id, Span.of(closed.month, is_first=closed.is_first))
    index = _index(derived, device_id, epoch, sequence)
    return encode_proof(closed.key_set, closed.signed, row["record"], index, path_of(derived.hashes, index))


def _against_itself(closed: ClosedStatement, signed: Statement, lines: Sequence[StatementLine]) -> Iterator[Difference]:
    kept = (closed.id, closed.operator_id, closed.month, closed.taps)
    if kept != (signed.id, signed.operator_id, signed.month, signed.taps):
        yield Difference(Flaw.HEAD)
    as_hashed = [(each.line, each.day.isoformat(), each.verdict, each.evidence, each.rides) for each in lines]
    if hash_lines(as_hashed) != signed.lines:
        yield Difference(Flaw.LINES, signed.lines.hex(), hash_lines(as_hashed).hex())
    if totals_of(lines) != signed.rides:
        yield Difference(Flaw.TOTALS, str(sum(signed.rides.values())), str(sum(totals_of(lines).values())))


def _against_scans(signed: Statement, lines: Sequence[StatementLine], derived: Derived) -> Iterator[Difference]:
    if len(derived.hashes) != signed.taps or derived.counted != signed.taps:
        yield Difference(Flaw.SCANS, str(signed.taps), str(len(derived.hashes)))
    if derived.root != signed.root:
        yield Difference(Flaw.ROOT, signed.root.hex(), derived.root.hex())
    stated, found = ({_key(line): line for line in each} for each in (lines, derived.lines))
    for key in sorted(stated.keys() | found.keys()):
        one, other = stated.get(key), found.get(key)
        if one != other:
            stated_rides, found_rides = (str(line.rides if line else 0) for line in (one, other))
            yield Difference(Flaw.LINE, stated_rides, found_rides, one or other)


def _key(line: StatementLine) -> tuple[str, date, Verdict, Evidence]:
    return line.line, line.day, line.verdict, line.evidence


def _index(derived: Derived, device_id: UUID, epoch: bytes, sequence: int) -> int:
    index = 0
    for part in derived.leaves:
        if (part.device_id, part.epoch) == (device_id, epoch):
            return index + list(part.sequences).index(sequence)
        index += len(part.sequences)
    raise LookupError("a counted scan has a leaf")


def _statement(row: asyncpg.Record) -> ClosedStatement:
    return ClosedStatement(**dict(row))


def statement_line(row: asyncpg.Record) -> StatementLine:
    """The line of a row that has its columns."""
    return StatementLine(row["line"], row["day"], Verdict(row["verdict"]), Evidence(row["evidence"]), row["rides"])
