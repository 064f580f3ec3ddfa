"""Tells what a place would cost before it is booked: by the rules of its day, and what of the year is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.dates import local_date, year_of
from domain.entitlement import Verdict
from services.people import Person
from services.places import SESSIONS_BORNE, place_of, quotes_for
from services.resources import Resources


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
    place = await place_of(resources, slot_id)
    if place is None:
        return None
    (terms,) = await quotes_for(resources, person, [place])
    left, share = None, terms.cost_share
    if terms.sessions_a_year is not None:
        year = year_of(local_date(place.starts_at))
        rows = await resources.database.fetch(SESSIONS_BORNE, person.id, terms.programme, *year, None)
        borne = rows[0]["count"]
        left, share = max(terms.sessions_a_year - borne, 0), terms.share_after(borne)
    return Estimate(terms.price, terms.programme, terms.verdict, share, left, terms.to_bring)
