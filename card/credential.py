"""The credential that the issuer signs: a pass bound to a phone's key, or a bearer code for people without one.

A credential is a CWT (RFC 8392) in COSE_Sign1. `exp`, `iat`, `cti`, `cnf` (RFC 8747) and `status` (Token Status List)
are the registered claims; what only this system knows stands in one private claim, whose label says the kind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from card.canonical import decode, encode
from card.cose import (
    KEY_BYTES,
    MAX_TOKEN_BYTES,
    Sign1,
    SigningKey,
    VerifyingKey,
    is_sound_key,
    key_of,
    read_sign1,
    sign1,
    verifies,
)
from card.refusal import CredentialRefused, RefusalReason

T = TypeVar("T")

PSEUDONYM_BYTES: Final = 16
# An online code that lives this long says only when it ends: an `iat` would cost it a larger symbol.
ONLINE_LIFETIME: Final = timedelta(seconds=30)
# Access classes that a pass may name by one bit each; the place of a class never changes. Others are written out.
SHORT_CLASSES: Final = ("ride", "ride-accompanied", "venue", "venue-accompanied")

_EXPIRES, _ISSUED, _CWT_ID, _CONFIRMATION, _STATUS = 4, 6, 7, 8, 65535
_REGISTERED: Final = frozenset({_EXPIRES, _ISSUED, _CWT_ID, _CONFIRMATION, _STATUS})
# The key type and the curve (RFC 9053, sections 7.1 and 7.2).
_OKP, _ED25519 = 1, 6
# How a pass is written whose classes have a bit each and whose list has a name of five characters.
_USUAL: Final = re.compile(
    rb"\xa5\x04\x1a(?!\0\0)(.{4})\x06\x1a(?!\0\0)(.{4})\x08\xa1\x01\xa3\x01\x01\x20\x06\x21\x58\x20(.{32})"
    rb"\x19\xff\xff\xa1\x6bstatus_list\xa2\x63idx(?:\x19(?!\0)(..)|\x1a(?!\0\0)(.{4}))\x63uri\x65([ -~]{5})"
    rb"\x3a\x00\x01\x00\x00\x82\x50(.{16})([\x00-\x17])",
    re.DOTALL,
)
_PROOF_DOMAIN: Final = b"sdc holder proof v1\0"
_LATEST: Final = 1 << 32


class CredentialKind(StrEnum):
    """What a credential is: bound to a phone, or a bearer code from the server or on paper."""

    PASS = "pass"  # noqa: S105 - the word of the trade, no password
    ONLINE = "online"
    PRINTED = "printed"


# RFC 8392 leaves the labels below -65536 to private use.
_LABELS: Final = {CredentialKind.PASS: -65537, CredentialKind.ONLINE: -65538, CredentialKind.PRINTED: -65539}
_KINDS: Final = {label: kind for kind, label in _LABELS.items()}


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the state of a credential stands: the URI of a status list and an index in it, from 0."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True)
class CredentialClaims:
    """What the issuer says.

    `cti` makes a credential unique where its other claims do not, and is empty otherwise: phones' codes have no room
    for it. `pseudonym` is 16 bytes, the same for all credentials of a resident in a month. `access_classes` are neutral
    tiers, in the order of the alphabet. Times are aware; the token keeps whole seconds. `holder_key` is the phone's
    Ed25519 key (32 bytes), which a pass has and a bearer code has not.

    Raises ValueError for claims that no credential can carry.
    """

    cti: bytes
    kind: CredentialKind
    pseudonym: bytes
    access_classes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    holder_key: bytes | None
    status: StatusReference | None
    masked_name: str | None

    def __post_init__(self) -> None:
        """Refuse what no credential can carry."""
        if (self.holder_key is not None) is not (self.kind is CredentialKind.PASS):
            raise ValueError("a pass is bound to a key, a bearer code is not")
        if self.holder_key is not None and len(self.holder_key) != KEY_BYTES:
            raise ValueError("a holder key has 32 bytes")
        if len(self.pseudonym) != PSEUDONYM_BYTES:
            raise ValueError("a pseudonym has 16 bytes")
        if self.expires_at <= self.issued_at:
            raise ValueError("a credential ends after it begins")


_VERIFIED: Final = object()


@dataclass(frozen=True, slots=True)
class VerifiedCredential:
    """A credential whose signature holds; only `verify_credential` makes one. Its time and state are still unchecked.

    `identity` is the SHA-256 of the signed content: two texts of one credential have the same.
    """

    claims: CredentialClaims
    identity: bytes
    _made_by: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse to exist unless made here, so that nobody takes unverified claims for verified ones."""
        if self._made_by is not _VERIFIED:
            raise TypeError("a VerifiedCredential comes from verify_credential alone")


def issue(claims: CredentialClaims, key: SigningKey) -> bytes:
    """The credential as COSE bytes, signed by an issuer key.

    Raises:
        ValueError: the holder key is weak, or an access class is empty or repeated.
    """
    if claims.holder_key is not None and not is_sound_key(claims.holder_key):
        raise ValueError("the holder key is weak")
    details: list[Any] = [claims.pseudonym, _encoded_classes(claims.access_classes)]
    if claims.masked_name is not None:
        details.append(claims.masked_name)
    content: dict[int, Any] = {_EXPIRES: int(claims.expires_at.timestamp()), _LABELS[claims.kind]: details}
    issued = int(claims.issued_at.timestamp())
    if claims.kind is not CredentialKind.ONLINE or content[_EXPIRES] - issued != ONLINE_LIFETIME.total_seconds():
        content[_ISSUED] = issued
    if claims.cti:
        content[_CWT_ID] = claims.cti
    if claims.holder_key is not None:
        content[_CONFIRMATION] = _confirmation(claims.holder_key)
    if claims.status is not None:
        content[_STATUS] = _status_claim(claims.status)
    return sign1(encode(content), key)


def verify_credential(token: bytes, keys: Mapping[bytes, VerifyingKey]) -> VerifiedCredential:
    """The credential that one of the issuer `keys`, by key identifier, signed. Its time and state are not checked.

    Raises:
        CredentialRefused: see `card.cose.read_sign1`; UNKNOWN_KEY, BAD_SIGNATURE; MALFORMED for other claims.
    """
    message = read_sign1(token)
    return verify_message(message, key_of(message, keys))


def verify_message(message: Sign1, key: VerifyingKey) -> VerifiedCredential:
    """The credential in a COSE message already taken apart, signed by `key`.

    Raises:
        CredentialRefused: BAD_SIGNATURE; MALFORMED for other claims.
    """
    identity = message.check(key.public)
    if message.typ is not None:
        raise CredentialRefused(RefusalReason.MALFORMED)
    return VerifiedCredential(read_claims(message.payload), identity, _VERIFIED)


def prove(challenge: bytes, key: SigningKey) -> bytes:
    """The phone's proof that it holds a key: its signature (64 bytes) over the challenge and what it is for."""
    return key.sign(_PROOF_DOMAIN + challenge)


def check_proof(challenge: bytes, holder_key: bytes, proof: bytes) -> bool:
    """Whether a proof was made by `prove` with the private half of `holder_key`; never for a weak key."""
    return is_sound_key(holder_key) and verifies(holder_key, _PROOF_DOMAIN + challenge, proof)


def _encoded_classes(classes: tuple[str, ...]) -> int | list[str]:
    """One bit for each class where all have one, or else the names in the order of the alphabet."""
    if len(set(classes)) != len(classes) or not all(classes):
        raise ValueError("access classes are not empty and differ")
    if set(classes) <= set(SHORT_CLASSES):
        return sum(1 << SHORT_CLASSES.index(name) for name in classes)
    return sorted(classes)


def _read_classes(value: Any) -> tuple[str, ...]:
    if type(value) is int and 0 <= value < 1 << len(SHORT_CLASSES):
        return tuple(name for place, name in enumerate(SHORT_CLASSES) if value >> place & 1)
    if type(value) is list and all(type(name) is str for name in value) and _encoded_classes(tuple(value)) == value:
        return tuple(value)
    raise ValueError("access classes")


def read_claims(payload: bytes) -> CredentialClaims:
    """What a credential's payload says, whoever signed it: to explain a code, never to admit by.

    Raises:
        CredentialRefused: MALFORMED.
    """
    content = _usual(payload) or decode(payload, MAX_TOKEN_BYTES)
    try:
        (label,) = content.keys() - _REGISTERED
        kind, expires_at = _KINDS[label], _instant(content[_EXPIRES])
        pseudonym, classes, *name = content[label]
        (masked_name,) = name or (None,)
        return CredentialClaims(
            cti=_typed(content.get(_CWT_ID, b""), bytes),
            kind=kind,
            pseudonym=_typed(pseudonym, bytes),
            access_classes=_read_classes(classes),
            issued_at=_issued_at(kind, content, expires_at),
            expires_at=expires_at,
            holder_key=_holder_key(content),
            status=_status(content),
            masked_name=None if masked_name is None else _typed(masked_name, str),
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None


def _usual(payload: bytes) -> dict[Any, Any] | None:
    """What `decode` makes of a pass that is written as usual; None for anything else, which is read with more care."""
    found = _USUAL.fullmatch(payload)
    if found is None:
        return None
    expires, issued, holder_key, short_index, long_index, uri, pseudonym, classes = found.groups()
    return {
        _EXPIRES: int.from_bytes(expires, "big"),
        _ISSUED: int.from_bytes(issued, "big"),
        _CONFIRMATION: _confirmation(holder_key),
        _STATUS: {"status_list": {"idx": int.from_bytes(short_index or long_index, "big"), "uri": uri.decode()}},
        _LABELS[CredentialKind.PASS]: [pseudonym, classes[0]],
    }


def _issued_at(kind: CredentialKind, content: dict[Any, Any], expires_at: datetime) -> datetime:
    if kind is CredentialKind.ONLINE and _ISSUED not in content:
        return expires_at - ONLINE_LIFETIME
    return _instant(content[_ISSUED])


def _holder_key(content: dict[Any, Any]) -> bytes | None:
    claim = content.get(_CONFIRMATION)
    if claim is None:
        return None
    key = claim[1]
    if len(claim) != 1 or len(key) != 3 or key[1] != _OKP or key[-1] != _ED25519:  # noqa: PLR2004 - kty, crv and x
        raise ValueError("cnf")
    return _typed(key[-2], bytes)


def _status(content: dict[Any, Any]) -> StatusReference | None:
    claim = content.get(_STATUS)
    if claim is None:
        return None
    listed = claim["status_list"]
    if len(claim) != 1 or len(listed) != 2 or _typed(listed["idx"], int) < 0:  # noqa: PLR2004 - uri and idx
        raise ValueError("status")
    return StatusReference(_typed(listed["uri"], str), listed["idx"])


def _confirmation(holder_key: bytes) -> dict[int, Any]:
    """A COSE_Key (RFC 9053, section 7.2) of type OKP on the curve Ed25519, as RFC 8747 confirms one."""
    return {1: {1: _OKP, -1: _ED25519, -2: holder_key}}


def _status_claim(reference: StatusReference) -> dict[str, Any]:
    return {"status_list": {"idx": reference.index, "uri": reference.uri}}


def _instant(value: Any) -> datetime:
    if type(value) is not int or not 0 <= value < _LATEST:
        raise ValueError("seconds")
    return datetime.fromtimestamp(value, UTC)


def _typed(value: Any, expected: type[T]) -> T:
    if type(value) is not expected:
        raise TypeError(expected.__name__)
    return value
