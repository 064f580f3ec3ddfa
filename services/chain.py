"""Follows the chain of a scanner's scans, so that a missing, altered or re-made scan is seen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from card.scan import NO_RECORD, Head, read_scan, scan_hash

_PAGE = 1_000

_NEXT = """
SELECT sequence, record FROM tap WHERE device_id = $1 AND epoch = $2 AND sequence > $3 ORDER BY sequence LIMIT $4
"""

_REMEMBER = """
INSERT INTO scan_chain (device_id, epoch, sequence, hash, head, received_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device_id, epoch) DO UPDATE SET sequence = $3, hash = $4, head = $5, received_at = $6
"""


class ChainState(StrEnum):
    """How the scans of one epoch hang together, up to the head that the device signed last."""

    WHOLE = "whole"
    GAP = "gap"
    BROKEN = "broken"


@dataclass(frozen=True)
class _Link:
    """The last scan up to which nothing is missing."""

    sequence: int
    hash: bytes


async def follow(connection: asyncpg.Connection, head: Head, signed_head: bytes, at: datetime) -> ChainState:
    """Go on from where the chain was last known whole, and remember how far it is now.

    The caller holds the device's row, so that two uploads do not follow at once.
    """
    device_and_epoch = (head.device_id, head.epoch)
    row = await connection.fetchrow(
        "SELECT sequence, hash FROM scan_chain WHERE device_id = $1 AND epoch = $2", *device_and_epoch
    )
    link = _Link(row["sequence"], row["hash"]) if row else _Link(0, NO_RECORD)
    state = ChainState.WHOLE
    while state is ChainState.WHOLE:
        rows = await connection.fetch(_NEXT, *device_and_epoch, link.sequence, _PAGE)
        link, state = _walk(link, rows)
        if len(rows) < _PAGE:
            break
    if state is ChainState.WHOLE:
        state = _against_head(link, head)
    await connection.execute(_REMEMBER, *device_and_epoch, link.sequence, link.hash, signed_head, at)
    return state


def _walk(link: _Link, rows: list[asyncpg.Record]) -> tuple[_Link, ChainState]:
    for row in rows:
        if row["sequence"] != link.sequence + 1:
            return link, ChainState.GAP
        if read_scan(row["record"]).previous != link.hash:
            return link, ChainState.BROKEN
        link = _Link(row["sequence"], scan_hash(row["record"]))
    return link, ChainState.WHOLE


def _against_head(link: _Link, head: Head) -> ChainState:
    if head.sequence > link.sequence:
        return ChainState.GAP
    return ChainState.BROKEN if head.sequence == link.sequence and head.hash != link.hash else ChainState.WHOLE
