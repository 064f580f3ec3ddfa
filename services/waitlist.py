"""Wishes for a place in a full slot: who waits, is called by rule and in turn, and accepts or leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.booking import BookingRefusal, refuse_waiting
from domain.dates import local_date
from domain.language import Language
from models.record import new_id
from models.waitlist import OfferState, WaitlistState
from services.allocations import hold
from services.bookings import HeldBooking, answer_once, lock_for_booking, log_for_other, told
from services.catalogue import SERVICE_COLUMNS, SERVICE_OF_SLOT, SLOT_COLUMNS, OfferedService, OfferedSlot
from services.entitlements import decide_for, facts_of
from services.locks import lock_slots
from services.offers import end_offer
from services.people import People, Person, person_for
from services.places import Order, place_of, quotes_for
from services.resources import Resources
from services.taking import prepare, wish_of

_WISHES = f"""
SELECT e.id, e.resident_id, e.state AS wish_state, e.joined_at, e.ended_at, o.expires_at,
       (SELECT count(*) FROM waitlist_entry f WHERE f.slot_id = e.slot_id AND f.state = 'waiting'
        AND (f.priority, f.joined_at, f.id) < (e.priority, e.joined_at, e.id)) AS before,
       {SLOT_COLUMNS}, {SERVICE_COLUMNS}
FROM waitlist_entry e LEFT JOIN offer o ON o.entry_id = e.id AND o.state = 'open'
JOIN slot s ON s.id = e.slot_id JOIN {SERVICE_OF_SLOT}
"""

_JOIN = """
INSERT INTO waitlist_entry (id, slot_id, resident_id, state, priority, joined_at)
VALUES ($1, $2, $3, 'waiting', $4, $5)
ON CONFLICT (slot_id, resident_id) WHERE state IN ('waiting', 'offered') DO NOTHING RETURNING id
"""

_LEAVE = "UPDATE waitlist_entry SET state = 'left', ended_at = $2 WHERE id = $1 AND state = 'waiting'"

_OFFER = "SELECT id FROM offer WHERE entry_id = $1 AND state = 'open'"

# The place is counted already: it changes from her offer to her booking.
_ACCEPT = """
WITH accepted AS (
    UPDATE offer SET state = 'accepted', ended_at = $5, booking_id = $1 WHERE id = $12 RETURNING entry_id
), placed AS (
    UPDATE waitlist_entry SET state = 'placed', ended_at = $5 FROM accepted WHERE waitlist_entry.id = accepted.entry_id
)
INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at,
                     price, programme, verdict, cost_share, rule_effective, to_bring)
SELECT $1, id, $3, $4, starts_at, ends_at, $5, $6, $7, $8, $9, $10, $11 FROM slot WHERE id = $2
"""

_REFUSALS = frozenset(BookingRefusal)


@dataclass(frozen=True)
class HeldWish:
    """A resident's wish; `before` her so many wait, and until `offered_until` a place is held for her."""

    id: UUID
    resident_id: UUID
    state: WaitlistState
    joined_at: datetime
    ended_at: datetime | None
    before: int
    offered_until: datetime | None
    slot: OfferedSlot
    service: OfferedService


async def wishes_of(resources: Resources, resident_ids: Sequence[UUID]) -> Sequence[HeldWish]:
    """What these residents wait for, or are offered, the earliest slot first."""
    # Of the others who wait nothing is told but how many they are.
    rows = await resources.database.beyond_reach().fetch(
        f"{_WISHES} WHERE e.resident_id = ANY($1) AND e.state IN ('waiting', 'offered') ORDER BY s.starts_at, e.id "
        "LIMIT 500",
        resident_ids,
    )
    return [_wish(row) for row in rows]


async def join_waitlist(
    resources: Resources, viewer: Viewer, people: People, slot_id: UUID, resident_id: UUID | None, key: str
) -> HeldWish | BookingRefusal:
    """Wait for a place in a full slot, with the priority that the rules give on this day."""
    at = resources.clock()
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at))
    place = await place_of(resources, slot_id)
    quotes = await quotes_for(resources, [(person, place)]) if person and place else []
    priority = await _priority(resources, person, at) if person and place else 0

    async def work(connection: asyncpg.Connection) -> str:
        if person is None:
            return BookingRefusal.NOT_ALLOWED
        if place is None or place.course_id is not None:
            return BookingRefusal.PART_OF_COURSE if place else BookingRefusal.SLOT_NOT_FOUND
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        # No place may be freed between the look and the wish, or it would be offered to nobody.
        await lock_slots(connection, slot_id)
        refusal = refuse_waiting(await wish_of(connection, Order(person.id, place, quotes[0])), at)
        if refusal is not None:
            return refusal
        entry_id = await connection.fetchval(_JOIN, new_id(), slot_id, person.id, priority, at)
        if entry_id is None:
            return BookingRefusal.ALREADY_WAITING
        await log_for_other(connection, viewer, people, "join_waitlist", person, at)
        return str(entry_id)

    request = ["join waitlist", str(slot_id), str(person.id if person else resident_id)]
    return await _told(resources, await answer_once(resources, viewer, key, request, work))


async def leave_waitlist(
    resources: Resources, viewer: Viewer, people: People, entry_id: UUID, key: str
) -> HeldWish | BookingRefusal:
    """Wait no longer; a place that was offered goes to the next."""
    at = resources.clock()
    entry, person = await _entry(resources, people, entry_id, at)

    async def work(connection: asyncpg.Connection) -> str:
        if entry is None or person is None:
            return BookingRefusal.WISH_NOT_FOUND
        await lock_slots(connection, entry["slot_id"])
        offer_id = await connection.fetchval(_OFFER, entry_id)
        if offer_id is None:
            await connection.execute(_LEAVE, entry_id, at)
        else:
            await end_offer(connection, offer_id, at, OfferState.DECLINED)
        await log_for_other(connection, viewer, people, "leave_waitlist", person, at)
        return str(entry_id)

    # A place that was held for her goes to the next.
    request, everybody = ["leave waitlist", str(entry_id)], resources.beyond_reach()
    return await _told(resources, await answer_once(everybody, viewer, key, request, work))


async def accept_offer(
    resources: Resources, viewer: Viewer, people: People, entry_id: UUID, key: str, *, interpreter: bool = False
) -> HeldBooking | BookingRefusal:
    """Take the place that is held for one who waited; a refusal leaves the offer as it is."""
    at = resources.clock()
    entry, person = await _entry(resources, people, entry_id, at)
    place = await place_of(resources, entry["slot_id"]) if entry else None
    quotes = await quotes_for(resources, [(person, place)]) if person and place else []

    async def work(connection: asyncpg.Connection) -> str:
        if place is None or person is None:
            return BookingRefusal.WISH_NOT_FOUND
        refusal = await lock_for_booking(connection, person, at)
        if refusal is not None:
            return refusal
        await lock_slots(connection, place.slot_id)
        offer_id = await connection.fetchval(f"{_OFFER} AND expires_at > $2", entry_id, at)
        if offer_id is None:
            return BookingRefusal.NO_OFFER
        ready = await prepare(connection, Order(person.id, place, quotes[0], interpreter=interpreter, offered=True), at)
        if isinstance(ready, BookingRefusal):
            return ready
        booking_id = new_id()
        await connection.execute(_ACCEPT, booking_id, place.slot_id, person.id, ready.state, at, *ready.terms, offer_id)
        await hold(connection, ready.chosen, booking_id)
        await log_for_other(connection, viewer, people, "accept_offer", person, at)
        return str(booking_id)

    request = ["accept", str(entry_id), *["interpreter"][: int(interpreter)]]
    return await told(resources, await answer_once(resources, viewer, key, request, work))


async def _priority(resources: Resources, person: Person, at: datetime) -> int:
    (facts,) = await facts_of(resources, [person])
    on = local_date(at)
    return resources.calling.priority(decide_for(resources, facts, on, Language.CHINESE), on)


async def _entry(
    resources: Resources, people: People, entry_id: UUID, at: datetime
) -> tuple[asyncpg.Record | None, Person | None]:
    """A wish and whose it is, as far as the viewer may act for her; a stranger's and none at all are answered alike."""
    rows = await resources.database.fetch("SELECT slot_id, resident_id FROM waitlist_entry WHERE id = $1", entry_id)
    if not rows:
        return None, None
    return rows[0], await person_for(resources, people, rows[0]["resident_id"], Act.BOOK, local_date(at))


async def _told(resources: Resources, answer: str) -> HeldWish | BookingRefusal:
    if answer in _REFUSALS:
        return BookingRefusal(answer)
    (row,) = await resources.database.beyond_reach().fetch(f"{_WISHES} WHERE e.id = $1", UUID(answer))
    return _wish(row)


def _wish(row: asyncpg.Record) -> HeldWish:
    return HeldWish(
        id=row["id"],
        resident_id=row["resident_id"],
        state=WaitlistState(row["wish_state"]),
        joined_at=row["joined_at"],
        ended_at=row["ended_at"],
        before=row["before"],
        offered_until=row["expires_at"],
        slot=OfferedSlot.of(row),
        service=OfferedService.of(row),
    )
