"""Scans carried by hand: whole, of one chain, and saved even from a damaged database."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card import parcel
from card.outbox import Outbox, Read, append
from card.parcel import read_parcel, salvaged
from card.refusal import CredentialRefused
from card.scan import encode_scan, encode_upload, read_scan
from card.storage import Storage
from card.tariff import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.card.conftest import District

READ = Read(datetime(2026, 11, 24, 4, tzinfo=UTC), "SDC1:ABC", Outcome.FREE, None, 0, 1, None)


def filled(path: Path, district: District, count: int) -> list[bytes]:
    """The records of a database with so many scans."""
    with closing(Storage.open(path)) as storage:
        with storage.transaction() as connection:
            for _ in range(count):
                append(connection, district.device_id, READ)
        return [record for batch in Outbox(storage).batches() for record in batch.records]


def test_a_parcel_says_whose_scans_it_holds(tmp_path: Path, district: District) -> None:
    """Device, epoch, first and last number."""
    records = filled(tmp_path / "gate.sqlite", district, 5)[1:4]

    read = read_parcel(encode_upload(b"head", records))

    assert (read.device_id, read.first, read.last) == (district.device_id, 2, 4)
    assert read.epoch == read_scan(records[0]).epoch


def test_records_that_are_not_one_chain_are_no_parcel(tmp_path: Path, district: District) -> None:
    """Left out, changed, mixed or none at all: the file is refused."""
    one, two, three = filled(tmp_path / "gate.sqlite", district, 3)
    other = encode_scan(replace(read_scan(two), epoch=b"another."))

    for records in (
        [],
        [one, three],
        [two, one],
        [one, other],
        [one, encode_scan(replace(read_scan(two), sequence=3))],
    ):
        with pytest.raises(CredentialRefused):
            read_parcel(encode_upload(b"head", records))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_parcel_or_refused(raw: bytes) -> None:
    """A stick with something else on it raises nothing else."""
    with pytest.raises(CredentialRefused):
        read_parcel(raw)


def test_a_whole_database_is_salvaged_whole(
    tmp_path: Path, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In stretches that an upload takes."""
    records = filled(tmp_path / "gate.sqlite", district, 5)
    monkeypatch.setattr(parcel, "MAX_BATCH", 2)

    batches = list(salvaged(tmp_path / "gate.sqlite"))

    assert [(batch.first, batch.last) for batch in batches] == [(1, 2), (3, 4), (5, 5)]
    assert [record for batch in batches for record in batch.records] == records
    assert {batch.epoch for batch in batches} == {read_scan(records[0]).epoch}


def test_a_torn_database_gives_what_can_still_be_read(tmp_path: Path, district: District) -> None:
    """A page in the middle is lost; what lies before and after it is saved, each record as it was."""
    path = tmp_path / "gate.sqlite"
    records = filled(path, district, 400)
    raw = bytearray(path.read_bytes())
    middle = raw.index(records[200]) // 4_096 * 4_096
    raw[middle : middle + 4_096] = bytes(4_096)
    path.write_bytes(raw)

    batches = list(salvaged(path))

    saved = {read_scan(record).sequence: record for batch in batches for record in batch.records}
    assert len(batches) > 1
    assert 1 in saved
    assert 400 in saved
    assert 201 not in saved
    assert all(records[sequence - 1] == record for sequence, record in saved.items())


def test_records_that_are_none_are_left_out(tmp_path: Path, district: District) -> None:
    """A record whose bytes were changed is not handed in as one."""
    path = tmp_path / "gate.sqlite"
    filled(path, district, 3)
    with closing(Storage.open(path)) as storage:
        storage.connection.execute("UPDATE scan SET record = x'00' WHERE sequence = 2")

    assert [(batch.first, batch.last) for batch in salvaged(path)] == [(1, 1), (3, 3)]


def test_nothing_is_salvaged_from_something_else(tmp_path: Path) -> None:
    """Another file gives no scans and no error."""
    (tmp_path / "text").write_text("text")

    assert list(salvaged(tmp_path / "text")) == []
