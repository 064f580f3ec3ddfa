"""Holds every scan until the server has it: numbered, chained by hash, and never a number given twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final
from uuid import UUID

from card.cose import SigningKey
from card.refusal import RefusalReason
from card.scan import Position, Scan, encode_scan, encode_upload, scan_hash, sign_head
from card.storage import Storage
from card.tariff import Outcome

MAX_BATCH: Final = 1_000
# Some days of a busy bus: a server restored from an older copy can be given them again.
KEPT_ACKNOWLEDGED: Final = 10_000
# Of records; what is around them in a body stays far below the difference to the server's limit of 2 MiB.
MAX_BATCH_BYTES: Final = 1_500_000


@dataclass(frozen=True)
class Read:
    """What is to be written down of one code; see `Scan` for the fields. The outbox adds number and chain."""

    at: datetime
    text: str
    admission: Outcome
    reason: RefusalReason | None
    companions: int
    bundle_version: int
    place: str | None
    override: bool = False
    position: Position | None = None


@dataclass(frozen=True)
class OutboxState:
    """Where an outbox stands: the scans after `acknowledged` wait; of those before, the server refused `not_taken`."""

    epoch: bytes
    sequence: int
    acknowledged: int
    not_taken: int
    parcels_waiting: int
    parcels_not_taken: int

    @property
    def waiting(self) -> int:
        """How many scans the server does not have yet."""
        return self.sequence - self.acknowledged


@dataclass(frozen=True)
class Batch:
    """Consecutive records of one epoch, the first with the number `first`."""

    epoch: bytes
    first: int
    records: tuple[bytes, ...]

    @property
    def last(self) -> int:
        """The number of the last record."""
        return self.first + len(self.records) - 1

    def body(self, device_id: UUID, at: datetime, key: SigningKey) -> bytes:
        """What is posted: the records under a head that the device signs over the last of them."""
        head = sign_head(device_id, self.epoch, self.last, scan_hash(self.records[-1]), at, key)
        return encode_upload(head, self.records)


def append(connection: Connection, device_id: UUID, read: Read) -> int:
    """Write a scan at the end of the chain, within the caller's transaction; returns its number."""
    epoch, sequence, previous = connection.execute("SELECT epoch, sequence, hash FROM state").fetchone()
    record = encode_scan(
        Scan(
            device_id=device_id,
            epoch=epoch,
            sequence=sequence + 1,
            previous=previous,
            at=read.at,
            text=read.text,
            admission=read.admission,
            reason=read.reason,
            companions=read.companions,
            bundle_version=read.bundle_version,
            place=read.place,
            override=read.override,
            position=read.position,
        )
    )
    connection.execute("INSERT INTO scan VALUES (?, ?)", (sequence + 1, record))
    connection.execute("UPDATE state SET sequence = ?, hash = ?", (sequence + 1, scan_hash(record)))
    return int(sequence) + 1


class Outbox:
    """The scans that wait in a device's storage, and the parcels it carries for devices that cannot send theirs."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def state(self) -> OutboxState:
        """Where the outbox stands.

        Raises:
            StorageUnavailable: as every method here.
        """
        with self._storage.reading() as connection:
            row = connection.execute("SELECT epoch, sequence, acknowledged, not_taken FROM state").fetchone()
            parcels = connection.execute(
                "SELECT count(*) FILTER (WHERE answer IS NULL), count(answer) FROM parcel"
            ).fetchone()
        return OutboxState(*row, *parcels)

    def batches(self, *, everything: bool = False) -> Iterator[Batch]:
        """The scans that wait, oldest first, each batch within the limits of an upload.

        With `everything` those that the server has already and that are still kept come first again.
        """
        state = self.state()
        after = 0 if everything else state.acknowledged
        while batch := self._batch(state.epoch, after):
            yield batch
            after = batch.last

    def record(self, sequence: int) -> bytes:
        """The scan of a number.

        Raises:
            KeyError: there is none, or the server has had it for long.
        """
        with self._storage.reading() as connection:
            row = connection.execute("SELECT record FROM scan WHERE sequence = ?", (sequence,)).fetchone()
        if row is None:
            raise KeyError(sequence)
        return bytes(row[0])

    def acknowledge(self, epoch: bytes, up_to: int, not_taken: int) -> None:
        """Note that the server answered for every scan up to a number, `not_taken` of them with a refusal.

        An answer about another epoch, or about scans that were never written, changes nothing.
        """
        with self._storage.transaction() as connection:
            changed = connection.execute(
                "UPDATE state SET acknowledged = ?1, not_taken = not_taken + ?2 "
                "WHERE epoch = ?3 AND acknowledged < ?1 AND sequence >= ?1",
                (up_to, not_taken, epoch),
            )
            if changed.rowcount:
                connection.execute("DELETE FROM scan WHERE sequence <= ?", (up_to - KEPT_ACKNOWLEDGED,))

    def add_parcel(self, body: bytes) -> bool:
        """Carry another device's exported body; False if it is carried already."""
        with self._storage.transaction() as connection:
            return connection.execute("INSERT OR IGNORE INTO parcel (content) VALUES (?)", (body,)).rowcount == 1

    def parcels(self) -> Sequence[tuple[int, bytes]]:
        """The parcels that the server has not answered for yet: an id and the body of each."""
        with self._storage.reading() as connection:
            return connection.execute("SELECT id, content FROM parcel WHERE answer IS NULL ORDER BY id").fetchall()

    def parcel_delivered(self, parcel: int) -> None:
        """The server has all of a parcel: it need not be carried further."""
        with self._storage.transaction() as connection:
            connection.execute("DELETE FROM parcel WHERE id = ?", (parcel,))

    def parcel_not_taken(self, parcel: int, answer: str) -> None:
        """The server refused scans of a parcel: it is kept for a person to look at, and not sent again."""
        with self._storage.transaction() as connection:
            connection.execute("UPDATE parcel SET answer = ? WHERE id = ?", (answer, parcel))

    def _batch(self, epoch: bytes, after: int) -> Batch | None:
        records: list[bytes] = []
        size, first = 0, None
        with self._storage.reading() as connection:
            for sequence, record in connection.execute(
                "SELECT sequence, record FROM scan WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, MAX_BATCH)
            ):
                first = first or sequence
                size += len(record)
                # A hole can only come from a damaged file, of which the rest is still worth handing in.
                if size > MAX_BATCH_BYTES or sequence != first + len(records):
                    break
                records.append(record)
        return None if first is None else Batch(epoch, first, tuple(records))
