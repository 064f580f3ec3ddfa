"""Places in slots, booked and given back: never overbooked, never held twice."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.access import Act, Area, Viewer
from domain.booking import BookingRefusal, refuse_cancellation
from domain.card import is_usable
from domain.dates import local_date
from domain.entitlement import Verdict
from models.booking import BookingFlag, BookingState
from services import audit, idempotency
from services.booking_round import Asked, book_round
from services.catalogue import SERVICE_COLUMNS, SERVICE_OF_SLOT, SLOT_COLUMNS, OfferedService, OfferedSlot
from services.idempotency import Claim
from services.locks import lock_booking, lock_residents
from services.offers import give_back
from services.people import People, Person, person_for
from services.places import Order, Wanted, orders_for
from services.resources import Resources

BOOKING_COLUMNS = f"""b.id, b.resident_id, b.enrolment_id, b.state, b.booked_at, b.cancelled_at, b.price, b.verdict,
       b.cost_share, b.to_bring, b.flag, {SLOT_COLUMNS}, {SERVICE_COLUMNS},
       EXISTS (SELECT FROM allocation a WHERE a.booking_id = b.id AND a.released_at IS NULL) AS interpreter"""
BOOKING_SOURCE = f"booking b JOIN slot s ON s.id = b.slot_id JOIN {SERVICE_OF_SLOT}"
_BOOKINGS = f"SELECT {BOOKING_COLUMNS} FROM {BOOKING_SOURCE}"

_REFUSALS = frozenset(BookingRefusal)


@dataclass(frozen=True)
class HeldBooking:
    """A resident's booking with the slot and the service it is for, and what it was quoted at.

    `price` is in yuan, `cost_share` the share of it that the service's programme bears; None where it is not certain.
    """

    id: UUID
    resident_id: UUID
    enrolment_id: UUID | None
    state: BookingState
    booked_at: datetime
    cancelled_at: datetime | None
    price: Decimal
    verdict: Verdict | None
    cost_share: Decimal | None
    to_bring: tuple[str, ...]
    flag: BookingFlag | None
    interpreter: bool
    slot: OfferedSlot
    service: OfferedService

    @classmethod
    def of(cls, row: asyncpg.Record) -> "HeldBooking":
        """The booking of a row with `BOOKING_COLUMNS`."""
        return cls(
            id=row["id"],
            resident_id=row["resident_id"],
            enrolment_id=row["enrolment_id"],
            state=BookingState(row["state"]),
            booked_at=row["booked_at"],
            cancelled_at=row["cancelled_at"],
            price=row["price"],
            verdict=Verdict(row["verdict"]) if row["verdict"] else None,
            cost_share=row["cost_share"],
            to_bring=tuple(row["to_bring"].splitlines()),
            flag=BookingFlag(row["flag"]) if row["flag"] else None,
            interpreter=row["interpreter"],
            slot=OfferedSlot.of(row),
            service=OfferedService.of(row),
        )


async def bookings_of(resources: Resources, resident_ids: Sequence[UUID]) -> Sequence[HeldBooking]:
    """The bookings of these residents that end after now or ended in the last 30 days, newest slot first."""
    since = resources.clock() - timedelta(days=30)
    rows = await resources.database.fetch(
        f"{_BOOKINGS} WHERE b.resident_id = ANY($1) AND b.starts_at > $2 ORDER BY b.starts_at DESC, b.id LIMIT 500",
        resident_ids,
        since,
    )
    return [HeldBooking.of(row) for row in rows]


async def bookings_in(resources: Resources, enrolment_id: UUID) -> Sequence[HeldBooking]:
    """The bookings of one place in a course, in order of time."""
    rows = await resources.database.fetch(f"{_BOOKINGS} WHERE b.enrolment_id = $1 ORDER BY b.starts_at", enrolment_id)
    return [HeldBooking.of(row) for row in rows]


async def flagged_in(resources: Resources, area: Area, after: UUID | None, limit: int) -> Sequence[HeldBooking]:
    """The flagged bookings to come of residents in an area, in the order of their keys."""
    rows = await resources.database.fetch(
        f"{_BOOKINGS} JOIN resident r ON r.id = b.resident_id WHERE b.flag IS NOT NULL AND b.starts_at > $1 "
        "AND b.state IN ('requested', 'booked') AND ($2 = '' OR r.town = $2) AND ($3 = '' OR r.village = $3) "
        "AND ($4::uuid IS NULL OR b.id > $4) ORDER BY b.id LIMIT $5",
        resources.clock(),
        area.town,
        area.village,
        after,
        limit,
    )
    return [HeldBooking.of(row) for row in rows]


async def booking(resources: Resources, booking_id: UUID) -> HeldBooking:
    """One booking that is known to exist."""
    (row,) = await resources.database.fetch(f"{_BOOKINGS} WHERE b.id = $1", booking_id)
    return HeldBooking.of(row)


async def _held(resources: Resources, wanted: Sequence[tuple[UUID, UUID]]) -> list[HeldBooking]:
    """Bookings that are known to exist, each named with its resident."""
    database = resources.database.reaching_only(resident_id for resident_id, _ in wanted)
    rows = await database.fetch(f"{_BOOKINGS} WHERE b.id = ANY($1)", [booking_id for _, booking_id in wanted])
    held = {row["id"]: HeldBooking.of(row) for row in rows}
    return [held[booking_id] for _, booking_id in wanted]


async def book_slot(
    resources: Resources,
    viewer: Viewer,
    people: People,
    slot_id: UUID,
    resident_id: UUID | None,
    key: str,
    *,
    interpreter: bool = False,
) -> HeldBooking | BookingRefusal:
    """Take a place for the viewer, a ward by id, or as staff for anybody in the area, with an interpreter if asked.

    The same `key` again gets the first answer.
    """
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(resources.clock()))
    # Without an id and with her own is the same request.
    whom = str(person.id if person else resident_id)
    return await book_for(resources, viewer, people, person, slot_id, whom, key, interpreter=interpreter)


async def book_for(
    resources: Resources,
    viewer: Viewer,
    people: People,
    person: Person | None,
    slot_id: UUID,
    whom: str,
    key: str,
    *,
    interpreter: bool,
    action: str = "book_slot",
) -> HeldBooking | BookingRefusal:
    """Take a place for a person for whom the viewer may act; `whom` tells requests with one key apart.

    `action` is what the log says of it.
    """
    at, together = resources.clock(), resources.together
    order: Order | BookingRefusal = BookingRefusal.NOT_ALLOWED
    if person is not None:
        order = await _order(resources, person, Wanted(person, slot_id, interpreter), at)
    request = ["book", str(slot_id), whom, *["interpreter"][: int(interpreter)]]
    expected = str(order.id if isinstance(order, Order) else order)
    claim = Claim(viewer.account_id, key, request, at, expected)
    asked = Asked(claim, order, None if person is None else _event(viewer, people, action, person))
    if isinstance(order, Order) and order.needs_resources:
        (answer,) = await book_round(resources, [asked])
    else:
        answer = await together.ask(resources, book_round, asked)
    if person is None or answer in _REFUSALS:
        return BookingRefusal(answer)
    held = await together.ask(resources, _held, (person.id, UUID(answer)))
    resources.news.tell(held.service.id)
    return held


async def _order(resources: Resources, person: Person, wanted: Wanted, at: datetime) -> Order | BookingRefusal:
    order = await resources.together.ask(resources, orders_for, wanted)
    if order is None:
        return BookingRefusal.SLOT_NOT_FOUND
    if order.place.course_id is not None:
        return BookingRefusal.PART_OF_COURSE
    return order if _card_is_usable(person, at) else BookingRefusal.CARD_NOT_USABLE


async def cancel_booking(
    resources: Resources, viewer: Viewer, people: People, booking_id: UUID, key: str
) -> HeldBooking | BookingRefusal:
    """Give a place back, within the service's deadline; the same `key` again gets the first answer."""
    at = resources.clock()
    rows = await resources.database.fetch("SELECT resident_id FROM booking WHERE id = $1", booking_id)
    resident_id = rows[0]["resident_id"] if rows else None
    # A stranger's booking and none at all are answered alike.
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at)) if rows else None

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.BOOKING_NOT_FOUND
        refusal = await _cancel(connection, booking_id, at)
        if refusal is not None:
            return refusal
        await log_for_other(connection, viewer, people, "cancel_booking", person, at)
        return str(booking_id)

    # The place goes to whoever waits for it.
    request, expected, everybody = ["cancel", str(booking_id)], str(booking_id), resources.beyond_reach()
    return await told(resources, await answer_once(everybody, viewer, key, request, work, expected))


async def answer_once(
    resources: Resources,
    viewer: Viewer,
    key: str,
    request: list[str],
    work: Callable[[asyncpg.Connection], Awaitable[str]],
    expected: str | None = None,
) -> str:
    """Do the work in one transaction, or tell what it came to the first time: an id, or a refusal's value.

    Of the answer that is `expected` nothing more is written behind the work.
    """
    at = resources.clock()
    return await idempotency.answer_of(resources.database, viewer.account_id, key, request, at, work, expected)


async def lock_for_booking(connection: asyncpg.Connection, person: Person, at: datetime) -> BookingRefusal | None:
    """Let one booking at a time be made for a person, or two overlapping ones could pass each other."""
    if not _card_is_usable(person, at):
        return BookingRefusal.CARD_NOT_USABLE
    await lock_residents(connection, person.id)
    return None


def _card_is_usable(person: Person, at: datetime) -> bool:
    return person.card is not None and is_usable(person.card.on_record, local_date(at))


async def log_for_other(
    connection: asyncpg.Connection, viewer: Viewer, people: People, action: str, person: Person, at: datetime
) -> None:
    """Write down what somebody did for another; what she does for herself is hers."""
    event = _event(viewer, people, action, person)
    if event is not None:
        await audit.record(connection, event, at)


def _event(viewer: Viewer, people: People, action: str, person: Person) -> audit.Event | None:
    return None if person is people.own else audit.Event(f"account:{viewer.account_id}", action, str(person.id))


async def told(resources: Resources, answer: str) -> HeldBooking | BookingRefusal:
    """What a kept answer stands for."""
    if answer in _REFUSALS:
        return BookingRefusal(answer)
    held = await booking(resources, UUID(answer))
    resources.news.tell(held.service.id)
    return held


async def _cancel(connection: asyncpg.Connection, booking_id: UUID, at: datetime) -> BookingRefusal | None:
    row = await lock_booking(connection, booking_id)
    refusal = refuse_change(row, at)
    if refusal is None:
        await give_back(connection, booking_id, at)
    return refusal


def refuse_change(row: asyncpg.Record, at: datetime) -> BookingRefusal | None:
    """Why a booking, as `lock_booking` gives it, cannot leave its slot at an instant by the resident's own wish."""
    if row["state"] == BookingState.CANCELLED:
        return BookingRefusal.CANCELLED_ALREADY
    if row["enrolment_id"] is not None:
        return BookingRefusal.PART_OF_COURSE
    if row["state"] not in {BookingState.REQUESTED, BookingState.BOOKED}:
        return BookingRefusal.TOO_LATE
    return refuse_cancellation(row["starts_at"], timedelta(minutes=row["cancel_minutes"]), at)
