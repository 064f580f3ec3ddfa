"""Trust: from the root alone to keys, lists, bundles and the time; nothing old, foreign or strange passes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import encode
from card.cose import SigningKey, sign1
from card.refusal import CredentialRefused, RefusalReason
from card.statuslist import EntryStatus, sign_status_list
from card.trust import (
    KeySet,
    KeyUse,
    TrustBundle,
    TrustedKey,
    claimed_time,
    read_bundle,
    read_key_set,
    read_time,
    sign_bundle,
    sign_key_set,
    sign_time,
)

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
BEGIN, END = AT - timedelta(days=1), AT + timedelta(days=400)
VERSION = int(AT.timestamp() * 1_000)
DEVICE = UUID(int=7)
ROOT, SECOND, THIRD, ISSUER, STATUS, BUNDLE, STRANGER = (
    SigningKey.from_seed(bytes((seed,)) * 32) for seed in range(1, 8)
)
KEYS = tuple(
    TrustedKey(key.verifying_key, use, BEGIN, END)
    for use, key in ((KeyUse.ISSUER, ISSUER), (KeyUse.STATUS, STATUS), (KeyUse.BUNDLE, BUNDLE))
)
KEY_SET = KeySet(VERSION, AT, END, KEYS, next_root=None)
KEY_SET_TYPE = "application/vnd.sdc.key-set+cose"
BUNDLE_TYPE = "application/vnd.sdc.trust-bundle+cose"


def status_list(key: SigningKey = STATUS) -> bytes:
    """A list with one revoked entry."""
    return sign_status_list(
        uri="sdc:1",
        size=100,
        entries={5: EntryStatus.INVALID},
        issued_at=AT,
        expires_at=END,
        ttl=timedelta(minutes=15),
        key=key,
    )


def bundle(key_set: bytes | None = None, *, at: datetime = AT, key: SigningKey = BUNDLE, **changes: Any) -> bytes:
    """A bundle for the device."""
    values: dict[str, Any] = {"device_id": DEVICE, "status_lists": [status_list()], "tariffs": [b"tariff"]}
    return sign_bundle(key_set=key_set or sign_key_set(KEY_SET, ROOT), at=at, key=key, **(values | changes))


def read(raw: bytes, newer_than: int = -1, **options: int) -> TrustBundle:
    """What the device makes of it."""
    return read_bundle(raw, ROOT.verifying_key, DEVICE, newer_than, **options)


def refusal_of(raw: bytes, newer_than: int = -1, **options: int) -> RefusalReason:
    """Why the device does not trust it."""
    with pytest.raises(CredentialRefused) as refusal:
        read(raw, newer_than, **options)
    return refusal.value.reason


def test_a_key_set_is_read_under_its_root() -> None:
    """Keys, uses, periods and the next root come back."""
    key_set = replace(KEY_SET, next_root=SECOND.verifying_key)

    assert read_key_set(sign_key_set(key_set, ROOT), ROOT.verifying_key) == key_set


@pytest.mark.parametrize(
    ("at", "known"),
    [
        (BEGIN - timedelta(seconds=1), False),
        (BEGIN, True),
        (END - timedelta(seconds=1), True),
        (END, False),
    ],
)
def test_a_key_is_believed_for_its_use_and_period_only(at: datetime, known: bool) -> None:  # noqa: FBT001 - a case
    """The day before, the first moment, the last, and the moment after; and never for another use."""
    expected = {ISSUER.kid: ISSUER.verifying_key} if known else {}

    assert KEY_SET.keys_for(KeyUse.ISSUER, at) == expected
    assert KEY_SET.keys_for(KeyUse.STATUS, AT) == {STATUS.kid: STATUS.verifying_key}


def test_a_withdrawn_key_is_absent_and_a_new_one_is_known_before_it_signs() -> None:
    """A newer key set is all there is to rotation and withdrawal."""
    coming = TrustedKey(STRANGER.verifying_key, KeyUse.ISSUER, AT + timedelta(days=1), END)
    newer = read_key_set(sign_key_set(replace(KEY_SET, keys=(*KEYS[1:], coming)), ROOT), ROOT.verifying_key)

    assert newer.keys_for(KeyUse.ISSUER, AT) == {}
    assert newer.keys_for(KeyUse.ISSUER, AT + timedelta(days=1)) == {STRANGER.kid: STRANGER.verifying_key}


def test_two_keys_of_one_use_need_different_identifiers() -> None:
    """A token names its key by it, so the root does not sign a set in which that is unclear."""
    twin = TrustedKey(KEYS[0].key, KeyUse.ISSUER, AT, END)

    with pytest.raises(ValueError, match="share an identifier"):
        sign_key_set(replace(KEY_SET, keys=(*KEYS, twin)), ROOT)


def test_a_device_that_knows_the_first_root_follows_to_the_third() -> None:
    """Each root names the next in a key set, and the newest key set carries those before it."""
    first = sign_key_set(replace(KEY_SET, next_root=SECOND.verifying_key), ROOT)
    second = sign_key_set(replace(KEY_SET, next_root=THIRD.verifying_key), SECOND, predecessor=first)
    third = sign_key_set(KEY_SET, THIRD, predecessor=second)

    trusted = read(bundle(third))

    assert trusted.root == THIRD.verifying_key
    assert read_key_set(third, THIRD.verifying_key) == read_key_set(third, ROOT.verifying_key) == KEY_SET


@pytest.mark.parametrize(
    "key_set",
    [
        sign_key_set(KEY_SET, STRANGER),
        sign_key_set(KEY_SET, SECOND, predecessor=sign_key_set(KEY_SET, ROOT)),
        sign_key_set(
            KEY_SET, STRANGER, predecessor=sign_key_set(replace(KEY_SET, next_root=SECOND.verifying_key), ROOT)
        ),
        sign_key_set(
            KEY_SET, SECOND, predecessor=sign_key_set(replace(KEY_SET, next_root=SECOND.verifying_key), STRANGER)
        ),
    ],
    ids=["a stranger", "a root not named", "not the one named", "named by a stranger"],
)
def test_no_other_root_is_followed(key_set: bytes) -> None:
    """Only the one that a root before it named, in a key set that this root signed."""
    assert refusal_of(bundle(key_set)) is RefusalReason.BAD_SIGNATURE


def test_a_chain_of_roots_has_an_end() -> None:
    """A key set within a key set within a key set … is followed four times and not for ever."""
    roots = [SigningKey.from_seed(bytes((seed,)) * 32) for seed in range(100, 106)]
    chain = None
    for root, following in pairwise(roots):
        chain = sign_key_set(replace(KEY_SET, next_root=following.verifying_key), root, predecessor=chain)
    assert chain is not None

    with pytest.raises(CredentialRefused) as refusal:
        read_key_set(sign_key_set(KEY_SET, roots[-1], predecessor=chain), roots[0].verifying_key)

    assert read_key_set(chain, roots[0].verifying_key).next_root == roots[-1].verifying_key
    assert refusal.value.reason is RefusalReason.BAD_SIGNATURE


def test_a_bundle_brings_all_that_a_gate_needs() -> None:
    """Version and time, keys, lists by their URI, tariffs as they are, and the root behind them."""
    trusted = read(bundle())

    assert (trusted.version, trusted.issued_at, trusted.device_id) == (VERSION, AT, DEVICE)
    assert trusted.key_set == KEY_SET
    assert trusted.status_lists["sdc:1"].status(5) is EntryStatus.INVALID
    assert trusted.tariffs == (b"tariff",)
    assert trusted.root == ROOT.verifying_key


def test_what_is_older_than_what_the_device_holds_is_refused() -> None:
    """An old bundle, the same again, and an old key set in a new bundle, which could hold a key withdrawn since."""
    assert read(bundle(), VERSION - 1, oldest_key_set=VERSION).version == VERSION
    assert refusal_of(bundle(), VERSION) is RefusalReason.ROLLBACK
    assert refusal_of(bundle(), VERSION + 1) is RefusalReason.ROLLBACK
    assert refusal_of(bundle(), oldest_key_set=VERSION + 1) is RefusalReason.ROLLBACK


def test_a_restored_server_goes_on() -> None:
    """Versions come from the clock and from nothing that a restore could set back."""
    before, restored = bundle(), bundle(at=AT + timedelta(milliseconds=1))

    assert read(restored, read(before).version).version == VERSION + 1


def test_bundles_of_others_are_refused() -> None:
    """Of another device, by a stranger, by a key of another use, with a stranger's list, under an ended key set."""
    ended = sign_key_set(replace(KEY_SET, expires_at=AT), ROOT)

    assert refusal_of(bundle(device_id=UUID(int=8))) is RefusalReason.FOREIGN_DEVICE
    assert refusal_of(bundle(key=STRANGER)) is RefusalReason.UNKNOWN_KEY
    assert refusal_of(bundle(key=ISSUER)) is RefusalReason.UNKNOWN_KEY
    assert refusal_of(bundle(status_lists=[status_list(BUNDLE)])) is RefusalReason.UNKNOWN_KEY
    assert refusal_of(bundle(ended)) is RefusalReason.EXPIRED
    assert refusal_of(bundle(at=END)) is RefusalReason.EXPIRED


@given(st.data())
def test_one_changed_byte_of_a_bundle_is_refused(data: st.DataObject) -> None:
    """No byte of a bundle, of the key set in it or of the lists in it is free to change."""
    raw = bytearray(bundle())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))

    assert refusal_of(bytes(raw)) in RefusalReason


@given(st.binary(max_size=4_096))
def test_arbitrary_bytes_raise_refusals_only(raw: bytes) -> None:
    """As a bundle, as the content of one, as a key set and as a time."""
    assert refusal_of(raw) in RefusalReason
    assert refusal_of(sign1(raw, BUNDLE, typ=BUNDLE_TYPE)) in RefusalReason
    assert refusal_of(bundle(raw or b"\0")) in RefusalReason
    assert refusal_of(bundle(sign1(raw, ROOT, typ=KEY_SET_TYPE))) in RefusalReason
    with pytest.raises(CredentialRefused):
        claimed_time(raw, b"nonce")


def _key_sets() -> Iterator[Any]:
    public = ISSUER.verifying_key.public
    good: dict[int, Any] = {1: 1, 2: 1, 3: 1 << 33, 4: [["issuer", public, 0, 1]], 5: None, 6: None}
    yield []
    yield {1: 1}
    yield good | {7: 1}
    yield good | {1: -1}
    yield good | {2: "1"}
    yield good | {3: 1 << 62}
    yield good | {4: 5}
    yield good | {5: 5}
    yield good | {5: bytes(32)}
    keys: list[Any] = [
        5,
        [],
        ["issuer"],
        ["root", public, 0, 1],
        ["issuer", bytes(32), 0, 1],
        ["issuer", public, True, 1],
    ]
    for key in keys:
        yield good | {4: [key]}


@pytest.mark.parametrize("content", list(_key_sets()), ids=repr)
def test_other_key_sets_are_malformed_though_the_root_signed_them(content: object) -> None:
    """Parts that are missing, unknown, of another type, out of range, or weak keys."""
    assert refusal_of(bundle(sign1(encode(content), ROOT, typ=KEY_SET_TYPE))) is RefusalReason.MALFORMED


def test_a_key_set_of_another_type_is_none() -> None:
    """What else the root may ever sign is no key set."""
    content = {1: 1, 2: 1, 3: 2, 4: [], 5: None, 6: None}

    assert refusal_of(bundle(sign1(encode(content), ROOT))) is RefusalReason.MALFORMED


@pytest.mark.parametrize(
    "changes", [{1: -1}, {1: "1"}, {1: 1 << 63}, {3: 5}, {4: 5}, {4: [5]}, {5: 5}, {5: [5]}, {6: 1}], ids=repr
)
def test_other_bundles_are_malformed_though_they_are_signed(changes: dict[int, Any]) -> None:
    """Parts of another type, out of range, or unknown."""
    content: dict[int, Any] = {1: VERSION, 2: DEVICE.bytes, 3: sign_key_set(KEY_SET, ROOT), 4: [], 5: []}
    raw = sign1(encode(content | changes), BUNDLE, typ=BUNDLE_TYPE)

    assert refusal_of(raw) is RefusalReason.MALFORMED


def test_the_time_is_good_for_its_nonce_and_key() -> None:
    """Milliseconds come back; another nonce, another key or another kind of message is refused."""
    keys = KEY_SET.keys_for(KeyUse.BUNDLE, AT)
    at = AT + timedelta(milliseconds=5)
    raw = sign_time(b"nonce", at, BUNDLE)
    bundled = sign1(encode({1: b"nonce", 2: VERSION}), BUNDLE, typ=BUNDLE_TYPE)

    assert read_time(raw, b"nonce", keys) == claimed_time(raw, b"nonce") == at
    for other, nonce, reason in (
        (raw, b"other", RefusalReason.WRONG_NONCE),
        (sign_time(b"nonce", at, STRANGER), b"nonce", RefusalReason.UNKNOWN_KEY),
        (bundled, b"nonce", RefusalReason.MALFORMED),
    ):
        with pytest.raises(CredentialRefused) as refusal:
            read_time(other, nonce, keys)
        assert refusal.value.reason is reason


@pytest.mark.parametrize("milliseconds", [-1, "1", 1 << 63])
def test_a_time_that_is_none_is_malformed(milliseconds: object) -> None:
    """Though it is signed and answers the question."""
    raw = sign1(encode({1: b"nonce", 2: milliseconds}), BUNDLE, typ="application/vnd.sdc.time+cose")

    with pytest.raises(CredentialRefused) as refusal:
        read_time(raw, b"nonce", KEY_SET.keys_for(KeyUse.BUNDLE, AT))

    assert refusal.value.reason is RefusalReason.MALFORMED
