"""How an operator comes to be, and what its staff do with its places and tariffs: a part of all mutations."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from domain.scanner import FleetRefusal
from schema.context import Info
from schema.fleet import FleetRefused, Operator, Spot
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from schema.tariff import TariffVersion
from schema.tariff_input import TariffInput
from services import drafts, fleet, operators
from services.catalogue import Accessibility

OperatorResult = Annotated[Operator | FleetRefused | NotSignedIn, strawberry.union("OperatorResult")]
SpotResult = Annotated[Spot | FleetRefused | NotSignedIn, strawberry.union("SpotResult")]
TariffResult = Annotated[TariffVersion | FleetRefused | NotSignedIn, strawberry.union("TariffResult")]


@strawberry.input(description="A full price.")
class VenuePriceInput:
    """One line of a price list."""

    title: str
    yuan: Decimal


@strawberry.input(description="What a venue says of itself in public.")
class VenueInput:
    """A venue as it is filled in."""

    name: str
    area: str = strawberry.field(description="The town.")
    address: str
    accessibility: list[Accessibility] = strawberry.field(default_factory=list)
    prices: list[VenuePriceInput] = strawberry.field(default_factory=list)

    def details(self) -> fleet.VenueDetails:
        """The same as a value."""
        prices = tuple(fleet.Price(each.title, each.yuan) for each in self.prices)
        return fleet.VenueDetails(self.name, self.area, self.address, frozenset(self.accessibility), prices)


def _operator(done: operators.Operator | FleetRefusal) -> Operator | FleetRefused:
    return FleetRefused.of(done) if isinstance(done, FleetRefusal) else Operator.of(done)


def _spot(done: fleet.Spot | FleetRefusal) -> Spot | FleetRefused:
    return FleetRefused.of(done) if isinstance(done, FleetRefusal) else Spot.of(done)


@strawberry.type(description="How operators come to be, and what they have.")
class FleetMutation:
    """Makes operators and their places."""

    @strawberry.mutation(description="For the federation's district staff: add an operator.")
    async def create_operator(self, info: Info, name: str) -> OperatorResult:
        """The operator."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        return _operator(await operators.create_operator(info.context.resources, signed.people, name))

    @strawberry.mutation(description="For the federation's district staff: let an account work for an operator.")
    async def appoint_operator_staff(
        self, info: Info, operator_id: strawberry.ID, account_id: strawberry.ID
    ) -> OperatorResult:
        """The operator."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Account", account_id)
        return _operator(await operators.appoint_operator_staff(info.context.resources, signed.people, *keys))

    @strawberry.mutation(description="For the federation's district staff: an account works for an operator no longer.")
    async def end_operator_staff(
        self, info: Info, operator_id: strawberry.ID, account_id: strawberry.ID
    ) -> OperatorResult:
        """The operator."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Account", account_id)
        return _operator(await operators.end_operator_staff(info.context.resources, signed.people, *keys))

    @strawberry.mutation(description="For an operator's staff: add a line; its town is empty for more than one.")
    async def add_line(self, info: Info, operator_id: strawberry.ID, name: str, area: str = "") -> SpotResult:
        """The line."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Operator", operator_id)
        return _spot(await fleet.add_line(info.context.resources, signed.viewer, key, name, area))

    @strawberry.mutation(description="For an operator's staff: add a vehicle by its number plate.")
    async def add_vehicle(self, info: Info, operator_id: strawberry.ID, name: str) -> SpotResult:
        """The vehicle."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Operator", operator_id)
        return _spot(await fleet.add_vehicle(info.context.resources, signed.viewer, key, name))

    @strawberry.mutation(description="For an operator's staff: add a venue, or change what one says of itself.")
    async def save_venue(
        self,
        info: Info,
        operator_id: strawberry.ID,
        venue: Annotated[VenueInput, strawberry.argument(name="input")],
        venue_id: strawberry.ID | None = None,
    ) -> SpotResult:
        """The venue."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), None if venue_id is None else key_of("Venue", venue_id)
        return _spot(await fleet.save_venue(info.context.resources, signed.viewer, *keys, venue.details()))

    @strawberry.mutation(description="For an operator's staff: add an entrance to a venue.")
    async def add_gate(self, info: Info, operator_id: strawberry.ID, venue_id: strawberry.ID, name: str) -> SpotResult:
        """The gate."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        keys = key_of("Operator", operator_id), key_of("Venue", venue_id)
        return _spot(await fleet.add_gate(info.context.resources, signed.viewer, *keys, name))


@strawberry.type(description="From a draft to a tariff that holds.")
class TariffMutation:
    """Each is for an operator's staff."""

    @strawberry.mutation(description="For an operator's staff: begin a draft, or write one anew.")
    async def draft_tariff(
        self,
        info: Info,
        operator_id: strawberry.ID,
        tariff: Annotated[TariffInput, strawberry.argument(name="input")],
        tariff_id: strawberry.ID | None = None,
    ) -> TariffResult:
        """The draft, with what the check finds."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        drafted = tariff.tariff(info.context.on)
        if drafted is None:
            return FleetRefused.of(FleetRefusal.TARIFF_INVALID)
        key, old = key_of("Operator", operator_id), None if tariff_id is None else key_of("Tariff", tariff_id)
        done = await drafts.save_draft(info.context.resources, signed.viewer, key, old, drafted)
        return FleetRefused.of(done) if isinstance(done, FleetRefusal) else TariffVersion.of(done, key)

    @strawberry.mutation(description="For an operator's staff: put a draft away.")
    async def discard_tariff(self, info: Info, operator_id: strawberry.ID, tariff_id: strawberry.ID) -> TariffResult:
        """The draft as it was."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Operator", operator_id)
        done = await drafts.discard_draft(info.context.resources, signed.viewer, key, key_of("Tariff", tariff_id))
        return FleetRefused.of(done) if isinstance(done, FleetRefusal) else TariffVersion.of(done, key)

    @strawberry.mutation(description="For another of an operator's staff: let a draft hold from a day to come.")
    async def publish_tariff(
        self, info: Info, operator_id: strawberry.ID, tariff_id: strawberry.ID, effective: date
    ) -> TariffResult:
        """The tariff, which changes no more."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key, draft = key_of("Operator", operator_id), key_of("Tariff", tariff_id)
        done = await drafts.publish_tariff(info.context.resources, signed.viewer, key, draft, effective)
        return FleetRefused.of(done) if isinstance(done, FleetRefusal) else TariffVersion.of(done, key)
