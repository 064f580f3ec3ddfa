"""What a device writes down of each code it read, and how it hands that over: chained, and signed at the head."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from card.canonical import decode, encode
from card.cose import SigningKey, VerifyingKey, sign1, verify1
from card.refusal import CredentialRefused, RefusalReason
from card.tariff import MAX_COMPANIONS, Outcome

EPOCH_BYTES: Final = 8
HASH_BYTES: Final = 32
# What stands in the first record of an epoch for the hash of the one before.
NO_RECORD: Final = bytes(HASH_BYTES)
MAX_TEXT: Final = 1_024
MAX_PLACE: Final = 80
# Four bytes a character is the most UTF-8 takes.
MAX_SCAN_BYTES: Final = 4 * (MAX_TEXT + MAX_PLACE) + 256
_HEAD_TYPE: Final = "application/vnd.sdc.scan-head+cose"
_MAX_HEAD_BYTES: Final = 512
_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_MAX_SEQUENCE: Final = (1 << 63) - 1
_SCAN_KEYS: Final = frozenset(range(1, 13))
_POSITION: Final = 13
# In 1/10,000 of a degree, which is 11 m at most.
_MAX_LATITUDE, _MAX_LONGITUDE = 900_000, 1_800_000
_HEAD_KEYS: Final = frozenset(range(1, 6))
# How a gate writes the record of a code that was read: a server reads a thousand of them at once.
_USUAL: Final = re.compile(
    rb"\xac\x01\x50(.{16})\x02\x48(.{8})\x03([\x00-\x17]|\x18[\x18-\xff]|\x19(?!\0)..|\x1a(?!\0\0).{4})"
    rb"\x04\x58\x20(.{32})\x05\x1b(?!\0{4})(.{8})\x06(\x78[\x18-\xff]|\x79(?!\0)..)([ -Z]*)"
    rb"\x07([\x60-\x77])([a-z]*)\x08(?:\xf6|([\x60-\x77])([a-z_]*))\x09([\x00-\x17])\x0a\x1b(?!\0{4})(.{8})"
    rb"\x0b(?:\xf6|([\x60-\x77]|\x78[\x18-\xff])(.*))\x0c([\xf4\xf5])",
    re.DOTALL,
)


@dataclass(frozen=True)
class Position:
    """Where a vehicle is (WGS 84), in 1/10,000 of a degree north and east.

    Raises ValueError for what is not on the globe.
    """

    north: int
    east: int

    def __post_init__(self) -> None:
        """Refuse what is not on the globe."""
        _require(abs(self.north) <= _MAX_LATITUDE and abs(self.east) <= _MAX_LONGITUDE, "position")


@dataclass(frozen=True)
class Scan:
    """One code that a device read, and what it answered.

    `epoch` is 8 random bytes drawn when the device's storage was made; `sequence` counts from 1 within it; `previous`
    is the SHA-256 of the record before (`NO_RECORD` in the first). `at` is the device's own time in whole milliseconds.
    `override` marks a person let aboard in spite of the refusal that the record repeats. `place` is the stop or gate,
    `position` where a vehicle was, both where they are known.
    """

    device_id: UUID
    epoch: bytes
    sequence: int
    previous: bytes
    at: datetime
    text: str
    admission: Outcome
    reason: RefusalReason | None
    companions: int
    bundle_version: int
    place: str | None
    override: bool
    position: Position | None = None

    def __post_init__(self) -> None:
        """Refuse values that no record can hold."""
        _require(len(self.epoch) == EPOCH_BYTES and len(self.previous) == HASH_BYTES, "length")
        _require(0 < self.sequence <= _MAX_SEQUENCE and 0 <= self.bundle_version <= _MAX_SEQUENCE, "number")
        _require(0 <= self.companions <= MAX_COMPANIONS, "companions")
        # The server's database cannot hold U+0000, and no token has it.
        _require(len(self.text) <= MAX_TEXT and "\0" not in self.text, "text")
        _require(self.place is None or (len(self.place) <= MAX_PLACE and "\0" not in self.place), "place")


@dataclass(frozen=True)
class Head:
    """The newest record of a device's chain, as the device signed it at `at` (device time)."""

    device_id: UUID
    epoch: bytes
    sequence: int
    hash: bytes
    at: datetime


@dataclass(frozen=True)
class Upload:
    """A signed head (COSE bytes) and records (CBOR bytes), neither read nor checked yet."""

    head: bytes
    records: tuple[bytes, ...]


def encode_scan(scan: Scan) -> bytes:
    """The record as deterministic CBOR: a map with the keys 1 to 12, and 13, as docs/scanner.md lists them."""
    position = {} if scan.position is None else {_POSITION: [scan.position.north, scan.position.east]}
    return encode(
        {
            **position,
            1: scan.device_id.bytes,
            2: scan.epoch,
            3: scan.sequence,
            4: scan.previous,
            5: milliseconds(scan.at),
            6: scan.text,
            7: scan.admission.value,
            8: None if scan.reason is None else scan.reason.value,
            9: scan.companions,
            10: scan.bundle_version,
            11: scan.place,
            12: scan.override,
        }
    )


def read_scan(raw: bytes) -> Scan:
    """The record of `encode_scan`'s bytes.

    Raises:
        CredentialRefused: TOO_LARGE, NOT_CANONICAL, or MALFORMED for anything that no record is written as.
    """
    content = _usual(raw) or decode(raw, MAX_SCAN_BYTES)
    try:
        _require(content.keys() - {_POSITION} == _SCAN_KEYS, "keys")
        for key, expected in ((3, int), (6, str), (7, str), (9, int), (10, int), (12, bool)):
            _require(type(content[key]) is expected, "type")
        return Scan(
            device_id=UUID(bytes=_bytes(content[1])),
            epoch=_bytes(content[2]),
            sequence=content[3],
            previous=_bytes(content[4]),
            at=instant(content[5]),
            text=content[6],
            admission=Outcome(content[7]),
            reason=None if content[8] is None else RefusalReason(content[8]),
            companions=content[9],
            bundle_version=content[10],
            place=None if content[11] is None else _text(content[11]),
            override=content[12],
            position=_position(content[_POSITION]) if _POSITION in content else None,
        )
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None


def scan_hash(raw: bytes) -> bytes:
    """SHA-256 of a record's bytes: what the next record carries as `previous`, and a head as `hash`."""
    return hashlib.sha256(raw).digest()


def sign_head(device_id: UUID, epoch: bytes, sequence: int, record_hash: bytes, at: datetime, key: SigningKey) -> bytes:
    """The device's signature over its newest record (COSE_Sign1), so that a chain re-made later does not fit it."""
    payload = {1: device_id.bytes, 2: epoch, 3: sequence, 4: record_hash, 5: milliseconds(at)}
    return sign1(encode(payload), key, typ=_HEAD_TYPE)


def read_head(raw: bytes, key: VerifyingKey) -> Head:
    """The head in `sign_head`'s bytes, signed by this device's key.

    Raises:
        CredentialRefused: another signer, or anything that no head is written as.
    """
    content = decode(verify1(raw, key, typ=_HEAD_TYPE, limit=_MAX_HEAD_BYTES), _MAX_HEAD_BYTES)
    try:
        _require(content.keys() == _HEAD_KEYS and type(content[3]) is int, "keys")
        head = Head(
            UUID(bytes=_bytes(content[1])), _bytes(content[2]), content[3], _bytes(content[4]), instant(content[5])
        )
        _require(len(head.epoch) == EPOCH_BYTES and len(head.hash) == HASH_BYTES, "length")
        _require(0 < head.sequence <= _MAX_SEQUENCE, "sequence")
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    return head


def encode_upload(head: bytes, records: Sequence[bytes]) -> bytes:
    """The body that a device posts and exports: deterministic CBOR, {1: head, 2: [record, …]}."""
    return encode({1: head, 2: list(records)})


def read_upload(raw: bytes, max_bytes: int, max_records: int) -> Upload:
    """Head and records of a body, none of them looked into: one bad record must not cost the others.

    Raises:
        CredentialRefused: TOO_LARGE beyond either limit, NOT_CANONICAL, or MALFORMED.
    """
    content = decode(raw, max_bytes)
    try:
        _require(content.keys() == {1, 2} and type(content[2]) is list, "keys")
        upload = Upload(_bytes(content[1]), tuple(_bytes(record) for record in content[2]))
    except (TypeError, ValueError, AttributeError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    if len(upload.records) > max_records:
        raise CredentialRefused(RefusalReason.TOO_LARGE)
    return upload


def milliseconds(at: datetime) -> int:
    """Whole milliseconds since 1970 at an aware instant."""
    return (at - _UNIX_EPOCH) // _MILLISECOND


def instant(value: Any) -> datetime:
    """The aware instant (UTC) of whole milliseconds since 1970.

    Raises:
        TypeError, ValueError, OverflowError: not such a number.
    """
    if type(value) is not int or value < 0:
        raise ValueError("milliseconds")
    return _UNIX_EPOCH + value * _MILLISECOND


def _usual(raw: bytes) -> dict[int, Any] | None:
    """What `decode` makes of a record that is written as usual; None for any other, which is read with more care."""
    found = _USUAL.fullmatch(raw)
    if found is None:
        return None
    device, epoch, number, previous, at, text_head, text, outcome_head, outcome, *rest = found.groups()
    reason_head, reason, companions, bundle_version, place_head, place, override = rest
    texts = ((text_head, text), (outcome_head, outcome), (reason_head, reason), (place_head, place))
    if any(head is not None and _argument(head) != len(content) for head, content in texts):
        return None
    try:
        where = None if place is None else place.decode()
    except UnicodeDecodeError:
        return None
    return {
        1: device,
        2: epoch,
        3: _argument(number),
        4: previous,
        5: int.from_bytes(at, "big"),
        6: text.decode(),
        7: outcome.decode(),
        8: None if reason is None else reason.decode(),
        9: companions[0],
        10: int.from_bytes(bundle_version, "big"),
        11: where,
        12: override == b"\xf5",
    }


def _argument(head: bytes) -> int:
    """The number with which an item begins (RFC 8949, section 3)."""
    return head[0] & 31 if len(head) == 1 else int.from_bytes(head[1:], "big")


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise TypeError("bytes expected")
    return value


def _position(value: Any) -> Position:
    north, east = value
    _require(type(value) is list and type(north) is int and type(east) is int, "position")
    return Position(north, east)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("text expected")
    return value


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise ValueError(message)
