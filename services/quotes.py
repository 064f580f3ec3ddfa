"""Tells what a place would cost before it is booked: by the rules of its day, and what of the year is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.entitlement import Verdict
from services.people import Person
from services.places import Wanted, orders_for
from services.resources import Resources
from services.taking import sessions_borne


@dataclass(frozen=True)
class Estimate:
    """What a session would cost a person; `sessions_left` are those of its year that her programme would still bear.

    They are None where it sets no bound.
    """

    price: Decimal
    programme: str
    verdict: Verdict | None
    cost_share: Decimal | None
    sessions_left: int | None
    to_bring: Sequence[str]


async def quote_for(resources: Resources, person: Person, slot_id: UUID) -> Estimate | None:
    """What a booking of this slot would be quoted at now; None without such a slot."""
    (order,) = await orders_for(resources, [Wanted(person, slot_id)])
    if order is None:
        return None
    terms, left, share = order.quote, None, order.quote.cost_share
    if terms.sessions_a_year is not None:
        async with resources.database.transaction() as connection:
            borne = await sessions_borne(connection, order)
        left, share = max(terms.sessions_a_year - borne, 0), terms.share_after(borne)
    return Estimate(terms.price, terms.programme, terms.verdict, share, left, terms.to_bring)
