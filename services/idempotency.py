"""Gives a repeated request its first answer, and nothing else twice."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from models.record import new_id
from services.database import Database

# In the order of the keys, so that no two transactions wait for each other's.
_CLAIM = """
INSERT INTO idempotency_key (id, account_id, key, request_hash, created_at, answer)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[])
    AS claim (id, account_id, key, request_hash, created_at, answer) ORDER BY account_id, key
ON CONFLICT (account_id, key) DO NOTHING RETURNING id
"""

_SETTLE = (
    "UPDATE idempotency_key SET answer = settled.answer "
    "FROM unnest($1::uuid[], $2::text[]) AS settled (id, answer) WHERE idempotency_key.id = settled.id"
)


KEY_REUSED: Final = "key_reused"
IN_FLIGHT: Final = "in_flight"


class InFlight(Exception):
    """The first request with this key has not ended yet; ask again in a moment."""


class KeyReused(Exception):
    """The key came before with another request; the client must make a new key for a new request."""


@dataclass(frozen=True)
class Claim:
    """A request that may come again: its account's key, what it asks, and the answer that it will probably get."""

    account_id: UUID
    key: str
    request: Sequence[str]
    at: datetime
    expected: str | None = None


async def claim(connection: asyncpg.Connection, claims: Sequence[Claim]) -> list[UUID | str | KeyReused]:
    """For each request its claim, to be settled; or its first answer, or that its key came with another request.

    No two may have the same account and key. The key (any text) is written as a hash: a second request with it waits
    for the first to end, for the lock timeout at most, and a crash leaves neither key nor work. The `expected` answer
    is written with it, so that the work's last statement, which others may wait for, is followed by the commit alone.

    Raises:
        InFlight: see there.
    """
    rows = [
        (new_id(), each.account_id, hash_key(each.key), _fingerprint(each), each.at, each.expected) for each in claims
    ]
    try:
        claimed = {row["id"] for row in await connection.fetch(_CLAIM, *zip(*rows, strict=True))}
    except asyncpg.LockNotAvailableError as error:
        raise InFlight from error
    return [row[0] if row[0] in claimed else await _first(connection, *row[1:4]) for row in rows]


async def settle(connection: asyncpg.Connection, answers: Mapping[UUID, str]) -> None:
    """Write the answers of claims that did not get the expected one."""
    await connection.execute(_SETTLE, list(answers), list(answers.values()))


async def _first(
    connection: asyncpg.Connection, account_id: UUID, hashed_key: str, fingerprint: bytes
) -> str | KeyReused:
    first = await connection.fetchrow(
        "SELECT request_hash, answer FROM idempotency_key WHERE account_id = $1 AND key = $2", account_id, hashed_key
    )
    return str(first["answer"]) if first["request_hash"] == fingerprint else KeyReused()


def _fingerprint(claim: Claim) -> bytes:
    return hashlib.sha256(msgspec.json.encode(claim.request)).digest()


async def once(
    connection: asyncpg.Connection,
    account_id: UUID,
    key: str,
    request: list[str],
    at: datetime,
    work: Callable[[], Awaitable[str]],
    expected: str | None = None,
) -> str:
    """The answer of `work` for the first request with this key, and the same text for each repetition.

    The key is claimed first in the caller's transaction.

    Raises:
        KeyReused: see there.
        InFlight: see there.
    """
    (mine,) = await claim(connection, [Claim(account_id, key, request, at, expected)])
    if isinstance(mine, KeyReused):
        raise mine
    if isinstance(mine, str):
        return mine
    answer = await work()
    if answer != expected:
        await settle(connection, {mine: answer})
    return answer


async def answer_of(
    database: Database,
    account_id: UUID,
    key: str,
    request: list[str],
    at: datetime,
    work: Callable[[asyncpg.Connection], Awaitable[str]],
    expected: str | None = None,
) -> str:
    """As `once`, in a transaction of its own, for callers whose answers and refusals are all text.

    A key that cannot be used is a refusal like others: `KEY_REUSED` or `IN_FLIGHT`.
    """
    try:
        async with database.transaction() as connection:
            return await once(connection, account_id, key, request, at, lambda: work(connection), expected)
    except KeyReused:
        return KEY_REUSED
    except InFlight:
        return IN_FLIGHT


def hash_key(key: str) -> str:
    """The 64 characters that stand for an idempotency key in the database, whatever a client put into it."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
