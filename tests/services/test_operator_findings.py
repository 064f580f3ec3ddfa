"""Proves that an operator sees and judges what its own scanners saw, and learns of nobody whose code it was."""

from datetime import timedelta

import asyncpg
import pytest

from domain.scanner import FleetRefusal
from domain.suspicion import Suspicion
from models.record import new_id
from services import findings
from services.findings import FindingState
from services.operator_findings import OwnFinding, OwnFindingPage, judge_finding, operator_findings
from services.resources import Resources
from services.scanners import Spot
from tests.services.bus import Bus, shown_code
from tests.services.company import Company, done
from tests.services.register import Clock, Holder, Register

ALL = OwnFindingPage(None, None, 100)


@pytest.fixture(autouse=True)
async def _anew(owner: asyncpg.Connection) -> None:
    """No search has been made: each test's clock begins at the same moment."""
    await owner.execute("DELETE FROM tap_search")


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """A bus company."""
    return await Company(resources, register).open()


@pytest.fixture
async def other(resources: Resources, register: Register) -> Company:
    """Another one."""
    return await Company(resources, register).open()


async def buses(*companies: Company) -> list[Bus]:
    """An enrolled scanner of each, on a line of its own."""
    return [await each.bus(Spot(line_id=await each.line(f"{n} 路"))) for n, each in enumerate(companies, start=1)]


async def screenshot(register: Register, clock: Clock, *seen_by: Bus) -> Holder:
    """A code that several scanners let in, and a search for it."""
    holder, at = await register.resident(), clock()
    code = shown_code(seen_by[0].resources, holder.id, at)
    for number, bus in enumerate(seen_by):
        bus.scan(code, at + timedelta(seconds=number), place=f"站{number}")
        await bus.upload(at=at + timedelta(seconds=number))
    clock.forward(minutes=5)
    await findings.search(seen_by[0].resources)
    return holder


async def of(resources: Resources, company: Company, page: OwnFindingPage = ALL) -> list[OwnFinding]:
    """What is told to whoever works for a company, whose requests reach no resident."""
    hers = resources.reaching(company.first.account_id, resources.clock().date())
    return [*await operator_findings(hers, company.id, page)]


async def test_an_operator_judges_what_its_scanners_saw(
    company: Company, other: Company, resources: Resources, register: Register, clock: Clock, owner: asyncpg.Connection
) -> None:
    """It is told scanners, stops and times, judges once, and the log names the account and no resident."""
    holder = await screenshot(register, clock, *await buses(company, company))
    (found,) = await of(resources, company)

    judged = done(
        await judge_finding(resources, company.first, company.id, found.id, "同一辆车两台机器。", upheld=False)
    )
    again = await judge_finding(resources, company.second, company.id, found.id, "再看。", upheld=True)

    assert (found.suspicion, found.elsewhere, found.state) == (Suspicion.SAME_CODE, 0, FindingState.OPEN)
    assert [(scan.scanner, scan.place) for scan in found.scans] == [("一号机", "站0"), ("一号机", "站1")]
    assert (judged.state, judged.decided_at, again) == (
        *(FindingState.DISMISSED, resources.clock()),
        FleetRefusal.FINDING_DECIDED,
    )
    assert (await company.logged(owner))[-1] == "judge_finding"
    logged = await owner.fetchrow("SELECT actor, detail FROM audit WHERE action = 'judge_finding'")
    assert logged["actor"] == f"account:{company.first.account_id}"
    assert str(holder.id) not in logged["detail"]
    assert await of(resources, other) == []
    assert await of(resources, company, OwnFindingPage(FindingState.OPEN, None, 100)) == []


async def test_what_others_saw_too_is_only_counted(
    company: Company, other: Company, resources: Resources, register: Register, clock: Clock, owner: asyncpg.Connection
) -> None:
    """Each sees its own scan and that there was another; neither closes it for the other or for the federation."""
    await screenshot(register, clock, *await buses(company, other))

    (found,), (others,) = await of(resources, company), await of(resources, other)
    refused = await judge_finding(resources, company.first, company.id, found.id, "是截屏。", upheld=True)

    assert found.id == others.id
    assert [[scan.place for scan in each.scans] for each in (found, others)] == [["站0"], ["站1"]]
    assert (found.elsewhere, others.elsewhere) == (1, 1)
    assert refused is FleetRefusal.FINDING_ELSEWHERE
    assert await owner.fetchval("SELECT state FROM tap_finding WHERE id = $1", found.id) == "open"


async def test_a_judgement_is_refused_with_its_reason(
    company: Company, other: Company, resources: Resources, register: Register, clock: Clock, owner: asyncpg.Connection
) -> None:
    """To whoever works elsewhere, of another's finding or none, without a note, and when its resident was erased."""
    holder = await screenshot(register, clock, *await buses(company, company))
    (found,) = await of(resources, company)
    asked = [
        (other.first, company.id, found.id, "看过。"),
        (other.first, other.id, found.id, "看过。"),
        (company.first, company.id, new_id(), "看过。"),
        (company.first, company.id, found.id, "  "),
    ]

    answers = [await judge_finding(resources, *each, upheld=True) for each in asked]
    await owner.execute("UPDATE resident SET erased_at = $2 WHERE id = $1", holder.id, clock())
    gone = await judge_finding(resources, company.first, company.id, found.id, "看过。", upheld=True)

    assert answers == [
        *(FleetRefusal.NOT_ALLOWED, FleetRefusal.UNKNOWN, FleetRefusal.UNKNOWN, FleetRefusal.NOTE_INVALID)
    ]
    assert gone is FleetRefusal.UNKNOWN


async def test_the_list_goes_on_behind_its_last(
    company: Company, resources: Resources, register: Register, clock: Clock
) -> None:
    """The latest first, each once."""
    pair = await buses(company, company)
    for _ in range(2):
        await screenshot(register, clock, *pair)
    latest, earlier = await of(resources, company)

    behind = await of(resources, company, OwnFindingPage(None, latest.id, 100))

    assert [each.id for each in behind] == [earlier.id]
    assert latest.scans[0].at > earlier.scans[0].at
