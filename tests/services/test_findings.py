"""Proves that what one person can hardly have done is found in what came in, once, and judged by a person alone."""

from datetime import timedelta

import asyncpg
import pytest

from card.refusal import RefusalReason
from card.scan import Position
from card.tariff import Outcome
from domain.access import Viewer
from domain.suspicion import Suspicion
from models.record import new_id
from services import findings, taps
from services.chain import ChainState
from services.chains import ChainPage, ChainRefusal, troubled_chains
from services.findings import FindingPage, FindingRefusal, FindingState, KeptFinding, decide_finding, findings_for
from services.resources import Resources
from tests.services.bus import Bus, enrolled_bus, shown_code
from tests.services.register import Clock, Holder, Register

ALL = FindingPage(None, None, 100)
EAST, WEST = Position(300_300, 1_208_700), Position(300_300, 1_212_700)


@pytest.fixture
async def buses(resources: Resources, owner: asyncpg.Connection) -> tuple[Bus, Bus]:
    """Two buses of two operators."""
    return await enrolled_bus(resources, owner), await enrolled_bus(resources, owner)


@pytest.fixture(autouse=True)
async def _anew(owner: asyncpg.Connection) -> None:
    """No search has been made: each test's clock begins at the same moment."""
    await owner.execute("DELETE FROM tap_search")


@pytest.fixture
async def officer(register: Register) -> Viewer:
    """A member of staff for the whole district."""
    viewer = await register.viewer()
    await register.staff(viewer.account_id)
    return viewer


async def of(resources: Resources, register: Register, officer: Viewer, holder: Holder) -> list[KeptFinding]:
    """What was found of a resident."""
    found = await findings_for(resources, await register.people(officer), ALL)
    assert not isinstance(found, FindingRefusal)
    return [each for each in found if each.resident_id == holder.id]


async def screenshot(buses: tuple[Bus, Bus], register: Register) -> Holder:
    """A code that two buses let in."""
    holder, at = await register.resident(), buses[0].resources.clock()
    code = shown_code(buses[0].resources, holder.id, at)
    for bus in buses:
        bus.scan(code, at, place=f"站 {bus.device.id}")
        await bus.upload()
    return holder


async def test_a_screenshot_on_two_buses_is_found_once(
    buses: tuple[Bus, Bus], resources: Resources, register: Register, officer: Viewer, clock: Clock
) -> None:
    """With both scans as evidence; a second search finds nothing new, and nobody's pass has ended."""
    holder = await screenshot(buses, register)
    clock.forward(minutes=5)

    first, again = await findings.search(resources), await findings.search(resources)

    (found,) = await of(resources, register, officer, holder)
    assert (first, again) == (1, 0)
    assert (found.suspicion, found.state) == (Suspicion.SAME_CODE, FindingState.OPEN)
    assert {each.device_id for each in found.evidence} == {bus.device.id for bus in buses}
    assert {each.place for each in found.evidence} == {f"站 {bus.device.id}" for bus in buses}


async def test_a_journey_is_judged_by_the_positions_in_the_scans(
    buses: tuple[Bus, Bus], resources: Resources, register: Register, officer: Viewer, clock: Clock
) -> None:
    """Forty kilometres in five minutes, however late the second bus hands in its scan."""
    holder, at = await register.resident(), resources.clock()
    for bus, position, minutes in zip(buses, (EAST, WEST), (10, 5), strict=True):
        then = at - timedelta(minutes=minutes)
        bus.scan(shown_code(resources, holder.id, then), then, position=position)
    await buses[0].upload()
    clock.forward(minutes=30)
    nothing = await findings.search(resources)
    await buses[1].upload(at=resources.clock())
    clock.forward(hours=3)

    found = await findings.search(resources)

    assert (nothing, found) == (0, 1)
    assert [each.suspicion for each in await of(resources, register, officer, holder)] == [Suspicion.IMPOSSIBLE_JOURNEY]


async def test_a_day_that_goes_on_stays_one_finding(
    buses: tuple[Bus, Bus], resources: Resources, register: Register, officer: Viewer, clock: Clock
) -> None:
    """Refusals because she had just ridden add up; a driver's override counts as a ride."""
    holder = await register.resident()
    for more in (5, 2):
        for _ in range(more):
            clock.forward(minutes=1)
            code = shown_code(resources, holder.id, resources.clock())
            reason = {"admission": Outcome.REFUSED, "reason": RefusalReason.PASS_BACK}
            buses[0].scan(code, resources.clock(), **reason, override=True)
        await buses[0].upload()
        clock.forward(minutes=2)
        await findings.search(resources)

    (found,) = await of(resources, register, officer, holder)

    assert found.suspicion is Suspicion.SHARED
    assert len(found.evidence) == 7


async def test_a_person_judges_once_and_it_is_on_record(
    buses: tuple[Bus, Bus],
    resources: Resources,
    register: Register,
    officer: Viewer,
    clock: Clock,
    owner: asyncpg.Connection,
) -> None:
    """The note is sealed with the resident, the log says who judged what, and a second judgement is refused."""
    holder = await screenshot(buses, register)
    clock.forward(minutes=5)
    await findings.search(resources)
    (found,) = await of(resources, register, officer, holder)
    people = await register.people(officer)

    decided = await decide_finding(resources, people, found.id, "家人代用。", upheld=False)
    again = await decide_finding(resources, people, found.id, "再看。", upheld=True)

    assert isinstance(decided, KeptFinding)
    assert (decided.state, decided.decided_at) == (FindingState.DISMISSED, resources.clock())
    assert again is FindingRefusal.DECIDED
    row = await owner.fetchrow("SELECT note_sealed FROM tap_finding WHERE id = $1", found.id)
    assert "家人" not in row["note_sealed"].decode(errors="ignore")
    logged = await owner.fetchval("SELECT detail FROM audit WHERE action = 'decide_finding'")
    assert logged == "same_code dismissed"
    closed = await findings_for(resources, people, FindingPage(FindingState.OPEN, None, 100))
    assert found.id not in {each.id for each in closed if isinstance(each, KeptFinding)}


async def test_only_staff_see_and_judge(
    buses: tuple[Bus, Bus], resources: Resources, register: Register, officer: Viewer, clock: Clock
) -> None:
    """A resident sees no list; a note is needed; what is not there cannot be judged."""
    holder = await screenshot(buses, register)
    clock.forward(minutes=5)
    await findings.search(resources)
    (found,) = await of(resources, register, officer, holder)
    stranger = await register.viewer()
    people, nobody = await register.people(officer), await register.people(stranger)

    answers = [
        await findings_for(resources, nobody, ALL),
        await decide_finding(resources, nobody, found.id, "看过。", upheld=True),
        await decide_finding(resources, people, found.id, "  ", upheld=True),
        await decide_finding(resources, people, new_id(), "看过。", upheld=True),
    ]

    assert answers == [
        *(FindingRefusal.NOT_STAFF, FindingRefusal.NOT_STAFF, FindingRefusal.NOTE, FindingRefusal.FINDING_NOT_FOUND)
    ]


async def test_troubled_chains_are_reported_with_what_is_wrong(
    buses: tuple[Bus, Bus], resources: Resources, register: Register, officer: Viewer
) -> None:
    """A gap with its ends, and a conflict on a chain that is whole; a healthy bus and a stranger see nothing."""
    gap, conflict = buses
    for number in range(3):
        gap.scan(f"SDC1:{number}", resources.clock())
    await gap.upload(gap.records[0], gap.records[2], at=resources.clock() - timedelta(minutes=1))
    first = conflict.scan("SDC1:1", resources.clock())
    conflict.records.clear()
    conflict.scan("SDC1:OTHER", resources.clock())
    conflict.records[:] = [first]
    second = (await taps.upload(resources, conflict.device, conflict.body())).chain
    conflict.records.clear()
    conflict.scan("SDC1:OTHER", resources.clock())
    await conflict.upload()
    people = await register.people(officer)

    found = await troubled_chains(resources, people, ChainPage(None, None, 100))
    one = await troubled_chains(resources, people, ChainPage(gap.device.operator_id, None, 100))
    refused = await troubled_chains(resources, await register.people(await register.viewer()), ChainPage(None, None, 1))

    assert not isinstance(found, ChainRefusal)
    by_device = {each.device_id: each for each in found}
    assert second is ChainState.WHOLE
    gap_ = by_device[gap.device.id]
    assert (gap_.state, gap_.whole_until, gap_.signed_until, gap_.conflicts) == (ChainState.GAP, 1, 3, 0)
    assert gap_.clock_offset == timedelta(minutes=1)
    assert by_device[conflict.device.id].conflicts == 1
    assert not isinstance(one, ChainRefusal)
    assert [each.device_id for each in one] == [gap.device.id]
    assert refused is ChainRefusal.NOT_STAFF
