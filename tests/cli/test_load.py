"""Proves that a district loaded by COPY is sealed as the server seals, found by its indexes, and whole or absent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from cli.demo.load import extend_timetable, is_empty, load_district
from cli.demo.people import residents
from domain.dates import local_date
from services.vault import Indexed, Sealed, Vault

if TYPE_CHECKING:
    from tests.conftest import DatabaseAddresses

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)
SIZE = 1_150
VAULT = Vault({1: bytes(32)}, bytes(range(32)), bytes(range(1, 33)))


@pytest.fixture(scope="module")
async def owner(database: "DatabaseAddresses") -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner, as which the demo loads."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def test_a_load_cut_short_leaves_nothing(owner: asyncpg.Connection) -> None:
    """Ctrl-C in the middle of the progress bar: the next start finds an empty register and begins anew."""

    def cut(count: int) -> None:
        raise KeyboardInterrupt(count)

    with pytest.raises(KeyboardInterrupt):
        await load_district(owner, VAULT, SIZE, AT, cut)

    assert await is_empty(owner)


async def test_the_district_is_loaded_with_all_its_parts(owner: asyncpg.Connection) -> None:
    """As many residents as asked for, told in batches, with cards, facts, guardians, services and slots."""
    told: list[int] = []
    await load_district(owner, VAULT, SIZE, AT, told.append)
    people = list(residents(SIZE, local_date(AT)))

    assert told == [1_000, 150]
    assert not await is_empty(owner)
    expected = {
        "resident": SIZE,
        "card": sum(len(person.cards) for person in people),
        "fact": sum(len(person.facts) for person in people),
        "guardian": sum(person.guardian is not None for person in people),
    }
    for table, count in expected.items():
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == count  # noqa: S608 # names of this test
    assert await owner.fetchval("SELECT count(*) FROM slot") > 100


async def test_a_resident_is_found_by_her_number_and_opens_with_the_keys(owner: asyncpg.Connection) -> None:
    """Blind index and seals are the server's own, so that binding and viewing work on loaded people."""
    person = next(residents(1, local_date(AT)))
    row = await owner.fetchrow(
        "SELECT r.*, c.number_sealed, c.categories FROM card c JOIN resident r ON r.id = c.resident_id "
        "WHERE c.number_index = $1",
        VAULT.index(Indexed.CARD_NUMBER, person.cards[0].number),
    )
    key = VAULT.data_key(row["id"], row["data_key"], row["data_key_version"])

    assert key.open(Sealed.NAME, row["name_sealed"]) == person.name
    assert key.open(Sealed.CARD_NUMBER, row["number_sealed"]) == person.cards[0].number
    assert key.open(Sealed.ADDRESS, row["address_sealed"]) == person.address
    assert row["phone_index"] == VAULT.index(Indexed.PHONE, person.phone or "")
    assert (row["birth_date"], row["categories"]) == (person.birth_date, "1")


async def test_nothing_personal_is_readable_in_the_tables(owner: asyncpg.Connection) -> None:
    """Names, numbers, phones and addresses are in no column as they are."""
    texts = await owner.fetch("SELECT r::text AS row FROM resident r UNION ALL SELECT c::text FROM card c")
    everything = "\n".join(row["row"] for row in texts)

    for person in residents(4, local_date(AT)):
        for text in filter(None, (person.name, person.id_number, person.phone, person.address)):
            assert text not in everything
            assert text.encode().hex() not in everything


async def test_days_later_the_timetable_goes_on_and_nothing_doubles(owner: asyncpg.Connection) -> None:
    """A demo kept for a week offers the week that came into view; the same day again adds nothing."""
    count = "SELECT count(*) FROM slot"
    before = await owner.fetchval(count)
    last = await owner.fetchval("SELECT max(starts_at) FROM slot WHERE generated")

    await extend_timetable(owner, AT)
    same_day = await owner.fetchval(count)
    await extend_timetable(owner, AT + timedelta(days=7))
    week_later = await owner.fetchval(count)
    await extend_timetable(owner, AT + timedelta(days=7))

    assert same_day == before
    assert week_later == await owner.fetchval(count) > before
    assert await owner.fetchval("SELECT max(starts_at) FROM slot WHERE generated") > last
    assert (
        await owner.fetchval("SELECT count(*) FROM (SELECT FROM slot GROUP BY service_id, starts_at) s") == week_later
    )


async def test_slots_that_were_added_by_hand_are_left_alone(owner: asyncpg.Connection) -> None:
    """Whoever adds a slot outside the week keeps it, whatever is laid out later."""
    await owner.execute(
        "INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken) "
        "SELECT gen_random_uuid(), id, $1, $2, 3, 0 FROM service LIMIT 1",
        AT + timedelta(days=3, hours=12),
        AT + timedelta(days=3, hours=13),
    )

    await extend_timetable(owner, AT)

    assert await owner.fetchval("SELECT state FROM slot WHERE NOT generated AND course_id IS NULL") == "open"
