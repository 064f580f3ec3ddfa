"""Sums a list of records up in one hash, of which each record can be shown to be a part (RFC 6962, section 2.1)."""

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
# They keep a leaf from ever being taken for a node.
_LEAF: Final = b"\0"
_NODE: Final = b"\1"


def leaf_hash(record: bytes) -> bytes:
    """What stands in the tree for a record."""
    return hashlib.sha256(_LEAF + record).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree over leaf hashes in this order; that of no leaves is the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    level = leaves
    # Pairs from the left, a last one without a pair rises as it is: the same tree as the RFC's halves.
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes that lead from the leaf at `index` (from 0) to the root, the nearest first."""
    path: list[bytes] = []
    level = leaves
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level, index = _above(level), index // 2
    return tuple(path)


def proves(root: bytes, record: bytes, index: int, size: int, path: Sequence[bytes]) -> bool:
    """Whether `path` shows that `record` is the leaf at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        return False
    reached, rest = leaf_hash(record), list(path)
    while size > 1:
        if index ^ 1 < size:
            if not rest:
                return False
            other = rest.pop(0)
            reached = _node(other, reached) if index % 2 else _node(reached, other)
        index, size = index // 2, (size + 1) // 2
    return not rest and reached == root


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    return [_node(left, right) for left, right in pairs] + ([level[-1]] if len(level) % 2 else [])


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
