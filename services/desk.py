"""The officers' desk of a server: keeps the register for many questions, and answers one question at a time.

Reading and judging a whole district is heavy beside a resident's request, which must not wait for it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

from domain.access import Area
from domain.register import Register
from domain.rulebook import RuleBook

# Shorter than a request may take, so that who asks first is told to come back.
PATIENCE_SECONDS = 1.5
KEPT_FOR = timedelta(minutes=10)
MOST_KEPT = 3

# A register is read for a book of rules, a day and an area.
Key = tuple[RuleBook, date, Area]
Read = Callable[[], Coroutine[Any, Any, Register]]
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


class Desk:
    """One for each server process; what it keeps names nobody, and is forgotten after `KEPT_FOR`."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[datetime, Register]] = {}
        self._reading: tuple[Key, asyncio.Task[Register]] | None = None
        self._turn = asyncio.Semaphore(1)

    async def register(self, key: Key, at: datetime, read: Read) -> Register | None:
        """The register of a key at an instant, by `read` if it is not kept; None while it, or another, is being read.

        Raises:
            Exception: whatever `read` raises.
        """
        self._kept = {each: kept for each, kept in self._kept.items() if at - kept[0] < KEPT_FOR}
        if key in self._kept:
            return self._kept[key][1]
        if self._reading is None or self._reading[1].done():
            self._reading = key, asyncio.create_task(self._fill(key, at, read))
            # Whoever asked may have left: a failure is then nobody's, and the next one to ask reads anew.
            self._reading[1].add_done_callback(lambda task: task.cancelled() or task.exception())
        wanted, task = self._reading
        if wanted != key:
            return None
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
        return task.result() if task.done() else None

    async def work(self, question: Callable[Asked, Answer], *asked: Asked.args, **named: Asked.kwargs) -> Answer:
        """What a question comes to, worked out beside the event loop when those before it are done."""
        async with self._turn:
            return await asyncio.to_thread(question, *asked, **named)

    async def close(self) -> None:
        """Leave off reading."""
        if self._reading is not None:
            task = self._reading[1]
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task

    async def _fill(self, key: Key, at: datetime, read: Read) -> Register:
        register = await read()
        newest = sorted(self._kept.items(), key=lambda each: each[1][0])[-MOST_KEPT + 1 :]
        self._kept = {**dict(newest), key: (at, register)}
        return register
