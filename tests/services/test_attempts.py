"""Shows that tries are counted exactly, whoever counts them and however many do at once."""

import asyncio
from datetime import date

import pytest

from services import attempts
from services.resources import Resources
from tests.services.register import open_all

TODAY = date(2026, 3, 11)


async def count(resources: Resources, action: str, subject: bytes, on: date = TODAY) -> int:
    """One try."""
    async with resources.database.transaction() as connection:
        return await attempts.count(connection, action, subject, on)


async def test_tries_at_once_are_counted_one_by_one(resources: Resources) -> None:
    """Each of many tries gets a number of its own."""
    await open_all(resources)
    counts = await asyncio.gather(*(count(resources, "try", b"subject") for _ in range(20)))

    assert sorted(counts) == list(range(1, 21))


async def test_each_action_subject_and_day_counts_for_itself(resources: Resources) -> None:
    """Nobody's tries are counted to anybody else, and each day begins anew."""
    await count(resources, "one", b"subject")
    others = [("other", b"subject", TODAY), ("one", b"stranger", TODAY), ("one", b"subject", date(2026, 3, 12))]

    assert [await count(resources, *other) for other in others] == [1, 1, 1]
    assert await count(resources, "one", b"subject") == 2


async def test_a_try_that_is_rolled_back_was_none(resources: Resources) -> None:
    """The count belongs to the caller's transaction, so the caller decides what counts."""

    async def fail() -> None:
        async with resources.database.transaction() as connection:
            await attempts.count(connection, "undone", b"subject", TODAY)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await count(resources, "undone", b"subject") == 1
