"""Gives a repeated request its first answer, and nothing else twice."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from models.record import new_id
from services.database import Database

_CLAIM = (
    "INSERT INTO idempotency_key (id, account_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (account_id, key) DO NOTHING RETURNING id"
)


class InFlight(Exception):
    """The first request with this key has not ended yet; ask again in a moment."""


class KeyReused(Exception):
    """The key came before with another request; the client must make a new key for a new request."""


async def once(
    connection: asyncpg.Connection,
    account_id: UUID,
    key: str,
    request: list[str],
    at: datetime,
    work: Callable[[], Awaitable[str]],
) -> str:
    """The answer of `work` for the first request with this key, and the same text for each repetition.

    The key (any text) is written first in the caller's transaction, as a hash: a second request with it waits for the
    first to end, for the lock timeout at most, and a crash leaves neither key nor work.

    Raises:
        KeyReused: see there.
        InFlight: see there.
    """
    fingerprint = hashlib.sha256(msgspec.json.encode(request)).digest()
    hashed_key = hash_key(key)
    try:
        mine = await connection.fetchval(_CLAIM, new_id(), account_id, hashed_key, fingerprint, at)
    except asyncpg.LockNotAvailableError as error:
        raise InFlight from error
    if mine is None:
        first = await connection.fetchrow(
            "SELECT request_hash, answer FROM idempotency_key WHERE account_id = $1 AND key = $2",
            account_id,
            hashed_key,
        )
        if first["request_hash"] != fingerprint:
            raise KeyReused
        return str(first["answer"])
    answer = await work()
    await connection.execute("UPDATE idempotency_key SET answer = $2 WHERE id = $1", mine, answer)
    return answer


async def answer_of(
    database: Database,
    account_id: UUID,
    key: str,
    request: list[str],
    at: datetime,
    work: Callable[[asyncpg.Connection], Awaitable[str]],
) -> str:
    """As `once`, in a transaction of its own, for callers whose answers and refusals are all text.

    A key that cannot be used is a refusal like others: "key_reused" or "in_flight".
    """
    try:
        async with database.transaction() as connection:
            return await once(connection, account_id, key, request, at, lambda: work(connection))
    except KeyReused:
        return "key_reused"
    except InFlight:
        return "in_flight"


def hash_key(key: str) -> str:
    """The 64 characters that stand for an idempotency key in the database, whatever a client put into it."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
