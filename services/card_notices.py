"""Writes down what residents are to be told of their cards and guardians; the worker says that it is there to read."""

from datetime import datetime

import asyncpg

from models.record import new_id
from services.notices import tell_of_card
from services.standings import Found
from services.vault import DataKey, Sealed


async def tell(connection: asyncpg.Connection, found: Found, kind: str, detail: str, at: datetime) -> None:
    """Leave a notice of a kind for a resident whose card is at hand."""
    await tell_resident(connection, found.data_key, kind, detail, at)


async def tell_resident(connection: asyncpg.Connection, key: DataKey, kind: str, detail: str, at: datetime) -> None:
    """Leave a notice of a kind for the resident of the key; `detail` is JSON, sealed under it."""
    notice_id = new_id()
    await connection.execute(
        "INSERT INTO card_notice (id, resident_id, kind, detail_sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        notice_id,
        key.resident_id,
        kind,
        key.seal(Sealed.NOTICE, detail),
        at,
    )
    await tell_of_card(connection, notice_id, at)
