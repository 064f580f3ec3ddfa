"""Shows who makes operators and appoints their staff, that each acts for her own only, and that it is on record."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.scanner import FleetRefusal
from models.record import new_id
from models.session import StaffRole
from services import fleet, operators
from services.operators import Operator
from services.resources import Resources
from tests.services.company import Company, done
from tests.services.register import Clock, Register, next_number


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """A bus company."""
    return await Company(resources, register).open()


async def test_the_district_makes_an_operator_and_appoints_its_staff(
    company: Company, resources: Resources, owner: asyncpg.Connection
) -> None:
    """The appointed work for it and nobody else does, and each step is logged."""
    assert [each.id for each in await operators.operators_of(resources, company.first)] == [company.id]
    assert await operators.operators_of(resources, company.clerk) == []
    assert await company.logged(owner) == ["create_operator", "appoint_operator_staff", "appoint_operator_staff"]


@pytest.mark.parametrize("staff", [None, {"town": "百官街道"}, {"town": "", "role": StaffRole.COMMISSIONER}])
async def test_nobody_else_makes_or_staffs_operators(
    company: Company, resources: Resources, register: Register, staff: dict[str, Any] | None
) -> None:
    """Neither residents nor a town's clerks nor commissioners."""
    viewer = await register.viewer()
    if staff is not None:
        await register.staff(viewer.account_id, **staff)
    people = await register.people(viewer)

    answers = [
        await operators.create_operator(resources, people, "某公司"),
        await operators.appoint_operator_staff(resources, people, company.id, viewer.account_id),
        await operators.end_operator_staff(resources, people, company.id, company.first.account_id),
    ]

    assert answers == [FleetRefusal.NOT_ALLOWED] * 3


async def test_appointing_twice_and_ending_twice_change_nothing(
    company: Company, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A retry is answered as the first request and not logged again; whoever left acts no more."""
    people = await register.people(company.clerk)
    whom = company.id, company.first.account_id
    before = len(await company.logged(owner))

    await operators.appoint_operator_staff(resources, people, *whom)
    ended = [await operators.end_operator_staff(resources, people, *whom) for _ in range(2)]

    assert all(isinstance(each, Operator) and each.id == company.id for each in ended)
    assert (await company.logged(owner))[before:] == ["end_operator_staff"]
    assert await operators.operators_of(resources, company.first) == []
    assert await fleet.add_vehicle(resources, company.first, company.id, "浙D·1") is FleetRefusal.NOT_ALLOWED


@pytest.mark.parametrize(("operator_id", "account"), [(new_id(), True), (None, False)])
async def test_an_unknown_operator_or_account_is_refused(
    company: Company, resources: Resources, register: Register, operator_id: UUID | None, *, account: bool
) -> None:
    """A slip in an id appoints nobody."""
    people = await register.people(company.clerk)
    account_id = company.first.account_id if account else new_id()

    answer = await operators.appoint_operator_staff(resources, people, operator_id or company.id, account_id)

    assert answer is (FleetRefusal.UNKNOWN if account else FleetRefusal.ACCOUNT_UNKNOWN)


async def test_a_name_is_given_once(company: Company, resources: Resources, register: Register) -> None:
    """Residents read it with their rides, so no two operators share one, and none is empty."""
    people, name = await register.people(company.clerk), f"客运 {next_number()}"
    first = await operators.create_operator(resources, people, f" {name} ")

    assert isinstance(first, Operator)
    assert first.name == name
    assert await operators.create_operator(resources, people, name) is FleetRefusal.NAME_TAKEN
    for bad in ("", " ", "x" * 81, "a\nb"):
        assert await operators.create_operator(resources, people, bad) is FleetRefusal.NAME_INVALID


async def test_a_member_of_one_operator_does_nothing_for_another(
    company: Company, resources: Resources, register: Register, clock: Clock
) -> None:
    """Another's operator and none at all are answered alike."""
    other = await Company(resources, register).open()

    for operator_id in (other.id, new_id()):
        answer = await fleet.add_line(resources, company.first, operator_id, "9 路", "")
        assert answer is FleetRefusal.NOT_ALLOWED
    assert done(await fleet.add_line(resources, other.first, other.id, "9 路", "")).name == "9 路"
    assert clock()
