"""The outbox: every scan numbered and chained, kept until the server has it, and no number given twice."""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from card import outbox as outbox_module
from card.outbox import Batch, Outbox, Read, append
from card.refusal import RefusalReason
from card.scan import NO_RECORD, read_head, read_scan, read_upload, scan_hash
from card.storage import Storage
from card.tariff import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.card.conftest import District

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
DEVICE = UUID(int=1)
READ = Read(NOON, "SDC1:ABC", Outcome.REFUSED, RefusalReason.STALE, 0, 1, "人民路")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """A fresh database."""
    with closing(Storage.open(tmp_path / "gate.sqlite")) as opened:
        yield opened


def fill(storage: Storage, count: int) -> None:
    """Append scans."""
    with storage.transaction() as connection:
        for _ in range(count):
            append(connection, DEVICE, READ)


def records(outbox: Outbox, *, everything: bool = False) -> list[bytes]:
    """All records of the batches."""
    return [record for batch in outbox.batches(everything=everything) for record in batch.records]


def test_scans_are_numbered_and_chained(storage: Storage) -> None:
    """Each record carries the hash of the one before, and the first carries zeros."""
    fill(storage, 3)

    raw = records(Outbox(storage))
    scans = [read_scan(record) for record in raw]

    assert [scan.sequence for scan in scans] == [1, 2, 3]
    assert [scan.previous for scan in scans] == [NO_RECORD, *map(scan_hash, raw[:2])]
    assert {scan.epoch for scan in scans} == {Outbox(storage).state().epoch}
    assert scans[0].reason is RefusalReason.STALE


def test_a_body_is_signed_over_its_last_record(storage: Storage, district: District) -> None:
    """The head that is posted names the newest record of the batch."""
    fill(storage, 2)
    (batch,) = Outbox(storage).batches()

    upload = read_upload(batch.body(DEVICE, NOON, district.device_key), 10_000, 10)

    head = read_head(upload.head, district.device_key.verifying_key)
    assert upload.records == batch.records
    assert (head.sequence, head.hash, head.at) == (2, scan_hash(batch.records[-1]), NOON)


def test_batches_keep_to_the_limits(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog goes out in uploads that the server takes, by number and by size."""
    fill(storage, 7)
    monkeypatch.setattr(outbox_module, "MAX_BATCH", 3)
    by_number = [len(batch.records) for batch in Outbox(storage).batches()]
    monkeypatch.setattr(outbox_module, "MAX_BATCH_BYTES", 2 * len(records(Outbox(storage))[-1]))

    by_size = [(batch.first, batch.last) for batch in Outbox(storage).batches()]

    assert by_number == [3, 3, 1]
    assert by_size == [(1, 2), (3, 4), (5, 6), (7, 7)]


def test_a_hole_ends_a_batch(storage: Storage) -> None:
    """A record lost to a damaged page does not shift the numbers of those after it."""
    fill(storage, 4)
    storage.connection.execute("DELETE FROM scan WHERE sequence = 2")

    assert [(batch.first, batch.last) for batch in Outbox(storage).batches()] == [(1, 1), (3, 4)]


def test_what_is_acknowledged_no_longer_waits(storage: Storage) -> None:
    """The server's answer moves the mark; the records stay a while, for a server that lost them."""
    fill(storage, 5)
    outbox = Outbox(storage)
    outbox.acknowledge(outbox.state().epoch, 3, 1)

    state = outbox.state()

    assert (state.waiting, state.acknowledged, state.not_taken) == (2, 3, 1)
    assert [read_scan(record).sequence for record in records(outbox)] == [4, 5]
    assert len(records(outbox, everything=True)) == 5


def test_an_answer_about_something_else_changes_nothing(storage: Storage) -> None:
    """Neither another epoch, nor a number never given, nor an older answer moves the mark."""
    fill(storage, 5)
    outbox = Outbox(storage)
    epoch = outbox.state().epoch
    outbox.acknowledge(epoch, 3, 0)
    before = outbox.state()

    outbox.acknowledge(b"another.", 5, 1)
    outbox.acknowledge(epoch, 6, 1)
    outbox.acknowledge(epoch, 2, 1)

    assert outbox.state() == before


def test_old_acknowledged_scans_are_dropped(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk does not fill up with what the server has."""
    fill(storage, 5)
    monkeypatch.setattr(outbox_module, "KEPT_ACKNOWLEDGED", 2)
    outbox = Outbox(storage)

    outbox.acknowledge(outbox.state().epoch, 4, 0)

    assert [read_scan(record).sequence for record in records(outbox, everything=True)] == [3, 4, 5]


def test_parcels_are_carried_until_the_server_answers(storage: Storage) -> None:
    """A parcel is taken once; delivered it goes, refused it stays for a person to look at."""
    outbox = Outbox(storage)
    taken = [outbox.add_parcel(body) for body in (b"one", b"two", b"one")]
    (first, _), (second, _) = outbox.parcels()

    outbox.parcel_delivered(first)
    outbox.parcel_not_taken(second, "foreign")

    state = outbox.state()
    assert taken == [True, True, False]
    assert outbox.parcels() == []
    assert (state.parcels_waiting, state.parcels_not_taken) == (0, 1)
    assert outbox.add_parcel(b"two") is False


class OutboxMachine(RuleBasedStateMachine):
    """Any order of scans, failed transactions, crashes and answers: nothing is lost, skipped or numbered twice."""

    @initialize()
    def begin(self) -> None:
        """An empty outbox."""
        self.directory = TemporaryDirectory()
        self.storage = Storage.open(Path(self.directory.name) / "gate.sqlite")
        self.written: list[bytes] = []
        self.acknowledged = 0

    @rule(count=st.integers(1, 4))
    def scan(self, count: int) -> None:
        """Scans are stored."""
        fill(self.storage, count)
        self.written += records(Outbox(self.storage))[-count:]

    @rule()
    def fail(self) -> None:
        """A transaction ends half way."""
        with suppress(KeyboardInterrupt), self.storage.transaction() as connection:
            append(connection, DEVICE, READ)
            raise KeyboardInterrupt

    @rule()
    def restart(self) -> None:
        """The process ends without closing anything, and another one opens the file."""
        other = Storage.open(self.storage.path)
        self.storage.close()
        self.storage = other

    @rule(up_to=st.integers(0, 40))
    def answer(self, up_to: int) -> None:
        """The server answers, perhaps late or wrongly."""
        outbox = Outbox(self.storage)
        outbox.acknowledge(outbox.state().epoch, up_to, 0)
        if self.acknowledged < up_to <= len(self.written):
            self.acknowledged = up_to

    @invariant()
    def nothing_is_lost(self) -> None:
        """What waits is exactly what was written and not answered for, in one chain."""
        if not hasattr(self, "storage"):
            return
        outbox = Outbox(self.storage)
        assert records(outbox) == self.written[self.acknowledged :]
        everything = records(outbox, everything=True)
        assert everything == self.written
        assert all(read_scan(after).previous == scan_hash(before) for before, after in pairwise(everything))
        assert [read_scan(record).sequence for record in everything] == list(range(1, len(everything) + 1))

    def teardown(self) -> None:
        """Clean up."""
        if hasattr(self, "storage"):
            self.storage.close()
            self.directory.cleanup()


OutboxMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestOutboxMachine = OutboxMachine.TestCase


def test_a_batch_knows_its_last_number() -> None:
    """First and last are both inclusive."""
    assert Batch(b"", 5, (b"", b"")).last == 6
