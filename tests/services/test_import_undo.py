"""Proves that a batch is taken back to exactly what stood before, and only while nothing builds on it."""

from collections.abc import Sequence
from datetime import date, timedelta

import asyncpg
import pytest

from services.import_undo import undo
from services.imports import BatchFault, BatchRefused
from services.redecision import stated_facts
from services.resources import Resources
from tests.services.department import CIVIL, Department, csv_file, person
from tests.services.register import Clock, Holder, Register


@pytest.fixture
def civil(resources: Resources) -> Department:
    """The civil affairs bureau."""
    return Department(resources, "civil-affairs")


async def known(resources: Resources, holder: Holder) -> Sequence[object]:
    """What holds of a resident on each day of two years, whatever rows that takes."""
    facts = await stated_facts(resources, holder.id)
    ranks = resources.rules.chinese.reference.vocabulary.ranks("own_income", date(2026, 1, 1))
    days = (date(2025, 6, 1) + timedelta(days=each) for each in range(730))
    return [facts.read("own_income", day, ranks) for day in days]


def file(*rows: tuple[Holder, str, str, str]) -> bytes:
    """A file of incomes: whose, since, until, how much."""
    return csv_file(CIVIL, *((*person(whose), since, until, "", amount) for whose, since, until, amount in rows))


async def test_undoing_restores_exactly_what_was(
    register: Register, owner: asyncpg.Connection, resources: Resources, civil: Department
) -> None:
    """Statements that were cut short, and one that was replaced as a whole, hold again on every day; no row is gone."""
    holder = await register.resident()
    await register.fact(holder, "own_income", "900", valid_from=date(2025, 7, 1), valid_until=date(2026, 3, 31))
    await register.fact(holder, "own_income", "950", valid_from=date(2026, 4, 1))
    before = await known(resources, holder)
    await civil.apply(file((holder, "2026-03-01", "", "1000")), "undone")
    between = await known(resources, holder)

    tally = await undo(resources, "civil-affairs", "undone", "clerk:li")

    assert tally.changed == 1
    assert between != before
    assert await known(resources, holder) == before
    assert await owner.fetchval("SELECT count(*) FROM fact WHERE resident_id = $1", holder.id) == 3
    entry = await owner.fetchrow("SELECT actor, subject FROM audit WHERE action = 'import_undo'")
    assert tuple(entry) == ("clerk:li", "civil-affairs:undone")


async def test_a_batch_is_undone_once_and_not_applied_again(
    register: Register, resources: Resources, civil: Department
) -> None:
    """Undoing twice, undoing what never was, and applying again under the same name are each refused."""
    holder = await register.resident()
    content = file((holder, "2026-03-01", "", "1000"))
    await civil.apply(content, "once")
    await undo(resources, "civil-affairs", "once", "clerk:li")

    faults = []
    for name in ("once", "never"):
        with pytest.raises(BatchRefused) as refused:
            await undo(resources, "civil-affairs", name, "clerk:li")
        faults.append(refused.value.fault)
    with pytest.raises(BatchRefused) as applied:
        await civil.apply(content, "once")

    assert faults == [BatchFault.UNDONE, BatchFault.UNKNOWN]
    assert applied.value.fault is BatchFault.UNDONE
    assert (await civil.apply(content, "once.2")).tally.changed == 1


async def test_a_later_batch_about_the_same_people_goes_first(
    register: Register, resources: Resources, civil: Department, clock: Clock
) -> None:
    """The refusal names the later batch; one about others does not count; once it is undone the earlier one can be."""
    holder, other = await register.resident(), await register.resident()
    before = await known(resources, holder)
    await civil.apply(file((holder, "2026-03-01", "", "1000")), "early")
    clock.forward(hours=1)
    await civil.apply(file((holder, "2026-03-01", "", "1000")), "late")
    clock.forward(hours=1)
    await civil.apply(file((other, "2026-03-01", "", "1000")), "aside")

    with pytest.raises(BatchRefused) as refused:
        await undo(resources, "civil-affairs", "early", "clerk:li")
    await undo(resources, "civil-affairs", "late", "clerk:li")
    await undo(resources, "civil-affairs", "early", "clerk:li")

    assert (refused.value.fault, refused.value.detail) == (BatchFault.BUILT_UPON, "civil-affairs:late")
    assert await known(resources, holder) == before
