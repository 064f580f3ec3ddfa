"""Follows the chain of a scanner's scans, so that a missing, altered or re-made scan is seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg

from card.scan import NO_RECORD, Head, read_scan, scan_hash

_PAGE = 1_000

_NEXT = """
SELECT sequence, record FROM tap WHERE device_id = $1 AND epoch = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
"""

_REMEMBER = """
INSERT INTO scan_chain (device_id, epoch, sequence, hash, head, received_at, state, head_sequence, clock_offset)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (device_id, epoch) DO UPDATE SET
    sequence = $3, hash = $4, head = $5, received_at = $6, state = $7, head_sequence = $8, clock_offset = $9
"""


class ChainState(StrEnum):
    """How the scans of one epoch hang together, up to the newest head that the device signed."""

    WHOLE = "whole"
    GAP = "gap"
    BROKEN = "broken"


@dataclass(frozen=True)
class Arrival:
    """An upload: the head and its signed bytes, when it came, and how far the device's clock was behind then."""

    head: Head
    signed_head: bytes
    at: datetime
    offset: timedelta


@dataclass(frozen=True)
class Link:
    """A scan in its chain: the hash of its record, and the one that it names as the record before."""

    hash: bytes
    previous: bytes


@dataclass(frozen=True)
class Known:
    """How far a chain is known: the last scan up to which nothing is missing, and the newest that was signed for."""

    sequence: int
    hash: bytes
    signed: int


async def known(connection: asyncpg.Connection, head: Head) -> Known:
    """How far the chain of the head's device and epoch was known before."""
    row = await connection.fetchrow(
        "SELECT sequence, hash, head_sequence FROM scan_chain WHERE device_id = $1 AND epoch = $2",
        *(head.device_id, head.epoch),
    )
    return Known(row["sequence"], row["hash"], row["head_sequence"]) if row else Known(0, NO_RECORD, 0)


async def follow(
    connection: asyncpg.Connection, arrival: Arrival, before: Known, brought: Mapping[int, Link]
) -> ChainState:
    """Go on from where the chain was last known whole, and remember how far it is now.

    `brought` are the scans of the upload that are kept, by number: most often they are all that is to be followed. The
    caller lets no other upload of the device go on at once.
    """
    head = arrival.head
    newest = max(head.sequence, before.signed)
    now, state = _walk(before, brought)
    while state is ChainState.GAP and now.sequence < max(newest, *brought, 0):
        rows = await connection.fetch(_NEXT, head.device_id, head.epoch, now.sequence, _PAGE)
        earlier = now
        now, state = _walk(now, {row["sequence"]: _link(row["record"]) for row in rows})
        if now == earlier:
            break
    if state is not ChainState.BROKEN:
        state = _against_head(now, head, newest)
    await connection.execute(
        _REMEMBER,
        *(head.device_id, head.epoch, now.sequence, now.hash, arrival.signed_head, arrival.at),
        *(state, newest, arrival.offset),
    )
    return state


def _walk(now: Known, links: Mapping[int, Link]) -> tuple[Known, ChainState]:
    """As far as the links reach without a hole; GAP where they end, whether or not there is more."""
    while link := links.get(now.sequence + 1):
        if link.previous != now.hash:
            return now, ChainState.BROKEN
        now = Known(now.sequence + 1, link.hash, now.signed)
    return now, ChainState.GAP


def _link(record: bytes) -> Link:
    return Link(scan_hash(record), read_scan(record).previous)


def _against_head(now: Known, head: Head, newest: int) -> ChainState:
    if newest > now.sequence:
        return ChainState.GAP
    return ChainState.BROKEN if head.sequence == now.sequence and head.hash != now.hash else ChainState.WHOLE
