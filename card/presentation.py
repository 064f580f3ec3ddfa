"""What a phone shows: its pass and the time, signed with the key that the pass names; and how either becomes text."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from card.canonical import decode, encode
from card.cose import Sign1, SigningKey, VerifyingKey, key_of, read_sign1, sign1
from card.credential import CredentialKind, VerifiedCredential, verify_message
from card.refusal import CredentialRefused, RefusalReason

TEXT_PREFIX: Final = "SDC1:"
MAX_TEXT: Final = 1_024

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_VALUE: Final = 255
# The value of each ASCII character in base 45 (RFC 9285), for bytes.translate.
_VALUES: Final = bytes(_ALPHABET.index(chr(code)) if chr(code) in _ALPHABET else _NO_VALUE for code in range(256))
# The last byte of each lane of three, as many as a text can have.
_LANES: Final = int.from_bytes(b"\0\0\xff" * (MAX_TEXT // 3), "big")
_ISSUED: Final = 6
_LATEST: Final = 1 << 32
# {iat: seconds}, for any second of our days.
_USUAL: Final = re.compile(rb"\xa1\x06\x1a((?!\0\0).{4})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose signatures hold at every level; its time and state are still unchecked.

    `presented_at` is when the phone signed it, None for a bearer code. `identity` is the SHA-256 of the outermost
    signed content, the same however the token is written.
    """

    credential: VerifiedCredential
    presented_at: datetime | None
    identity: bytes


class PassCache:
    """Remembers the passes verified last, by their bytes, so that a pass shown every day is verified once.

    Its owner clears it when trust changes; a key that is no longer trusted is noticed here as well. A server's threads
    share one.
    """

    def __init__(self, capacity: int = 4_096) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[bytes, tuple[VerifyingKey, VerifiedCredential]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget every pass."""
        self._entries.clear()

    def find(self, token: bytes, keys: Mapping[bytes, VerifyingKey]) -> VerifiedCredential | None:
        """The pass, if it was verified under a key that is still among `keys`."""
        with self._lock:
            entry = self._entries.get(token)
            if entry is None or keys.get(entry[0].kid) != entry[0]:
                return None
            self._entries.move_to_end(token)
            return entry[1]

    def keep(self, token: bytes, key: VerifyingKey, credential: VerifiedCredential) -> None:
        """Remember a pass verified under `key`; the one used longest ago makes room."""
        with self._lock:
            self._entries[token] = (key, credential)
            if len(self._entries) > self._capacity:
                self._entries.popitem(last=False)


def present(pass_token: bytes, key: SigningKey, at: datetime) -> bytes:
    """A presentation as COSE bytes: {iat} signed by the phone, with the pass in the header `kcwt` (RFC 9528).

    That header is for a CWT which, by its `cnf` claim, holds the signer's key.
    """
    return sign1(encode({_ISSUED: int(at.timestamp())}), key, certificate=pass_token)


def encode_text(token: bytes) -> str:
    """The text of a token, for a QR code in alphanumeric mode: `SDC1:` and base 45 (RFC 9285)."""
    pairs = (int.from_bytes(token[at : at + 2], "big") for at in range(0, len(token) - 1, 2))
    text = "".join(_ALPHABET[pair % 45] + _ALPHABET[pair // 45 % 45] + _ALPHABET[pair // 2025] for pair in pairs)
    last = _ALPHABET[token[-1] % 45] + _ALPHABET[token[-1] // 45] if len(token) % 2 else ""
    return f"{TEXT_PREFIX}{text}{last}"


def decode_text(text: str) -> bytes:
    """The token in a text.

    Raises:
        CredentialRefused: TOO_LARGE beyond 1,024 characters; MALFORMED for any text that `encode_text` does not write.
    """
    if len(text) > MAX_TEXT:
        raise CredentialRefused(RefusalReason.TOO_LARGE)
    body = text[len(TEXT_PREFIX) :]
    if not text.startswith(TEXT_PREFIX) or not body.isascii():
        raise CredentialRefused(RefusalReason.MALFORMED)
    values = body.encode("ascii").translate(_VALUES)
    triples, rest = divmod(len(values), 3)
    if _NO_VALUE in values or rest == 1:
        raise CredentialRefused(RefusalReason.MALFORMED)
    last = values[-2] + 45 * values[-1] if rest else 0
    # All triples at once: in one long number each has a lane of three bytes, which its sum never fills.
    number = int.from_bytes(values[: 3 * triples], "big")
    number = (number >> 16 & _LANES) + 45 * (number >> 8 & _LANES) + 2025 * (number & _LANES)
    sums = number.to_bytes(3 * triples, "big")
    if sums[::3].strip(b"\0") or last >= 1 << 8:
        raise CredentialRefused(RefusalReason.MALFORMED)
    token = bytearray(2 * triples)
    token[::2], token[1::2] = sums[1::3], sums[2::3]
    return bytes(token) + (bytes((last,)) if rest else b"")


def verify_token(text: str, keys: Mapping[bytes, VerifyingKey], cache: PassCache | None = None) -> VerifiedToken:
    """The token in a text, each of its signatures checked; its time and state are not.

    `keys` are the issuer keys by identifier. With a `cache`, a pass verified before is not verified again.

    Raises:
        CredentialRefused: see `decode_text`, `card.cose.read_sign1`, `card.credential`; NOT_PRESENTED for a pass that
            no phone signed.
    """
    message = read_sign1(decode_text(text))
    if message.certificate is None:
        credential = verify_message(message, key_of(message, keys))
        if credential.claims.kind is CredentialKind.PASS:
            raise CredentialRefused(RefusalReason.NOT_PRESENTED)
        return VerifiedToken(credential, None, credential.identity)
    credential = _verified_pass(message.certificate, keys, cache)
    if credential.claims.holder_key is None:
        raise CredentialRefused(RefusalReason.MALFORMED)
    identity = message.check(credential.claims.holder_key)
    return VerifiedToken(credential, _presented_at(message), identity)


def _verified_pass(token: bytes, keys: Mapping[bytes, VerifyingKey], cache: PassCache | None) -> VerifiedCredential:
    known = None if cache is None else cache.find(token, keys)
    if known is None:
        message = read_sign1(token)
        key = key_of(message, keys)
        known = verify_message(message, key)
        if cache is not None:
            cache.keep(token, key, known)
    return known


def _presented_at(message: Sign1) -> datetime:
    usual = _USUAL.fullmatch(message.payload)
    if usual is not None:
        return datetime.fromtimestamp(int.from_bytes(usual[1], "big"), UTC)
    match decode(message.payload, len(message.payload)):
        # Not isinstance: True is an int to Python, and must not be a time.
        case {6: seconds, **more} if type(seconds) is int and 0 <= seconds < _LATEST and not more:
            return datetime.fromtimestamp(seconds, UTC)
    raise CredentialRefused(RefusalReason.MALFORMED)
