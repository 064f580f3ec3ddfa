"""Lets every process hear what changed: ids by LISTEN and NOTIFY, and whoever follows them reads anew by her rights.

A booking does not notify in its own transaction, because PostgreSQL lets such transactions commit one at a time only.
Its process tells of it just after, many at once; what a crash keeps untold is found by reading again after a while.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final
from uuid import UUID

import asyncpg

from services.database import AWAY, Database, DatabaseUnavailable

CHANNEL: Final = "sdc_news"
_TOGETHER_SECONDS: Final = 0.05
# Far below the 8,000 bytes that a notification may carry.
_MOST_IDS: Final = 150
_KEEPALIVE_SECONDS: Final = 5.0


class Follower:
    """Waits for news of some ids."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._lost = False

    def wake(self, *, lost: bool = False) -> None:
        """Something changed, or nobody knows any more."""
        self._lost = self._lost or lost
        self._changed.set()

    async def next(self, seconds: float) -> None:
        """Return when something changed, after so many seconds at the latest.

        Raises:
            DatabaseUnavailable: news may have been missed.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
        self._changed.clear()
        if self._lost:
            raise DatabaseUnavailable("news")


class News:
    """The news of one process; it listens on a connection of its own while somebody follows."""

    def __init__(self, url: str, database: Database, seconds: float) -> None:
        self._url = url
        self._database = database
        self._seconds = seconds
        self._untold: set[UUID] = set()
        self._telling: asyncio.Task[None] | None = None
        self._followers: dict[UUID, set[Follower]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    def tell(self, *ids: UUID) -> None:
        """Say soon that these changed; what cannot be said is found by reading again."""
        self._untold.update(ids)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        await asyncio.sleep(_TOGETHER_SECONDS)
        while self._untold:
            some = [self._untold.pop() for _ in range(min(len(self._untold), _MOST_IDS))]
            with suppress(DatabaseUnavailable):
                await self._database.fetch("SELECT pg_notify($1, $2)", CHANNEL, ",".join(map(str, some)))

    @asynccontextmanager
    async def follow(self, ids: Collection[UUID]) -> AsyncIterator[Follower]:
        """A follower that hears of everything that changes from here on.

        Raises:
            DatabaseUnavailable: nobody can listen now.
        """
        with self._following(ids) as follower:
            if self._listening is None or self._listening.done():
                self._ready.clear()
                self._listening = asyncio.create_task(self._listen())
            ready = asyncio.create_task(self._ready.wait())
            await asyncio.wait({ready, self._listening}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                ready.cancel()
                raise DatabaseUnavailable("news")
            yield follower

    @contextmanager
    def _following(self, ids: Collection[UUID]) -> Iterator[Follower]:
        follower = Follower()
        for each in ids:
            self._followers[each].add(follower)
        try:
            yield follower
        finally:
            for each in ids:
                self._followers[each].discard(follower)
                if not self._followers[each]:
                    del self._followers[each]

    async def _listen(self) -> None:
        """Hear until the connection ends, and then let every follower know that it did."""
        try:
            connection = await asyncpg.connect(self._url, timeout=self._seconds, command_timeout=self._seconds)
            try:
                await connection.add_listener(CHANNEL, self._hear)
                self._ready.set()
                while self._followers:
                    await asyncio.sleep(_KEEPALIVE_SECONDS)
                    await connection.execute("SELECT 1")
            finally:
                connection.terminate()
        except AWAY:
            pass
        finally:
            self._ready.clear()
            for followers in list(self._followers.values()):
                for follower in followers:
                    follower.wake(lost=True)

    def _hear(self, connection: object, pid: int, channel: str, payload: str) -> None:
        del connection, pid, channel
        for text in payload.split(","):
            with suppress(ValueError):
                for follower in self._followers.get(UUID(text), ()):
                    follower.wake()

    async def close(self) -> None:
        """End listening and telling."""
        tasks = [task for task in (self._telling, self._listening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
