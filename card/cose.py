"""Signs and verifies COSE_Sign1 messages (RFC 9052), with Ed25519 only: the algorithm is the key's, not the token's."""

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from card.canonical import byte_string, decode, encode
from card.refusal import CredentialRefused, RefusalReason

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
# One byte of 256 tells the few keys of one use apart, and more would cost the codes a larger symbol.
KID_BYTES: Final = 1
# A code of 1,024 characters holds less than this.
MAX_TOKEN_BYTES: Final = 4_096

_SIGN1_TAG: Final = b"\xd2"
# First bytes of CBOR items (RFC 8949, section 3): from `_ONE_BYTE` on, a length stands in a byte of its own.
_ARRAY_OF_FOUR, _EMPTY_MAP, _BYTES_HEAD, _ONE_BYTE = 0x84, 0xA0, 0x40, 24
_ALGORITHM, _KID, _KCWT, _TYPE = 1, 4, 13, 16
_EDDSA: Final = -8
_HEADERS: Final = frozenset({_ALGORITHM, _KID, _TYPE})
# How the array ["Signature1", protected, external data, payload] begins, and the empty external data.
_SIGNATURE1: Final = bytes((0x84,)) + encode("Signature1")
_NO_EXTERNAL_DATA: Final = encode(b"")
# {alg: EdDSA, kcwt: …} and {alg: EdDSA, kid: …}: deterministic CBOR leaves no other way to begin such headers.
_KCWT_HEADER: Final = bytes((0xA2, _ALGORITHM, 0x27, _KCWT))
_KID_HEADER: Final = bytes((0xA2, _ALGORITHM, 0x27, _KID, 0x40 | KID_BYTES))


@dataclass(frozen=True)
class VerifyingKey:
    """An Ed25519 public key of 32 bytes, and the identifier by which tokens name it.

    Raises ValueError for what is no key to trust: a wrong length, a point that is not encoded in its one form, not on
    the curve, or of small order (for which signatures can be made up).
    """

    kid: bytes
    public: bytes

    def __post_init__(self) -> None:
        """Refuse weak keys."""
        if not is_sound_key(self.public):
            raise ValueError("not an Ed25519 public key of full order")

    @classmethod
    def of(cls, public: bytes) -> Self:
        """The key with the identifier that its bytes give it: the first byte of their SHA-256."""
        return cls(hashlib.sha256(public).digest()[:KID_BYTES], public)


@dataclass(frozen=True)
class SigningKey:
    """An Ed25519 private key: its seed of 32 bytes, and the identifier of its public half."""

    kid: bytes
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, taken: Collection[bytes] = ()) -> Self:
        """A fresh key from the system's randomness, whose identifier is none of `taken`."""
        while True:
            key = cls.from_seed(os.urandom(KEY_BYTES))
            if key.kid not in taken:
                return key

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a seed of 32 bytes (RFC 8032, section 5.1.5).

        Raises:
            ValueError: another length.
        """
        if len(seed) != KEY_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")
        public, _ = crypto_sign_seed_keypair(seed)
        return cls(VerifyingKey.of(public).kid, seed)

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half."""
        public, _ = crypto_sign_seed_keypair(self.seed)
        return VerifyingKey(self.kid, public)

    def sign(self, message: bytes) -> bytes:
        """The signature of 64 bytes over a message, which must say itself what it is for."""
        _, secret = crypto_sign_seed_keypair(self.seed)
        return crypto_sign(message, secret)[:SIGNATURE_BYTES]


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 message taken apart, its signature not checked.

    `kid` and `typ` are None where the header has none. `certificate` is the CWT of the header `kcwt` (RFC 9528), as
    tagged COSE bytes: it holds the key of the signer.
    """

    protected: bytes
    payload: bytes
    signature: bytes
    kid: bytes | None = None
    typ: str | None = None
    certificate: bytes | None = None

    @property
    def signed(self) -> bytes:
        """What the signature is over: the Sig_structure of RFC 9052, section 4.4."""
        return b"".join((_SIGNATURE1, byte_string(self.protected), _NO_EXTERNAL_DATA, byte_string(self.payload)))

    def check(self, public: bytes) -> bytes:
        """Check the signature under a public key of 32 bytes; returns the message's identity.

        That is the SHA-256 of the signed content, which is the same however often the message is signed or written.

        Raises:
            CredentialRefused: BAD_SIGNATURE.
        """
        signed = self.signed
        if not verifies(public, signed, self.signature):
            raise CredentialRefused(RefusalReason.BAD_SIGNATURE)
        return hashlib.sha256(signed).digest()


def sign1(
    payload: bytes, key: SigningKey, *, typ: str | None = None, with_kid: bool = True, certificate: bytes | None = None
) -> bytes:
    """A tagged COSE_Sign1 message with its header protected and its unprotected map empty.

    `typ` (RFC 9596) says what is signed where one key signs more than one kind of thing. `certificate`, tagged COSE
    bytes, takes the place of both: it goes untagged into the header `kcwt`.
    """
    if certificate is None:
        header: dict[int, Any] = {_ALGORITHM: _EDDSA}
        if with_kid:
            header[_KID] = key.kid
        if typ is not None:
            header[_TYPE] = typ
        protected = encode(header)
    else:
        protected = _KCWT_HEADER + certificate.removeprefix(_SIGN1_TAG)
    message = Sign1(protected, payload, b"")
    return _SIGN1_TAG + encode([protected, {}, payload, key.sign(message.signed)])


def verify1(
    token: bytes,
    keys: Mapping[bytes, VerifyingKey] | VerifyingKey,
    *,
    typ: str | None = None,
    limit: int = MAX_TOKEN_BYTES,
) -> bytes:
    """The payload of a message that one of `keys` (the one it names, or the one given) signed as a `typ`.

    Raises:
        CredentialRefused: see `read_sign1`; UNKNOWN_KEY, BAD_SIGNATURE; MALFORMED for another type.
    """
    message = read_sign1(token, limit)
    if message.typ != typ or message.certificate is not None:
        raise CredentialRefused(RefusalReason.MALFORMED)
    key = keys if isinstance(keys, VerifyingKey) else key_of(message, keys)
    message.check(key.public)
    return message.payload


def key_of(message: Sign1, keys: Mapping[bytes, VerifyingKey]) -> VerifyingKey:
    """The key that a message names.

    Raises:
        CredentialRefused: UNKNOWN_KEY.
    """
    key = None if message.kid is None else keys.get(message.kid)
    if key is None:
        raise CredentialRefused(RefusalReason.UNKNOWN_KEY)
    return key


def read_sign1(token: bytes, limit: int = MAX_TOKEN_BYTES) -> Sign1:
    """Take a message apart without believing it.

    Raises:
        CredentialRefused: TOO_LARGE, NOT_CANONICAL, WRONG_ALGORITHM, or MALFORMED: anything unprotected, a header that
            is not known, or no COSE_Sign1 message at all.
    """
    if not token.startswith(_SIGN1_TAG):
        raise CredentialRefused(RefusalReason.MALFORMED)
    if (usual := _usual(token, limit)) is not None:
        return _with_header(*usual)
    match decode(token[1:], limit - 1):
        case [bytes() as protected, {**unprotected}, bytes() as payload, bytes() as signature] if not unprotected:
            return _with_header(protected, payload, signature)
    raise CredentialRefused(RefusalReason.MALFORMED)


def is_sound_key(public: bytes) -> bool:
    """Whether bytes are an Ed25519 public key in its one encoding, on the curve and of full order."""
    return len(public) == KEY_BYTES and crypto_core_ed25519_is_valid_point(public)


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of 64 bytes is that of a key of 32; libsodium refuses keys of small order by itself."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _usual(token: bytes, limit: int) -> tuple[bytes, bytes, bytes] | None:
    """Header, payload and signature of a message with parts below 256 bytes, as every code's are; None for others.

    Codes are read by the thousand, and `decode` takes ten times as long for the same three strings.
    """
    try:
        protected, middle = _short_string(token, 2)
        payload, end = _short_string(token, middle + 1)
        signature, last = _short_string(token, end)
    except IndexError:
        return None
    regular = token[1] == _ARRAY_OF_FOUR and token[middle] == _EMPTY_MAP and last == len(token) <= limit
    return (protected, payload, signature) if regular else None


def _short_string(raw: bytes, at: int) -> tuple[bytes, int]:
    """The byte string that begins at `at`, and where it ends; IndexError for another item, or a longer one."""
    length = raw[at] - _BYTES_HEAD
    start = at + 1
    if length == _ONE_BYTE and raw[start] >= _ONE_BYTE:
        length, start = raw[start], start + 1
    elif not 0 <= length < _ONE_BYTE:
        raise IndexError
    return raw[start : start + length], start + length


def _with_header(protected: bytes, payload: bytes, signature: bytes) -> Sign1:
    if protected.startswith(_KCWT_HEADER):
        return Sign1(protected, payload, signature, certificate=_SIGN1_TAG + protected[len(_KCWT_HEADER) :])
    if protected.startswith(_KID_HEADER) and len(protected) == len(_KID_HEADER) + KID_BYTES:
        return Sign1(protected, payload, signature, protected[len(_KID_HEADER) :])
    header = decode(protected, MAX_TOKEN_BYTES)
    if type(header) is not dict or not header.keys() <= _HEADERS:
        raise CredentialRefused(RefusalReason.MALFORMED)
    if header.get(_ALGORITHM) != _EDDSA:
        raise CredentialRefused(RefusalReason.WRONG_ALGORITHM)
    kid, typ = header.get(_KID), header.get(_TYPE)
    if not isinstance(kid, bytes | None) or not isinstance(typ, str | None):
        raise CredentialRefused(RefusalReason.MALFORMED)
    return Sign1(protected, payload, signature, kid, typ)
