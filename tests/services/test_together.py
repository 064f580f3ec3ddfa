"""Requests of one moment share their work, and each fares as if it had come alone."""

import asyncio
from collections.abc import Sequence

import pytest

from services import together
from services.database import DatabaseUnavailable
from services.resources import Resources
from services.together import Together


class Doubling:
    """Doubles numbers as soon as it may; fails with a 3 among them, and without a database with a 0."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.rounds: list[list[int]] = []

    async def __call__(self, resources: Resources, asked: Sequence[int]) -> list[int]:
        """The answers."""
        del resources
        self.rounds.append(list(asked))
        await self.may.wait()
        if 0 in asked:
            raise DatabaseUnavailable("away")
        if 3 in asked:
            raise ValueError("three")
        return [2 * each for each in asked]


async def asked(shared: Together, resources: Resources, work: Doubling, *numbers: int) -> list[asyncio.Task[int]]:
    """Requests that have come, in this order."""
    tasks = [asyncio.create_task(shared.ask(resources, work, number)) for number in numbers]
    await asyncio.sleep(0)
    return tasks


async def test_who_comes_meanwhile_shares_the_next_round(resources: Resources) -> None:
    """The first waits for nobody, the others for her, and each gets her own answer."""
    shared, work = Together(), Doubling()
    first = await asked(shared, resources, work, 1)
    await asyncio.sleep(0)
    others = await asked(shared, resources, work, 5, 7)

    work.may.set()
    answers = await asyncio.gather(*first, *others)

    assert answers == [2, 10, 14]
    assert work.rounds == [[1], [5, 7]]


async def test_a_round_is_bounded(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds no room in one round is in the next."""
    monkeypatch.setattr(together, "MOST", 2)
    shared, work = Together(), Doubling()
    work.may.set()
    tasks = await asked(shared, resources, work, 1, 2, 4, 5, 6)

    answers = await asyncio.gather(*tasks)

    assert answers == [2, 4, 8, 10, 12]
    assert work.rounds == [[1, 2], [4, 5], [6]]


async def test_nobody_who_comes_as_a_round_ends_is_overlooked(resources: Resources) -> None:
    """Whoever asks the moment an answer is there is served too, time and again."""
    shared, work = Together(), Doubling()
    work.may.set()

    async def client(number: int) -> list[int]:
        return [await shared.ask(resources, work, number) for _ in range(50)]

    answers = await asyncio.wait_for(asyncio.gather(*(client(number) for number in (1, 2, 4))), 30)

    assert answers == [[2] * 50, [4] * 50, [8] * 50]


async def test_one_that_fails_fails_alone(resources: Resources) -> None:
    """What the round could not do is done for each by itself."""
    shared, work = Together(), Doubling()
    work.may.set()
    tasks = await asked(shared, resources, work, 1, 3, 4)

    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert [answers[0], answers[2]] == [2, 8]
    assert isinstance(answers[1], ValueError)
    assert work.rounds == [[1, 3, 4], [1], [3], [4]]


async def test_a_database_that_is_away_is_asked_once(resources: Resources) -> None:
    """It would be away for each of them, and everybody would wait twice."""
    shared, work = Together(), Doubling()
    work.may.set()
    tasks = await asked(shared, resources, work, 1, 0)

    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 2
    assert work.rounds == [[1, 0]]


async def test_who_has_left_is_not_served(resources: Resources) -> None:
    """Neither before her round begins, nor after it, and the others are."""
    shared, work = Together(), Doubling()
    under_way = await asked(shared, resources, work, 1, 2)
    await asyncio.sleep(0)
    waiting = await asked(shared, resources, work, 4, 5)
    for left in (under_way[0], waiting[0]):
        left.cancel()
    await asyncio.sleep(0)

    work.may.set()
    answers = await asyncio.gather(*under_way, *waiting, return_exceptions=True)

    assert [answers[1], answers[3]] == [4, 10]
    assert work.rounds == [[1, 2], [5]]


async def test_when_all_have_left_nothing_is_asked(resources: Resources) -> None:
    """A round of nobody would be a statement about nothing."""
    shared, work = Together(), Doubling()
    first = await asked(shared, resources, work, 1)
    await asyncio.sleep(0)
    (left,) = await asked(shared, resources, work, 2)
    left.cancel()
    await asyncio.sleep(0)

    work.may.set()
    await asyncio.gather(*first)
    await asyncio.sleep(0)

    assert work.rounds == [[1]]


async def test_it_ends_with_its_server(resources: Resources) -> None:
    """What is under way is left off, and nothing goes on behind it."""
    shared, work = Together(), Doubling()
    (task,) = await asked(shared, resources, work, 1)
    await asyncio.sleep(0)

    await shared.close()

    task.cancel()
    work.may.set()
    assert work.rounds == [[1]]
    assert await asyncio.wait_for(shared.ask(resources, work, 2), 30) == 4
