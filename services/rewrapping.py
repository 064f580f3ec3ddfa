"""Wraps every resident's data key with the newest master key while the servers run, so that an older one can go."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services import audit
from services.database import Database
from services.vault import Vault, VaultRefused

_BATCH = 500
_SHOWN = 10
_FIRST = UUID(int=0)

_OUTDATED = "data_key_version <> $1 AND erased_at IS NULL"

# A row that changed since it was read keeps what it has now: the next run finds it again if it must.
_REPLACE = """
UPDATE resident r SET data_key = n.wrapped, data_key_version = $4
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS n (id, before, wrapped)
WHERE r.id = n.id AND r.data_key = n.before
"""


class RewrapIncomplete(Exception):
    """Some data keys cannot be opened; the message says how many, whose (by id), and what to do."""


async def count_outdated(database: Database, vault: Vault) -> int:
    """How many residents are under an older master key than the newest."""
    (row,) = await database.fetch(f"SELECT count(*) FROM resident WHERE {_OUTDATED}", max(vault.master))
    return int(row["count"])


async def rewrap_all(database: Database, vault: Vault, at: datetime, advance: Callable[[int], None]) -> int:
    """Wrap all outdated data keys anew and return their number; `advance` hears of each batch.

    Batches are transactions of their own, so it may be cut short and run again. What the keys seal is not touched.

    Raises:
        RewrapIncomplete: before anything is changed, where a master key is gone that some need; at the end, where
            single rows were altered and do not open.
        DatabaseUnavailable: the batches before are kept; run it again.
    """
    await _refuse_gone(database, vault)
    done, damaged, after = 0, list[UUID](), _FIRST
    while rows := await database.fetch(
        f"SELECT id, data_key, data_key_version FROM resident WHERE {_OUTDATED} AND id > $2 ORDER BY id LIMIT {_BATCH}",
        max(vault.master),
        after,
    ):
        fresh, broken = _wrapped(vault, rows)
        async with database.transaction() as connection:
            ids, before, wrapped = zip(*fresh, strict=True) if fresh else ((), (), ())
            await connection.execute(_REPLACE, ids, before, wrapped, max(vault.master))
        done, after = done + len(fresh), rows[-1]["id"]
        damaged += broken
        advance(len(rows))
    await _record(database, vault, done, at)
    if damaged:
        raise RewrapIncomplete(
            f"{done} data keys were wrapped anew, and {len(damaged)} do not open, because their rows were altered: "
            f"{_listed(damaged)}. Bring these back from a backup."
        )
    return done


async def _refuse_gone(database: Database, vault: Vault) -> None:
    rows = await database.fetch(
        "SELECT id, data_key_version FROM resident WHERE data_key_version <> ALL($1::int[]) AND erased_at IS NULL "
        "ORDER BY id",
        list(vault.master),
    )
    if rows:
        versions = ", ".join(str(version) for version in sorted({row["data_key_version"] for row in rows}))
        raise RewrapIncomplete(
            f"{len(rows)} residents are under master key version {versions}, which the keys file does not have: "
            f"{_listed([row['id'] for row in rows])}. Bring back the keys file that has it; nothing was changed."
        )


def _wrapped(vault: Vault, rows: Sequence[asyncpg.Record]) -> tuple[list[tuple[UUID, bytes, bytes]], list[UUID]]:
    """The new wrapping of each row beside the old, and the ids of those that do not open."""
    fresh, broken = [], []
    for row in rows:
        try:
            key = vault.data_key(row["id"], row["data_key"], row["data_key_version"])
        except VaultRefused:
            broken.append(row["id"])
        else:
            fresh.append((row["id"], row["data_key"], vault.wrap(key)[0]))
    return fresh, broken


async def _record(database: Database, vault: Vault, done: int, at: datetime) -> None:
    if not done:
        return
    event = audit.Event("operator:keys", "rewrap", "-", f"version {max(vault.master)}, {done} residents")
    async with database.transaction() as connection:
        await audit.record(connection, event, at)


def _listed(ids: Sequence[UUID]) -> str:
    shown = ", ".join(str(each) for each in ids[:_SHOWN])
    return f"{shown} and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else shown
