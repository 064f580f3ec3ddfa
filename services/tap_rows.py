"""Writes taps: one statement for a whole upload, and what came second under a number kept beside it as evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from card.scan import Head, Scan
from services.judgement import Judged

INSERT = """
INSERT INTO tap (device_id, epoch, sequence, device_at, at, received_at, resident_id, admission, reason,
                 device_admission, device_reason, companions, overridden, mark, record, kind, presentation)
SELECT $1, $2, t.sequence, t.device_at, t.at, $3, t.resident_id, t.admission, t.reason,
       t.device_admission, t.device_reason, t.companions, t.overridden, t.mark, t.record, t.kind, t.presentation
FROM unnest($4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::uuid[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::smallint[], $13::boolean[], $14::text[], $15::bytea[], $16::text[], $17::bytea[])
  AS t(sequence, device_at, at, resident_id, admission, reason, device_admission, device_reason, companions,
       overridden, mark, record, kind, presentation)
"""

_KEPT = "SELECT sequence, record FROM tap WHERE device_id = $1 AND epoch = $2 AND sequence = ANY($3)"

_CONFLICT = """
INSERT INTO tap_conflict (device_id, epoch, sequence, record, received_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


class ScanOutcome(StrEnum):
    """What became of one scan of an upload."""

    STORED = "stored"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    MALFORMED = "malformed"
    FOREIGN = "foreign"


class Mark(StrEnum):
    """What is to be known of a stored scan: LATE counts all the same, the others wait for a person first."""

    LATE = "late"
    VERY_LATE = "very_late"
    CLOCK = "clock"
    STOLEN = "stolen"


@dataclass(frozen=True, slots=True)
class Tap:
    """A scan, its bytes as the chain hashes them, the server's answer to it, and what is to be known of it."""

    scan: Scan
    record: bytes
    judged: Judged
    mark: Mark | None


async def keep(
    connection: asyncpg.Connection, head: Head, taps: Sequence[Tap], whole_until: int, at: datetime
) -> Mapping[bytes, ScanOutcome]:
    """Write those that are new; returns what became of each record.

    Of what came up to `whole_until` nothing was missing: what is not there any more is archived, and repeated.
    """
    outcomes = _compare(taps, await _kept(connection, head, taps), whole_until)
    # A record that comes twice in one upload is written once.
    fresh = {tap.record: tap for tap in taps if outcomes[tap.record] is ScanOutcome.STORED}
    if fresh:
        await connection.execute(INSERT, head.device_id, head.epoch, at, *_columns(fresh.values()))
    await connection.executemany(
        _CONFLICT,
        [
            (tap.scan.device_id, tap.scan.epoch, tap.scan.sequence, tap.record, at)
            for tap in taps
            if outcomes[tap.record] is ScanOutcome.CONFLICT
        ],
    )
    return outcomes


async def _kept(connection: asyncpg.Connection, head: Head, taps: Sequence[Tap]) -> Mapping[int, bytes]:
    rows = await connection.fetch(_KEPT, head.device_id, head.epoch, [tap.scan.sequence for tap in taps])
    return {row["sequence"]: row["record"] for row in rows}


def _compare(taps: Sequence[Tap], kept: Mapping[int, bytes], whole_until: int) -> Mapping[bytes, ScanOutcome]:
    """What becomes of each record: the first content under a sequence number is kept, another one is a conflict."""
    outcomes: dict[bytes, ScanOutcome] = {}
    first = dict(kept)
    for tap in taps:
        known = first.setdefault(tap.scan.sequence, tap.record)
        if known != tap.record:
            outcomes[tap.record] = ScanOutcome.CONFLICT
        elif tap.scan.sequence in kept or tap.scan.sequence <= whole_until:
            outcomes[tap.record] = ScanOutcome.REPEATED
        else:
            outcomes[tap.record] = ScanOutcome.STORED
    return outcomes


def _columns(taps: Iterable[Tap]) -> list[list[object]]:
    rows = (
        (
            *(tap.scan.sequence, tap.scan.at, tap.judged.at, tap.judged.resident_id, tap.judged.outcome),
            *(tap.judged.reason, tap.scan.admission, tap.scan.reason, tap.scan.companions, tap.scan.override),
            *(tap.mark, tap.record, tap.judged.kind, tap.judged.presentation),
        )
        for tap in taps
    )
    return [list(column) for column in zip(*rows, strict=True)]
