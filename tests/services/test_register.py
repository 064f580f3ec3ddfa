"""The register is read as each resident is, and nobody reads it unseen."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import numpy as np
import pytest

from domain.access import Area
from domain.columns import ColumnsBuilder
from domain.compiled import compile_book
from domain.explanation import Case
from services.entitlements import facts_of
from services.people import residents_by_id
from services.register import Enquiry, read_register
from services.resources import Resources
from tests.services.register import Holder, Register

ON = date(2026, 3, 11)
ENQUIRY = Enquiry("operator", "test")


@pytest.fixture
async def holders(register: Register, owner: asyncpg.Connection) -> Sequence[Holder]:
    """Residents with every kind of difficulty that a reading can meet."""
    await owner.execute("DELETE FROM receipt; DELETE FROM fact; DELETE FROM card; DELETE FROM resident")
    plain = await register.resident(town="白鹭镇", village="前庄村")
    await register.fact(plain, "own_income", "820")
    await register.fact(plain, "care_level", "mainly", source="federation")
    contradicted = await register.resident(town="白鹭镇", village="后庄村", category=7, categories="56", grade=1)
    await register.fact(contradicted, "own_income", "100", source="federation")
    await register.fact(contradicted, "own_income", "2000", source="civil_affairs")
    torn = await register.resident(town="石桥镇")
    await register.fact(torn, "care_level", "mainly", source="federation")
    await register.fact(torn, "care_level", "wholly", source="federation")
    unreadable = await register.resident(town="石桥镇", state="cancelled")
    await register.fact(unreadable, "own_income", "much")
    await register.fact(unreadable, "own_income", "0")
    outdated = await register.resident(town="石桥镇", valid_until=date(2025, 12, 31))
    await register.fact(outdated, "rehab_need", True, valid_until=date(2026, 3, 10))  # noqa: FBT003 - a flag
    unassessed = await register.resident(town="石桥镇")
    await owner.execute("DELETE FROM card WHERE resident_id = $1", unassessed.id)
    return [plain, contradicted, torn, unreadable, outdated, unassessed]


async def test_columns_hold_what_each_resident_is_known_by(resources: Resources, holders: Sequence[Holder]) -> None:
    """Precedence, contradiction, periods and unreadable values come out as for a resident who asks for herself."""
    book = resources.rules.chinese
    (read,) = await read_register(resources, ENQUIRY, ON, [book])

    persons = await residents_by_id(resources, list(read.ids))
    builder = ColumnsBuilder(book.reference.vocabulary)
    for facts in await facts_of(resources, persons):
        builder.add(Case.of(compile_book(book, ON), book.reference, facts).values)
    expected = builder.build()
    assert {holder.id for holder in holders} == set(read.ids)
    for name, column in expected.facts.items():
        assert read.columns.facts[name].known.tolist() == column.known.tolist(), name
        assert read.columns.facts[name].values.tolist() == column.values.tolist(), name
    assert [read.towns.names[place] for place in read.towns.places] == [person.town for person in persons]
    assert [read.villages.names[place] for place in read.villages.places] == [person.village for person in persons]


async def test_receipts_of_the_day(resources: Resources, register: Register, holders: Sequence[Holder]) -> None:
    """A receipt counts from its first day to its last, and marks only its resident."""
    plain, other = holders[:2]
    await register.receipt(plain, "free-bus", valid_from=ON, valid_until=ON)
    await register.receipt(other, "free-bus", valid_until=date(2026, 3, 10))
    await register.receipt(other, "venue-access", valid_from=date(2026, 3, 12))

    (read,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])

    assert {
        slug: [read.ids[place] for place in np.flatnonzero(marked).tolist()] for slug, marked in read.receipts.items()
    } == {"free-bus": [plain.id]}


@pytest.mark.usefixtures("holders")
async def test_one_town(resources: Resources, owner: asyncpg.Connection) -> None:
    """An enquiry about a town reads its residents alone; the log has who, what for, which town and how many."""
    (read,) = await read_register(
        resources, Enquiry("account:7", "coverage", Area("白鹭镇")), ON, [resources.rules.chinese]
    )

    entry: Any = await owner.fetchrow("SELECT * FROM audit ORDER BY sequence DESC LIMIT 1")
    assert len(read.ids) == 2
    assert read.towns.names == ("白鹭镇",)
    assert (entry["actor"], entry["action"], entry["subject"]) == ("account:7", "read_register", "白鹭镇")
    assert entry["detail"] == "coverage on 2026-03-11: 2 residents"


async def test_the_dead_are_counted_to_the_end_of_their_month(
    resources: Resources, register: Register, holders: Sequence[Holder], owner: asyncpg.Connection
) -> None:
    """What was received in the month of a death was due, what comes later is not; whoever was erased is nobody."""
    dead, erased = holders[:2]
    await register.receipt(dead, "free-bus")
    await owner.execute("UPDATE resident SET deceased_on = '2026-03-01' WHERE id = $1", dead.id)
    await owner.execute("UPDATE resident SET erased_at = now(), data_key = '' WHERE id = $1", erased.id)

    readings = [
        (await read_register(resources, ENQUIRY, on, [resources.rules.chinese]))[0]
        for on in (date(2026, 3, 31), date(2026, 4, 1))
    ]

    everybody = {holder.id for holder in holders}
    assert [set(read.ids) for read in readings] == [everybody - {erased.id}, everybody - {dead.id, erased.id}]
    assert ["free-bus" in read.receipts for read in readings] == [True, False]


@pytest.mark.usefixtures("holders")
async def test_nothing_is_handed_out_that_was_not_logged(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log cannot be written the reading fails, whole as it was."""

    async def refuse(*_: object) -> None:
        raise asyncpg.PostgresError

    monkeypatch.setattr("services.audit.record", refuse)

    with pytest.raises(asyncpg.PostgresError):
        await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])


async def test_more_than_one_batch(
    resources: Resources, holders: Sequence[Holder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches lose nobody, and give the facts of each to her."""
    (whole,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])
    monkeypatch.setattr("services.register._BATCH", 2)

    (read,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])

    order = [list(read.ids).index(each) for each in whole.ids]
    assert len(read.ids) == len(holders)
    for name, column in whole.columns.facts.items():
        assert read.columns.facts[name].values[order].tolist() == column.values.tolist(), name
