"""What an operator is owed for a month, as the district signs it: both sides can check it, and find a scan in it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from card.canonical import decode, encode
from card.cose import SigningKey, read_sign1, sign1, verify1
from card.merkle import HASH_BYTES
from card.refusal import CredentialRefused, RefusalReason
from card.scan import instant, milliseconds
from card.trust import KeySet, KeyUse

# One line as it is hashed: line, day (ISO), class, strength of evidence, rides.
Line = tuple[str, str, str, str, int]

_TYPE: Final = "application/vnd.sdc.statement+cose"
_FORMAT: Final = 1
_KEYS: Final = frozenset(range(1, 10))
_MAX_BYTES: Final = 2_048


@dataclass(frozen=True)
class Statement:
    """What is signed: `taps` records are counted, in the tree of `root`; `rides` by strength of evidence.

    `month` is the first day of it, `lines` the SHA-256 of the lines (`hash_lines`), from which the rides are summed.
    """

    id: UUID
    operator_id: UUID
    month: date
    closed_at: datetime
    taps: int
    root: bytes
    rides: Mapping[str, int]
    lines: bytes


def hash_lines(lines: Sequence[Line]) -> bytes:
    """The SHA-256 of the lines, in order, as deterministic CBOR."""
    return hashlib.sha256(encode([list(line) for line in lines])).digest()


def sign_statement(statement: Statement, key: SigningKey) -> bytes:
    """The statement as COSE bytes, signed by a bundle key; its time keeps whole milliseconds."""
    content = {
        1: _FORMAT,
        2: statement.id.bytes,
        3: statement.operator_id.bytes,
        4: statement.month.isoformat(),
        5: milliseconds(statement.closed_at),
        6: statement.taps,
        7: statement.root,
        8: dict(statement.rides),
        9: statement.lines,
    }
    return sign1(encode(content), key, typ=_TYPE)


def read_statement(raw: bytes, key_set: KeySet) -> Statement:
    """The statement in `raw`, signed by a bundle key that `key_set` believed when the statement was closed.

    Raises:
        CredentialRefused: see `card.cose.verify1`; MALFORMED for anything that no statement is written as.
    """
    # The time at which the key must be believed stands inside, so the content is read before it is believed.
    statement = _statement(read_sign1(raw, _MAX_BYTES).payload)
    verify1(raw, key_set.keys_for(KeyUse.BUNDLE, statement.closed_at), typ=_TYPE, limit=_MAX_BYTES)
    return statement


def _statement(payload: bytes) -> Statement:
    content = decode(payload, _MAX_BYTES)
    try:
        _require(content.keys() == _KEYS and content[1] == _FORMAT)
        statement = Statement(
            id=UUID(bytes=content[2]),
            operator_id=UUID(bytes=content[3]),
            month=date.fromisoformat(content[4]),
            closed_at=instant(content[5]),
            taps=_number(content[6]),
            root=_hash(content[7]),
            rides={str(name): _number(count) for name, count in content[8].items()},
            lines=_hash(content[9]),
        )
        _require(statement.month.isoformat() == content[4] and statement.month.day == 1)
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    return statement


def _number(value: Any) -> int:
    _require(type(value) is int and value >= 0)
    return int(value)


def _hash(value: Any) -> bytes:
    _require(type(value) is bytes and len(value) == HASH_BYTES)
    return bytes(value)


def _require(condition: bool) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise ValueError("not a statement")
