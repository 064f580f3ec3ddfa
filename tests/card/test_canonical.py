"""Deterministic CBOR: one value, one form of bytes; held against cbor2, which reads the same values."""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import decode, encode
from card.refusal import CredentialRefused, RefusalReason

KEYS = st.integers(-(1 << 64), (1 << 64) - 1) | st.text(max_size=8)
SCALARS = KEYS | st.binary(max_size=40) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)


@given(VALUES)
def test_what_is_written_is_read_back_here_and_by_a_stranger(value: Any) -> None:
    """Our decoder and cbor2 both read our bytes as the value; written by cbor2 for scalars, they are the same bytes."""
    raw = encode(value)

    assert decode(raw, len(raw)) == value
    assert cbor2.loads(raw) == value
    if not isinstance(value, dict | list):
        assert cbor2.dumps(value) == raw


@given(st.binary(max_size=64) | VALUES.map(cbor2.dumps))
def test_whatever_is_read_has_no_second_form(raw: bytes) -> None:
    """Any bytes are either refused with a reason or the very bytes that `encode` writes of their value."""
    try:
        value = decode(raw, 4_096)
    except CredentialRefused:
        return

    assert encode(value) == raw


def test_map_keys_stand_in_the_order_of_their_bytes() -> None:
    """The order is RFC 8949's (bytewise), not RFC 7049's (shorter keys first)."""
    raw = encode({"a": 1, -1: 2, 65535: 3, 8: 4})

    assert raw.hex() == "a4080419ffff032002616101"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", RefusalReason.MALFORMED),
        ("0000", RefusalReason.NOT_CANONICAL),
        ("1817", RefusalReason.NOT_CANONICAL),
        ("1900ff", RefusalReason.NOT_CANONICAL),
        ("1a0000ffff", RefusalReason.NOT_CANONICAL),
        ("1b00000000ffffffff", RefusalReason.NOT_CANONICAL),
        ("5f4100ff", RefusalReason.NOT_CANONICAL),
        ("9fff", RefusalReason.NOT_CANONICAL),
        ("a201010101", RefusalReason.NOT_CANONICAL),
        ("a202010101", RefusalReason.NOT_CANONICAL),
        ("19ff", RefusalReason.MALFORMED),
        ("1c", RefusalReason.MALFORMED),
        ("4201", RefusalReason.MALFORMED),
        ("61ff", RefusalReason.MALFORMED),
        ("8201", RefusalReason.MALFORMED),
        ("a1f400", RefusalReason.MALFORMED),
        ("a1410000", RefusalReason.MALFORMED),
        ("a18000", RefusalReason.MALFORMED),
        ("c100", RefusalReason.MALFORMED),
        ("d81c80", RefusalReason.MALFORMED),
        ("f7", RefusalReason.MALFORMED),
        ("f93c00", RefusalReason.MALFORMED),
        ("81" * 9 + "00", RefusalReason.MALFORMED),
        ("9a7fffffff", RefusalReason.MALFORMED),
        ("bb7fffffffffffffff", RefusalReason.MALFORMED),
        ("5b7fffffffffffffff", RefusalReason.MALFORMED),
    ],
)
def test_other_bytes_are_refused_with_their_reason(raw: str, reason: RefusalReason) -> None:
    """Long forms, indefinite lengths, unsorted or repeated keys, tags, floats, depth, and lengths that lie."""
    with pytest.raises(CredentialRefused) as refusal:
        decode(bytes.fromhex(raw), 4_096)

    assert refusal.value.reason is reason


def test_size_is_judged_before_anything_is_read() -> None:
    """A text that is too long is refused as such, whatever it holds."""
    with pytest.raises(CredentialRefused) as refusal:
        decode(b"\xff" * 5, 4)

    assert refusal.value.reason is RefusalReason.TOO_LARGE


@pytest.mark.parametrize("value", [1.5, {1}, {b"key": 1}, {True: 1}, object()])
def test_the_format_has_no_other_types(value: object) -> None:
    """What could not be read back is not written."""
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("value", [1 << 64, -(1 << 64) - 1])
def test_integers_have_64_bits(value: int) -> None:
    """Larger ones would need a tag."""
    with pytest.raises(OverflowError):
        encode(value)
