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
from domain.settlement import Evidence, RideCount, StatementLine, Verdict, countable, lines_of, month_after

# Counting millions of scans takes longer than a request may.
COUNT_SECONDS: Final = 120.0
# Longer than an upload's transaction can last and than the servers' clocks may differ.
_SLACK = timedelta(days=1)
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)

# The kinds of scans that count (`domain.settlement.countable`) beside the scans themselves.
_RIDES = """
FROM tap t JOIN device d ON d.id = t.device_id
JOIN unnest($1::text[], $2::text[], $3::boolean[], $4::text[], $5::text[], $6::text[])
    AS kind (verdict, device_verdict, overridden, code, doubt, evidence)
ON kind.verdict = t.admission AND kind.device_verdict = t.device_admission AND kind.overridden = t.overridden
    AND kind.code = coalesce(t.kind, '') AND kind.doubt = coalesce(t.mark, '')
"""
# Where a scanner stood when it read a code: its line or venue at that time.
PLACES = """
LEFT JOIN placement p ON p.device_id = t.device_id AND t.at >= p.since AND (p.until IS NULL OR t.at < p.until)
LEFT JOIN line l ON l.id = p.line_id LEFT JOIN venue v ON v.id = p.venue_id
"""
_SPAN = "t.received_at >= $7 AND t.at < $8"

# Joined anew into one value, the numbers need not be unpacked at each scan that is looked up in them.
_COUNT = f"""
WITH before AS MATERIALIZED (
    SELECT device_id, epoch, range_agg(sequences) AS sequences FROM tap_counted GROUP BY device_id, epoch
)
INSERT INTO tap_counted (device_id, epoch, statement_id, sequences)
SELECT t.device_id, t.epoch, $9, range_agg(int8range(t.sequence, t.sequence, '[]'))
{_RIDES}
LEFT JOIN before b ON b.device_id = t.device_id AND b.epoch = t.epoch
WHERE {_SPAN} AND d.operator_id = $10 AND (b.sequences IS NULL OR NOT t.sequence <@ b.sequences)
GROUP BY t.device_id, t.epoch
"""
_OF_STATEMENT = f"""
WITH counted AS MATERIALIZED (
    SELECT device_id, epoch, range_agg(sequences) AS sequences FROM tap_counted WHERE statement_id = $9
    GROUP BY device_id, epoch
)
SELECT {{columns}}
{_RIDES}
JOIN counted c ON c.device_id = t.device_id AND c.epoch = t.epoch AND t.sequence <@ c.sequences
{{places}}
WHERE {_SPAN} GROUP BY {{by}}
"""
_LINES = _OF_STATEMENT.format(
    columns="coalesce(l.name, v.name, d.place) AS line, (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day, "
    "t.admission, kind.evidence, count(*) AS rides, sum(t.companions) AS companions",
    places=PLACES,
    by="1, 2, 3, 4",
)
# The hash of a leaf is that of `card.merkle.leaf_hash`, so that no record has to leave the database.
_LEAVES = _OF_STATEMENT.format(
    columns=r"t.device_id, t.epoch, array_agg(t.sequence ORDER BY t.sequence) AS sequences, "
    r"string_agg(sha256('\x00'::bytea || t.record), ''::bytea ORDER BY t.sequence) AS hashes",
    places="",
    by="1, 2 ORDER BY 1, 2",
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

    PostgreSQL takes a span to hold a few scans, and would look into each table once for every one of them, and sort
    them on the disk instead of counting them in memory.
    """
    most = f"{COUNT_SECONDS:.0f}s"
    await connection.execute(
        f"SET LOCAL statement_timeout = '{most}'; SET LOCAL lock_timeout = '{most}'; "
        "SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off; SET LOCAL work_mem = '256MB'"
    )


async def count(connection: asyncpg.Connection, operator_id: UUID, statement_id: UUID, span: Span) -> None:
    """Note for a statement all scans of the operator in the span that no statement counts; one at a time may do so."""
    await connection.execute(
        _COUNT, *_kinds(), span.received_from, span.until, statement_id, operator_id, timeout=COUNT_SECONDS
    )


async def derive(connection: asyncpg.Connection, statement_id: UUID, span: Span) -> Derived:
    """What the scans noted for a statement come to, from the scans themselves."""
    values = (*_kinds(), span.received_from, span.until, statement_id)
    lines = await connection.fetch(_LINES, *values, timeout=COUNT_SECONDS)
    leaves = await connection.fetch(_LEAVES, *values, timeout=COUNT_SECONDS)
    counted = await connection.fetchval(_NUMBERS, statement_id, timeout=COUNT_SECONDS)
    return Derived(lines_of(map(_ride_count, lines)), [_leaves(row) for row in leaves], int(counted or 0))


def _kinds() -> tuple[list[object], ...]:
    rows = [
        (kind.verdict, kind.device_verdict, kind.overridden, kind.code, kind.doubt, evidence)
        for kind, evidence in countable()
    ]
    return tuple(list(column) for column in zip(*rows, strict=True))


def _ride_count(row: asyncpg.Record) -> RideCount:
    verdict, evidence = Verdict(row["admission"]), Evidence(row["evidence"])
    return RideCount(row["line"], row["day"], verdict, evidence, row["rides"], row["companions"])


def _leaves(row: asyncpg.Record) -> Leaves:
    joined = row["hashes"]
    hashes = [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
    return Leaves(row["device_id"], row["epoch"], row["sequences"], hashes)
