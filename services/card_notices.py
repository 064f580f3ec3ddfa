"""Writes down what residents are to be told of their cards; delivering it is another's work, afterwards."""

from datetime import datetime

import asyncpg

from models.record import new_id
from services.standings import Found
from services.vault import DataKey, Sealed


async def tell(connection: asyncpg.Connection, found: Found, kind: str, detail: str, at: datetime) -> None:
    """Leave a notice of a kind for a resident whose card is at hand."""
    await tell_resident(connection, found.data_key, kind, detail, at)


async def tell_resident(connection: asyncpg.Connection, key: DataKey, kind: str, detail: str, at: datetime) -> None:
    """Leave a notice of a kind for the resident of the key; `detail` is JSON, sealed under it."""
    await connection.execute(
        "INSERT INTO card_notice (id, resident_id, kind, detail_sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        key.resident_id,
        kind,
        key.seal(Sealed.NOTICE, detail),
        at,
    )
