"""Judges one scan while its bearer waits, by what all gates have seen of her, and keeps it before it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from card.admission import Admission, Recollection, decide, refused
from card.clock import ClockState, Reading
from card.credential import CredentialKind
from card.presentation import VerifiedToken
from card.refusal import CredentialRefused, RefusalReason
from card.scan import Scan, read_scan
from card.statuslist import EntryStatus
from card.tariff import Outcome, Tariff, local_day, tariff_on
from domain.dates import local_date, start_of
from services.database import DatabaseUnavailable
from services.devices import Device
from services.judgement import PRESENTATION_BYTES, Judge
from services.resources import Resources
from services.status import STATUS_LIST_SIZE
from services.tap_rows import ScanOutcome
from services.taps import UploadRefusal, UploadRefused, clock_offset, marking

# Whoever is shown one code at once goes on; more than this often nobody is.
_TRIES: Final = 5

# What `record_online` is given (migration 0019), in its order.
_TYPES: Final = (
    *("uuid", "bytea", "bigint", "timestamptz", "timestamptz", "timestamptz", "uuid", "text", "text", "text", "text"),
    *("smallint", "boolean", "text", "bytea", "text", "bytea", "int", "timestamptz", "timestamptz", "boolean", "int"),
    *("int", "timestamptz", "text"),
)
_GIVEN: Final = ", ".join(f"a{place}" for place in range(len(_TYPES)))
_RECORD: Final = f"""
SELECT r.* FROM unnest({", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES, start=1))})
    WITH ORDINALITY AS asked({_GIVEN}, number), LATERAL record_online({_GIVEN}) r ORDER BY asked.number
"""
_RESIDENT: Final = 6


@dataclass(frozen=True)
class OnlineAnswer:
    """What became of the scan, and what its bearer gets; of a CONFLICT or a repeated scan, what she got before."""

    outcome: ScanOutcome
    admission: Admission


@dataclass(frozen=True)
class _Known:
    """What the gates and the register know that bears on one code; what is assumed of most: nothing."""

    shown: bool = False
    rides: int = 0
    month_rides: int = 0
    last_at: datetime | None = None
    status: EntryStatus = EntryStatus.VALID


_STATUS: Final = {None: EntryStatus.VALID, "invalid": EntryStatus.INVALID, "suspended": EntryStatus.SUSPENDED}
_STATUS_TEXT: Final = {status: text for text, status in _STATUS.items()}


async def verify_online(resources: Resources, device: Device, record: bytes) -> OnlineAnswer:
    """Judge the scan of a record (`card.scan.encode_scan`) that the device made just now, and keep it.

    The record comes again with the next upload, which finds it kept and follows the chain.

    Raises:
        UploadRefused: MALFORMED, or FOREIGN for another device's record.
        services.database.DatabaseUnavailable: nothing was kept, or the outcome is unknown; a retry is safe.
    """
    at, scan = resources.clock(), _scan_of(device, record)
    judge = Judge(resources, device, clock_offset(resources, at - scan.at))
    attempt = _Attempt(resources, device, judge, scan, record, at, judge.verify(scan), (await judge.terms()).held(at))
    known = _Known()
    for _ in range(_TRIES):
        admission = attempt.admission(known)
        row = await attempt.keep(admission, known)
        if row["kept"] is not None:
            outcome = ScanOutcome.REPEATED if row["kept"] == record else ScanOutcome.CONFLICT
            return OnlineAnswer(outcome, attempt.as_before(row))
        if row["stored"]:
            return OnlineAnswer(ScanOutcome.STORED, admission)
        known = _Known(
            bool(row["shown"]), row["rides"] or 0, row["month_rides"] or 0, row["last_at"], _STATUS[row["status"]]
        )
    raise DatabaseUnavailable("contended")


@dataclass(frozen=True)
class _Attempt:
    """One scan with all that is known of it beforehand."""

    resources: Resources
    device: Device
    judge: Judge
    scan: Scan
    record: bytes
    at: datetime
    token: VerifiedToken | RefusalReason
    tariffs: Sequence[Tariff]

    def admission(self, known: _Known) -> Admission:
        """The answer, by what is known of the bearer."""
        at = self.judge.corrected(self.scan)
        now, tariff = Reading(at, ClockState.SIGNED), tariff_on(self.tariffs, local_day(at))
        if isinstance(self.token, RefusalReason):
            return refused(self.token, now, None, tariff)
        if tariff is None:
            return refused(RefusalReason.NO_TARIFF, now, None, None)
        # A printed code is the same on every day of its months.
        shown = known.shown and self.token.credential.claims.kind is not CredentialKind.PRINTED
        past = Recollection(shown, rides=known.rides, month_rides=known.month_rides, last_at=known.last_at)
        return decide(self.token, now, self.judge.bundle_now(at, known.status), tariff, past)

    def as_before(self, row: asyncpg.Record) -> Admission:
        """The answer that was given to the scan that is kept."""
        if row["kept_admission"] == Outcome.REFUSED:
            reason = RefusalReason(row["kept_reason"])
            return refused(reason, Reading(self.judge.corrected(self.scan), ClockState.SIGNED), None, None)
        return self.admission(_Known())

    async def keep(self, admission: Admission, assumed: _Known) -> asyncpg.Record:
        """Write the scan if things are as assumed."""
        scan, at = self.scan, self.judge.corrected(self.scan)
        token = None if isinstance(self.token, RefusalReason) else self.token
        resident_id = None if token is None else self.judge.resident_of(token)
        status = None if token is None else token.credential.claims.status
        mark = marking(self.resources, self.device, at - scan.at, self.at)(at)
        given = (
            *(scan.device_id, scan.epoch, scan.sequence, scan.at, at, self.at, resident_id),
            *(admission.outcome, admission.reason, scan.admission, scan.reason, scan.companions, scan.override),
            *(mark, self.record),
            *((None, None) if token is None else (token.credential.claims.kind, token.identity[:PRESENTATION_BYTES])),
            # An index beyond the list is refused by whoever decides.
            status.index if status is not None and status.index < STATUS_LIST_SIZE else None,
            *(start_of(local_date(at)), start_of(local_date(at).replace(day=1))),
            *((None,) * 3 if token is None else (assumed.shown, assumed.rides, assumed.month_rides)),
            *(assumed.last_at, _STATUS_TEXT[assumed.status]),
        )
        return await self.resources.together.ask(self.resources, _record, given)


async def _record(resources: Resources, asked: Sequence[tuple[object, ...]]) -> Sequence[asyncpg.Record]:
    """Write the scans that are asked for at one moment, in one statement; each is answered for itself."""
    # In the order of residents, so that two servers hardly ever wait for one another's.
    order = sorted(range(len(asked)), key=lambda number: str(asked[number][_RESIDENT]))
    columns = (list(column) for column in zip(*(asked[number] for number in order), strict=True))
    rows = await resources.database.fetch(_RECORD, *columns)
    answers = dict(zip(order, rows, strict=True))
    return [answers[number] for number in range(len(asked))]


def _scan_of(device: Device, record: bytes) -> Scan:
    try:
        scan = read_scan(record)
    except CredentialRefused:
        raise UploadRefused(UploadRefusal.MALFORMED) from None
    if scan.device_id != device.id:
        raise UploadRefused(UploadRefusal.FOREIGN)
    return scan
