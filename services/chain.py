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
ON CONFLICT (device_id, epoch) DO UPDATE
SET sequence = $3, hash = $4, head = $5, received_at = $6, state = $7, head_sequence = $8, clock_offset = $9
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
class _Known:
    """The last scan up to which nothing is missing."""

    sequence: int
    hash: bytes


async def follow(connection: asyncpg.Connection, arrival: Arrival, brought: Mapping[int, Link]) -> ChainState:
    """Go on from where the chain was last known whole, and remember how far it is now.

    `brought` are the scans of the upload that are kept, by number: most often they are all that is to be followed. The
    caller holds the device's row, so that two uploads do not follow at once.
    """
    head = arrival.head
    row = await connection.fetchrow(
        "SELECT sequence, hash, head_sequence FROM scan_chain WHERE device_id = $1 AND epoch = $2",
        *(head.device_id, head.epoch),
    )
    known = _Known(row["sequence"], row["hash"]) if row else _Known(0, NO_RECORD)
    newest = max(head.sequence, row["head_sequence"] if row else 0)
    known, state = _walk(known, brought)
    while state is ChainState.GAP and known.sequence < max(newest, *brought, 0):
        rows = await connection.fetch(_NEXT, head.device_id, head.epoch, known.sequence, _PAGE)
        before = known
        known, state = _walk(known, {row["sequence"]: _link(row["record"]) for row in rows})
        if known == before:
            break
    if state is not ChainState.BROKEN:
        state = _against_head(known, head, newest)
    await connection.execute(
        _REMEMBER,
        *(head.device_id, head.epoch, known.sequence, known.hash, arrival.signed_head, arrival.at),
        *(state, newest, arrival.offset),
    )
    return state


def _walk(known: _Known, links: Mapping[int, Link]) -> tuple[_Known, ChainState]:
    """As far as the links reach without a hole; GAP where they end, whether or not there is more."""
    while link := links.get(known.sequence + 1):
        if link.previous != known.hash:
            return known, ChainState.BROKEN
        known = _Known(known.sequence + 1, link.hash)
    return known, ChainState.GAP


def _link(record: bytes) -> Link:
    return Link(scan_hash(record), read_scan(record).previous)


def _against_head(known: _Known, head: Head, newest: int) -> ChainState:
    if newest > known.sequence:
        return ChainState.GAP
    return ChainState.BROKEN if head.sequence == known.sequence and head.hash != known.hash else ChainState.WHOLE
