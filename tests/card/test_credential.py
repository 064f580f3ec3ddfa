"""Credentials: what the issuer said is read back, and nothing else passes for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import decode, encode
from card.cose import SigningKey, read_sign1, sign1
from card.credential import (
    SHORT_CLASSES,
    CredentialClaims,
    CredentialKind,
    StatusReference,
    VerifiedCredential,
    _usual,
    check_proof,
    issue,
    prove,
    verify_credential,
)
from card.refusal import CredentialRefused, RefusalReason

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
ISSUER, HOLDER = (SigningKey.from_seed(bytes((seed,)) * 32) for seed in (1, 2))
KEYS = {ISSUER.kid: ISSUER.verifying_key}
PASS = CredentialClaims(
    cti=b"",
    kind=CredentialKind.PASS,
    pseudonym=bytes(16),
    access_classes=("ride", "venue"),
    issued_at=AT,
    expires_at=AT + timedelta(days=7),
    holder_key=HOLDER.verifying_key.public,
    status=StatusReference("sdc:1", 1_000_000),
    masked_name=None,
)
ONLINE = replace(
    PASS,
    kind=CredentialKind.ONLINE,
    holder_key=None,
    status=None,
    masked_name="王**",
    expires_at=AT + timedelta(seconds=30),
)
SECONDS = st.integers(0, (1 << 32) - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CLASSES = st.sets(st.sampled_from(SHORT_CLASSES) | st.text(min_size=1, max_size=12), max_size=4)


@st.composite
def any_claims(draw: st.DrawFn) -> CredentialClaims:
    """Claims of each kind, with everything that may be missing present or not."""
    kind = draw(st.sampled_from(CredentialKind))
    begins, ends = sorted(draw(st.lists(SECONDS, min_size=2, max_size=2, unique=True)))
    return CredentialClaims(
        cti=draw(st.binary(max_size=16)),
        kind=kind,
        pseudonym=draw(st.binary(min_size=16, max_size=16)),
        access_classes=tuple(sorted(draw(CLASSES))),
        issued_at=draw(st.sampled_from([begins, ends - timedelta(seconds=30)])) if begins.year > 1970 else begins,
        expires_at=ends,
        holder_key=HOLDER.verifying_key.public if kind is CredentialKind.PASS else None,
        status=draw(st.none() | st.builds(StatusReference, st.text(max_size=20), st.integers(0, 1 << 40))),
        masked_name=draw(st.none() | st.text(max_size=8)),
    )


@given(any_claims())
def test_what_was_issued_is_verified_as_it_was_said(claims: CredentialClaims) -> None:
    """All claims come back, for every kind."""
    credential = verify_credential(issue(claims, ISSUER), KEYS)

    assert credential.claims == claims


def test_the_order_of_access_classes_is_the_alphabet_and_parts_of_seconds_are_dropped() -> None:
    """The same claims in another order are the same credential."""
    shuffled = replace(
        PASS, access_classes=("venue", "ride"), issued_at=AT + timedelta(microseconds=9), expires_at=PASS.expires_at
    )

    assert issue(shuffled, ISSUER) == issue(PASS, ISSUER)


@given(st.sampled_from([PASS, ONLINE]), st.data())
def test_one_changed_byte_is_refused(claims: CredentialClaims, data: st.DataObject) -> None:
    """No byte of a credential is free to change."""
    token = bytearray(issue(claims, ISSUER))
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises(CredentialRefused):
        verify_credential(bytes(token), KEYS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"holder_key": None}, "bound to a key"),
        ({"kind": CredentialKind.PRINTED}, "bound to a key"),
        ({"holder_key": bytes(31)}, "32 bytes"),
        ({"pseudonym": bytes(8)}, "16 bytes"),
        ({"expires_at": AT}, "ends after"),
    ],
)
def test_claims_that_contradict_each_other_do_not_exist(changes: dict[str, Any], message: str) -> None:
    """A mistake in the server is caught before anything is signed."""
    with pytest.raises(ValueError, match=message):
        replace(PASS, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"holder_key": bytes((1,)) + bytes(31)}, "weak"),
        ({"access_classes": ("ride", "ride")}, "differ"),
        ({"access_classes": ("",)}, "not empty"),
    ],
)
def test_what_no_gate_should_trust_is_not_signed(changes: dict[str, Any], message: str) -> None:
    """Weak holder keys and unclear access classes never leave the server."""
    with pytest.raises(ValueError, match=message):
        issue(replace(PASS, **changes), ISSUER)


def _payloads() -> Iterator[Any]:
    good: dict[int, Any] = {4: 99, -65538: [bytes(16), 1]}
    confirmation: dict[int, Any] = {1: {1: 1, -1: 6, -2: bytes(32)}}
    status: dict[str, Any] = {"status_list": {"idx": 1, "uri": "sdc:1"}}
    yield []
    yield {4: 99}
    yield {-65538: [bytes(16), 1]}
    yield good | {99: 1}
    yield good | {-65539: [bytes(16), 1]}
    yield {4: 99, -65540: [bytes(16), 1]}
    yield good | {4: "99"}
    yield good | {4: 1 << 32}
    yield good | {4: -1}
    yield good | {6: 99}
    yield good | {7: 5}
    yield good | {8: confirmation}
    yield {4: 99, -65539: [bytes(16), 1]}
    yield {4: 99, 6: 1, -65537: [bytes(16), 1]}
    key = confirmation[1]
    confirmations: list[Any] = [5, {}, {1: {}}, {1: key | {-2: 5}}, {1: key | {1: 2}}, confirmation | {2: 0}]
    for claim in confirmations:
        yield {4: 99, 6: 1, 8: claim, -65537: [bytes(16), 1]}
    listed = status["status_list"]
    statuses: list[Any] = [5, {}, {"status_list": listed | {"idx": -1}}, {"status_list": listed | {"idx": True}}]
    for claim in statuses:
        yield good | {65535: claim}
    yield good | {65535: status | {"more": 1}}
    yield good | {65535: {"status_list": {"idx": 1, "uri": b"sdc:1"}}}
    for details in (
        5,
        [],
        [bytes(16)],
        [bytes(16), 1, "王**", 1],
        [bytes(16), 1, 5],
        ["0" * 16, 1],
        [bytes(15), 1],
        [bytes(16), -1],
        [bytes(16), 16],
        [bytes(16), True],
        [bytes(16), "ride"],
        [bytes(16), ["ride"]],
        [bytes(16), ["pool", 5]],
        [bytes(16), ["pool", "pool"]],
        [bytes(16), ["ride", "pool"]],
    ):
        yield {4: 99, -65538: details}


@pytest.mark.parametrize("payload", list(_payloads()), ids=repr)
def test_other_claims_are_malformed_though_they_are_signed(payload: object) -> None:
    """What this format does not say is refused, also from the issuer: each content has one form."""
    token = sign1(encode(payload), ISSUER)

    with pytest.raises(CredentialRefused) as refusal:
        verify_credential(token, KEYS)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_a_typed_message_is_no_credential() -> None:
    """Were an issuer key ever used for something else, that would not admit anybody."""
    token = sign1(encode({4: 99, -65538: [bytes(16), 1]}), ISSUER, typ="application/cwt")

    with pytest.raises(CredentialRefused) as refusal:
        verify_credential(token, KEYS)

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_a_verified_credential_cannot_be_made_by_hand() -> None:
    """Only the check of a signature gives one, so unverified claims are never taken for verified ones."""
    with pytest.raises(TypeError, match="verify_credential alone"):
        VerifiedCredential(PASS, bytes(32), None)


@given(st.binary(max_size=64))
def test_a_proof_is_good_for_its_challenge_and_key_alone(challenge: bytes) -> None:
    """A proof holds; for another challenge, under another key, or as a bare signature it does not."""
    proof = prove(challenge, HOLDER)
    public = HOLDER.verifying_key.public

    assert check_proof(challenge, public, proof)
    assert not check_proof(challenge + b"\0", public, proof)
    assert not check_proof(challenge, ISSUER.verifying_key.public, proof)
    assert not check_proof(challenge, public, HOLDER.sign(challenge))


@pytest.mark.parametrize("holder_key", [b"", bytes(31), bytes((1,)) + bytes(31)])
def test_a_weak_key_proves_nothing(holder_key: bytes) -> None:
    """A key of small order or of another length is refused, whatever the proof."""
    assert not check_proof(b"challenge", holder_key, bytes((1,)) + bytes(63))


@given(st.integers(256, (1 << 32) - 1), SECONDS, st.integers(0, 200), st.integers(0, 255))
def test_a_usual_pass_is_read_as_any_other(index: int, issued_at: datetime, place: int, byte: int) -> None:
    """The short way and the careful one agree on every pass, and on what becomes of one whose bytes were altered."""
    claims = replace(
        PASS, status=StatusReference("sdc:1", index), issued_at=issued_at, expires_at=issued_at + timedelta(seconds=1)
    )
    payload = read_sign1(issue(claims, ISSUER)).payload
    altered = bytearray(payload)
    altered[place % len(payload)] = byte

    for each in (payload, bytes(altered)):
        short = _usual(each)

        assert short is None or short == decode(each, len(each))
    # As usual is a time of four bytes: from 1970-01-02 on, until 2106.
    assert (_usual(payload) is not None) is (1 << 16 <= issued_at.timestamp() < (1 << 32) - 1)
