"""The queue of jobs, kept in PostgreSQL by pgqueuer: a job is put there by the transaction that makes it necessary."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries
from pgqueuer.types import Channel

DELIVER: Final = "deliver"
CLOSE: Final = "close_statement"

# As the migration made them. Said here, because the library would else take names from variables like CHANNEL.
_NAMES: Final = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    trigger="tg_pgqueuer_changed",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    schedules_table="pgqueuer_schedules",
    statistics_table="pgqueuer_statistics",
)

_FORGET = "DELETE FROM pgqueuer_log WHERE created < now() - make_interval(days => 30)"


def queries(driver: AsyncpgDriver | AsyncpgPoolDriver) -> Queries:
    """The library's statements on our tables."""
    return Queries(driver, QueryBuilderEnvironment(_NAMES), QueryQueueBuilder(_NAMES), QuerySchedulerBuilder(_NAMES))


async def deliver_later(
    connection: asyncpg.Connection, notice_ids: Collection[UUID], after: timedelta = timedelta()
) -> None:
    """Queue the delivery of notices in the caller's transaction; one that waits or runs already is not queued twice."""
    if not notice_ids:
        return
    jobs = list(notice_ids)
    await queries(AsyncpgDriver(connection)).enqueue(
        [DELIVER] * len(jobs),
        [each.bytes for each in jobs],
        [0] * len(jobs),
        [after] * len(jobs),
        [f"{DELIVER}:{each}" for each in jobs],
        on_conflict="skip",
    )


async def close_later(connection: asyncpg.Connection, operator_id: UUID, month: date, actor: str) -> None:
    """Queue the closing of an operator's month in the caller's transaction, unless it waits there already."""
    await queries(AsyncpgDriver(connection)).enqueue(
        [CLOSE],
        [f"{operator_id} {month} {actor}".encode()],
        [0],
        [timedelta()],
        [f"{CLOSE}:{operator_id}:{month}"],
        on_conflict="skip",
    )


def read_closing(payload: bytes) -> tuple[UUID, date, str]:
    """Operator, month and who ordered it, of a job that `close_later` queued."""
    operator_id, month, actor = payload.decode().split(" ")
    return UUID(operator_id), date.fromisoformat(month), actor


async def forget_finished(connection: asyncpg.Connection) -> None:
    """Drop the library's log of jobs that ended a month ago."""
    await connection.execute(_FORGET)
