"""The Token Status List: the draft's own vectors, the cap on what is inflated, and what a signed list may look like."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import encode
from card.cose import SigningKey, sign1
from card.refusal import CredentialRefused, RefusalReason
from card.statuslist import MAX_ENTRIES, STATUS_LIST_TYPE, EntryStatus, StatusList, deflate, inflate, sign_status_list

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
KEY = SigningKey.from_seed(bytes(range(32)))
KEYS = {KEY.kid: KEY.verifying_key}
# draft-ietf-oauth-status-list, section 4.1 (12 entries) and the appendix's vectors (2^20 entries), both of 2 bits.
SHORT = (
    "78da3be9f2130003df0207",
    dict(enumerate([0b01, 0b10, 0b00, 0b11, 0b00, 0b01, 0b00, 0b01, 0b01, 0b10, 0b11, 0b11])),
)
LONG = (
    (
        "78daeddb310d00211000412ea1a04004fe5520ed357c28c81d3312b6df68bc65480000000000406e210100000000000000000000"
        "00000000000000000000000000000000000000000040795b02000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0080f4ba0400000000000000000000000000406d764a000000000000000000000000000000000000000000e09221010000000000"
        "00000000000000000000000000fc131200000000000000000000000000000000000000000000000000000000000000c0912e0100"
        "0000000000000000000000000000000000c07d4b02000000000000000000000000000000a8614a0000000000000000000000406a"
        "1fcd60010c"
    ),
    {
        0: 0b01,
        1993: 0b10,
        25460: 0b01,
        159495: 0b11,
        495669: 0b01,
        554353: 0b01,
        645645: 0b10,
        723232: 0b01,
        854545: 0b01,
        934534: 0b10,
        1000345: 0b11,
    },
)


def signed(entries: dict[int, EntryStatus], size: int = 1_000) -> bytes:
    """A list signed by the key that is trusted."""
    return sign_status_list(
        uri="sdc:1",
        size=size,
        entries=entries,
        issued_at=AT,
        expires_at=AT + timedelta(days=7),
        ttl=timedelta(minutes=15),
        key=KEY,
    )


@pytest.mark.parametrize(("compressed", "entries"), [SHORT, LONG], ids=["section 4.1", "appendix"])
def test_the_drafts_vectors_are_read_and_written(compressed: str, entries: dict[int, int]) -> None:
    """Two bits an entry, the first entry in the lowest bits; the same bytes in both directions, and 0 elsewhere."""
    size = 12 if len(entries) == 12 else MAX_ENTRIES
    packed = inflate(bytes.fromhex(compressed))

    assert inflate(deflate(size, entries)) == packed
    assert {index: packed[index // 4] >> 2 * (index % 4) & 3 for index in entries} == entries
    assert sum(byte.bit_count() for byte in packed) == sum(status.bit_count() for status in entries.values())


@given(st.integers(1, 5_000), st.data())
def test_a_signed_list_answers_for_each_index(size: int, data: st.DataObject) -> None:
    """Entries that were named have their state, the others are valid, and beyond the list nothing is known."""
    entries = data.draw(st.dictionaries(st.integers(0, size - 1), st.sampled_from(EntryStatus), max_size=20))
    statuses = StatusList.read(signed(entries, size), KEYS)

    assert {index: statuses.status(index) for index in entries} == entries
    assert statuses.status(size - 1) is entries.get(size - 1, EntryStatus.VALID)
    for index in (-1, size + 3, 1 << 40):
        with pytest.raises(CredentialRefused) as refusal:
            statuses.status(index)
        assert refusal.value.reason is RefusalReason.STATUS_UNKNOWN


def test_a_list_says_where_it_belongs_and_how_long_it_is_good() -> None:
    """URI, times and ttl come back."""
    statuses = StatusList.read(signed({}), KEYS)

    assert (statuses.uri, statuses.issued_at, statuses.expires_at, statuses.ttl) == (
        "sdc:1",
        AT,
        AT + timedelta(days=7),
        timedelta(minutes=15),
    )


def test_the_application_specific_value_means_nothing_here() -> None:
    """A 3 is neither valid nor revoked: the state is unknown."""
    content = {2: "sdc:1", 4: 2, 6: 1, 65533: {"bits": 2, "lst": deflate(4, {1: 3})}, 65534: 900}
    statuses = StatusList.read(sign1(encode(content), KEY, typ=STATUS_LIST_TYPE), KEYS)

    with pytest.raises(CredentialRefused) as refusal:
        statuses.status(1)

    assert refusal.value.reason is RefusalReason.STATUS_UNKNOWN


def test_inflating_stops_at_the_cap() -> None:
    """A list of 2^20 entries is read; one byte more, or 64 megabytes from a small token, are refused on the way."""
    assert len(inflate(deflate(MAX_ENTRIES, {}))) == MAX_ENTRIES // 4
    for size in (MAX_ENTRIES // 4 + 1, 64 << 20):
        with pytest.raises(CredentialRefused) as refusal:
            inflate(zlib.compress(bytes(size), 9))
        assert refusal.value.reason is RefusalReason.TOO_LARGE


@pytest.mark.parametrize(
    "packed", [b"", b"no zlib", zlib.compress(bytes(99))[:-1], zlib.compress(bytes(99)) + b"\0"], ids=repr
)
def test_what_is_not_one_whole_stream_is_refused(packed: bytes) -> None:
    """Nothing, something else, a stream cut short, and bytes after its end."""
    with pytest.raises(CredentialRefused) as refusal:
        inflate(packed)

    assert refusal.value.reason is RefusalReason.MALFORMED


@pytest.mark.parametrize(("size", "entries"), [(0, {}), (MAX_ENTRIES + 1, {}), (4, {4: 1}), (4, {-1: 1})])
def test_a_list_that_could_not_be_read_is_not_written(size: int, entries: dict[int, int]) -> None:
    """More entries than the cap, and indices that the list has not."""
    with pytest.raises(ValueError, match="status list"):
        deflate(size, entries)


def _contents() -> Iterator[Any]:
    good: dict[int, Any] = {2: "sdc:1", 4: 2, 6: 1, 65533: {"bits": 2, "lst": deflate(4, {})}, 65534: 900}
    yield []
    for claim in good:
        yield {key: value for key, value in good.items() if key != claim}
    yield good | {99: 1}
    yield good | {2: b"sdc:1"}
    for claim in (4, 6, 65534):
        yield good | {claim: -1}
        yield good | {claim: 1 << 32}
        yield good | {claim: True}
    for listed in ({}, {"bits": 1, "lst": b""}, {"bits": 2}, {"bits": 2, "lst": ""}, {"bits": 2, "lst": b"", "x": 1}):
        yield good | {65533: listed}


@pytest.mark.parametrize("content", list(_contents()), ids=repr)
def test_other_lists_are_malformed_though_they_are_signed(content: object) -> None:
    """Claims that are missing, unknown or of another type, and entries of another width."""
    token = sign1(encode(content), KEY, typ=STATUS_LIST_TYPE)

    with pytest.raises(CredentialRefused) as refusal:
        StatusList.read(token, KEYS)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_a_list_of_another_type_is_no_list() -> None:
    """The type in the protected header keeps tokens of one key apart."""
    content = {2: "sdc:1", 4: 2, 6: 1, 65533: {"bits": 2, "lst": deflate(4, {})}, 65534: 900}

    with pytest.raises(CredentialRefused) as refusal:
        StatusList.read(sign1(encode(content), KEY), KEYS)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_a_full_list_with_everything_in_it_is_read() -> None:
    """Entries without any pattern, which zlib cannot make smaller, still pass the limit on a token's size."""
    entries = {index: EntryStatus(index * index * 7_919 % 1_000_003 % 3) for index in range(MAX_ENTRIES)}
    statuses = StatusList.read(signed(entries, MAX_ENTRIES), KEYS)

    assert all(statuses.status(index) is entries[index] for index in range(0, MAX_ENTRIES, 997))
