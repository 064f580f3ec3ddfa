"""One place in one slot, taken inside the caller's transaction: quoted before, counted and held in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.booking import BookingRefusal, Window, Wish, refuse_booking
from domain.dates import local_date, year_of
from domain.entitlement import Verdict
from domain.quote import Quote, quote
from models.booking import BookingState
from models.record import new_id
from services.allocations import Busy, Chosen, Need, NotOffered, Scope, choose, hold
from services.entitlements import decide_programme, facts_of
from services.locks import lock_slots
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

_STATE = """
SELECT s.capacity - s.taken AS places_left, s.state = 'open' AS offered,
       EXISTS (
           SELECT FROM booking b WHERE b.slot_id = s.id AND b.resident_id = $2 AND b.state <> 'cancelled'
       ) AS held,
       EXISTS (
           SELECT FROM booking b WHERE b.resident_id = $2 AND b.state <> 'cancelled' AND b.id IS DISTINCT FROM $3
           AND b.starts_at < s.ends_at AND b.ends_at > s.starts_at
       ) AS overlaps
FROM slot s WHERE s.id = $1
"""

# The count moves in the statement that makes the booking: both happen or neither, at any concurrency.
_TAKE = """
WITH place AS (
    UPDATE slot SET taken = taken + 1 WHERE id = $2 AND taken < capacity AND state = 'open'
    RETURNING id, starts_at, ends_at
)
INSERT INTO booking (id, slot_id, resident_id, enrolment_id, state, starts_at, ends_at, booked_at,
                     price, programme, verdict, cost_share, rule_effective, to_bring)
SELECT $1, id, $3, $4, $5, starts_at, ends_at, $6, $7, $8, $9, $10, $11, $12 FROM place RETURNING id
"""

# Sessions that her programme bears already between two moments, but for one booking.
SESSIONS_BORNE = """
SELECT count(*) FROM booking WHERE resident_id = $1 AND programme = $2 AND starts_at >= $3 AND starts_at < $4
AND cost_share > 0 AND state NOT IN ('cancelled', 'excused') AND id IS DISTINCT FROM $5
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


@dataclass(frozen=True)
class Ready:
    """A place that may be written now: the columns of the booking, and the resources locked for it."""

    state: BookingState
    terms: tuple[object, ...]
    chosen: Sequence[Chosen]


async def place_of(resources: Resources, slot_id: UUID) -> Place | None:
    """The place that a slot offers; None without such a slot."""
    rows = await resources.database.fetch(f"{_PLACES} WHERE s.id = $1", slot_id)
    return _place(rows[0]) if rows else None


async def places_of(resources: Resources, course_id: UUID) -> Sequence[Place]:
    """The places that a course's sessions offer, in order of time."""
    rows = await resources.database.fetch(
        f"{_PLACES} WHERE s.course_id = $1 AND s.state = 'open' ORDER BY s.starts_at, s.id", course_id
    )
    return [_place(row) for row in rows]


async def quotes_for(resources: Resources, person: Person, places: Sequence[Place]) -> Sequence[Quote]:
    """What each place of one service would cost a person by the rules of its day; her facts are read once."""
    if not places or not places[0].programme:
        return [quote(place.price, place.documents, None) for place in places]
    (facts,) = await facts_of(resources, [person])
    days = [local_date(place.starts_at) for place in places]
    decided = {day: decide_programme(resources, facts, places[0].programme, day) for day in set(days)}
    return [quote(place.price, place.documents, decided[day]) for place, day in zip(places, days, strict=True)]


async def take(connection: asyncpg.Connection, order: Order, at: datetime) -> UUID | BookingRefusal:
    """The new booking's id. The caller holds the resident's lock, or two overlapping bookings could pass each other."""
    ready = await prepare(connection, order, at)
    if isinstance(ready, BookingRefusal):
        return ready
    booking_id: UUID | None = await connection.fetchval(
        _TAKE,
        *(order.id, order.place.slot_id, order.resident_id, order.enrolment_id, ready.state, at),
        *ready.terms,
    )
    if booking_id is None:
        return BookingRefusal.SLOT_FULL
    await hold(connection, ready.chosen, booking_id)
    return booking_id


async def prepare(connection: asyncpg.Connection, order: Order, at: datetime) -> Ready | BookingRefusal:
    """Judge an order and lock what it needs; nothing is written yet."""
    place, terms = order.place, order.quote
    refusal = refuse_booking(await wish_of(connection, order), at)
    if refusal is not None:
        return refusal
    try:
        chosen = await _choose(connection, order)
    except Busy:
        return BookingRefusal.RESOURCE_BUSY
    except NotOffered:
        return BookingRefusal.NO_INTERPRETER
    return Ready(
        BookingState.REQUESTED if place.needs_confirmation else BookingState.BOOKED,
        (
            *(terms.price, terms.programme, terms.verdict, await _share(connection, order)),
            *(terms.rule_effective, "\n".join(terms.to_bring)),
        ),
        chosen,
    )


async def wish_of(connection: asyncpg.Connection, order: Order) -> Wish:
    """What decides about an order, as the database holds it now."""
    place = order.place
    row = await connection.fetchrow(_STATE, place.slot_id, order.resident_id, order.moving)
    return Wish(
        starts_at=place.starts_at,
        places_left=row["places_left"] + order.offered,
        holds_this_slot=row["held"],
        holds_an_overlapping_slot=row["overlaps"],
        window=place.window,
        offered=row["offered"],
        entitled=not place.only_entitled or order.quote.verdict is not Verdict.NOT_ELIGIBLE,
    )


async def _choose(connection: asyncpg.Connection, order: Order) -> list[Chosen]:
    place, scopes = order.place, {Scope.BOOKING} if order.interpreter else set()
    if place.needs_resources or order.interpreter:
        await lock_slots(connection, place.slot_id)
    if place.needs_resources and not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM allocation WHERE slot_id = $1 AND booking_id IS NULL AND released_at IS NULL)",
        place.slot_id,
    ):
        scopes.add(Scope.SESSION)
    return await choose(connection, place.need, scopes) if scopes else []


async def _share(connection: asyncpg.Connection, order: Order) -> Decimal | None:
    if order.quote.sessions_a_year is None:
        return order.quote.cost_share
    year = year_of(local_date(order.place.starts_at))
    borne = await connection.fetchval(SESSIONS_BORNE, order.resident_id, order.quote.programme, *year, order.moving)
    return order.quote.share_after(borne)


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
