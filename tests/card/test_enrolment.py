"""Enrolment: a code is read as people type it, and only who holds both code and key proves it."""

import base64
import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.cose import SigningKey
from card.enrolment import (
    EnrolmentCodeInvalid,
    check_enrolment_proof,
    check_rotation_proof,
    prove_enrolment,
    prove_rotation,
    split_enrolment_code,
)

DEVICE = UUID("019ab4f0-0000-7000-8000-000000000001")
KEY = SigningKey.from_seed(bytes(range(32)))
SECRET = "0123-4567-89AB-CDEF"
FINGERPRINT = hashlib.sha256(KEY.verifying_key.public).digest()
CODE = f"{SECRET}.{base64.b32encode(FINGERPRINT).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        f"  {CODE[:30]} {CODE[30:]}\n",
        CODE.replace("0123", "oi23", 1),
        CODE.replace("0123", "Ol23", 1),
    ],
)
def test_a_code_is_taken_as_people_type_it(typed: str) -> None:
    """Case, spaces and hyphens do not matter, and letters that look like digits are those digits."""
    assert split_enrolment_code(typed) == (SECRET, FINGERPRINT)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        SECRET,
        CODE[1:],
        CODE.replace("0123", "U123", 1),
        CODE[:-1],
        CODE + "A",
        CODE[:-1] + ("B" if CODE[-1] == "A" else "A" if CODE[-1] != "Q" else "B"),
        CODE[:-1] + "1",
        CODE.replace(".", ".é", 1),
        CODE + "=",
    ],
)
def test_what_is_no_code_is_refused_in_words_for_a_technician(typed: str) -> None:
    """The message says what a code looks like and repeats nothing of the secret."""
    with pytest.raises(EnrolmentCodeInvalid) as refusal:
        split_enrolment_code(typed)

    assert "16 characters" in str(refusal.value)
    assert SECRET not in str(refusal.value)


@given(st.text())
def test_arbitrary_text_raises_nothing_else(typed: str) -> None:
    """Whatever is typed is a code or refused."""
    with pytest.raises(EnrolmentCodeInvalid):
        split_enrolment_code(typed)


def test_a_proof_is_good_for_its_secret_and_key_alone() -> None:
    """Another secret, another key, or a bare signature of the secret proves nothing."""
    public, other = KEY.verifying_key.public, SigningKey.from_seed(bytes(32))
    proof = prove_enrolment(SECRET, KEY)

    assert check_enrolment_proof(SECRET, public, proof)
    assert not check_enrolment_proof(SECRET[::-1], public, proof)
    assert not check_enrolment_proof(SECRET, other.verifying_key.public, proof)
    assert not check_enrolment_proof(SECRET, public, KEY.sign(SECRET.encode()))


@given(st.text(st.characters(codec=None)), st.binary(max_size=40), st.binary(max_size=70))
def test_arbitrary_input_proves_nothing_and_raises_nothing(secret: str, public_key: bytes, proof: bytes) -> None:
    """The server hands whatever a stranger sent to this check."""
    assert not check_enrolment_proof(secret, public_key, proof)


def test_a_rotation_is_proven_by_the_next_key_for_one_device() -> None:
    """Neither another key's proof nor one for another device nor one of enrolment holds, nor a key of small order."""
    proof, public = prove_rotation(DEVICE, KEY), KEY.verifying_key.public
    others = [
        prove_rotation(DEVICE, SigningKey.generate()),
        prove_rotation(UUID(int=1), KEY),
        prove_enrolment(SECRET, KEY),
    ]

    assert check_rotation_proof(DEVICE, public, proof)
    assert not any(check_rotation_proof(DEVICE, public, other) for other in others)
    assert not check_rotation_proof(DEVICE, bytes(32), proof)
