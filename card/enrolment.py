"""How a scanner is enrolled and changes its key: a code that a technician types, and proofs that it holds its key."""

import base64
import binascii
from typing import Final
from uuid import UUID

from card.cose import SigningKey, is_sound_key, verifies

FINGERPRINT_BYTES: Final = 32
SECRET_CHARACTERS: Final = 16
_GROUP: Final = 4
_DOMAIN: Final = b"sdc enrolment proof v1\0"
_ROTATION: Final = b"sdc key rotation proof v1\0"
# Crockford's base 32 has no I, L, O or U: what somebody reads as one of the first three is a digit.
_ALPHABET: Final = frozenset("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_MISREAD: Final = str.maketrans("ILO", "110")


class EnrolmentCodeInvalid(ValueError):
    """The text is no enrolment code; the message says what one looks like, and nothing of the text."""

    def __init__(self) -> None:
        super().__init__(
            "An enrolment code has 16 characters, a full stop, and the 52 characters of the root's fingerprint."
        )


def split_enrolment_code(text: str) -> tuple[str, bytes]:
    """The secret of an enrolment code as `XXXX-XXXX-XXXX-XXXX`, and the SHA-256 of the root's public key (32 bytes).

    Case, spaces and hyphens do not matter.

    Raises:
        EnrolmentCodeInvalid: the text is no enrolment code.
    """
    secret, _, fingerprint = "".join(text.split()).upper().partition(".")
    secret = secret.replace("-", "").translate(_MISREAD)
    if len(secret) != SECRET_CHARACTERS or not _ALPHABET.issuperset(secret):
        raise EnrolmentCodeInvalid
    try:
        root = base64.b32decode(f"{fingerprint}====")
    except (binascii.Error, ValueError):
        raise EnrolmentCodeInvalid from None
    # The last character has four bits to spare, which must be 0.
    if len(root) != FINGERPRINT_BYTES or base64.b32encode(root).decode().rstrip("=") != fingerprint:
        raise EnrolmentCodeInvalid
    return "-".join(secret[at : at + _GROUP] for at in range(0, SECRET_CHARACTERS, _GROUP)), root


def prove_enrolment(secret: str, key: SigningKey) -> bytes:
    """The scanner's proof (64 bytes): its signature over its public key and the secret of its code."""
    return key.sign(_statement(secret, key.verifying_key.public))


def check_enrolment_proof(secret: str, public_key: bytes, proof: bytes) -> bool:
    """Whether a proof was made by `prove_enrolment` with this secret and the private half of `public_key`."""
    return is_sound_key(public_key) and verifies(public_key, _statement(secret, public_key), proof)


def prove_rotation(device_id: UUID, key: SigningKey) -> bytes:
    """An enrolled scanner's proof (64 bytes) of its next key: that key's signature over the scanner's id and itself."""
    return key.sign(_ROTATION + device_id.bytes + key.verifying_key.public)


def check_rotation_proof(device_id: UUID, public_key: bytes, proof: bytes) -> bool:
    """Whether a proof was made by `prove_rotation` for this scanner with the private half of `public_key`."""
    return is_sound_key(public_key) and verifies(public_key, _ROTATION + device_id.bytes + public_key, proof)


def _statement(secret: str, public_key: bytes) -> bytes:
    # The key has a fixed length, so the two cannot be shifted against each other.
    return _DOMAIN + public_key + secret.encode(errors="surrogatepass")
