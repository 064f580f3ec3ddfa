"""Counts what may be tried only so often a day, in the database, so that it holds over all processes."""

from datetime import date

import asyncpg

from models.record import new_id


async def count(connection: asyncpg.Connection, action: str, subject: bytes, on: date) -> int:
    """Count one more try of `action` by `subject` (a keyed hash) on that day, and return how many there were."""
    tries: int = await connection.fetchval(
        "INSERT INTO attempt (id, action, subject, day, count) VALUES ($1, $2, $3, $4, 1) "
        "ON CONFLICT (action, subject, day) DO UPDATE SET count = attempt.count + 1 RETURNING count",
        new_id(),
        action,
        subject,
        on,
    )
    return tries
