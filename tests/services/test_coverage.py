"""Coverage and the list of visits, from the register to names."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from domain.coverage import Coverage
from domain.simulation import Dimension, with_parameter
from services.coverage import coverage_of, visits_of
from services.register import Enquiry, read_register
from services.resources import Resources
from services.simulation import simulate
from tests.services.register import Holder, Register

ON = date(2026, 3, 11)
ENQUIRY = Enquiry("operator", "test")
BUS, LIVING = "free-bus", "living-subsidy"


@pytest.fixture
async def holders(register: Register, owner: asyncpg.Connection) -> Sequence[Holder]:
    """A resident of each standing with the living subsidy, and one with none."""
    await owner.execute("DELETE FROM receipt; DELETE FROM fact; DELETE FROM card; DELETE FROM resident")
    receiving = await register.resident(name="王一", town="白鹭镇")
    missing = await register.resident(name="李二", town="白鹭镇", village="后庄村")
    unknown = await register.resident(name="张三", town="石桥镇", village="上马村")
    wrongly = await register.resident(name="赵四", town="石桥镇")
    rich = await register.resident(name="钱五", town="石桥镇")
    unknown_but_receiving = await register.resident(name="孙六", town="石桥镇")
    for holder, income in ((receiving, "500"), (missing, "500"), (wrongly, "9000"), (rich, "9000")):
        await register.fact(holder, "own_income", income)
    for holder in (receiving, wrongly, unknown_but_receiving):
        await register.receipt(holder, LIVING)
    return [receiving, missing, unknown, wrongly, rich, unknown_but_receiving]


@pytest.mark.usefixtures("holders")
async def test_coverage_by_town(resources: Resources) -> None:
    """Everybody is counted once, under the standing that her facts and receipts give her."""
    (register,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])

    lines = coverage_of(resources.rules.chinese, register)

    assert [line for line in lines if line.programme == LIVING] == [
        Coverage(LIVING, "", receiving=1, missing_out=1, undetermined=2, not_entitled=1),
        Coverage(LIVING, "白鹭镇", receiving=1, missing_out=1, undetermined=0, not_entitled=0),
        Coverage(LIVING, "石桥镇", receiving=0, missing_out=0, undetermined=2, not_entitled=1),
    ]


@pytest.mark.usefixtures("holders")
async def test_whom_to_visit(resources: Resources, owner: asyncpg.Connection) -> None:
    """Who misses out or lacks a fact is listed by village, masked, with what to ask; the log has the length."""
    (register,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])

    visits = await visits_of(resources, ENQUIRY, register, LIVING)

    entry: Any = await owner.fetchrow("SELECT * FROM audit ORDER BY sequence DESC LIMIT 1")
    assert [(visit.village, visit.masked_name, [need.fact for need in visit.missing]) for visit in visits] == [
        ("后庄村", "李*", []),
        ("上马村", "张*", ["own_income"]),
    ]
    assert visits[0].documents == ("残疾人证", "本人收入证明")
    assert (entry["action"], entry["subject"], entry["detail"]) == (
        "list_visits",
        "district",
        "living-subsidy on 2026-03-11: 2 residents",
    )


@pytest.mark.usefixtures("holders")
async def test_another_figure(resources: Resources) -> None:
    """A higher standard entitles those it reaches and pays everybody more; the amounts are marked as examples."""
    (register,) = await read_register(resources, ENQUIRY, ON, [resources.rules.chinese])
    other = with_parameter(resources.rules.chinese, "minimum_living_standard", Decimal(6000), ON)

    simulation = simulate((resources.rules.chinese, register), (other, register))

    (all_of_it,) = [each for each in simulation.effects if each.programme == LIVING and each.dimension is Dimension.ALL]
    assert (all_of_it.heads_before, all_of_it.heads_after) == (2, 4)
    assert all_of_it.yuan_before == 2 * 12 * 324
    assert all_of_it.yuan_after == 4 * 12 * 1800
    assert (all_of_it.gainers, all_of_it.losers) == (4, 0)
    assert LIVING in simulation.illustrative
    assert BUS not in simulation.illustrative
