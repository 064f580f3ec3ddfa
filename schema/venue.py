"""A venue's public page: where it is, when it is open, what it costs, and what a card is worth there."""

from decimal import Decimal

import strawberry

from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.service import SHORT
from schema.tariff import AdmissionRule, TariffWindow
from services import venues
from services.catalogue import Accessibility

_WEEK = {LIST_SIZE: 7}


@strawberry.type(description="A full price.")
class VenuePrice:
    """One line of a price list."""

    title: str
    yuan: Decimal


@strawberry.type(description="A park, museum or hall.")
class Venue:
    """What anybody may know of it."""

    id: strawberry.ID
    name: str
    operator: str
    area: str = strawberry.field(description="The town.")
    address: str
    accessibility: list[Accessibility] = strawberry.field(metadata=SHORT)
    prices: list[VenuePrice] = strawberry.field(description="Full prices.", metadata=SHORT)
    opening: list[TariffWindow] = strawberry.field(description="Empty: no hours are named.", metadata=_WEEK)
    for_holders: list[AdmissionRule] = strawberry.field(
        description="What card holders get today, by access class; empty: the full price.", metadata=SHORT
    )

    @classmethod
    def of(cls, venue: venues.Venue) -> "Venue":
        """The page of a loaded row."""
        return cls(
            id=to_id("Venue", venue.id),
            name=venue.name,
            operator=venue.operator,
            area=venue.area,
            address=venue.address,
            accessibility=sorted(venue.accessibility),
            prices=[VenuePrice(title=each.title, yuan=each.yuan) for each in venue.prices],
            opening=[TariffWindow.of(window) for window in venue.opening],
            for_holders=[AdmissionRule.of(rule) for rule in venue.rules],
        )
