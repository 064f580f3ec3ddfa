"""Who came, by her code or the desk's word, and who did not; and what a provider may claim for it."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from card.refusal import RefusalReason
from domain.access import Viewer
from domain.attendance import DeskRefusal, Presence, Session, refuse_came, refuse_missed
from domain.dates import end_of, local_date, start_of
from models.attendance import AttendanceMethod
from models.booking import BookingState
from models.record import new_id
from services.desks import DeskBooking, at_desk, works_at
from services.locks import lock_booking
from services.offers import give_back
from services.presented import resident_of_code
from services.resources import Resources

# Her session nearest to now: a code shown twice finds the same one again.
_TODAYS = """
SELECT b.id FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
WHERE b.resident_id = $1 AND v.provider_id = $2 AND b.starts_at >= $3 AND b.starts_at < $4 AND b.state <> 'cancelled'
ORDER BY abs(extract(epoch FROM b.starts_at - $5::timestamptz)), b.id LIMIT 1
"""

_STATE = "UPDATE booking SET state = $2 WHERE id = $1"

_RECORD = """
INSERT INTO attendance (id, booking_id, resident_id, method, recorded_at, recorded_by_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (booking_id) DO UPDATE SET method = excluded.method, recorded_at = excluded.recorded_at,
    recorded_by_id = excluded.recorded_by_id
"""

# What is borne of the price is claimed once, when she came.
_CLAIM = """
INSERT INTO claim (id, booking_id, provider_id, resident_id, programme, session_on, amount, state, made_at)
SELECT $2, b.id, $3, b.resident_id, b.programme, $4, round(b.price * b.cost_share, 2), 'open', $5
FROM booking b WHERE b.id = $1 AND round(b.price * b.cost_share, 2) > 0
ON CONFLICT (booking_id) DO NOTHING
"""

# A week is as far back as a desk may write down anything; what is older has been closed long ago.
_OVER = """
SELECT b.id FROM slot s JOIN booking b ON b.slot_id = s.id JOIN service v ON v.id = s.service_id
WHERE s.starts_at <= $1 AND s.starts_at > $2 AND (b.state = 'requested' OR (
    b.state = 'booked' AND greatest(s.ends_at, s.starts_at + make_interval(mins => v.grace_minutes)) <= $1
)) ORDER BY s.starts_at, b.id
"""
_CLOSED_WITHIN = timedelta(days=30)

_EXPIRED = {RefusalReason.EXPIRED, RefusalReason.STALE, RefusalReason.FUTURE, RefusalReason.NOT_YET_VALID}


async def check_in(resources: Resources, viewer: Viewer, provider_id: UUID, code: str) -> DeskBooking | DeskRefusal:
    """Write down that whoever shows this code came to her session of today with this provider."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        if not await works_at(resources, connection, viewer, provider_id, at):
            return DeskRefusal.NOT_ALLOWED
    # Whoever shows her code may be anybody.
    everybody = resources.beyond_reach()
    resident = await resident_of_code(everybody, code)
    if isinstance(resident, RefusalReason):
        return _refused_code(resident)
    today = local_date(at)
    rows = await everybody.database.fetch(_TODAYS, resident, provider_id, start_of(today), end_of(today), at)
    if not rows:
        return DeskRefusal.NO_BOOKING_TODAY
    return await _came(resources, viewer, rows[0]["id"], AttendanceMethod.CODE)


async def record_came(resources: Resources, viewer: Viewer, booking_id: UUID) -> DeskBooking | DeskRefusal:
    """Write down at the desk that she came; again is no mistake, and it puts a miss right."""
    return await _came(resources, viewer, booking_id, AttendanceMethod.DESK)


async def record_missed(resources: Resources, viewer: Viewer, booking_id: UUID) -> DeskBooking | DeskRefusal:
    """Write down at the desk that she did not come."""

    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        refusal = refuse_missed(session_of(row), at)
        if refusal is None and row["state"] != BookingState.MISSED:
            await _write(connection, row, BookingState.MISSED, AttendanceMethod.DESK, viewer.account_id, at)
        return refusal

    return await at_desk(resources, viewer, booking_id, "record_missed", work)


async def close_sessions(resources: Resources) -> int:
    """Close the sessions that are over: whom nobody saw missed them, what nobody confirmed is cancelled.

    Returns how many bookings were closed. Each in a transaction of its own; safe to repeat and to run twice at once.
    """
    at = resources.clock()
    rows = await resources.database.fetch(_OVER, at, at - _CLOSED_WITHIN)
    for each in rows:
        async with resources.database.transaction() as connection:
            row = await lock_booking(connection, each["id"])
            if row["state"] == BookingState.REQUESTED:
                await give_back(connection, row["id"], at)
            elif row["state"] == BookingState.BOOKED:
                await _write(connection, row, BookingState.MISSED, AttendanceMethod.GRACE_OVER, None, at)
    return len(rows)


def session_of(row: asyncpg.Record) -> Session:
    """The session of a booking as `lock_booking` gives it."""
    grace = timedelta(minutes=row["grace_minutes"])
    return Session(Presence(row["state"]), row["starts_at"], row["ends_at"], grace)


async def _came(
    resources: Resources, viewer: Viewer, booking_id: UUID, method: AttendanceMethod
) -> DeskBooking | DeskRefusal:
    async def work(connection: asyncpg.Connection, row: asyncpg.Record, at: datetime) -> DeskRefusal | None:
        refusal = refuse_came(session_of(row), at)
        if refusal is None and row["state"] != BookingState.ATTENDED:
            await _write(connection, row, BookingState.ATTENDED, method, viewer.account_id, at)
            day = local_date(row["starts_at"])
            await connection.execute(_CLAIM, row["id"], new_id(), row["provider_id"], day, at)
        return refusal

    return await at_desk(resources, viewer, booking_id, "record_came", work)


async def _write(
    connection: asyncpg.Connection,
    row: asyncpg.Record,
    state: BookingState,
    method: AttendanceMethod,
    by: UUID | None,
    at: datetime,
) -> None:
    await connection.execute(_STATE, row["id"], state)
    await connection.execute(_RECORD, new_id(), row["id"], row["resident_id"], method, at, by)


def _refused_code(reason: RefusalReason) -> DeskRefusal:
    if reason in _EXPIRED:
        return DeskRefusal.CODE_OVER
    revoked = reason in {RefusalReason.REVOKED, RefusalReason.SUSPENDED}
    return DeskRefusal.CODE_REVOKED if revoked else DeskRefusal.CODE_INVALID
