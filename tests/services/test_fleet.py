"""Shows an operator's lines, vehicles, venues and gates: each name once, and none of another's."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeAlias

import asyncpg
import pytest

from card.window import Place, PlaceKind
from domain.scanner import FleetRefusal
from models.record import new_id
from services import fleet
from services.catalogue import Accessibility
from services.fleet import Price, Spot, SpotKind, VenueDetails
from services.resources import Resources
from tests.services.company import Company, done
from tests.services.register import Register

_Add: TypeAlias = Callable[[], Awaitable[Spot | FleetRefusal]]
PARK = VenueDetails(
    "城东公园", "百官街道", "公园路 1 号", frozenset({Accessibility.STEP_FREE}), (Price("成人", Decimal(20)),)
)


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """A bus company."""
    return await Company(resources, register).open()


async def test_places_are_listed_by_kind_and_name(
    company: Company, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Each with its town and a gate with its venue, and each addition is on record."""
    line = await company.line("2 路", "百官街道")
    vehicle = done(await fleet.add_vehicle(resources, company.first, company.id, "浙D·00001")).id
    venue = done(await fleet.save_venue(resources, company.first, company.id, None, PARK)).id
    gate = done(await fleet.add_gate(resources, company.first, company.id, venue, "南门")).id

    spots = await fleet.spots_of(resources, company.id)

    assert [(spot.id, spot.kind, spot.area, spot.venue_id) for spot in spots] == [
        (gate, SpotKind.GATE, "", venue),
        (line, SpotKind.LINE, "百官街道", None),
        (vehicle, SpotKind.VEHICLE, "", None),
        (venue, SpotKind.VENUE, "百官街道", None),
    ]
    assert (await company.logged(owner))[3:] == ["add_line", "add_vehicle", "add_venue", "add_gate"]


async def test_a_tariff_can_name_lines_venues_and_their_towns(company: Company, resources: Resources) -> None:
    """Each with the places in which it lies; vehicles and gates are too small for rules."""
    line = await company.line("2 路", "百官街道")
    venue = await company.venue()
    await fleet.add_vehicle(resources, company.first, company.id, "浙D·00001")

    named = fleet.named_places(await fleet.spots_of(resources, company.id))

    town, on_line = Place(PlaceKind.AREA, "百官街道"), Place(PlaceKind.LINE, str(line))
    at_venue = Place(PlaceKind.VENUE, str(venue))
    assert named == {on_line: [on_line, town], town: (town,), at_venue: [at_venue]}


async def test_a_name_is_taken_once(company: Company, resources: Resources) -> None:
    """Two lines of one name could not be told apart; the same holds for every kind."""
    venue = await company.venue()
    names: list[_Add] = [
        lambda: fleet.add_line(resources, company.first, company.id, "1 路", ""),
        lambda: fleet.add_vehicle(resources, company.first, company.id, "浙D·1"),
        lambda: fleet.add_gate(resources, company.first, company.id, venue, "东门"),
    ]

    for add in names:
        done(await add())
        assert await add() is FleetRefusal.NAME_TAKEN
    assert await fleet.save_venue(resources, company.first, company.id, None, _venue()) is FleetRefusal.NAME_TAKEN


async def test_a_venue_is_changed_by_its_own_operator(
    company: Company, resources: Resources, register: Register
) -> None:
    """Not by another, and not into the name of one that there is already."""
    venue, other = await company.venue(), await company.venue("城西公园")
    stranger = await Company(resources, register).open()
    changed = VenueDetails("城北公园", "", "公园路 2 号", frozenset(), ())

    assert done(await fleet.save_venue(resources, company.first, company.id, venue, changed)).name == "城北公园"
    answer = await fleet.save_venue(resources, stranger.first, stranger.id, venue, changed)
    assert answer is FleetRefusal.UNKNOWN
    assert await fleet.add_gate(resources, stranger.first, stranger.id, venue, "东门") is FleetRefusal.UNKNOWN
    assert await fleet.save_venue(resources, company.first, company.id, other, changed) is FleetRefusal.NAME_TAKEN
    assert await fleet.save_venue(resources, company.first, company.id, new_id(), _venue()) is FleetRefusal.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " "}, FleetRefusal.NAME_INVALID),
        ({"area": "x" * 41}, FleetRefusal.NAME_INVALID),
        ({"address": "x" * 121}, FleetRefusal.NAME_INVALID),
        ({"prices": (Price("成人", Decimal(1)),) * 21}, FleetRefusal.PRICE_INVALID),
        ({"prices": (Price("", Decimal(1)),)}, FleetRefusal.PRICE_INVALID),
        ({"prices": (Price("成人", Decimal(-1)),)}, FleetRefusal.PRICE_INVALID),
        ({"prices": (Price("成人", Decimal("0.001")),)}, FleetRefusal.PRICE_INVALID),
        ({"prices": (Price("成人", Decimal("NaN")),)}, FleetRefusal.PRICE_INVALID),
        ({"prices": (Price("成人", Decimal(100_001)),)}, FleetRefusal.PRICE_INVALID),
    ],
)
async def test_a_venue_that_cannot_be_shown_is_refused(
    company: Company, resources: Resources, changes: dict[str, Any], refusal: FleetRefusal
) -> None:
    """Names and addresses that fit a page, prices in whole fen."""
    answer = await fleet.save_venue(resources, company.first, company.id, None, _venue(**changes))

    assert answer is refusal


@pytest.mark.parametrize(("name", "area"), [("", ""), ("x" * 41, ""), ("1 路", "x" * 41)])
async def test_a_line_that_cannot_be_told_is_refused(
    company: Company, resources: Resources, name: str, area: str
) -> None:
    """A name and a town that fit on a scanner."""
    assert await fleet.add_line(resources, company.first, company.id, name, area) is FleetRefusal.NAME_INVALID
    assert await fleet.add_gate(resources, company.first, company.id, new_id(), " ") is FleetRefusal.NAME_INVALID


def _venue(**changes: Any) -> VenueDetails:
    values = {"name": "城东公园", "area": "", "address": "", "accessibility": frozenset(), "prices": ()} | changes
    return VenueDetails(**values)
