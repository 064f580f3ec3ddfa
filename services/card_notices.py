"""Writes down what residents are to be told of their cards; delivering it is another's work, afterwards."""

from datetime import datetime

import asyncpg

from models.record import new_id
from services.standings import Found
from services.vault import Sealed


async def tell(connection: asyncpg.Connection, found: Found, kind: str, detail: str, at: datetime) -> None:
    """Leave a notice of a kind for a resident; `detail` is JSON, sealed under her key."""
    await connection.execute(
        "INSERT INTO card_notice (id, resident_id, kind, detail_sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        found.resident_id,
        kind,
        found.data_key.seal(Sealed.NOTICE, detail),
        at,
    )
