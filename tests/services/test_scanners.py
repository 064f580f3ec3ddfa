"""Shows the life of scanners: enrolled by code, placed, suspended, replaced, rotated, stolen, and cut off at once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from card.assertion import sign_assertion
from card.cose import SigningKey
from card.enrolment import prove_rotation
from domain.access import Viewer
from domain.scanner import FleetRefusal, ScannerState
from models.credential import DeviceKind
from models.record import new_id
from services import devices, scanners, taps
from services.devices import DeviceUnknown
from services.resources import Resources
from services.scanners import Scanner, Spot
from services.tap_rows import Mark
from tests.services.bus import Bus, shown_code
from tests.services.company import Company, done, enrolled
from tests.services.register import Clock, Register

Act = Callable[[Resources, Viewer, UUID, UUID], Awaitable[Scanner | FleetRefusal]]


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """A bus company."""
    return await Company(resources, register).open()


@pytest.fixture
async def bus(company: Company) -> Bus:
    """An enrolled scanner on a line."""
    return await company.bus(Spot(line_id=await company.line()))


async def is_known(resources: Resources, bus: Bus, key: SigningKey | None = None) -> bool:
    """Whether the server answers the scanner."""
    try:
        await devices.device_of(resources, sign_assertion(bus.device.id, key or bus.key, resources.clock()))
    except DeviceUnknown:
        return False
    return True


async def only(resources: Resources, company: Company) -> Scanner:
    """The company's newest scanner."""
    return (await scanners.scanners_of(resources, company.id, 100))[-1]


async def test_a_scanner_is_registered_at_a_place_and_enrolled_by_its_code(
    company: Company, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Awaited with a code of a week, then active; its place is told by its line."""
    registered = await company.scanner(Spot(line_id=await company.line("3 路")))
    awaited = registered.scanner

    await enrolled(resources, registered.code)

    assert (awaited.state, awaited.place, awaited.kind) == (ScannerState.AWAITED, "3 路", DeviceKind.BUS)
    assert awaited.code_expires_at == resources.clock() + timedelta(days=7)
    active = await only(resources, company)
    assert (active.state, active.code_expires_at) == (ScannerState.ACTIVE, None)
    assert (await company.logged(owner))[-1] == "register_scanner"


async def test_scanners_are_listed_a_page_at_a_time(company: Company, resources: Resources) -> None:
    """In the order of their registration, behind the one named, and none of another operator's."""
    spot = Spot(venue_id=await company.venue())
    ids = [(await company.scanner(spot, name)).scanner.id for name in ("甲", "乙", "丙")]

    assert [each.id for each in await scanners.scanners_of(resources, company.id, 2)] == ids[:2]
    assert [each.name for each in await scanners.scanners_of(resources, company.id, 2, ids[1])] == ["丙"]
    assert await scanners.scanners_of(resources, new_id(), 9) == []


@pytest.mark.parametrize("spot", [Spot(), Spot(line_id=new_id()), Spot(gate_id=new_id())])
async def test_a_place_that_is_none_is_refused(company: Company, resources: Resources, spot: Spot) -> None:
    """Nowhere, on an unknown line, at a gate of no venue."""
    assert await scanners.register(resources, company.first, company.id, "甲", spot) is FleetRefusal.UNKNOWN


async def test_a_bus_is_no_venue(company: Company, resources: Resources, bus: Bus) -> None:
    """A scanner of a bus is not put at a gate, nor one at both, nor one in another operator's park."""
    venue = await company.venue()

    both = Spot(line_id=await company.line("9 路"), venue_id=venue)

    assert await scanners.register(resources, company.first, company.id, "甲", both) is FleetRefusal.UNKNOWN
    at_venue = await scanners.place(resources, company.first, company.id, bus.device.id, Spot(venue_id=venue))
    assert at_venue is FleetRefusal.UNKNOWN


async def test_a_scanner_is_put_elsewhere_and_named(
    company: Company, resources: Resources, bus: Bus, clock: Clock, owner: asyncpg.Connection
) -> None:
    """Its place changes from then on, and where it stood before is kept."""
    clock.forward(hours=1)
    there = Spot(line_id=await company.line("8 路"))

    moved = done(await scanners.place(resources, company.first, company.id, bus.device.id, there))
    named = done(await scanners.rename(resources, company.first, company.id, bus.device.id, "后门"))

    assert (moved.place, moved.spot, named.name) == ("8 路", there, "后门")
    spans = await owner.fetch("SELECT since, until FROM placement WHERE device_id = $1 ORDER BY since", bus.device.id)
    assert [tuple(span) for span in spans] == [(clock() - timedelta(hours=1), clock()), (clock(), None)]
    assert (await company.logged(owner))[-2:] == ["place_scanner", "name_scanner"]


@pytest.mark.parametrize("name", ["", "x" * 41])
async def test_a_name_that_cannot_be_told_is_refused(
    company: Company, resources: Resources, bus: Bus, name: str
) -> None:
    """At a scanner's registration as later."""
    spot = Spot(line_id=await company.line("9 路"))

    answers = [
        await scanners.rename(resources, company.first, company.id, bus.device.id, name),
        await scanners.register(resources, company.first, company.id, name, spot),
    ]

    assert answers == [FleetRefusal.NAME_INVALID] * 2


async def test_a_suspended_scanner_is_refused_until_it_is_resumed(
    company: Company, resources: Resources, bus: Bus
) -> None:
    """From the next request on, and back again; twice the same is refused."""
    whom = resources, company.first, company.id, bus.device.id

    suspended = done(await scanners.suspend(*whom))

    assert suspended.state is ScannerState.SUSPENDED
    assert not await is_known(resources, bus)
    assert await scanners.suspend(*whom) is FleetRefusal.STATE
    assert done(await scanners.resume(*whom)).state is ScannerState.ACTIVE
    assert await is_known(resources, bus)


async def test_a_retired_scanner_stays_out(company: Company, resources: Resources, bus: Bus) -> None:
    """Nothing brings it back, and nothing more is done with it but reporting it stolen."""
    whom = resources, company.first, company.id, bus.device.id

    retired = done(await scanners.retire(*whom))

    assert retired.state is ScannerState.RETIRED
    assert not await is_known(resources, bus)
    acts: list[Act] = [scanners.retire, scanners.suspend, scanners.resume]
    assert [await act(*whom) for act in acts] == [FleetRefusal.STATE] * 3


async def test_a_new_scanner_takes_over_and_cuts_the_old_one_off(
    company: Company, resources: Resources, bus: Bus
) -> None:
    """The old one works until the new one is enrolled at its place, and not a moment longer."""
    registered = done(await scanners.replace(resources, company.first, company.id, bus.device.id))
    works_meanwhile = await is_known(resources, bus)

    new = await enrolled(resources, registered.code)

    assert works_meanwhile
    assert not await is_known(resources, bus)
    assert await is_known(resources, new)
    taken = await only(resources, company)
    assert (taken.replaces_id, taken.place, taken.name) == (bus.device.id, "1 路", "一号机")


async def test_another_s_scanner_is_unknown(
    company: Company, resources: Resources, register: Register, bus: Bus
) -> None:
    """Whoever works elsewhere neither sees it nor does anything with it."""
    other = await Company(resources, register).open()

    assert await scanners.retire(resources, other.first, other.id, bus.device.id) is FleetRefusal.UNKNOWN
    assert await scanners.retire(resources, other.first, company.id, bus.device.id) is FleetRefusal.NOT_ALLOWED
    assert await is_known(resources, bus)


async def test_a_stolen_scanner_is_cut_off_and_its_scans_wait(
    company: Company, resources: Resources, register: Register, bus: Bus, clock: Clock, owner: asyncpg.Connection
) -> None:
    """What it wrote since then waits for a person, also what others carry in later; what was before is untouched."""
    holder = await register.resident()
    before, since, after = clock() - timedelta(hours=3), clock() - timedelta(hours=2), clock() - timedelta(hours=1)
    for at in (before, after):
        bus.scan(shown_code(resources, holder.id, at), at)
    await bus.upload()
    colleague = await company.bus(Spot(line_id=await company.line("5 路")))

    stolen = done(await scanners.report_stolen(resources, company.first, company.id, bus.device.id, since))

    assert (stolen.state, stolen.quarantined) == (ScannerState.STOLEN, 1)
    assert not await is_known(resources, bus)
    bus.scan(shown_code(resources, holder.id, before), before)
    await taps.upload(resources, colleague.device, bus.body())
    marks = await owner.fetch("SELECT mark FROM tap WHERE device_id = $1 ORDER BY sequence", bus.device.id)
    assert [row["mark"] for row in marks] == [None, Mark.STOLEN, Mark.STOLEN]
    assert (await scanners.scanners_of(resources, company.id, 1))[0].quarantined == 2
    assert (await company.logged(owner))[-1] == "report_scanner_stolen"


async def test_a_theft_to_come_is_refused(company: Company, resources: Resources, bus: Bus, clock: Clock) -> None:
    """And one that is reported is not reported again."""
    whom = resources, company.first, company.id, bus.device.id

    assert await scanners.report_stolen(*whom, clock() + timedelta(seconds=1)) is FleetRefusal.TIME_INVALID
    done(await scanners.report_stolen(*whom, clock()))
    assert await scanners.report_stolen(*whom, clock()) is FleetRefusal.STATE


async def test_a_key_is_rotated_by_both_keys(resources: Resources, bus: Bus, owner: asyncpg.Connection) -> None:
    """The new one proves itself; from then on the old one is refused, and asking again is no fault."""
    fresh = SigningKey.generate()
    public, proof = fresh.verifying_key.public, prove_rotation(bus.device.id, fresh)

    taken = [await devices.rotate_key(resources, bus.device, public, proof) for _ in range(2)]

    assert taken == [True, True]
    assert await is_known(resources, bus, fresh)
    assert not await is_known(resources, bus)
    actions = await owner.fetch("SELECT action FROM audit WHERE actor = $1", f"device:{bus.device.id}")
    assert [row["action"] for row in actions] == ["enrol", "rotate_key", "rotate_key"]


@pytest.mark.parametrize("forgery", ["another's", "for another scanner", "none"])
async def test_a_key_without_its_proof_is_not_taken(resources: Resources, bus: Bus, forgery: str) -> None:
    """A thief of an assertion alone does not put his own key in, nor somebody else's."""
    fresh = SigningKey.generate()
    proofs: dict[str, Any] = {
        "another's": prove_rotation(bus.device.id, SigningKey.generate()),
        "for another scanner": prove_rotation(new_id(), fresh),
        "none": b"",
    }

    assert not await devices.rotate_key(resources, bus.device, fresh.verifying_key.public, proofs[forgery])
    assert await is_known(resources, bus)
