"""The audit log: who did what to whom, chained by hash so that a change or a gap shows."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
import msgspec

from services.database import Database

# Any constant: one writer at a time may append, or two entries would claim the same predecessor.
_CHAIN_LOCK = 0x53444341
_GENESIS = bytes(32)
_PAGE = 1_000
_BEFORE_ALL = -(1 << 63)


@dataclass(frozen=True)
class Event:
    """What happened; `detail` never holds a name, a number or a token."""

    actor: str
    action: str
    subject: str
    detail: str = ""


class Breach(StrEnum):
    """What was done to the log. An entry that was put in shows as ALTERED: it does not follow from the one before."""

    ALTERED = "altered"
    MISSING = "missing"
    REWRITTEN = "rewritten"
    CUT_OFF = "cut_off"


@dataclass(frozen=True)
class ChainBroken:
    """The first entry that is not as it was written, and how.

    REWRITTEN: all entries follow from one another, but a checkpoint signed this one as another. CUT_OFF: checkpoints
    signed this one, and the log ends before it.
    """

    sequence: int
    breach: Breach


@dataclass(frozen=True)
class Head:
    """The newest entry of the log, which stands for all before it."""

    sequence: int
    hash: bytes


async def record(connection: asyncpg.Connection, event: Event, at: datetime) -> None:
    """Append to the log inside the caller's transaction, so that neither is kept without the other.

    The chain's lock is held until that transaction ends: call this last, and lock nothing afterwards that others lock
    before they log, or two use cases would wait for each other.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _CHAIN_LOCK)
    last = await connection.fetchrow("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    sequence, previous = (last["sequence"] + 1, last["hash"]) if last else (1, _GENESIS)
    await connection.execute(
        "INSERT INTO audit (sequence, at, actor, action, subject, detail, previous, hash) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        sequence,
        at,
        event.actor,
        event.action,
        event.subject,
        event.detail,
        previous,
        _hash(sequence, at, event, previous),
    )


async def head_of(database: Database) -> Head | None:
    """The newest entry; None of an empty log."""
    rows = await database.fetch("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    return Head(rows[0]["sequence"], rows[0]["hash"]) if rows else None


async def verify_chain(database: Database, signed: Mapping[int, bytes]) -> int | ChainBroken:
    """Walk the whole log: the number of entries when each follows from the one before, else the first that does not.

    `signed` are the hashes of entries by sequence, as checkpoints outside the database hold them.
    """
    previous, expected = _GENESIS, 1
    async for row in _entries(database):
        event = Event(row["actor"], row["action"], row["subject"], row["detail"])
        if row["sequence"] > expected:
            return ChainBroken(expected, Breach.MISSING)
        follows = row["sequence"] == expected and row["previous"] == previous
        if not follows or row["hash"] != _hash(expected, row["at"], event, previous):
            return ChainBroken(expected, Breach.ALTERED)
        if signed.get(expected, row["hash"]) != row["hash"]:
            return ChainBroken(expected, Breach.REWRITTEN)
        previous, expected = row["hash"], expected + 1
    cut_off = max(signed, default=0) >= expected
    return ChainBroken(expected, Breach.CUT_OFF) if cut_off else expected - 1


async def _entries(database: Database) -> AsyncIterator[asyncpg.Record]:
    seen = _BEFORE_ALL
    while rows := await database.fetch(
        "SELECT * FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT $2", seen, _PAGE
    ):
        for row in rows:
            yield row
        seen = rows[-1]["sequence"]


def _hash(sequence: int, at: datetime, event: Event, previous: bytes) -> bytes:
    content = [sequence, at.astimezone(UTC).isoformat(), event.actor, event.action, event.subject, event.detail]
    return hashlib.sha256(previous + msgspec.json.encode(content)).digest()
