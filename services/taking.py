"""Takes places inside the caller's transaction, for one resident or several: counted where they are held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.booking import BookingRefusal, Wish, refuse_booking
from domain.dates import local_date, year_of
from domain.entitlement import Verdict
from models.booking import BookingState
from services.allocations import Busy, Chosen, NotOffered, Scope, choose, hold
from services.locks import lock_slots
from services.places import Order

# `borne` are the sessions of the slot's year that her programme bears already.
_STATE = """
SELECT s.capacity - s.taken AS places_left, s.state = 'open' AS offered,
       EXISTS (
           SELECT FROM booking b WHERE b.slot_id = s.id AND b.resident_id = o.resident_id AND b.state <> 'cancelled'
       ) AS held,
       EXISTS (
           SELECT FROM booking b
           WHERE b.resident_id = o.resident_id AND b.state <> 'cancelled' AND b.id IS DISTINCT FROM o.moving
           AND b.starts_at < s.ends_at AND b.ends_at > s.starts_at
       ) AS overlaps,
       EXISTS (SELECT FROM card c WHERE c.resident_id = o.resident_id AND c.state = 'active') AS card_in_force,
       (
           SELECT count(*) FROM booking b
           WHERE b.resident_id = o.resident_id AND b.starts_at >= o.year_from AND b.starts_at < o.year_until
           AND b.programme = o.programme AND b.cost_share > 0 AND b.state NOT IN ('cancelled', 'excused')
           AND b.id IS DISTINCT FROM o.moving
       ) AS borne
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[]) WITH ORDINALITY
    AS o (slot_id, resident_id, moving, programme, year_from, year_until, nth)
JOIN slot s ON s.id = o.slot_id ORDER BY o.nth
"""

# The count moves in the statement that makes the bookings: both happen or neither, at any concurrency. Of several who
# want one slot the first get what is left of it; that is read behind its lock, which is taken here and not before.
_TAKE = """
WITH wanted AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
        $7::numeric[], $8::text[], $9::text[], $10::numeric[], $11::date[], $12::text[]
    ) WITH ORDINALITY AS o (
        id, slot_id, resident_id, enrolment_id, state, booked_at,
        price, programme, verdict, cost_share, rule_effective, to_bring, nth
    )
), open AS (
    SELECT id, starts_at, ends_at, capacity - taken AS free FROM slot
    WHERE id = ANY ($2) AND state = 'open' ORDER BY starts_at, id FOR NO KEY UPDATE
), given AS (
    SELECT w.*, open.starts_at, open.ends_at, open.free,
           row_number() OVER (PARTITION BY w.slot_id ORDER BY w.nth) AS rank
    FROM wanted w JOIN open ON open.id = w.slot_id
), counted AS (
    UPDATE slot SET taken = taken + least(g.wanted, g.free)
    FROM (SELECT slot_id, count(*) AS wanted, min(free) AS free FROM given GROUP BY slot_id) g
    WHERE slot.id = g.slot_id AND g.free > 0
)
INSERT INTO booking (id, slot_id, resident_id, enrolment_id, state, starts_at, ends_at, booked_at,
                     price, programme, verdict, cost_share, rule_effective, to_bring)
SELECT id, slot_id, resident_id, enrolment_id, state, starts_at, ends_at, booked_at,
       price, programme, verdict, cost_share, rule_effective, to_bring FROM given WHERE rank <= free RETURNING id
"""


@dataclass(frozen=True)
class Ready:
    """A place that may be written now: the columns of the booking, and the resources locked for it."""

    state: BookingState
    terms: tuple[object, ...]
    chosen: Sequence[Chosen]


async def take(connection: asyncpg.Connection, orders: Sequence[Order], at: datetime) -> list[UUID | BookingRefusal]:
    """The new bookings' ids. The caller holds the residents' locks, or overlapping bookings could pass each other.

    No two orders are of one resident, and where there are several none needs resources: one that is chosen for a
    session is held only when its booking is written.
    """
    judged = await _judge(connection, orders, at)
    ready = [(order, each) for order, each in zip(orders, judged, strict=True) if isinstance(each, Ready)]
    given = await _give(connection, ready, at) if ready else set()
    answers: list[UUID | BookingRefusal] = []
    for order, each in zip(orders, judged, strict=True):
        if isinstance(each, BookingRefusal):
            answers.append(each)
        elif order.id in given:
            await hold(connection, each.chosen, order.id)
            answers.append(order.id)
        else:
            answers.append(BookingRefusal.SLOT_FULL)
    return answers


async def prepare(connection: asyncpg.Connection, order: Order, at: datetime) -> Ready | BookingRefusal:
    """Judge an order and lock what it needs; nothing is written yet."""
    (ready,) = await _judge(connection, [order], at)
    return ready


async def wish_of(connection: asyncpg.Connection, order: Order) -> Wish:
    """What decides about an order, as the database holds it now."""
    (row,) = await _state_of(connection, [order])
    return _wish(order, row)


async def sessions_borne(connection: asyncpg.Connection, order: Order) -> int:
    """How many sessions of the order's year her programme bears already, where it bounds them."""
    (row,) = await _state_of(connection, [order])
    borne: int = row["borne"]
    return borne


async def _give(connection: asyncpg.Connection, ready: Sequence[tuple[Order, Ready]], at: datetime) -> set[UUID]:
    columns = zip(
        *(
            (order.id, order.place.slot_id, order.resident_id, order.enrolment_id, each.state, at, *each.terms)
            for order, each in ready
        ),
        strict=True,
    )
    return {row["id"] for row in await connection.fetch(_TAKE, *columns)}


async def _judge(connection: asyncpg.Connection, orders: Sequence[Order], at: datetime) -> list[Ready | BookingRefusal]:
    rows = await _state_of(connection, orders)
    return [await _prepare(connection, order, row, at) for order, row in zip(orders, rows, strict=True)]


async def _prepare(
    connection: asyncpg.Connection, order: Order, row: asyncpg.Record, at: datetime
) -> Ready | BookingRefusal:
    terms = order.quote
    refusal = refuse_booking(_wish(order, row), at)
    if refusal is not None:
        return refusal
    try:
        chosen = await _choose(connection, order)
    except Busy:
        return BookingRefusal.RESOURCE_BUSY
    except NotOffered:
        return BookingRefusal.NO_INTERPRETER
    return Ready(
        BookingState.REQUESTED if order.place.needs_confirmation else BookingState.BOOKED,
        (
            *(terms.price, terms.programme, terms.verdict, terms.share_after(row["borne"])),
            *(terms.rule_effective, "\n".join(terms.to_bring)),
        ),
        chosen,
    )


async def _state_of(connection: asyncpg.Connection, orders: Sequence[Order]) -> Sequence[asyncpg.Record]:
    columns = zip(*map(_asked, orders), strict=True)
    rows: Sequence[asyncpg.Record] = await connection.fetch(_STATE, *columns)
    return rows


def _asked(order: Order) -> tuple[object, ...]:
    programme = None if order.quote.sessions_a_year is None else order.quote.programme
    year = year_of(local_date(order.place.starts_at))
    return order.place.slot_id, order.resident_id, order.moving, programme, *year


def _wish(order: Order, row: asyncpg.Record) -> Wish:
    place = order.place
    return Wish(
        starts_at=place.starts_at,
        places_left=row["places_left"] + order.offered,
        holds_this_slot=row["held"],
        holds_an_overlapping_slot=row["overlaps"],
        window=place.window,
        offered=row["offered"],
        entitled=not place.only_entitled or order.quote.verdict is not Verdict.NOT_ELIGIBLE,
        card_in_force=row["card_in_force"],
    )


async def _choose(connection: asyncpg.Connection, order: Order) -> list[Chosen]:
    place, scopes = order.place, {Scope.BOOKING} if order.interpreter else set()
    if order.needs_resources:
        await lock_slots(connection, place.slot_id)
    if place.needs_resources and not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM allocation WHERE slot_id = $1 AND booking_id IS NULL AND released_at IS NULL)",
        place.slot_id,
    ):
        scopes.add(Scope.SESSION)
    return await choose(connection, place.need, scopes) if scopes else []
