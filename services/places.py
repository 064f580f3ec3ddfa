"""Places in slots and what they cost, read and quoted before anything is locked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.booking import Window
from domain.dates import local_date
from domain.quote import Quote, quote
from models.record import new_id
from services.allocations import Need
from services.entitlements import decide_programme, facts_asked_by, facts_of
from services.people import Person
from services.resources import Resources

_PLACES = """
SELECT s.id AS slot_id, s.course_id, s.starts_at, s.ends_at, v.id AS service_id, v.programme, v.documents,
       v.only_entitled, v.needs_confirmation, v.lead_minutes, v.horizon_days, v.cancel_minutes,
       v.buffer_before_minutes, v.buffer_after_minutes,
       EXISTS (
           SELECT FROM service_resource n WHERE n.service_id = v.id AND n.ended_at IS NULL AND NOT n.on_request
       ) AS needs_resources,
       coalesce((
           SELECT price FROM service_price c WHERE c.service_id = v.id
           AND c.valid_from <= (s.starts_at AT TIME ZONE 'Asia/Shanghai')::date ORDER BY c.valid_from DESC LIMIT 1
       ), 0) AS price
FROM slot s JOIN service v ON v.id = s.service_id
"""


@dataclass(frozen=True)
class Place:
    """A slot and what its service asks, as they stood before anything was locked."""

    slot_id: UUID
    course_id: UUID | None
    starts_at: datetime
    need: Need
    needs_resources: bool
    window: Window
    cancel_before: timedelta
    programme: str
    documents: tuple[str, ...]
    price: Decimal
    only_entitled: bool
    needs_confirmation: bool


@dataclass(frozen=True)
class Order:
    """Who is to have a place, on what terms, and whether an interpreter is wanted with it; `id` will be the booking's.

    `moving` is the booking that is to stand here instead of where it stands; `offered` says that one of the places
    counted as taken is held for her.
    """

    resident_id: UUID
    place: Place
    quote: Quote
    enrolment_id: UUID | None = None
    interpreter: bool = False
    moving: UUID | None = None
    offered: bool = False
    id: UUID = field(default_factory=new_id)

    @property
    def needs_resources(self) -> bool:
        """Whether staff, rooms or an interpreter have to be locked for it."""
        return self.place.needs_resources or self.interpreter


@dataclass(frozen=True)
class Wanted:
    """Who would like a place in a slot."""

    person: Person
    slot_id: UUID
    interpreter: bool = False


async def orders_for(resources: Resources, wanted: Sequence[Wanted]) -> list[Order | None]:
    """What each would order, on the terms of its day; None without such a slot. Several may ask for themselves here."""
    resources = resources.reaching_only(each.person.id for each in wanted)
    places = {place.slot_id: place for place in await _places(resources, [each.slot_id for each in wanted])}
    known = [(each.person, places[each.slot_id]) for each in wanted if each.slot_id in places]
    quotes = iter(await quotes_for(resources, known))
    return [
        Order(each.person.id, places[each.slot_id], next(quotes), interpreter=each.interpreter)
        if each.slot_id in places
        else None
        for each in wanted
    ]


async def place_of(resources: Resources, slot_id: UUID) -> Place | None:
    """The place that a slot offers; None without such a slot."""
    return next(iter(await _places(resources, [slot_id])), None)


async def _places(resources: Resources, slot_ids: Sequence[UUID]) -> Iterable[Place]:
    return map(_place, await resources.database.fetch(f"{_PLACES} WHERE s.id = ANY($1)", slot_ids))


async def places_of(resources: Resources, course_id: UUID) -> Sequence[Place]:
    """The places that a course's sessions offer, in order of time."""
    rows = await resources.database.fetch(
        f"{_PLACES} WHERE s.course_id = $1 AND s.state = 'open' ORDER BY s.starts_at, s.id", course_id
    )
    return [_place(row) for row in rows]


async def quotes_for(resources: Resources, wanted: Sequence[tuple[Person, Place]]) -> Sequence[Quote]:
    """What each place would cost its person by the rules of its day; what decides that is read once for all."""
    asked = [(person, place.programme, local_date(place.starts_at)) for person, place in wanted if place.programme]
    persons = list({person.id: person for person, _, _ in asked}.values())
    names = facts_asked_by(resources, {(programme, day) for _, programme, day in asked})
    facts = await facts_of(resources, persons, names) if persons else []
    known = {person.id: each for person, each in zip(persons, facts, strict=True)}
    decided = {
        (person.id, programme, day): decide_programme(resources, known[person.id], programme, day)
        for person, programme, day in asked
    }
    return [
        quote(place.price, place.documents, decided.get((person.id, place.programme, local_date(place.starts_at))))
        for person, place in wanted
    ]


def _place(row: asyncpg.Record) -> Place:
    before, after = (timedelta(minutes=row[f"buffer_{side}_minutes"]) for side in ("before", "after"))
    # A course can be joined as soon as it stands there, however far it reaches.
    horizon = timedelta(days=row["horizon_days"]) if row["course_id"] is None else None
    return Place(
        slot_id=row["slot_id"],
        course_id=row["course_id"],
        starts_at=row["starts_at"],
        need=Need(row["service_id"], row["slot_id"], row["starts_at"] - before, row["ends_at"] + after),
        needs_resources=row["needs_resources"],
        window=Window(timedelta(minutes=row["lead_minutes"]), horizon),
        cancel_before=timedelta(minutes=row["cancel_minutes"]),
        programme=row["programme"],
        documents=tuple(row["documents"].splitlines()),
        price=row["price"],
        only_entitled=row["only_entitled"],
        needs_confirmation=row["needs_confirmation"],
    )
