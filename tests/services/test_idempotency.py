"""Shows that a repeated request has one effect and one answer, at the same moment and after a crash as well."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.database import DatabaseUnavailable
from services.idempotency import InFlight, KeyReused, answer_of, once
from services.resources import Resources
from tests.services.register import Register, open_all


@pytest.fixture
async def account_id(register: Register) -> UUID:
    """An account that asks for something."""
    return (await register.viewer()).account_id


class Work:
    """Something that must happen once: it counts itself, and writes a row that shows a rollback."""

    def __init__(self) -> None:
        self.done = 0

    async def __call__(self, connection: asyncpg.Connection) -> str:
        """Do it."""
        self.done += 1
        await connection.execute(
            "INSERT INTO provider (id, name, address) VALUES ($1, $2, '')", uuid4(), f"work {id(self)}"
        )
        return f"answer {self.done}"

    async def kept(self, owner: asyncpg.Connection) -> int:
        """How often it is in the database."""
        return int(await owner.fetchval("SELECT count(*) FROM provider WHERE name = $1", f"work {id(self)}"))


async def ask(resources: Resources, account_id: UUID, key: str, work: Work, what: str = "request") -> str:
    """One request as a use case makes it."""
    async with resources.database.transaction() as connection:
        return await once(connection, account_id, key, [what], resources.clock(), lambda: work(connection))


async def test_a_repetition_gets_the_first_answer(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection
) -> None:
    """However often the network repeats a request, the work is done once."""
    work = Work()

    answers = [await ask(resources, account_id, "key", work) for _ in range(3)]

    assert answers == ["answer 1"] * 3
    assert await work.kept(owner) == 1


async def test_another_request_under_the_same_key_is_refused(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection
) -> None:
    """A client that confuses its keys hears so, instead of an answer to another question."""
    work = Work()
    await ask(resources, account_id, "key", work)

    with pytest.raises(KeyReused):
        await ask(resources, account_id, "key", work, "another request")

    assert await work.kept(owner) == 1


async def test_keys_belong_to_their_account(resources: Resources, account_id: UUID, register: Register) -> None:
    """Two people whose phones draw the same key do not get each other's answers."""
    work = Work()
    other = (await register.viewer()).account_id

    answers = [await ask(resources, one, "key", work) for one in (account_id, other)]

    assert answers == ["answer 1", "answer 2"]


@pytest.mark.parametrize("key", ["", "k" * 10_000, "\0", "\ud800", "键"])
async def test_any_text_is_a_key(resources: Resources, account_id: UUID, key: str) -> None:
    """What a client calls a key never reaches a column that could refuse it."""
    work = Work()

    assert [await ask(resources, account_id, key, work) for _ in range(2)] == ["answer 1"] * 2


async def test_requests_at_the_same_moment_have_one_effect(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection
) -> None:
    """A retry that runs beside the first request waits for it and gets its answer."""
    work = Work()

    await open_all(resources)
    answers = await asyncio.gather(*(ask(resources, account_id, "key", work) for _ in range(8)))

    assert answers == ["answer 1"] * 8
    assert await work.kept(owner) == 1


async def test_a_retry_does_not_wait_for_ever(resources: Resources, account_id: UUID) -> None:
    """While the first request still works, a retry is told so after the lock timeout."""
    work = Work()
    async with resources.database.transaction() as connection:
        await once(connection, account_id, "key", ["request"], resources.clock(), lambda: work(connection))

        with pytest.raises(InFlight):
            await ask(resources, account_id, "key", work)

    assert await ask(resources, account_id, "key", work) == "answer 1"


async def test_a_key_that_cannot_be_used_is_a_refusal_like_others(resources: Resources, account_id: UUID) -> None:
    """For callers whose answers are text: the first answer, another request's key, and a request that still runs."""
    work, at, database = Work(), resources.clock(), resources.database

    answer = await answer_of(database, account_id, "key", ["request"], at, work)
    reused = await answer_of(database, account_id, "key", ["other"], at, work)
    async with database.transaction() as connection:
        await once(connection, account_id, "busy", ["request"], at, lambda: work(connection))
        busy = await answer_of(database, account_id, "busy", ["request"], at, work)

    assert (answer, reused, busy) == ("answer 1", "key_reused", "in_flight")


async def test_a_failed_request_leaves_its_key_free(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection
) -> None:
    """When the work fails, neither key nor work is kept, and the retry does it."""
    failing, work = Work(), Work()

    async def fail() -> None:
        async with resources.database.transaction() as connection:
            await once(connection, account_id, "key", ["request"], resources.clock(), lambda: failing(connection))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await ask(resources, account_id, "key", work) == "answer 1"
    assert (await failing.kept(owner), await work.kept(owner)) == (0, 1)


async def test_a_crash_in_the_middle_is_repeated_whole(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection, killer: asyncpg.Connection
) -> None:
    """A server that dies between work and commit leaves nothing behind, while its waiting retry does the work."""
    crashed, work = Work(), Work()
    retry: asyncio.Task[str] | None = None

    async def crash() -> None:
        nonlocal retry
        async with resources.database.transaction() as connection:
            await once(connection, account_id, "key", ["request"], resources.clock(), lambda: crashed(connection))
            retry = asyncio.create_task(ask(resources, account_id, "key", work))
            await asyncio.sleep(0.05)
            await killer.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())

    with pytest.raises(DatabaseUnavailable):
        await crash()

    assert retry is not None
    assert await retry == "answer 1"
    assert (await crashed.kept(owner), await work.kept(owner)) == (0, 1)


async def test_a_lost_answer_is_given_again(
    resources: Resources, account_id: UUID, owner: asyncpg.Connection, killer: asyncpg.Connection
) -> None:
    """When the link breaks after the commit, the retry finds the answer and changes nothing."""
    work = Work()
    async with resources.database.transaction() as connection:
        backend = connection.get_server_pid()
        await once(connection, account_id, "key", ["request"], resources.clock(), lambda: work(connection))
    await killer.execute("SELECT pg_terminate_backend($1, 1000)", backend)

    # What a phone does: the first try may be the one that finds the connection gone.
    with suppress(DatabaseUnavailable):
        await ask(resources, account_id, "key", work)
    answer = await ask(resources, account_id, "key", work)

    assert answer == "answer 1"
    assert await work.kept(owner) == 1
