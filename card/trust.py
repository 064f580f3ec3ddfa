"""What a scanner believes and why: an offline root signs the key set, the online keys sign everything else.

A key set may name the root that follows. A key set signed by that next root carries the one that named it, so a scanner
which knows only the old root follows, however long it was away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from card.canonical import decode, encode
from card.cose import SigningKey, VerifyingKey, read_sign1, sign1, verify1
from card.refusal import CredentialRefused, RefusalReason
from card.statuslist import StatusList, StatusSource

MAX_BUNDLE_BYTES: Final = 4 << 20

_KEY_SET_TYPE: Final = "application/vnd.sdc.key-set+cose"
_BUNDLE_TYPE: Final = "application/vnd.sdc.trust-bundle+cose"
_TIME_TYPE: Final = "application/vnd.sdc.time+cose"
_MAX_KEY_SET_BYTES: Final = 64 << 10
_MAX_TIME_BYTES: Final = 256
# A root is replaced every few years; a scanner follows this many replacements at once.
_MAX_ROOTS: Final = 4
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class KeyUse(StrEnum):
    """What a key may sign, and nothing else: credentials, status lists, or trust bundles and the time."""

    ISSUER = "issuer"
    STATUS = "status"
    BUNDLE = "bundle"


@dataclass(frozen=True)
class TrustedKey:
    """A key, what it may sign, and from when until just before when it is believed."""

    key: VerifyingKey
    use: KeyUse
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True)
class KeySet:
    """The keys that are believed; one that is withdrawn is no longer in it.

    `version` grows with time (milliseconds since 1970 at signing). `next_root` will sign a later key set.
    """

    version: int
    issued_at: datetime
    expires_at: datetime
    keys: tuple[TrustedKey, ...]
    next_root: VerifyingKey | None

    def keys_for(self, use: KeyUse, at: datetime) -> Mapping[bytes, VerifyingKey]:
        """The keys of a use that are believed at an instant, by their identifiers."""
        return {
            each.key.kid: each.key for each in self.keys if each.use is use and each.not_before <= at < each.not_after
        }


@dataclass(frozen=True)
class TrustBundle:
    """All that one scanner needs to decide offline.

    `version` is `issued_at` in milliseconds since 1970. `tariffs` are in the encoding of `card.tariff`, not read yet.
    `root` is the root that signed the key set: the scanner's own, or one that follows it.
    """

    version: int
    device_id: UUID
    issued_at: datetime
    key_set: KeySet
    status_lists: Mapping[str, StatusSource]
    tariffs: tuple[bytes, ...]
    root: VerifyingKey


def sign_key_set(key_set: KeySet, root: SigningKey, predecessor: bytes | None = None) -> bytes:
    """The key set as COSE bytes, signed by the root; times keep whole seconds.

    `predecessor` is the key set (COSE bytes) in which the root before named this one; a first root has none.

    Raises:
        ValueError: two keys of one use share an identifier; draw another key.
    """
    named = [(each.use, each.key.kid) for each in key_set.keys]
    if len(set(named)) != len(named):
        raise ValueError("two keys of one use share an identifier: draw another key")
    content = {
        1: key_set.version,
        2: _seconds(key_set.issued_at),
        3: _seconds(key_set.expires_at),
        4: [
            [each.use.value, each.key.public, _seconds(each.not_before), _seconds(each.not_after)]
            for each in key_set.keys
        ],
        5: None if key_set.next_root is None else key_set.next_root.public,
        6: predecessor,
    }
    return sign1(encode(content), root, typ=_KEY_SET_TYPE)


def read_key_set(token: bytes, root: VerifyingKey) -> KeySet:
    """The key set in a token that `root`, or a root that follows it, signed. Its time is not checked.

    Raises:
        CredentialRefused: see `card.cose.verify1`; BAD_SIGNATURE where no chain of roots leads to it; MALFORMED.
    """
    key_set, _ = _follow(token, root, _MAX_ROOTS)
    return key_set


def sign_bundle(
    *,
    device_id: UUID,
    key_set: bytes,
    status_lists: Sequence[bytes],
    tariffs: Sequence[bytes],
    at: datetime,
    key: SigningKey,
) -> bytes:
    """A trust bundle for one scanner as COSE bytes, signed by a bundle key; its version is `at` in milliseconds."""
    content = {
        1: _milliseconds(at),
        2: device_id.bytes,
        3: key_set,
        4: list(status_lists),
        5: list(tariffs),
    }
    return sign1(encode(content), key, typ=_BUNDLE_TYPE)


def read_bundle(
    raw: bytes, root: VerifyingKey, device_id: UUID, newer_than: int, oldest_key_set: int = 0
) -> TrustBundle:
    """The trust bundle in `raw`, if it is this scanner's and its version is above `newer_than`.

    `oldest_key_set` is the version of the key set at hand: an older one could hold a key that was withdrawn since.

    Raises:
        CredentialRefused: FOREIGN_DEVICE; ROLLBACK for an old bundle or key set; EXPIRED where the key set ended before
            the bundle was made; what `read_key_set`, `card.cose.verify1` and `StatusList.read` raise; MALFORMED.
    """
    # The key that signed it stands inside, under the root's signature: so the content is read before it is believed.
    content = _content(read_sign1(raw, MAX_BUNDLE_BYTES).payload, 5)
    try:
        key_set, signer = _follow(_bytes(content[3]), root, _MAX_ROOTS)
        issued_at = _instant(content[1])
    except (TypeError, ValueError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    if issued_at >= key_set.expires_at:
        raise CredentialRefused(RefusalReason.EXPIRED)
    verify1(raw, key_set.keys_for(KeyUse.BUNDLE, issued_at), typ=_BUNDLE_TYPE, limit=MAX_BUNDLE_BYTES)
    if content[2] != device_id.bytes:
        raise CredentialRefused(RefusalReason.FOREIGN_DEVICE)
    if content[1] <= newer_than or key_set.version < oldest_key_set:
        raise CredentialRefused(RefusalReason.ROLLBACK)
    status_keys = key_set.keys_for(KeyUse.STATUS, issued_at)
    try:
        lists = [StatusList.read(_bytes(token), status_keys) for token in _list(content[4])]
        tariffs = tuple(_bytes(tariff) for tariff in _list(content[5]))
    except TypeError:
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    return TrustBundle(content[1], device_id, issued_at, key_set, {each.uri: each for each in lists}, tariffs, signer)


def sign_time(nonce: bytes, at: datetime, key: SigningKey) -> bytes:
    """The server's time in milliseconds, bound to the nonce of who asked, as COSE bytes signed by a bundle key."""
    return sign1(encode({1: nonce, 2: _milliseconds(at)}), key, typ=_TIME_TYPE)


def read_time(raw: bytes, nonce: bytes, keys: Mapping[bytes, VerifyingKey]) -> datetime:
    """The time in `raw`, signed by one of the bundle `keys`, by identifier, for this nonce.

    Raises:
        CredentialRefused: WRONG_NONCE for an answer to another question; see `card.cose.verify1`; MALFORMED.
    """
    return _time(verify1(raw, keys, typ=_TIME_TYPE, limit=_MAX_TIME_BYTES), nonce)


def claimed_time(raw: bytes, nonce: bytes) -> datetime:
    """The time in `raw`, whoever signed it: good to ask for the first bundle with, which brings the keys to check by.

    Raises:
        CredentialRefused: as `read_time`, but for the signature.
    """
    return _time(read_sign1(raw, _MAX_TIME_BYTES).payload, nonce)


def _time(payload: bytes, nonce: bytes) -> datetime:
    content = _content(payload, 2)
    if content[1] != nonce:
        raise CredentialRefused(RefusalReason.WRONG_NONCE)
    try:
        return _instant(content[2])
    except (ValueError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None


def _follow(token: bytes, root: VerifyingKey, steps: int) -> tuple[KeySet, VerifyingKey]:
    """The key set, and the root that signed it: `root`, or one to which its predecessors lead from there."""
    message = read_sign1(token, _MAX_KEY_SET_BYTES)
    content = _content(message.payload, 6)
    predecessor = content[6]
    try:
        message.check(root.public)
    except CredentialRefused:
        if type(predecessor) is not bytes or steps == 0:
            raise
        earlier, _ = _follow(predecessor, root, steps - 1)
        if earlier.next_root is None:
            raise
        root = earlier.next_root
    verify1(token, root, typ=_KEY_SET_TYPE, limit=_MAX_KEY_SET_BYTES)
    return _key_set(content), root


def _key_set(content: Mapping[Any, Any]) -> KeySet:
    try:
        return KeySet(
            version=_number(content[1]),
            issued_at=_instant(content[2], 1_000),
            expires_at=_instant(content[3], 1_000),
            keys=tuple(_trusted_key(*each) for each in _list(content[4])),
            next_root=None if content[5] is None else VerifyingKey.of(_bytes(content[5])),
        )
    except (TypeError, ValueError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None


def _trusted_key(use: Any, public: Any, not_before: Any, not_after: Any) -> TrustedKey:
    return TrustedKey(
        VerifyingKey.of(_bytes(public)), KeyUse(use), _instant(not_before, 1_000), _instant(not_after, 1_000)
    )


def _content(payload: bytes, size: int) -> dict[Any, Any]:
    """The map of a payload, whose keys are the numbers from 1 to `size`."""
    content = decode(payload, len(payload))
    if type(content) is not dict or content.keys() != set(range(1, size + 1)):
        raise CredentialRefused(RefusalReason.MALFORMED)
    return content


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _instant(value: Any, milliseconds: int = 1) -> datetime:
    """The instant that is a number of units of so many milliseconds after 1970."""
    return _EPOCH + _number(value) * milliseconds * _MILLISECOND


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("number")
    return value


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise TypeError("bytes expected")
    return value


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError("array expected")
    return value
