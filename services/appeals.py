"""A resident's appeal against a miss, and the answer of the federation's staff."""

from uuid import UUID

from domain.access import Act, Viewer
from domain.attendance import DeskRefusal, refuse_appeal
from domain.dates import local_date
from domain.duty import Duty
from services import audit
from services.attendance import session_of
from services.bookings import HeldBooking, booking
from services.desks import DeskBooking, desk_booking
from services.locks import lock_booking
from services.people import People, person_for
from services.resources import Resources
from services.vault import Sealed

MOST_CHARACTERS = 500

_APPEAL = """
UPDATE attendance SET appeal_sealed = $2, appealed_at = $3 WHERE booking_id = $1 AND appealed_at IS NULL RETURNING id
"""

_DECIDE = """
UPDATE attendance SET appeal_decided_at = $2, appeal_upheld = $3
WHERE booking_id = $1 AND appealed_at IS NOT NULL AND appeal_decided_at IS NULL RETURNING id
"""


async def appeal_miss(
    resources: Resources, viewer: Viewer, people: People, booking_id: UUID, reason: str
) -> HeldBooking | DeskRefusal:
    """Say why she could not come, or that she did; once for a miss, and again is no mistake but changes nothing."""
    at = resources.clock()
    rows = await resources.database.fetch("SELECT resident_id FROM booking WHERE id = $1", booking_id)
    resident_id = rows[0]["resident_id"] if rows else None
    # A stranger's booking and none at all are answered alike.
    person = await person_for(resources, people, resident_id, Act.BOOK, local_date(at)) if rows else None
    if person is None:
        return DeskRefusal.BOOKING_NOT_FOUND
    text = reason.strip()
    if not 1 <= len(text) <= MOST_CHARACTERS:
        return DeskRefusal.REASON
    async with resources.database.transaction() as connection:
        row = await lock_booking(connection, booking_id)
        refusal = refuse_appeal(session_of(row), at)
        if refusal is not None:
            return refusal
        sealed = person.data_key.seal(Sealed.APPEAL, text)
        if await connection.fetchval(_APPEAL, booking_id, sealed, at):
            event = audit.Event(f"account:{viewer.account_id}", "appeal_miss", str(person.id))
            await audit.record(connection, event, at)
    return await booking(resources, booking_id)


async def decide_miss_appeal(
    resources: Resources, viewer: Viewer, people: People, booking_id: UUID, *, upheld: bool
) -> DeskBooking | DeskRefusal:
    """Excuse the miss, so that it uses up no session, or let it stand; for the federation's staff of her area."""
    at, staff = resources.clock(), people.on_duty(Duty.DECIDE_MISS_APPEAL)
    if staff is None:
        return DeskRefusal.NOT_ALLOWED
    async with resources.database.transaction() as connection:
        in_area = await connection.fetchval(
            "SELECT b.resident_id FROM booking b JOIN resident r ON r.id = b.resident_id "
            "WHERE b.id = $1 AND ($2 = '' OR r.town = $2) AND ($3 = '' OR r.village = $3)",
            booking_id,
            staff.area.town,
            staff.area.village,
        )
        if in_area is None:
            return DeskRefusal.BOOKING_NOT_FOUND
        if people.is_related(in_area):  # nobody decides on her own miss, or her ward's
            return DeskRefusal.NOT_ALLOWED
        await lock_booking(connection, booking_id)
        if not await connection.fetchval(_DECIDE, booking_id, at, upheld):
            return DeskRefusal.NO_APPEAL
        if upheld:
            await connection.execute(
                "UPDATE booking SET state = 'excused' WHERE id = $1 AND state = 'missed'", booking_id
            )
        event = audit.Event(
            f"account:{viewer.account_id}", "decide_miss_appeal", str(in_area), "upheld" if upheld else "not upheld"
        )
        await audit.record(connection, event, at)
    return await desk_booking(resources, booking_id)
