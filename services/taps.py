"""Takes what scanners wrote: each scan once, verified again, its chain followed, and shown to the resident as a ride."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from card.refusal import CredentialRefused
from card.scan import Head, Scan, Upload, read_head, read_scan, read_upload
from services.chain import ChainState, follow
from services.devices import Device, scanner_of
from services.judgement import Judge, Judged
from services.resources import Resources

_INSERT = """
INSERT INTO tap (device_id, epoch, sequence, device_at, at, received_at, resident_id, admission, reason,
                 device_admission, device_reason, companions, overridden, quarantine, record)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
                     $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::smallint[], $13::boolean[],
                     $14::text[], $15::bytea[])
"""

_RIDES = """
SELECT t.at, o.name AS operator, d.place, t.device_admission, t.device_reason, t.companions
FROM tap t JOIN device d ON d.id = t.device_id JOIN operator o ON o.id = d.operator_id
WHERE t.resident_id = $1 AND ($2::timestamptz IS NULL OR t.at < $2) ORDER BY t.at DESC, t.sequence DESC LIMIT $3
"""


class UploadRefusal(StrEnum):
    """Why an upload was refused as a whole; nothing of it was kept, and the scanner keeps its scans."""

    MALFORMED = "malformed"
    TOO_MANY = "too_many"
    HEAD_INVALID = "head_invalid"
    FOREIGN = "foreign"


class UploadRefused(Exception):
    """See `UploadRefusal`."""

    def __init__(self, reason: UploadRefusal) -> None:
        super().__init__(reason)
        self.reason = reason


class ScanOutcome(StrEnum):
    """What became of one scan of an upload."""

    STORED = "stored"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    MALFORMED = "malformed"
    FOREIGN = "foreign"


class Quarantine(StrEnum):
    """Why a stored scan waits for a person before it counts."""

    CLOCK = "clock"
    LATE = "late"


@dataclass(frozen=True)
class ScanResult:
    """The answer for one scan; epoch and sequence are empty and 0 where it could not be read."""

    epoch: bytes
    sequence: int
    outcome: ScanOutcome


@dataclass(frozen=True)
class UploadAnswer:
    """The answers in the order of the upload, and whether the device's chain is whole up to its newest scan."""

    results: tuple[ScanResult, ...]
    chain: ChainState
    server_time: datetime


@dataclass(frozen=True)
class RecordedRide:
    """A scan of a resident's code as it went at the gate."""

    at: datetime
    operator: str
    place: str
    outcome: str
    reason: str | None
    admitted: bool
    companions: int


@dataclass(frozen=True)
class _Read:
    """A scan that belongs to the head's device and epoch, with the bytes whose hash the chain carries."""

    scan: Scan
    raw: bytes


async def upload(resources: Resources, carrier: Device, body: bytes) -> UploadAnswer:
    """Keep the scans of an upload (`card.scan.encode_upload`), each once however often it comes.

    `carrier` signed the request; the scans may be another device's of the same operator, carried off a dead one.

    Raises:
        UploadRefused: see `UploadRefusal`.
        services.database.DatabaseUnavailable: nothing was kept, or the outcome is unknown; a retry is safe.
    """
    at = resources.clock()
    upload_ = _read_upload(resources, body)
    scanner, head = await _head_of(resources, carrier, upload_)
    offset = at - head.at if scanner.id == carrier.id else timedelta(0)
    results, readable = _sort_out(upload_, head)
    judge = Judge(resources, scanner, offset)
    judged = await judge.judge([read.scan for read in readable])
    async with resources.database.transaction() as connection:
        # One upload of a device at a time, or two could both find a sequence number free.
        await connection.execute("SELECT FROM device WHERE id = $1 FOR NO KEY UPDATE", scanner.id)
        known = await _known(connection, head, readable)
        fresh, outcomes = _compare(readable, known)
        await _insert(connection, resources, [(read, judged[read.scan.sequence]) for read in fresh], offset, at)
        await _keep_conflicts(connection, [read for read in readable if outcomes[read.raw] is ScanOutcome.CONFLICT], at)
        chain = await follow(connection, head, upload_.head, at)
    answers = (one if isinstance(one, ScanResult) else _answer(one, outcomes[one.raw]) for one in results)
    return UploadAnswer(tuple(answers), chain, at)


async def rides_of(
    resources: Resources, resident_id: UUID, first: int, before: datetime | None
) -> Sequence[RecordedRide]:
    """The resident's rides and entries before an instant, refusals included, the latest first, `first` at most."""
    rows = await resources.database.fetch(_RIDES, resident_id, before, first)
    return [
        RecordedRide(
            at=row["at"],
            operator=row["operator"],
            place=row["place"],
            outcome=row["device_admission"],
            reason=row["device_reason"],
            admitted=row["device_admission"] != "refused",
            companions=row["companions"],
        )
        for row in rows
    ]
