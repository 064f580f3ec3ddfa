"""COSE_Sign1: what is signed is verified under one pinned algorithm, and nothing lies outside the signature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import decode, encode
from card.cose import (
    MAX_TOKEN_BYTES,
    SigningKey,
    VerifyingKey,
    _usual,
    is_sound_key,
    key_of,
    read_sign1,
    sign1,
    verifies,
    verify1,
)
from card.refusal import CredentialRefused, RefusalReason

KEY = SigningKey.from_seed(bytes(range(32)))
KEYS = {KEY.kid: KEY.verifying_key}
# Points of order 1, 2, 4 and 8, and 0 in the form that names p.
WEAK_KEYS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def refusal_of(token: bytes, **options: object) -> RefusalReason:
    """Why a token is not accepted."""
    with pytest.raises(CredentialRefused) as refusal:
        verify1(token, KEYS, **options)  # type: ignore[arg-type]  # the tests name the options
    return refusal.value.reason


@given(st.binary(max_size=100), st.sampled_from([None, "application/cwt"]), st.booleans())
def test_what_was_signed_is_given_back(payload: bytes, typ: str | None, with_kid: bool) -> None:  # noqa: FBT001 - drawn
    """Payload and type come back under the key, named or given."""
    token = sign1(payload, KEY, typ=typ, with_kid=with_kid)

    assert verify1(token, KEY.verifying_key, typ=typ) == payload
    if with_kid:
        assert verify1(token, KEYS, typ=typ) == payload


@given(st.binary(max_size=40), st.data())
def test_one_changed_byte_is_refused(payload: bytes, data: st.DataObject) -> None:
    """No byte of a message is free to change, whatever it is changed to."""
    token = bytearray(sign1(payload, KEY))
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))

    assert refusal_of(bytes(token)) in RefusalReason


@given(st.binary(max_size=4_096))
def test_arbitrary_bytes_raise_refusals_only(raw: bytes) -> None:
    """Bytes of unknown origin never raise anything else."""
    assert refusal_of(raw) in RefusalReason
    assert refusal_of(b"\xd2" + raw) in RefusalReason


def test_a_type_that_was_not_asked_for_is_refused() -> None:
    """One key may sign two kinds of thing, and neither passes for the other."""
    token = sign1(b"", KEY, typ="application/cwt")

    assert refusal_of(token) is RefusalReason.MALFORMED
    assert refusal_of(token, typ="application/other") is RefusalReason.MALFORMED


def test_a_message_with_a_certificate_is_no_plain_message() -> None:
    """The header kcwt is for presentations, which know what to do with it."""
    token = sign1(b"", KEY, certificate=sign1(b"", KEY))

    assert refusal_of(token) is RefusalReason.MALFORMED


def test_a_message_larger_than_allowed_is_refused_unread() -> None:
    """The limit counts every byte."""
    token = sign1(bytes(100), KEY)

    assert verify1(token, KEYS, limit=len(token)) == bytes(100)
    assert refusal_of(token, limit=len(token) - 1) is RefusalReason.TOO_LARGE


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ([1], RefusalReason.MALFORMED),
        ({1: -8, 4: 5}, RefusalReason.MALFORMED),
        ({1: -8, 4: KEY.kid, 16: 61}, RefusalReason.MALFORMED),
        ({1: -8, 4: KEY.kid, 13: []}, RefusalReason.MALFORMED),
        ({1: -8, 2: [99], 4: KEY.kid}, RefusalReason.MALFORMED),
        ({1: -7, 4: KEY.kid}, RefusalReason.WRONG_ALGORITHM),
        ({4: KEY.kid}, RefusalReason.WRONG_ALGORITHM),
        ({1: -8}, RefusalReason.UNKNOWN_KEY),
        ({1: -8, 4: b"someone"}, RefusalReason.UNKNOWN_KEY),
    ],
)
def test_no_other_header_is_accepted(header: object, reason: RefusalReason) -> None:
    """Unknown headers, critical ones among them, other algorithms, and keys not named or not known."""
    protected = encode(header)
    signature = KEY.sign(encode(["Signature1", protected, b"", b""]))

    assert refusal_of(b"\xd2" + encode([protected, {}, b"", signature])) is reason


@pytest.mark.parametrize(
    "content",
    [
        [b"\xa1\x01\x27", {4: b"x"}, b"", bytes(64)],
        [b"\xa1\x01\x27", {}, None, bytes(64)],
        [b"\xa1\x01\x27", {}, b""],
        [b"\xa1\x01\x27", {}, b"", "text"],
        [{1: -8}, {}, b"", bytes(64)],
        [b"\xa1\x01\x27", [], b"", bytes(64)],
        {},
    ],
)
def test_no_other_structure_is_a_message(content: object) -> None:
    """Something unprotected, a detached payload, and what is no COSE_Sign1 at all."""
    assert refusal_of(b"\xd2" + encode(content)) is RefusalReason.MALFORMED


def test_the_identity_is_that_of_the_signed_content() -> None:
    """Two messages that differ in what is signed differ in identity; a repeated signature does not make another."""
    one, other = sign1(b"1", KEY), sign1(b"2", KEY)

    identities = [read_sign1(token).check(KEY.verifying_key.public) for token in (one, one, other)]

    assert identities[0] == identities[1] != identities[2]


@pytest.mark.parametrize("public", WEAK_KEYS)
def test_keys_of_small_order_are_refused(public: str) -> None:
    """Signatures under them can be made up, so they are no keys; libsodium refuses their signatures as well."""
    weak = bytes.fromhex(public)

    assert not is_sound_key(weak)
    assert not verifies(weak, b"anything", bytes((1,)) + bytes(63))
    with pytest.raises(ValueError, match="full order"):
        VerifyingKey.of(weak)


@pytest.mark.parametrize(("public", "signature"), [(b"", bytes(64)), (KEY.verifying_key.public, bytes(63))])
def test_lengths_are_checked_before_the_signature(public: bytes, signature: bytes) -> None:
    """A key or a signature of another length verifies nothing and raises nothing."""
    assert not verifies(public, b"", signature)


def test_a_generated_key_avoids_identifiers_that_are_taken() -> None:
    """With all identifiers but one taken, that one is drawn."""
    taken = {bytes((value,)) for value in range(256)} - {b"\x2a"}

    assert SigningKey.generate(taken).kid == b"\x2a"


def test_a_seed_has_32_bytes() -> None:
    """Any other length is a mistake and named so."""
    with pytest.raises(ValueError, match="32 bytes"):
        SigningKey.from_seed(bytes(31))


def test_private_keys_do_not_show_in_repr() -> None:
    """A key that lands in a log tells its identifier only."""
    assert KEY.seed.hex() not in repr(KEY)
    assert "seed" not in repr(KEY)


def test_a_message_without_an_identifier_has_no_key() -> None:
    """It can only be verified under a key that is given."""
    with pytest.raises(CredentialRefused) as refusal:
        key_of(read_sign1(sign1(b"", KEY, with_kid=False)), KEYS)

    assert refusal.value.reason is RefusalReason.UNKNOWN_KEY


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_a_usual_message_is_taken_apart_as_any_other(payload: bytes, place: int, byte: int) -> None:
    """The short way and the careful one agree on every message, and on what becomes of one with altered bytes."""
    token = sign1(payload, KEY)
    altered = bytearray(token)
    altered[place % len(token)] = byte

    for each in (token, bytes(altered)):
        short = _usual(each, MAX_TOKEN_BYTES)

        if short is not None:
            protected, content, signature = short
            assert decode(each[1:], MAX_TOKEN_BYTES) == [protected, {}, content, signature]
    assert len(payload) >= 256 or _usual(token, MAX_TOKEN_BYTES) is not None
    assert _usual(token, len(token) - 1) is None
