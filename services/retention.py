"""Erases what has been kept long enough, by the periods of policy/register/retention.toml; as the tables' owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from domain.dates import local_date, start_of
from domain.retention import Kept, Retention
from services import audit
from services.erasure import Cause, erase_for_good

# What has ended before the instant $1. Refresh tokens go with their session.
_ENDED: Final = {
    Kept.SESSION: (("session", "coalesce(revoked_at, expires_at) < $1"),),
    Kept.ATTEMPT: (("attempt", "day < ($1::timestamptz AT TIME ZONE 'Asia/Shanghai')::date"),),
    Kept.IDEMPOTENCY_KEY: (("idempotency_key", "created_at < $1"),),
    Kept.BINDING_CODE: (("binding_code", "expires_at < $1"),),
    Kept.SCAN: (
        ("tap", "device_at < $1"),
        ("tap_conflict", "received_at < $1"),
        ("tap_finding", "last_at < $1"),
    ),
    Kept.CREDENTIAL: (("credential", "expires_at < $1"),),
}
_DECEASED: Final = "SELECT id FROM resident WHERE deceased_on < $1 AND erased_at IS NULL ORDER BY id"


@dataclass(frozen=True)
class Due:
    """What was kept long enough: all that ended before `since`, None where no period is in force."""

    what: Kept
    days: int | None
    since: date | None
    count: int


async def count_due(connection: asyncpg.Connection, retention: Retention, at: datetime) -> Sequence[Due]:
    """How much would be erased now."""
    return [await _counted(connection, retention, what, at) for what in Kept]


async def erase_due(
    connection: asyncpg.Connection, retention: Retention, directory: Path, at: datetime
) -> Sequence[Due]:
    """Erase what was kept long enough, each kind in a transaction of its own, and return how much that was.

    Raises:
        OSError: the list of erased residents in `directory` cannot be written.
    """
    erased = [await _erased(connection, retention, what, directory, at) for what in Kept]
    detail = ", ".join(f"{due.what} {due.count}" for due in erased if due.count)
    if detail:
        async with connection.transaction():
            await audit.record(connection, audit.Event("operator:retention", "erase_due", "-", detail), at)
    return erased


async def _counted(connection: asyncpg.Connection, retention: Retention, what: Kept, at: datetime) -> Due:
    days, since = _since(retention, what, at)
    if since is None:
        count = 0
    elif what is Kept.DECEASED_RESIDENT:
        count = len(await _deceased(connection, since))
    else:
        count = sum(
            [
                await connection.fetchval(f"SELECT count(*) FROM {table} WHERE {ended}", start_of(since))
                for table, ended in _ENDED[what]
            ]
        )
    return Due(what, days, since, count)


async def _erased(
    connection: asyncpg.Connection, retention: Retention, what: Kept, directory: Path, at: datetime
) -> Due:
    days, since = _since(retention, what, at)
    count = 0
    if since is None:
        pass
    elif what is Kept.DECEASED_RESIDENT:
        for resident_id in await _deceased(connection, since):
            count += await erase_for_good(connection, directory, resident_id, Cause.DECEASED, at)
    else:
        async with connection.transaction():
            for table, ended in _ENDED[what]:
                done = await connection.execute(f"DELETE FROM {table} WHERE {ended}", start_of(since))
                count += int(done.removeprefix("DELETE "))
    return Due(what, days, since, count)


def _since(retention: Retention, what: Kept, at: datetime) -> tuple[int | None, date | None]:
    on = local_date(at)
    period = retention.period(what, on)
    return (period.days, on - timedelta(days=period.days)) if period else (None, None)


async def _deceased(connection: asyncpg.Connection, since: date) -> Sequence[UUID]:
    return [row["id"] for row in await connection.fetch(_DECEASED, since)]
