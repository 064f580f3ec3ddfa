"""An operator's lines, vehicles, venues and gates: where its scanners can stand, and what tariffs can name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from card.window import Place, PlaceKind
from domain.access import Viewer
from domain.scanner import FleetRefusal
from models.record import new_id
from services.catalogue import Accessibility
from services.operators import Acting, acting_for, clean
from services.resources import Resources
from services.tariffs import places_of

_MAX_ADDRESS: Final = 120
_MAX_PRICES: Final = 20
_CENT: Final = Decimal("0.01")
_MAX_YUAN: Final = Decimal(100_000)


class SpotKind(StrEnum):
    """What kind of place an operator has; the values are the tables' names."""

    LINE = "line"
    VEHICLE = "vehicle"
    VENUE = "venue"
    GATE = "gate"


@dataclass(frozen=True)
class Spot:
    """A line, vehicle, venue or gate; `area` is the town of a line or venue, `venue_id` the venue of a gate."""

    id: UUID
    kind: SpotKind
    name: str
    area: str = ""
    venue_id: UUID | None = None


@dataclass(frozen=True)
class Price:
    """A full price at a venue."""

    title: str
    yuan: Decimal


@dataclass(frozen=True)
class VenueDetails:
    """What a venue says of itself in public."""

    name: str
    area: str
    address: str
    accessibility: frozenset[Accessibility]
    prices: tuple[Price, ...]


_SPOTS = """
SELECT id, 'line' AS kind, name, area, NULL::uuid AS venue_id FROM line WHERE operator_id = $1
UNION ALL SELECT id, 'vehicle', name, '', NULL FROM vehicle WHERE operator_id = $1
UNION ALL SELECT id, 'venue', name, area, NULL FROM venue WHERE operator_id = $1
UNION ALL SELECT g.id, 'gate', g.name, '', g.venue_id FROM gate g JOIN venue v ON v.id = g.venue_id
    WHERE v.operator_id = $1
ORDER BY kind, name, id
"""
_ADD_VENUE = """
INSERT INTO venue (id, operator_id, name, area, address, step_free, hearing_loop, guide_dog_welcome, parking_bay,
    prices)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING
"""
_CHANGE_VENUE = """
UPDATE venue SET name = $3, area = $4, address = $5, step_free = $6, hearing_loop = $7, guide_dog_welcome = $8,
    parking_bay = $9, prices = $10 WHERE id = $1 AND operator_id = $2
"""


async def spots_of(resources: Resources, operator_id: UUID) -> Sequence[Spot]:
    """All places of an operator, by kind and name."""
    return [_spot(row) for row in await resources.database.fetch(_SPOTS, operator_id)]


async def spots_within(connection: asyncpg.Connection, operator_id: UUID) -> Sequence[Spot]:
    """The same, inside a transaction."""
    return [_spot(row) for row in await connection.fetch(_SPOTS, operator_id)]


def named_places(spots: Sequence[Spot]) -> Mapping[Place, Sequence[Place]]:
    """The lines, venues and areas that a tariff may name, each with the places in which it lies, itself first."""
    found: dict[Place, Sequence[Place]] = {}
    for spot in spots:
        if spot.kind in {SpotKind.LINE, SpotKind.VENUE}:
            is_line = spot.kind is SpotKind.LINE
            places = places_of(spot.id if is_line else None, None if is_line else spot.id, spot.area)
            found[places[0]] = places
            if spot.area:
                area = Place(PlaceKind.AREA, spot.area)
                found[area] = (area,)
    return found


async def add_line(
    resources: Resources, viewer: Viewer, operator_id: UUID, name: str, area: str
) -> Spot | FleetRefusal:
    """Add a bus line; `area` is the town in which it runs, empty for more than one."""
    return await _add(resources, viewer, operator_id, SpotKind.LINE, name, area)


async def add_vehicle(resources: Resources, viewer: Viewer, operator_id: UUID, name: str) -> Spot | FleetRefusal:
    """Add a vehicle by its number plate."""
    return await _add(resources, viewer, operator_id, SpotKind.VEHICLE, name)


async def add_gate(
    resources: Resources, viewer: Viewer, operator_id: UUID, venue_id: UUID, name: str
) -> Spot | FleetRefusal:
    """Add an entrance to a venue."""
    cleaned = clean(name)
    if cleaned is None:
        return FleetRefusal.NAME_INVALID
    spot = Spot(new_id(), SpotKind.GATE, cleaned, venue_id=venue_id)

    async def work(acting: Acting) -> Spot | FleetRefusal:
        sql = "SELECT EXISTS (SELECT FROM venue WHERE id = $1 AND operator_id = $2)"
        if not await acting.connection.fetchval(sql, venue_id, operator_id):
            return FleetRefusal.UNKNOWN
        sql = "INSERT INTO gate (id, venue_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        return await _added(acting, spot, await acting.connection.execute(sql, spot.id, venue_id, spot.name))

    return await acting_for(resources, viewer, operator_id, work)


async def save_venue(
    resources: Resources, viewer: Viewer, operator_id: UUID, venue_id: UUID | None, details: VenueDetails
) -> Spot | FleetRefusal:
    """Add a venue (None), or change what one says of itself."""
    name, area = clean(details.name), details.area.strip()
    if name is None or (area and clean(area) is None) or len(details.address) > _MAX_ADDRESS:
        return FleetRefusal.NAME_INVALID
    if len(details.prices) > _MAX_PRICES or not all(_is_price(each) for each in details.prices):
        return FleetRefusal.PRICE_INVALID
    spot = Spot(venue_id or new_id(), SpotKind.VENUE, name, area)
    values = (
        *(spot.id, operator_id, name, area, details.address.strip()),
        *(each in details.accessibility for each in Accessibility),
        msgspec.json.encode([[each.title.strip(), f"{each.yuan:f}"] for each in details.prices]).decode(),
    )

    async def work(acting: Acting) -> Spot | FleetRefusal:
        try:
            async with acting.connection.transaction():
                sql = _ADD_VENUE if venue_id is None else _CHANGE_VENUE
                done = await acting.connection.execute(sql, *values)
        except asyncpg.UniqueViolationError:
            return FleetRefusal.NAME_TAKEN
        if venue_id is not None and done.endswith(" 0"):
            return FleetRefusal.UNKNOWN
        return await _added(acting, spot, done, "add" if venue_id is None else "change")

    return await acting_for(resources, viewer, operator_id, work)


async def _add(
    resources: Resources, viewer: Viewer, operator_id: UUID, kind: SpotKind, name: str, area: str = ""
) -> Spot | FleetRefusal:
    cleaned, area = clean(name), area.strip()
    if cleaned is None or (area and clean(area) is None):
        return FleetRefusal.NAME_INVALID
    spot = Spot(new_id(), kind, cleaned, area)

    async def work(acting: Acting) -> Spot | FleetRefusal:
        if kind is SpotKind.LINE:
            sql = "INSERT INTO line (id, operator_id, name, area) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
            done = await acting.connection.execute(sql, spot.id, operator_id, spot.name, spot.area)
        else:
            sql = "INSERT INTO vehicle (id, operator_id, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
            done = await acting.connection.execute(sql, spot.id, operator_id, spot.name)
        return await _added(acting, spot, done)

    return await acting_for(resources, viewer, operator_id, work)


async def _added(acting: Acting, spot: Spot, done: str, verb: str = "add") -> Spot | FleetRefusal:
    if done.endswith(" 0"):
        return FleetRefusal.NAME_TAKEN
    await acting.log(f"{verb}_{spot.kind.value}", str(spot.id))
    return spot


def _is_price(price: Price) -> bool:
    whole = price.yuan.is_finite() and 0 <= price.yuan <= _MAX_YUAN and price.yuan % _CENT == 0
    return whole and clean(price.title) is not None


def _spot(row: asyncpg.Record) -> Spot:
    return Spot(row["id"], SpotKind(row["kind"]), row["name"], row["area"], row["venue_id"])
