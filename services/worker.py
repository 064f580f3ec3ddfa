"""Works the queue of jobs: delivers notices, and does by the clock what nobody asks for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job, Schedule
from pgqueuer.types import Channel

from services import attendance, delivery, findings, jobs, months, notices, offers, reviews, timetables
from services.database import AWAY, DatabaseUnavailable
from services.resources import Resources
from services.settings import Settings

log = structlog.get_logger("worker")

_POLL: Final = timedelta(seconds=5)
_RECONNECT_SECONDS: Final = (0.5, 1.0, 2.0, 5.0)
_CONNECTIONS: Final = 4
_RETRY: Final = timedelta(seconds=10)


@dataclass(frozen=True)
class Periodic:
    """Something done by the clock, by one of all workers; `when` is a cron expression in UTC."""

    name: str
    when: str
    work: Callable[[Resources], Awaitable[object]]


async def _lay_out(resources: Resources) -> None:
    await timetables.lay_out_all(resources.database, resources.holidays, resources.clock())


async def _forget(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        await jobs.forget_finished(connection)


PERIODIC: Final = (
    Periodic("slots", "7 * * * *", _lay_out),
    Periodic("offers", "* * * * *", offers.expire_offers),
    Periodic("sessions", "*/5 * * * *", attendance.close_sessions),
    Periodic("reviews", "41 18 * * *", reviews.review_bookings),
    Periodic("reminders", "* * * * *", notices.remind),
    Periodic("lost_notices", "* * * * *", notices.queue_lost),
    Periodic("findings", "*/10 * * * *", findings.search),
    Periodic("tap_months", "31 19 * * *", months.make_ahead),
    Periodic("finished_jobs", "23 19 * * *", _forget),
)


async def work(resources: Resources, stop: asyncio.Event) -> None:
    """Work until `stop` is set, and through any time in which the database is away."""
    failures = 0
    while not stop.is_set():
        try:
            async with _pool(resources) as pool:
                log.info("working")
                await _until(stop, _queue(resources, pool), resources.settings)
            failures = 0
        except (*AWAY, DatabaseUnavailable, FailingListenerError) as error:
            log.warning("database away", error=type(error).__name__)
            pause = _RECONNECT_SECONDS[min(failures, len(_RECONNECT_SECONDS) - 1)]
            failures += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


async def _until(stop: asyncio.Event, queue: PgQueuer, settings: Settings) -> None:
    """Run the queue until it fails or `stop` is set; jobs that run then get `shutdown_seconds` to end."""
    heartbeat = timedelta(seconds=settings.job_heartbeat_seconds)
    running = asyncio.create_task(
        queue.run(dequeue_timeout=_POLL, heartbeat_timeout=heartbeat, shutdown_on_listener_failure=True)
    )
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        queue.shutdown.set()
        async with asyncio.timeout(settings.shutdown_seconds):
            await running
    except TimeoutError:
        # What was cut short is `sending`, and found so by the next worker.
        log.warning("stopped with jobs running")
    finally:
        stopping.cancel()
        running.cancel()


def _queue(resources: Resources, pool: asyncpg.Pool) -> PgQueuer:
    driver = AsyncpgPoolDriver(pool)
    queries = jobs.queries(driver)
    queue = PgQueuer(driver, Channel(queries.qbe.settings.channel), queries=queries)

    @queue.entrypoint(jobs.DELIVER, accepts_context=False)
    async def deliver(job: Job) -> None:
        try:
            again = await delivery.deliver(resources, UUID(bytes=job.payload))
        except Exception as error:  # noqa: BLE001 - its text may quote a value, and the library keeps and logs texts
            log.warning("job failed", job=jobs.DELIVER, error=type(error).__name__)
            raise RetryRequested(_RETRY) from None
        if again is not None:
            raise RetryRequested(again)

    for each in PERIODIC:
        queue.schedule(each.name, each.when, accepts_context=False)(_quietly(resources, each))
    return queue


def _quietly(resources: Resources, periodic: Periodic) -> Callable[[Schedule], Awaitable[None]]:
    async def run(schedule: Schedule) -> None:
        del schedule
        try:
            await periodic.work(resources)
        except Exception as error:  # noqa: BLE001 - as above; the clock comes round again
            log.warning("job failed", job=periodic.name, error=type(error).__name__)

    return run


@asynccontextmanager
async def _pool(resources: Resources) -> AsyncIterator[asyncpg.Pool]:
    settings = resources.settings
    assert settings.database_url is not None
    pool = await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=_CONNECTIONS,
        timeout=settings.database_command_seconds,
        command_timeout=settings.database_command_seconds,
        server_settings={"application_name": "sdc work", "timezone": "UTC"},
    )
    try:
        yield pool
    finally:
        # Not `close`, which waits for connections that a broken network never gives back.
        pool.terminate()
