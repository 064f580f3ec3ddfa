"""Proves that files of other departments reach the register row by row, as a whole or not at all, and once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from domain.exchange import Conflict, RowResult
from domain.fact import FactValue
from domain.intake_fault import FileFault, FileRefused, RowFault
from services.audit import verify_chain
from services.imports import BatchFault, BatchRefused
from services.redecision import stated_facts
from services.resources import Resources
from services.vault import Vault
from tests.services.department import CIVIL, TAX, Department, csv_file, person, xlsx_file
from tests.services.register import Holder, Register

ON = date(2026, 3, 11)


@pytest.fixture
def civil(resources: Resources) -> Department:
    """The civil affairs bureau."""
    return Department(resources, "civil-affairs")


async def income(resources: Resources, holder: Holder, on: date = ON) -> FactValue | None:
    """What is known of a resident's own income on a day; None for nothing."""
    facts = await stated_facts(resources, holder.id)
    reading = facts.read("own_income", on, resources.rules.chinese.reference.vocabulary.ranks("own_income", on))
    return reading.fact.value if reading and reading.fact else None


def earning(holder: Holder, amount: str, since: str = "2026/3/1") -> tuple[str, ...]:
    """A row of the civil affairs bureau."""
    return (*person(holder), since, "", "低保", amount)


async def test_a_file_is_looked_at_and_then_applied(
    register: Register, resources: Resources, civil: Department
) -> None:
    """A dry run changes nothing and says what would change; applying ends what the department said before."""
    holder = await register.resident()
    await register.fact(holder, "own_income", "900")
    content = csv_file(CIVIL, earning(holder, "1,200"))

    seen = await civil.look(content)
    before = await income(resources, holder)
    done = await civil.apply(content)

    assert seen.outcomes == done.outcomes
    assert (seen.applied_at, before) == (None, Decimal(900))
    assert done.tally.changed == 1
    assert done.outcomes[0].columns == ("家庭类型", "本人月收入（元）")
    assert await income(resources, holder) == Decimal(1200)
    assert await income(resources, holder, date(2026, 2, 28)) == Decimal(900)


async def test_a_sheet_says_the_same_as_a_csv(register: Register, resources: Resources, civil: Department) -> None:
    """Numbers and days of a sheet are read as such."""
    holder = await register.resident()

    done = await civil.apply(xlsx_file(CIVIL, (*person(holder), ON, None, None, 1300)), "sheet")

    assert done.tally.changed == 1
    assert await income(resources, holder) == Decimal(1300)


async def test_the_same_batch_again_changes_nothing(
    register: Register, owner: asyncpg.Connection, civil: Department
) -> None:
    """It gets the first answer, to the row; another file under its name is refused."""
    holder = await register.resident()
    content = csv_file(CIVIL, earning(holder, "700"), ("张三", "1", "", "", "", ""))
    first = await civil.apply(content, "twice")
    count = await owner.fetchval("SELECT count(*) FROM fact")

    again = await civil.apply(content, "twice")
    looked = await civil.look(content, "twice")
    with pytest.raises(BatchRefused) as refused:
        await civil.look(csv_file(CIVIL, earning(holder, "701")), "twice")

    assert (again.repeated, looked.repeated) == (True, True)
    assert again.outcomes == first.outcomes
    assert again.applied_at == first.applied_at
    assert await owner.fetchval("SELECT count(*) FROM fact") == count
    assert refused.value.fault is BatchFault.REUSED


async def test_a_row_that_says_what_is_known_is_unchanged(register: Register, civil: Department) -> None:
    """A later file that states the same writes nothing."""
    holder = await register.resident()
    await civil.apply(csv_file(CIVIL, earning(holder, "700")), "first")

    again = await civil.apply(csv_file(CIVIL, earning(holder, "700.00", "2026/3/9")), "second")

    assert again.outcomes[0].result is RowResult.UNCHANGED


async def test_a_statement_that_nobody_can_read_is_replaced_by_its_department(
    register: Register, resources: Resources, civil: Department
) -> None:
    """What it sends anew takes the place of its own unreadable statement; another's stands in no conflict."""
    holder = await register.resident()
    await register.fact(holder, "own_income", ["nonsense"], valid_from=ON)
    await register.fact(holder, "household_hardship", "rich", source="police")

    done = await civil.apply(csv_file(CIVIL, earning(holder, "700")), "mended")

    assert done.outcomes[0].columns == ("家庭类型", "本人月收入（元）")
    assert done.outcomes[0].conflicts == ()
    assert await income(resources, holder) == Decimal(700)


async def test_departments_that_disagree_are_shown(register: Register, resources: Resources) -> None:
    """The report names the other department and the one that is believed, and no value."""
    holder = await register.resident()
    await register.fact(holder, "own_income", "900")
    tax = Department(resources, "tax")

    done = await tax.apply(csv_file(TAX, (*person(holder), "20260101", "20261231", "5000")))

    assert done.outcomes[0].conflicts == (Conflict("月均收入额", "civil_affairs", "civil_affairs"),)
    assert done.tally.conflicts == 1
    assert await income(resources, holder) == Decimal(900)


async def test_rows_that_cannot_be_taken_do_not_hold_up_the_others(
    register: Register, resources: Resources, civil: Department
) -> None:
    """A bad check character, a stranger, another's name, an unknown word and a person twice are told row by row."""
    good, twice, named, worded = [await register.resident() for _ in range(4)]
    citizen = person(good)[1]
    wrong = citizen[:17] + ("1" if citizen[17] != "1" else "2")
    rows = (
        earning(good, "800"),
        ("王小明", wrong, "", "", "", "1"),
        ("王小明", "330604195507071239", "", "", "", "1"),
        ("李四", person(named)[1], "", "", "", "1"),
        (*person(worded), "", "", "富裕", "1"),
        earning(twice, "1"),
        earning(twice, "2"),
    )

    done = await civil.apply(csv_file(CIVIL, *rows), "mixed")

    assert [(each.fault, each.column) for each in done.outcomes] == [
        (None, ""),
        (RowFault.ID_CHECK_CHARACTER, "身份证号"),
        (RowFault.ID_CHECK_CHARACTER, "身份证号"),
        (RowFault.NAME_DIFFERS, "姓名"),
        (RowFault.VALUE_UNKNOWN, "家庭类型"),
        (RowFault.TWICE, "身份证号"),
        (RowFault.TWICE, "身份证号"),
    ]
    assert await income(resources, good) == Decimal(800)
    assert await income(resources, twice) is None


async def test_a_file_without_a_usable_row_is_not_applied(civil: Department, owner: asyncpg.Connection) -> None:
    """The refusal carries the report, and the batch's name stays free."""
    with pytest.raises(BatchRefused) as refused:
        await civil.apply(csv_file(CIVIL, ("王小明", "1", "", "", "", "")), "useless")

    assert refused.value.fault is BatchFault.NOTHING_USABLE
    assert refused.value.report is not None
    assert refused.value.report.outcomes[0].fault is RowFault.ID_LENGTH
    assert not await owner.fetchval("SELECT EXISTS (SELECT FROM import_batch WHERE batch = 'useless')")


async def test_two_batches_at_once_take_turns(register: Register, owner: asyncpg.Connection, civil: Department) -> None:
    """While one import runs another is told to wait, and nothing of it is applied."""
    holder = await register.resident()
    async with owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock($1)", 0x53444349)

        with pytest.raises(BatchRefused) as refused:
            await civil.apply(csv_file(CIVIL, earning(holder, "1")), "busy")

    assert refused.value.fault is BatchFault.BUSY
    assert (await civil.apply(csv_file(CIVIL, earning(holder, "1")), "busy")).tally.changed == 1


async def test_a_key_version_that_is_gone_applies_nothing(
    register: Register, resources: Resources, owner: asyncpg.Connection, civil: Department
) -> None:
    """One resident whose key cannot be opened stops the batch, and the report says which row it was."""
    good, lost = await register.resident(), await register.resident()
    await owner.execute("UPDATE resident SET data_key_version = 99 WHERE id = $1", lost.id)

    with pytest.raises(BatchRefused) as refused:
        await civil.apply(csv_file(CIVIL, earning(good, "1"), earning(lost, "2")), "keyless")

    assert refused.value.fault is BatchFault.KEY_GONE
    assert refused.value.report is not None
    assert [each.fault for each in refused.value.report.outcomes] == [None, RowFault.KEY_GONE]
    assert await income(resources, good) is None


async def test_what_fails_in_the_middle_leaves_nothing(
    register: Register, resources: Resources, owner: asyncpg.Connection, civil: Department
) -> None:
    """An error after facts were written takes them and the batch back."""
    holder = await register.resident()
    await owner.execute("ALTER TABLE audit ADD CONSTRAINT stop CHECK (action <> 'import') NOT VALID")

    with pytest.raises(asyncpg.CheckViolationError):
        await civil.apply(csv_file(CIVIL, earning(holder, "1")), "torn")
    await owner.execute("ALTER TABLE audit DROP CONSTRAINT stop")

    assert await income(resources, holder) is None
    assert not await owner.fetchval("SELECT EXISTS (SELECT FROM import_batch WHERE batch = 'torn')")


async def test_an_import_is_audited(
    register: Register, resources: Resources, owner: asyncpg.Connection, civil: Department
) -> None:
    """Actor, source, batch and counts are in the log, and nobody's name."""
    holder = await register.resident()

    await civil.apply(csv_file(CIVIL, earning(holder, "3")), "audited")

    entry = await owner.fetchrow("SELECT * FROM audit WHERE action = 'import' ORDER BY sequence DESC LIMIT 1")
    assert (entry["actor"], entry["subject"]) == ("clerk:li", "civil-affairs:audited")
    assert entry["detail"] == "1 rows, 1 changed, 0 unchanged, 0 refused"
    assert isinstance(await verify_chain(resources.database, {}), int)


async def test_swapped_columns_refuse_the_file(register: Register, civil: Department) -> None:
    """Id numbers that stand under the names' header are not taken for a file of wrong numbers."""
    rows = [await register.resident() for _ in range(2)]

    with pytest.raises(FileRefused) as refused:
        await civil.look(csv_file(CIVIL, *((*reversed(person(each)), "", "", "", "1") for each in rows)))

    assert (refused.value.fault, refused.value.column) == (FileFault.COLUMNS_SWAPPED, "身份证号")


async def test_columns_in_another_order_are_found_by_their_headers(
    register: Register, resources: Resources, civil: Department
) -> None:
    """Order does not matter, and neither do columns that nobody asked for."""
    holder = await register.resident()
    name, citizen = person(holder)
    headers = ("本人月收入(元)", "备注", "身份证号", "姓名", "家庭类型", "有效期至", "认定日期")

    done = await civil.apply(csv_file(headers, ("650", "x", citizen, name, "", "", "")), "order")

    assert done.tally.changed == 1
    assert await income(resources, holder) == Decimal(650)


async def test_without_its_keys_nobody_is_found(register: Register, resources: Resources) -> None:
    """Another index key finds no resident: a wrong keys file refuses rows instead of mixing people up."""
    holder = await register.resident()
    other = replace(resources, vault=Vault(resources.vault.master, bytes(32), resources.vault.pseudonym_key))

    seen = await Department(other, "civil-affairs").look(csv_file(CIVIL, earning(holder, "1")), "keys")

    assert seen.outcomes[0].fault is RowFault.UNKNOWN_PERSON
