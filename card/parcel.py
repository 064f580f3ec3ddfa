"""Scans on their way by hand: what a device that cannot reach the server exports, and another one carries there."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from card.outbox import MAX_BATCH, Batch
from card.refusal import CredentialRefused, RefusalReason
from card.scan import read_scan, read_upload, scan_hash

MAX_PARCEL_BYTES: Final = 2 * 1024 * 1024
_FORWARDS: Final = "SELECT sequence, record FROM scan ORDER BY sequence"


@dataclass(frozen=True)
class Parcel:
    """An exported upload body, which holds together; whether its device signed it only the server can tell."""

    device_id: UUID
    epoch: bytes
    first: int
    last: int


def read_parcel(body: bytes) -> Parcel:
    """What is in an exported file.

    Raises:
        CredentialRefused: it is torn, or its records are not one stretch of one device's chain.
    """
    records = read_upload(body, MAX_PARCEL_BYTES, MAX_BATCH).records
    scans = [read_scan(record) for record in records]
    if not scans:
        raise CredentialRefused(RefusalReason.MALFORMED)
    first, last = scans[0], scans[-1]
    for before, raw, after in zip(scans, records, scans[1:], strict=False):
        linked = after.previous == scan_hash(raw) and after.sequence == before.sequence + 1
        if not linked or (after.device_id, after.epoch) != (first.device_id, first.epoch):
            raise CredentialRefused(RefusalReason.MALFORMED)
    return Parcel(first.device_id, first.epoch, first.sequence, last.sequence)


def salvaged(database: Path) -> Iterator[Batch]:
    """What can still be read of a damaged database, from both ends of it, in stretches without a hole."""
    records: dict[int, bytes] = {}
    for query in (_FORWARDS, f"{_FORWARDS} DESC"):
        # The torn page ends the reading; what came before it is good.
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection,
            suppress(sqlite3.DatabaseError),
        ):
            records.update(connection.execute(query))
    return _stretches({sequence: records[sequence] for sequence in sorted(records)})


def _stretches(records: Mapping[int, bytes]) -> Iterator[Batch]:
    stretch: list[bytes] = []
    epoch, first = b"", 0
    for sequence, record in records.items():
        with suppress(CredentialRefused):
            found = read_scan(record).epoch
            if stretch and (found != epoch or sequence != first + len(stretch) or len(stretch) == MAX_BATCH):
                yield Batch(epoch, first, tuple(stretch))
                stretch = []
            if not stretch:
                epoch, first = found, sequence
            stretch.append(record)
    if stretch:
        yield Batch(epoch, first, tuple(stretch))
