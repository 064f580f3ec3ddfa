"""Finds the scans that a statement counts and sums them up, in PostgreSQL, since there may be millions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final
from uuid import UUID

import asyncpg

from card.merkle import HASH_BYTES, root_of
from card.statement import hash_lines
from domain.dates import start_of
from domain.settlement import RideCount, StatementLine, countable, lines_of, month_after

# Counting millions of scans takes longer than a request may.
COUNT_SECONDS: Final = 120.0
# Longer than an upload's transaction can last and than the servers' clocks may differ.
_SLACK = timedelta(days=1)
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)

# Where a scanner stood when it read a code: its line or venue at that time.
_STOOD = """
LEFT JOIN placement p ON p.device_id = t.device_id AND t.at >= p.since AND (p.until IS NULL OR t.at < p.until)
"""
_NAMED = "LEFT JOIN line l ON l.id = p.line_id LEFT JOIN venue v ON v.id = p.venue_id"
PLACES = f"{_STOOD} {_NAMED}"

# The rides in a span are read once, and everything comes from them: what they are named by, their leaves in the tree
# (`card.merkle.leaf_hash`, so that no record has to leave the database), and the sums. The kinds of scans that count
# stand beside the scans as a table (`domain.settlement.countable`), and numbers already known are joined into one
# value, which then need not be unpacked at each scan that is looked up in it.
_RIDES = f"""
WITH known AS MATERIALIZED (
    SELECT device_id, epoch, range_agg(sequences) AS sequences FROM tap_counted {{known}} GROUP BY device_id, epoch
), ride AS MATERIALIZED (
    SELECT t.device_id, t.epoch, t.sequence, t.at, t.companions, kind.number AS kind,
           sha256('\\x00'::bytea || t.record) AS leaf
    FROM tap t JOIN unnest($1::text[], $2::text[], $3::boolean[], $4::text[], $5::text[])
        WITH ORDINALITY AS kind (verdict, device_verdict, overridden, code, doubt, number)
    ON kind.verdict = t.admission AND kind.device_verdict = t.device_admission AND kind.overridden = t.overridden
        AND kind.code = coalesce(t.kind, '') AND kind.doubt = coalesce(t.mark, '')
    {{joined}}
    WHERE t.received_at >= $6 AND t.at < $7 {{condition}}
){{kept}}
SELECT device_id, epoch, array_agg(sequence ORDER BY sequence) AS sequences,
       string_agg(leaf, ''::bytea ORDER BY sequence) AS hashes,
       NULL AS line, NULL::date AS day, NULL::bigint AS kind, count(*) AS rides, NULL::bigint AS companions
FROM ride GROUP BY device_id, epoch
UNION ALL
SELECT NULL, NULL, NULL, NULL, coalesce(l.name, v.name, d.place), sums.day, sums.kind, sums.rides, sums.companions
FROM (
    SELECT t.device_id, p.id AS placement_id, (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day, t.kind,
           count(*) AS rides, sum(t.companions) AS companions
    FROM ride t {_STOOD} GROUP BY 1, 2, 3, 4
) sums
JOIN device d ON d.id = sums.device_id LEFT JOIN placement p ON p.id = sums.placement_id
{_NAMED}
"""
_COUNT = _RIDES.format(
    known="",
    joined="JOIN device d ON d.id = t.device_id AND d.operator_id = $9 "
    "LEFT JOIN known b ON b.device_id = t.device_id AND b.epoch = t.epoch",
    condition="AND (b.sequences IS NULL OR NOT t.sequence <@ b.sequences)",
    kept=""", kept AS (
    INSERT INTO tap_counted (device_id, epoch, statement_id, sequences)
    SELECT device_id, epoch, $8, range_agg(int8range(sequence, sequence, '[]')) FROM ride GROUP BY device_id, epoch
)""",
)
_DERIVE = _RIDES.format(
    known="WHERE statement_id = $8",
    joined="JOIN known c ON c.device_id = t.device_id AND c.epoch = t.epoch AND t.sequence <@ c.sequences",
    condition="",
    kept="",
)
_NUMBERS = "SELECT sum(upper(r) - lower(r)) FROM tap_counted, unnest(sequences) r WHERE statement_id = $1"


@dataclass(frozen=True)
class Leaves:
    """The counted scans of one epoch of a device: their sequence numbers, and the hashes of their records."""

    device_id: UUID
    epoch: bytes
    sequences: Sequence[int]
    hashes: Sequence[bytes]


@dataclass(frozen=True)
class Derived:
    """What the scans that a statement counts come to; `counted` is how many it named when it was closed."""

    lines: Sequence[StatementLine]
    leaves: Sequence[Leaves]
    counted: int

    @cached_property
    def hashes(self) -> Sequence[bytes]:
        """The leaves of the whole tree: by device, epoch and number."""
        return [each for part in self.leaves for each in part.hashes]

    @cached_property
    def root(self) -> bytes:
        """The root of the tree."""
        return root_of(self.hashes)

    @property
    def hashed_lines(self) -> bytes:
        """What a statement signs of the lines."""
        return hash_lines(
            [(each.line, each.day.isoformat(), each.verdict, each.evidence, each.rides) for each in self.lines]
        )


@dataclass(frozen=True)
class Span:
    """Where the scans of a statement are looked for: received from an instant on, made before another."""

    received_from: datetime
    until: datetime

    @classmethod
    def of(cls, month: date, *, is_first: bool) -> "Span":
        """The span of a month's statement. Whatever its predecessor did not count came after that month was over.

        An operator's first statement counts what was before its month as well.
        """
        return cls(_BEFORE_ALL if is_first else start_of(month) - _SLACK, start_of(month_after(month)))


async def take_time(connection: asyncpg.Connection) -> None:
    """Let this transaction take as long as counting does.

    PostgreSQL takes a span to hold a few scans, and would look into each table once for every one of them.
    """
    most = f"{COUNT_SECONDS:.0f}s"
    await connection.execute(
        f"SET LOCAL statement_timeout = '{most}'; SET LOCAL lock_timeout = '{most}'; "
        "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '256MB'"
    )


async def count(connection: asyncpg.Connection, operator_id: UUID, statement_id: UUID, span: Span) -> Derived:
    """Note for a statement all scans of the operator in the span that no statement counts; one at a time may do so."""
    values = (*_kinds(), span.received_from, span.until, statement_id, operator_id)
    rows = await connection.fetch(_COUNT, *values, timeout=COUNT_SECONDS)
    return await _derived(connection, statement_id, rows)


async def derive(connection: asyncpg.Connection, statement_id: UUID, span: Span) -> Derived:
    """What the scans noted for a statement come to, from the scans themselves."""
    values = (*_kinds(), span.received_from, span.until, statement_id)
    rows = await connection.fetch(_DERIVE, *values, timeout=COUNT_SECONDS)
    return await _derived(connection, statement_id, rows)


async def _derived(connection: asyncpg.Connection, statement_id: UUID, rows: Sequence[asyncpg.Record]) -> Derived:
    leaves = [_leaves(row) for row in rows if row["device_id"] is not None]
    counts = [_ride_count(row) for row in rows if row["device_id"] is None]
    counted = await connection.fetchval(_NUMBERS, statement_id, timeout=COUNT_SECONDS)
    leaves.sort(key=lambda part: (part.device_id.bytes, part.epoch))
    return Derived(lines_of(counts), leaves, int(counted or 0))


def _kinds() -> tuple[list[object], ...]:
    rows = [(kind.verdict, kind.device_verdict, kind.overridden, kind.code, kind.doubt) for kind, _ in countable()]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _ride_count(row: asyncpg.Record) -> RideCount:
    kind, evidence = countable()[row["kind"] - 1]
    return RideCount(row["line"], row["day"], kind.verdict, evidence, row["rides"], row["companions"])


def _leaves(row: asyncpg.Record) -> Leaves:
    joined = row["hashes"]
    hashes = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
    return Leaves(row["device_id"], row["epoch"], row["sequences"], hashes)
