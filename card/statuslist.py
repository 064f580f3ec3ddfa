"""Says of every credential with an index whether it is valid, revoked or suspended: the IETF Token Status List, as CWT.

The draft is draft-ietf-oauth-status-list-18; of its choices this system takes two bits an entry, the first entry in the
lowest bits of the first byte, and a list signed by a status key.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final, Protocol, Self

from card.canonical import decode, encode
from card.cose import SigningKey, VerifyingKey, sign1, verify1
from card.refusal import CredentialRefused, RefusalReason

MAX_ENTRIES: Final = 1 << 20
BITS: Final = 2
STATUS_LIST_TYPE: Final = "application/statuslist+cwt"

_ENTRIES_A_BYTE: Final = 8 // BITS
_MAX_BYTES: Final = MAX_ENTRIES // _ENTRIES_A_BYTE
# A full list that cannot be compressed, and the claims around it.
_MAX_TOKEN_BYTES: Final = _MAX_BYTES + 1_024
_SUBJECT, _EXPIRES, _ISSUED, _STATUS_LIST, _TTL = 2, 4, 6, 65533, 65534
_CLAIMS: Final = frozenset({_SUBJECT, _EXPIRES, _ISSUED, _STATUS_LIST, _TTL})
_LATEST: Final = 1 << 32
# A million entries of which one in a hundred counts take 19 KB in 10 ms; the highest level takes 16 KB and 170 ms.
_LEVEL: Final = 6


class EntryStatus(IntEnum):
    """What a list says of one credential; the fourth value, 3, is application-specific and never written here."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


class StatusSource(Protocol):
    """What tells the state of credentials until `expires_at`: a signed list, or whoever signs one."""

    @property
    def expires_at(self) -> datetime:
        """From when it says nothing."""

    def status(self, index: int) -> EntryStatus:
        """What it says of an index, from 0.

        Raises:
            CredentialRefused: STATUS_UNKNOWN for an index of which it says nothing.
        """


@dataclass(frozen=True)
class StatusList:
    """A list whose signature holds. After `ttl` a fresh one should be fetched; from `expires_at` it says nothing."""

    uri: str
    issued_at: datetime
    expires_at: datetime
    ttl: timedelta
    _entries: bytes = field(repr=False)

    @classmethod
    def read(cls, token: bytes, keys: Mapping[bytes, VerifyingKey]) -> Self:
        """The list in a token that one of the status `keys`, by identifier, signed. Its time is not checked.

        Raises:
            CredentialRefused: see `card.cose.verify1`; TOO_LARGE for more than 2^20 entries; MALFORMED.
        """
        payload = verify1(token, keys, typ=STATUS_LIST_TYPE, limit=_MAX_TOKEN_BYTES)
        content = decode(payload, _MAX_TOKEN_BYTES)
        match content:
            case {2: str() as uri, 65533: {"bits": 2, "lst": bytes() as packed, **more}} if (
                content.keys() == _CLAIMS and not more
            ):
                times = [content[_ISSUED], content[_EXPIRES], content[_TTL]]
            case _:
                raise CredentialRefused(RefusalReason.MALFORMED)
        if not all(type(seconds) is int and 0 <= seconds < _LATEST for seconds in times):
            raise CredentialRefused(RefusalReason.MALFORMED)
        issued, expires, ttl = times
        return cls(
            uri,
            datetime.fromtimestamp(issued, UTC),
            datetime.fromtimestamp(expires, UTC),
            timedelta(seconds=ttl),
            inflate(packed),
        )

    def status(self, index: int) -> EntryStatus:
        """What the list says of an index, from 0.

        Raises:
            CredentialRefused: STATUS_UNKNOWN for an index beyond the list, or a value that has no meaning here.
        """
        place, entry = divmod(index, _ENTRIES_A_BYTE)
        if not 0 <= place < len(self._entries):
            raise CredentialRefused(RefusalReason.STATUS_UNKNOWN)
        try:
            return EntryStatus(self._entries[place] >> BITS * entry & 3)
        except ValueError:
            raise CredentialRefused(RefusalReason.STATUS_UNKNOWN) from None


def sign_status_list(
    *,
    uri: str,
    size: int,
    entries: Mapping[int, EntryStatus],
    issued_at: datetime,
    expires_at: datetime,
    ttl: timedelta,
    key: SigningKey,
) -> bytes:
    """A list of `size` entries as COSE bytes, signed by a status key; entries not named are valid.

    Raises:
        ValueError: more than 2^20 entries, or an index beyond the size.
    """
    claims: dict[int, Any] = {
        _SUBJECT: uri,
        _EXPIRES: int(expires_at.timestamp()),
        _ISSUED: int(issued_at.timestamp()),
        _TTL: int(ttl.total_seconds()),
        _STATUS_LIST: {"bits": BITS, "lst": deflate(size, entries)},
    }
    return sign1(encode(claims), key, typ=STATUS_LIST_TYPE)


def deflate(size: int, entries: Mapping[int, int]) -> bytes:
    """The compressed byte array of a list (section 4.1 of the draft).

    Raises:
        ValueError: more than 2^20 entries, or an index beyond the size.
    """
    if not 0 < size <= MAX_ENTRIES:
        raise ValueError("a status list has 1 to 2^20 entries")
    packed = bytearray(-(-size // _ENTRIES_A_BYTE))
    for index, status in entries.items():
        if not 0 <= index < size:
            raise ValueError("an index lies beyond the status list")
        place, entry = divmod(index, _ENTRIES_A_BYTE)
        packed[place] |= status << BITS * entry
    return zlib.compress(packed, _LEVEL)


def inflate(packed: bytes) -> bytes:
    """The byte array of a compressed list; never more than 2^20 entries are inflated.

    Raises:
        CredentialRefused: TOO_LARGE, or MALFORMED for what is not one whole zlib stream.
    """
    stream = zlib.decompressobj()
    try:
        # One byte beyond the cap tells a list that is too large from one that just fits.
        entries = stream.decompress(packed, _MAX_BYTES + 1)
    except zlib.error:
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    if len(entries) > _MAX_BYTES:
        raise CredentialRefused(RefusalReason.TOO_LARGE)
    if not stream.eof or stream.unused_data:
        raise CredentialRefused(RefusalReason.MALFORMED)
    return entries
