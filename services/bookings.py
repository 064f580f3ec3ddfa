"""Services, their free slots, and places in them: never overbooked, never held twice."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.booking import BookingRefusal, Wish, refuse_booking, refuse_cancellation
from domain.card import is_usable
from domain.dates import local_date
from models.record import new_id
from services import audit, idempotency
from services.people import People, Person
from services.resources import Resources

_BOOKINGS = """
SELECT b.id, b.resident_id, b.state, b.booked_at, b.cancelled_at, s.id AS slot_id, s.starts_at, s.ends_at,
       s.capacity, s.taken, v.id AS service_id, v.name AS service_name, v.programme, v.cancel_minutes,
       p.name AS provider_name, p.address
FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
     JOIN provider p ON p.id = v.provider_id
"""

# The count moves in the statement that makes the booking: both happen or neither, at any concurrency.
_TAKE = """
WITH place AS (
    UPDATE slot SET taken = taken + 1 WHERE id = $2 AND taken < capacity RETURNING id, starts_at, ends_at
)
INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at)
SELECT $1, id, $3, 'booked', starts_at, ends_at, $4 FROM place RETURNING id
"""

_GIVE_BACK = """
WITH released AS (
    UPDATE booking SET state = 'cancelled', cancelled_at = $2 WHERE id = $1 AND state = 'booked' RETURNING slot_id
)
UPDATE slot SET taken = taken - 1 FROM released WHERE slot.id = released.slot_id
"""

_GIVE_BACK_ALL = """
WITH released AS (
    UPDATE booking SET state = 'cancelled', cancelled_at = $2
    WHERE resident_id = $1 AND state = 'booked' AND starts_at > $2 RETURNING slot_id
), places AS (
    UPDATE slot SET taken = taken - 1 FROM released WHERE slot.id = released.slot_id
)
SELECT count(*) FROM released
"""

_REFUSALS = frozenset(BookingRefusal)


@dataclass(frozen=True)
class OfferedService:
    """A service with its provider; bookings can be cancelled until `cancel_before` ahead of the start."""

    id: UUID
    name: str
    programme: str
    provider: str
    address: str
    cancel_before: timedelta


@dataclass(frozen=True)
class OfferedSlot:
    """A time with `capacity` places, of which `free` can still be had."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free: int


@dataclass(frozen=True)
class HeldBooking:
    """A resident's booking with the slot and the service it is for."""

    id: UUID
    resident_id: UUID
    state: str
    booked_at: datetime
    cancelled_at: datetime | None
    slot: OfferedSlot
    service: OfferedService


async def services(resources: Resources, after: UUID | None, limit: int) -> Sequence[OfferedService]:
    """The services behind `after` in the order of their keys, `limit` at most."""
    rows = await resources.database.fetch(
        "SELECT v.id AS service_id, v.name AS service_name, v.programme, v.cancel_minutes, p.name AS provider_name, "
        "p.address FROM service v JOIN provider p ON p.id = v.provider_id WHERE $1::uuid IS NULL OR v.id > $1 "
        "ORDER BY v.id LIMIT $2",
        after,
        limit,
    )
    return [_service(row) for row in rows]


async def slots(
    resources: Resources,
    service_id: UUID,
    start: datetime,
    end: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[OfferedSlot]:
    """The slots of a service that begin in [start, end) and are not past, in order of time, `limit` at most."""
    moment, key = after or (None, None)
    rows = await resources.database.fetch(
        "SELECT id AS slot_id, starts_at, ends_at, capacity, taken FROM slot "
        "WHERE service_id = $1 AND starts_at >= $2 AND starts_at < $3 "
        "AND ($4::timestamptz IS NULL OR (starts_at, id) > ($4, $5::uuid)) ORDER BY starts_at, id LIMIT $6",
        service_id,
        max(start, resources.clock()),
        end,
        moment,
        key,
        limit,
    )
    return [_slot(row) for row in rows]


async def bookings_of(resources: Resources, resident_ids: Sequence[UUID]) -> Sequence[HeldBooking]:
    """The bookings of these residents that end after now or ended in the last 30 days, newest slot first."""
    since = resources.clock() - timedelta(days=30)
    rows = await resources.database.fetch(
        f"{_BOOKINGS} WHERE b.resident_id = ANY($1) AND b.starts_at > $2 ORDER BY b.starts_at DESC, b.id LIMIT 500",
        resident_ids,
        since,
    )
    return [_booking(row) for row in rows]


async def booking(resources: Resources, booking_id: UUID) -> HeldBooking:
    """One booking that is known to exist."""
    (row,) = await resources.database.fetch(f"{_BOOKINGS} WHERE b.id = $1", booking_id)
    return _booking(row)


async def book_slot(
    resources: Resources, viewer: Viewer, people: People, slot_id: UUID, resident_id: UUID | None, key: str
) -> HeldBooking | BookingRefusal:
    """Take a place for the viewer, or for a ward by id; the same `key` again gets the first answer."""
    at = resources.clock()
    person = people.reach(resident_id, Act.BOOK, local_date(at))

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.NOT_ALLOWED
        if person.card is None or not is_usable(person.card.on_record, local_date(at)):
            return BookingRefusal.CARD_NOT_USABLE
        answer = await _book(connection, slot_id, person.id, at)
        if answer not in _REFUSALS and person is not people.own:
            await audit.record(connection, _event(viewer, "book_slot", person), at)
        return answer

    # Without an id and with her own is the same request.
    request = ["book", str(slot_id), str(person.id if person else resident_id)]
    return await _once(resources, viewer, key, request, at, work)


async def cancel_booking(
    resources: Resources, viewer: Viewer, people: People, booking_id: UUID, key: str
) -> HeldBooking | BookingRefusal:
    """Give a place back, within the service's deadline; the same `key` again gets the first answer."""
    at = resources.clock()

    async def work(connection: asyncpg.Connection) -> str:
        return await _cancel(connection, viewer, people, booking_id, at)

    return await _once(resources, viewer, key, ["cancel", str(booking_id)], at, work)


async def release_all(connection: asyncpg.Connection, resident_id: UUID, at: datetime) -> int:
    """Give back every place that a resident holds from now on, whatever its deadline; the number of them.

    A slot is held once by one person, so that no slot loses two.
    """
    released: int = await connection.fetchval(_GIVE_BACK_ALL, resident_id, at)
    return released


async def _once(
    resources: Resources,
    viewer: Viewer,
    key: str,
    request: list[str],
    at: datetime,
    work: Callable[[asyncpg.Connection], Awaitable[str]],
) -> HeldBooking | BookingRefusal:
    """Do the work in one transaction, or tell what it came to the first time."""
    try:
        async with resources.database.transaction() as connection:
            answer = await idempotency.once(connection, viewer.account_id, key, request, at, lambda: work(connection))
    except idempotency.KeyReused:
        return BookingRefusal.KEY_REUSED
    except idempotency.InFlight:
        return BookingRefusal.IN_FLIGHT
    return await _told(resources, answer)


async def _told(resources: Resources, answer: str) -> HeldBooking | BookingRefusal:
    """An answer is kept as text: a booking's id, or the reason for which there is none."""
    return BookingRefusal(answer) if answer in _REFUSALS else await booking(resources, UUID(answer))


async def _book(connection: asyncpg.Connection, slot_id: UUID, resident_id: UUID, at: datetime) -> str:
    # One booking at a time for one person, or two overlapping ones could pass each other.
    await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", resident_id)
    row = await connection.fetchrow(
        "SELECT s.starts_at, s.capacity - s.taken AS places_left, "
        "EXISTS (SELECT FROM booking b WHERE b.slot_id = s.id AND b.resident_id = $2 AND b.state = 'booked') AS held, "
        "EXISTS (SELECT FROM booking b WHERE b.resident_id = $2 AND b.state = 'booked' "
        "AND b.starts_at < s.ends_at AND b.ends_at > s.starts_at) AS overlaps FROM slot s WHERE s.id = $1",
        slot_id,
        resident_id,
    )
    if row is None:
        return BookingRefusal.SLOT_NOT_FOUND
    refusal = refuse_booking(Wish(row["starts_at"], row["places_left"], row["held"], row["overlaps"]), at)
    if refusal is not None:
        return refusal
    booking_id = await connection.fetchval(_TAKE, new_id(), slot_id, resident_id, at)
    if booking_id is None:
        return BookingRefusal.SLOT_FULL
    return str(booking_id)


async def _cancel(
    connection: asyncpg.Connection, viewer: Viewer, people: People, booking_id: UUID, at: datetime
) -> str:
    row = await connection.fetchrow(
        "SELECT b.resident_id, b.state, b.starts_at, v.cancel_minutes FROM booking b JOIN slot s ON s.id = b.slot_id "
        "JOIN service v ON v.id = s.service_id WHERE b.id = $1 FOR UPDATE OF b",
        booking_id,
    )
    # A stranger's booking and none at all are answered alike.
    person = people.reach(row["resident_id"], Act.BOOK, local_date(at)) if row else None
    if person is None:
        return BookingRefusal.BOOKING_NOT_FOUND
    if row["state"] != "booked":
        return BookingRefusal.CANCELLED_ALREADY
    refusal = refuse_cancellation(row["starts_at"], timedelta(minutes=row["cancel_minutes"]), at)
    if refusal is not None:
        return refusal
    await connection.execute(_GIVE_BACK, booking_id, at)
    if person is not people.own:
        await audit.record(connection, _event(viewer, "cancel_booking", person), at)
    return str(booking_id)


def _event(viewer: Viewer, action: str, ward: Person) -> audit.Event:
    return audit.Event(f"account:{viewer.account_id}", action, str(ward.id))


def _booking(row: asyncpg.Record) -> HeldBooking:
    return HeldBooking(
        row["id"],
        row["resident_id"],
        row["state"],
        row["booked_at"],
        row["cancelled_at"],
        _slot(row),
        _service(row),
    )


def _slot(row: asyncpg.Record) -> OfferedSlot:
    return OfferedSlot(
        row["slot_id"], row["starts_at"], row["ends_at"], row["capacity"], row["capacity"] - row["taken"]
    )


def _service(row: asyncpg.Record) -> OfferedService:
    return OfferedService(
        row["service_id"],
        row["service_name"],
        row["programme"],
        row["provider_name"],
        row["address"],
        timedelta(minutes=row["cancel_minutes"]),
    )
