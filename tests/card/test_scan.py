"""Scan records, heads and uploads: one form of bytes, chained, and read strictly."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import decode, encode
from card.cose import SigningKey, sign1
from card.refusal import CredentialRefused, RefusalReason
from card.scan import (
    MAX_SCAN_BYTES,
    NO_RECORD,
    Head,
    Position,
    Scan,
    _usual,
    encode_scan,
    encode_upload,
    instant,
    milliseconds,
    read_head,
    read_scan,
    read_upload,
    scan_hash,
    sign_head,
)
from card.tariff import Outcome

if TYPE_CHECKING:
    from tests.card.conftest import District

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SCAN = Scan(
    device_id=UUID(int=1),
    epoch=b"epoch..1",
    sequence=1,
    previous=NO_RECORD,
    at=NOON,
    text="SDC1:ABC",
    admission=Outcome.FREE,
    reason=None,
    companions=1,
    bundle_version=1_000,
    place="人民路",
    override=False,
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80)
scans = st.builds(
    Scan,
    device_id=st.uuids(),
    epoch=st.binary(min_size=8, max_size=8),
    sequence=st.integers(1, (1 << 63) - 1),
    previous=st.binary(min_size=32, max_size=32),
    at=st.datetimes(datetime(1970, 1, 1), datetime(9000, 1, 1)).map(lambda at: instant(milliseconds(at.replace(tzinfo=UTC)))),  # noqa: DTZ001, E501 - made aware at once
    text=texts,
    admission=st.sampled_from(Outcome),
    reason=st.none() | st.sampled_from(RefusalReason),
    companions=st.integers(0, 9),
    bundle_version=st.integers(0, 1 << 50),
    place=st.none() | texts,
    override=st.booleans(),
    position=st.none() | st.builds(Position, st.integers(-900_000, 900_000), st.integers(-1_800_000, 1_800_000)),
)  # fmt: skip
values = st.none() | st.booleans() | st.integers(-5, 1 << 63) | st.text(max_size=5) | st.binary(max_size=40)


@given(scans)
def test_what_is_written_is_read(scan: Scan) -> None:
    """Every scan survives its encoding, and has one encoding only."""
    raw = encode_scan(scan)

    assert read_scan(raw) == scan
    assert len(raw) <= MAX_SCAN_BYTES


@given(st.binary(max_size=400))
def test_unknown_bytes_are_refused_and_nothing_else(raw: bytes) -> None:
    """Bytes of unknown origin raise CredentialRefused and no other error, wherever they are read."""
    key = SigningKey.from_seed(bytes(32)).verifying_key

    with pytest.raises(CredentialRefused):
        read_scan(raw)
    with pytest.raises(CredentialRefused):
        read_head(raw, key)
    with pytest.raises(CredentialRefused):
        read_upload(raw, 400, 10)


@given(scans, st.integers(1, 12), values)
def test_a_changed_field_is_read_as_itself_or_refused(scan: Scan, key: int, value: Any) -> None:
    """No value of another type or range slips into a record as something else."""
    raw = encode(decode(encode_scan(scan), MAX_SCAN_BYTES) | {key: value})

    try:
        read = read_scan(raw)
    except CredentialRefused:
        return
    assert encode_scan(read) == raw


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (1, b"short"),
        (1, "text"),
        (2, b"1234567"),
        (3, 0),
        (3, 1 << 63),
        (3, True),
        (4, b""),
        (5, -1),
        (5, True),
        (5, (1 << 64) - 1),
        (6, "\0"),
        (6, "x" * 1_025),
        (6, b"x"),
        (7, "free!"),
        (8, "no_reason"),
        (9, 10),
        (10, -1),
        (11, 5),
        (11, "x" * 81),
        (12, 1),
        (13, None),
    ],
)
def test_a_bad_field_is_malformed(key: int, value: Any) -> None:
    """Each field has its type and its range, and there is no other field."""
    raw = encode(decode(encode_scan(SCAN), MAX_SCAN_BYTES) | {key: value})

    with pytest.raises(CredentialRefused) as refusal:
        read_scan(raw)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_the_hash_is_of_the_bytes() -> None:
    """The chain can be followed by anybody who has the records."""
    assert scan_hash(b"record") == hashlib.sha256(b"record").digest()


def test_a_head_says_who_signed_what(district: District) -> None:
    """A head is read with the device's key, and with no other."""
    head = Head(district.device_id, b"epoch..1", 7, scan_hash(b"record"), NOON)
    raw = sign_head(head.device_id, head.epoch, head.sequence, head.hash, head.at, district.device_key)

    assert read_head(raw, district.device_key.verifying_key) == head
    with pytest.raises(CredentialRefused) as refusal:
        read_head(raw, district.holder.verifying_key)
    assert refusal.value.reason is RefusalReason.BAD_SIGNATURE


def test_another_kind_of_message_is_no_head(district: District) -> None:
    """What the device signed for another purpose cannot be passed off as a head."""
    raw = sign1(encode({1: bytes(16), 2: bytes(8), 3: 1, 4: bytes(32), 5: 0}), district.device_key, typ="other")

    with pytest.raises(CredentialRefused) as refusal:
        read_head(raw, district.device_key.verifying_key)

    assert refusal.value.reason is RefusalReason.MALFORMED


@pytest.mark.parametrize(
    "content",
    [
        [],
        {1: bytes(16)},
        {1: bytes(16), 2: bytes(8), 3: True, 4: bytes(32), 5: 0},
        {1: bytes(16), 2: bytes(8), 3: 0, 4: bytes(32), 5: 0},
        {1: bytes(16), 2: bytes(7), 3: 1, 4: bytes(32), 5: 0},
        {1: bytes(15), 2: bytes(8), 3: 1, 4: bytes(32), 5: 0},
        {1: bytes(16), 2: bytes(8), 3: 1, 4: bytes(32), 5: "0"},
    ],
)
def test_a_bad_head_is_malformed(district: District, content: object) -> None:
    """A device that signs nonsense is told so."""
    raw = sign1(encode(content), district.device_key, typ="application/vnd.sdc.scan-head+cose")

    with pytest.raises(CredentialRefused) as refusal:
        read_head(raw, district.device_key.verifying_key)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_an_upload_is_read_without_reading_its_records() -> None:
    """One bad record must not cost the others, so records stay bytes here."""
    upload = read_upload(encode_upload(b"head", [b"one", b"two"]), 1_000, 2)

    assert upload.head == b"head"
    assert upload.records == (b"one", b"two")


@pytest.mark.parametrize("content", [[], {1: b""}, {1: b"", 2: {}}, {1: "", 2: []}, {1: b"", 2: [1]}])
def test_a_bad_upload_is_malformed(content: object) -> None:
    """An upload is a head and an array of byte strings."""
    with pytest.raises(CredentialRefused) as refusal:
        read_upload(encode(content), 1_000, 2)

    assert refusal.value.reason is RefusalReason.MALFORMED


@pytest.mark.parametrize(("max_bytes", "max_records"), [(10, 2), (1_000, 1)])
def test_an_upload_beyond_a_limit_is_too_large(max_bytes: int, max_records: int) -> None:
    """Bytes and records are both bounded."""
    with pytest.raises(CredentialRefused) as refusal:
        read_upload(encode_upload(b"head", [b"one", b"two"]), max_bytes, max_records)

    assert refusal.value.reason is RefusalReason.TOO_LARGE


def test_milliseconds_are_cut_not_rounded() -> None:
    """A record's time is never in the device's future."""
    assert instant(milliseconds(NOON + timedelta(microseconds=1_999))) == NOON + timedelta(milliseconds=1)


def test_a_scan_out_of_range_is_not_written() -> None:
    """What could not be read again is not written either."""
    with pytest.raises(ValueError, match="companions"):
        replace(SCAN, companions=10)


usual = st.builds(
    replace,
    st.just(SCAN),
    text=st.text("ABC:$", min_size=24, max_size=300),
    place=st.none() | texts,
    sequence=st.integers(1, 1 << 40),
    bundle_version=st.integers(1 << 32, 1 << 50),
    reason=st.none() | st.sampled_from(RefusalReason),
)


@given(usual, st.integers(0, 500), st.integers(0, 255))
def test_a_usual_record_is_read_as_any_other(scan: Scan, place: int, byte: int) -> None:
    """The short way and the careful one agree on every record, and on what becomes of one whose bytes were altered."""
    raw = encode_scan(scan)
    altered = bytearray(raw)
    altered[place % len(raw)] = byte
    for each in (raw, bytes(altered)):
        short = _usual(each)

        assert short is None or short == decode(each, MAX_SCAN_BYTES)
    assert scan.sequence >= 1 << 32 or _usual(raw) is not None


def test_a_place_that_is_no_text_is_read_with_care() -> None:
    """Half a character, or a length that is not the text's, is no usual record, and refused as any other."""
    raw = encode_scan(replace(SCAN, bundle_version=1 << 40, text="SDC1:" + "A" * 30))
    torn = raw.replace("人".encode(), b"\xff\xff\xff")
    longer = raw.replace(b"\x64free", b"\x65free")

    assert _usual(raw) is not None
    assert (_usual(torn), _usual(longer)) == (None, None)
    with pytest.raises(CredentialRefused, match="malformed"):
        read_scan(torn)


@pytest.mark.parametrize("position", [[1], [1, 2, 3], ["a", "b"], 5, {1: 2, 3: 4}, [900_001, 0], [0, -1_800_001], None])
def test_a_position_is_two_numbers_on_the_globe(position: Any) -> None:
    """Everything else makes the record malformed."""
    content = {**decode(encode_scan(SCAN), MAX_SCAN_BYTES), 13: position}

    with pytest.raises(CredentialRefused, match="malformed"):
        read_scan(encode(content))
