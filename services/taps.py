"""Takes what scanners wrote: each scan once, judged again, and its chain followed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from card.cose import VerifyingKey
from card.refusal import CredentialRefused, RefusalReason
from card.scan import Head, Scan, Upload, read_head, read_scan, read_upload, scan_hash
from services.chain import Arrival, ChainState, Link, follow, known
from services.devices import Device, scanner_of
from services.judgement import Judge
from services.resources import Resources
from services.tap_rows import Mark, ScanOutcome, Tap, keep

# The lock of `record_online`, too (migration 0019).
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 1))"


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


async def upload(resources: Resources, carrier: Device, body: bytes) -> UploadAnswer:
    """Keep the scans of an upload (`card.scan.encode_upload`), each once however often it comes.

    `carrier` signed the request; the scans may be another device's of the same operator, carried off a dead one.

    Raises:
        UploadRefused: see `UploadRefusal`.
        services.database.DatabaseUnavailable: nothing was kept, or the outcome is unknown; a retry is safe.
    """
    at = resources.clock()
    sent = _read_upload(resources, body)
    scans = [_read_scan(record) for record in sent.records]
    scanner = await _scanner_of(resources, carrier, scans)
    head = _read_head(sent, scanner)
    own = [
        (scan, record)
        for scan, record in zip(scans, sent.records, strict=True)
        if scan is not None and (scan.device_id, scan.epoch) == (head.device_id, head.epoch)
    ]
    offset = clock_offset(resources, at - head.at) if scanner.id == carrier.id else timedelta(0)
    judged = await Judge(resources, scanner, offset).judge([scan for scan, _ in own])
    mark = marking(resources, scanner, offset, at)
    taps = [Tap(scan, record, one, mark(one.at)) for (scan, record), one in zip(own, judged, strict=True)]
    async with resources.database.transaction() as connection:
        # One upload of a device at a time, or two could both find a sequence number free.
        await connection.execute(_ONE_AT_A_TIME, scanner.id)
        before = await known(connection, head)
        outcomes = await keep(connection, head, taps, before.sequence, at)
        links = {
            tap.scan.sequence: Link(scan_hash(tap.record), tap.scan.previous)
            for tap in taps
            if outcomes[tap.record] is not ScanOutcome.CONFLICT
        }
        chain = await follow(connection, Arrival(head, sent.head, at, offset), before, links)
    results = (_result(scan, record, outcomes) for scan, record in zip(scans, sent.records, strict=True))
    return UploadAnswer(tuple(results), chain, at)


def _read_upload(resources: Resources, body: bytes) -> Upload:
    settings = resources.settings
    try:
        return read_upload(body, settings.max_upload_bytes, settings.max_batch_taps)
    except CredentialRefused as refusal:
        too_many = refusal.reason is RefusalReason.TOO_LARGE
        raise UploadRefused(UploadRefusal.TOO_MANY if too_many else UploadRefusal.MALFORMED) from None


def _read_scan(record: bytes) -> Scan | None:
    try:
        return read_scan(record)
    except CredentialRefused:
        return None


async def _scanner_of(resources: Resources, carrier: Device, scans: Sequence[Scan | None]) -> Device:
    """The device that made the scans; the carrier where none can be read."""
    maker = next((scan.device_id for scan in scans if scan is not None), carrier.id)
    scanner = carrier if maker == carrier.id else await scanner_of(resources, maker)
    if scanner is None or scanner.operator_id != carrier.operator_id:
        raise UploadRefused(UploadRefusal.FOREIGN)
    return scanner


def _read_head(sent: Upload, scanner: Device) -> Head:
    try:
        head = read_head(sent.head, VerifyingKey.of(scanner.public_key))
    except CredentialRefused:
        raise UploadRefused(UploadRefusal.HEAD_INVALID) from None
    if head.device_id != scanner.id:
        raise UploadRefused(UploadRefusal.HEAD_INVALID)
    return head


def clock_offset(resources: Resources, difference: timedelta) -> timedelta:
    """What the device's time lacks to the server's; a difference that the way over the network explains is none."""
    return difference if abs(difference) > timedelta(seconds=resources.settings.clock_warn_seconds) else timedelta(0)


def marking(
    resources: Resources, scanner: Device, offset: timedelta, at: datetime
) -> Callable[[datetime], Mark | None]:
    """What is to be known of scans that came at an instant from a scanner whose clock was off by so much."""
    settings = resources.settings
    clock_is_off = abs(offset) > timedelta(seconds=settings.clock_quarantine_seconds)
    late, very_late = timedelta(hours=settings.late_flag_hours), timedelta(days=settings.late_review_days)

    def mark(made_at: datetime) -> Mark | None:
        if scanner.stolen_at is not None:
            # Whatever it is dated: only a person can tell what the scanner had written before it was stolen.
            return Mark.STOLEN
        if clock_is_off:
            return Mark.CLOCK
        age = at - made_at
        if age > very_late:
            return Mark.VERY_LATE
        return Mark.LATE if age > late else None

    return mark


def _result(scan: Scan | None, record: bytes, outcomes: Mapping[bytes, ScanOutcome]) -> ScanResult:
    if scan is None:
        return ScanResult(b"", 0, ScanOutcome.MALFORMED)
    return ScanResult(scan.epoch, scan.sequence, outcomes.get(record, ScanOutcome.FOREIGN))
