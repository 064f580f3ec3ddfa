"""Does at once what several requests ask for at the same moment, so that they share statements and one commit."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from services.database import DatabaseUnavailable

if TYPE_CHECKING:
    from services.resources import Resources

# Bounds what one statement holds and locks; whoever comes later waits for the next.
MOST: Final = 64

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
# Answers each of those who ask, in their order; the database reaches whom the work itself says.
Work = Callable[["Resources", Sequence[Asked]], Awaitable[Sequence[Answer]]]


class Together:
    """One for each server process. While a kind of work is under way, whoever asks for it waits and shares the next.

    So nobody waits for company: who comes alone is served alone, and the busier the server, the more share.
    """

    def __init__(self) -> None:
        self._waiting: dict[Any, list[tuple[Any, asyncio.Future[Any]]]] = defaultdict(list)
        self._working: dict[Any, asyncio.Task[None]] = {}

    async def ask(self, resources: "Resources", work: Work[Asked, Answer], asked: Asked) -> Answer:
        """What `work` answers; what fails for several is done again for each alone.

        The work is one that may be done again: it reads, or its requests carry keys.

        Raises:
            Exception: whatever `work` raises for this one alone.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[work].append((asked, answer))
        # Between finding nobody waiting and being done, `_work` awaits nothing: nobody is overlooked.
        if work not in self._working or self._working[work].done():
            # What it logs is nobody's request.
            self._working[work] = asyncio.create_task(self._work(resources, work), context=Context())
        return await answer

    async def _work(self, resources: "Resources", work: Work[Any, Any]) -> None:
        waiting = self._waiting[work]
        while waiting:
            some = [each for each in waiting[:MOST] if not each[1].done()]
            del waiting[:MOST]
            if some:
                await _serve(resources, work, some)

    async def close(self) -> None:
        """Leave off working."""
        for task in self._working.values():
            task.cancel()
        await asyncio.gather(*self._working.values(), return_exceptions=True)


async def _serve(resources: "Resources", work: Work[Any, Any], some: Sequence[tuple[Any, asyncio.Future[Any]]]) -> None:
    try:
        answers = await work(resources, [asked for asked, _ in some])
    except Exception as error:  # noqa: BLE001 - raised where it was asked for
        # A database that is away is away for each of them.
        if len(some) > 1 and not isinstance(error, DatabaseUnavailable):
            await asyncio.gather(*(_serve(resources, work, [each]) for each in some))
            return
        for _, future in some:
            _settle(future, error)
    else:
        for (_, future), answer in zip(some, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    """Answer, unless whoever asked has left."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
