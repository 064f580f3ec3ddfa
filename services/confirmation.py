"""What a provider's staff decide about a booking: to confirm, to decline, or to keep one that was flagged."""

from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.attendance import DeskRefusal
from domain.quote import Quote
from models.booking import BookingFlag, BookingState
from models.notice import NoticeKind
from services.course_offers import leave_course
from services.desks import DeskBooking, at_desk
from services.notices import tell_of_booking
from services.offers import give_back
from services.people import residents_by_id
from services.places import place_of, quotes_for
from services.resources import Resources

_CONFIRM = "UPDATE booking SET state = 'booked', confirmed_at = $2, revision = revision + 1 WHERE id = $1"

# A course was asked for as one, and is answered as one.
_CONFIRM_COURSE = """
UPDATE booking SET state = 'booked', confirmed_at = $2, revision = revision + 1
WHERE enrolment_id = $1 AND state = 'requested'
"""

_KEEP = """
UPDATE booking SET flag = NULL, flagged_at = NULL, revision = revision + 1,
    programme = $2, verdict = $3, cost_share = $4, rule_effective = $5, to_bring = $6
WHERE id = $1
"""


async def confirm_booking(resources: Resources, viewer: Viewer, booking_id: UUID) -> DeskBooking | DeskRefusal:
    """Give the place that was requested, of a course in all its sessions; again is no mistake."""

    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        if row["state"] == BookingState.REQUESTED:
            if row["enrolment_id"] is None:
                await connection.execute(_CONFIRM, row["id"], at)
            else:
                await connection.execute(_CONFIRM_COURSE, row["enrolment_id"], at)
            await tell_of_booking(connection, row["id"], NoticeKind.CONFIRMED, at)
            return None
        return None if row["state"] == BookingState.BOOKED else DeskRefusal.NOT_REQUESTED

    return await at_desk(resources, viewer, booking_id, "confirm_booking", work)


async def decline_booking(resources: Resources, viewer: Viewer, booking_id: UUID) -> DeskBooking | DeskRefusal:
    """Decline what was requested, or cancel what was flagged; nothing else, and never silently: she is told.

    Who asked for a course is declined in all of it; a flagged session of one is cancelled alone.
    """

    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        if row["state"] == BookingState.CANCELLED:
            return None
        is_flagged = row["state"] == BookingState.BOOKED and row["flag"] is not None
        if row["state"] != BookingState.REQUESTED and not is_flagged:
            return DeskRefusal.NOT_REQUESTED
        if row["enrolment_id"] is not None and not is_flagged:
            await leave_course(connection, row["enrolment_id"], at)
            await tell_of_booking(connection, row["id"], NoticeKind.CANCELLED, at)
        else:
            await give_back(connection, row["id"], at)
        return None

    return await at_desk(resources, viewer, booking_id, "decline_booking", work)


async def keep_booking(resources: Resources, viewer: Viewer, booking_id: UUID) -> DeskBooking | DeskRefusal:
    """Let one come who is no longer entitled, on the terms that hold for her now.

    A slot that changed and a card that is not usable are put right at their source; their flags then go by themselves.
    """
    terms = await _terms_now(resources.beyond_reach(), booking_id)

    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        if terms is None or row["flag"] != BookingFlag.INELIGIBLE:
            return DeskRefusal.NOT_FLAGGED
        bring = "\n".join(terms.to_bring)
        columns = (terms.programme, terms.verdict, terms.cost_share, terms.rule_effective, bring)
        await connection.execute(_KEEP, row["id"], *columns)
        await tell_of_booking(connection, row["id"], NoticeKind.TERMS, at)
        return None

    return await at_desk(resources, viewer, booking_id, "keep_booking", work)


async def _terms_now(resources: Resources, booking_id: UUID) -> Quote | None:
    """What the session would be quoted at today; None without such a booking."""
    rows = await resources.database.fetch("SELECT slot_id, resident_id FROM booking WHERE id = $1", booking_id)
    place = await place_of(resources, rows[0]["slot_id"]) if rows else None
    if place is None:
        return None
    (person,) = await residents_by_id(resources, [rows[0]["resident_id"]])
    (terms,) = await quotes_for(resources, [(person, place)])
    return terms
