"""Opaque ids: a type's name and a key, so that one type's id is never taken for another's."""

import base64
import binascii
from uuid import UUID

import strawberry

_KEY_BYTES = 16
# The key that no row has: what a malformed id is looked up by, so that it is answered like an unknown one.
NOBODY = UUID(int=0)


def to_id(kind: str, key: UUID) -> strawberry.ID:
    """The id that clients see for the row `key` of the type `kind`."""
    return strawberry.ID(base64.urlsafe_b64encode(kind.encode() + b":" + key.bytes).decode().rstrip("="))


def from_id(kind: str, text: str) -> UUID | None:
    """The key in an id of the type `kind`; None for anything else, however malformed."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    name, _, key = raw.partition(b":")
    if name != kind.encode() or len(key) != _KEY_BYTES:
        return None
    return UUID(bytes=key)


def key_of(kind: str, text: str) -> UUID:
    """The key in an id of the type `kind`, or NOBODY for anything else."""
    return from_id(kind, text) or NOBODY
