"""A resident disputes a ride or a refusal, and the federation's staff of her area answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.access import Act, Area, Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.ride_dispute import MOST_CHARACTERS, RideRefusal, refuse_dispute
from models.record import new_id
from services import audit
from services.people import People, residents_by_id
from services.resources import Resources
from services.rides import RIDES, RecordedRide, RideDispute, RideKey, recorded_ride
from services.vault import DataKey, Sealed

_OPEN = """
INSERT INTO ride_dispute (id, resident_id, device_id, epoch, sequence, reason_sealed, opened_by_id, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (device_id, epoch, sequence) DO NOTHING RETURNING id
"""
_RIDE = f"{RIDES} WHERE t.device_id = $1 AND t.epoch = $2 AND t.sequence = $3"
_WAITING = f"""
{RIDES} JOIN resident r ON r.id = t.resident_id
WHERE q.id IS NOT NULL AND q.answered_at IS NULL AND ($1 = '' OR r.town = $1) AND ($2 = '' OR r.village = $2)
    AND ($3::timestamptz IS NULL OR (q.opened_at, q.id) > ($3, $4::uuid))
ORDER BY q.opened_at, q.id LIMIT $5
"""
_DISPUTE = """
SELECT q.resident_id, q.device_id, q.epoch, q.sequence, q.answered_at FROM ride_dispute q
JOIN resident r ON r.id = q.resident_id
WHERE q.id = $1 AND ($2 = '' OR r.town = $2) AND ($3 = '' OR r.village = $3) AND r.erased_at IS NULL
FOR UPDATE OF q
"""
_ANSWER = """
UPDATE ride_dispute SET upheld = $2, answer_sealed = $3, answered_by_id = $4, answered_at = $5 WHERE id = $1
"""


@dataclass(frozen=True)
class Disputed:
    """A disputed ride, and whose it is."""

    ride: RecordedRide
    dispute: RideDispute
    resident_id: UUID
    masked_name: str


async def dispute_ride(
    resources: Resources, viewer: Viewer, people: People, key: RideKey, reason: str
) -> RecordedRide | RideRefusal:
    """Say what is wrong with a ride or a refusal, once; again is no mistake but changes nothing."""
    at, words = resources.clock(), reason.strip()
    rows = await resources.database.fetch(_RIDE, *key)
    person = people.reach(rows[0]["resident_id"], Act.RIDE_CODE, local_date(at)) if rows else None
    # A tap of nobody would reach the viewer herself.
    if person is None or rows[0]["resident_id"] is None:
        return RideRefusal.NOT_FOUND
    refusal = refuse_dispute(rows[0]["at"], words, at)
    if refusal is not None:
        return refusal
    sealed = person.data_key.seal(Sealed.RIDE_DISPUTE, words)
    async with resources.database.transaction() as connection:
        if await connection.fetchval(_OPEN, new_id(), person.id, *key, sealed, viewer.account_id, at):
            event = audit.Event(f"account:{viewer.account_id}", "dispute_ride", str(person.id))
            await audit.record(connection, event, at)
    (row,) = await resources.database.fetch(_RIDE, *key)
    return recorded_ride(row, person.data_key)


async def waiting_in_area(
    resources: Resources, area: Area, behind: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Disputed]:
    """The disputes that wait for an answer, the oldest first."""
    rows = await resources.database.fetch(_WAITING, area.town, area.village, *(behind or (None, None)), limit)
    return await _disputed(resources, rows)


async def answer_ride_dispute(
    resources: Resources, people: People, dispute_id: UUID, answer: str, *, upheld: bool
) -> Disputed | RideRefusal:
    """Say what was found; once, since the resident is told."""
    at, staff, words = resources.clock(), people.on_duty(Duty.ANSWER_RIDE_DISPUTE), answer.strip()
    if staff is None:
        return RideRefusal.NOT_ALLOWED
    if not 1 <= len(words) <= MOST_CHARACTERS:
        return RideRefusal.WORDS
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(_DISPUTE, dispute_id, staff.area.town, staff.area.village)
        if row is None:
            return RideRefusal.NOT_FOUND
        if people.is_related(row["resident_id"]):  # nobody answers herself, or for her ward
            return RideRefusal.NOT_ALLOWED
        if row["answered_at"] is not None:
            return RideRefusal.ANSWERED
        sealed = (await _key_of(connection, resources, row["resident_id"])).seal(Sealed.RIDE_ANSWER, words)
        await connection.execute(_ANSWER, dispute_id, upheld, sealed, staff.id, at)
        detail = "upheld" if upheld else "not upheld"
        event = audit.Event(f"staff:{staff.id}", "answer_ride_dispute", str(row["resident_id"]), detail)
        await audit.record(connection, event, at)
    rows = await resources.database.fetch(_RIDE, row["device_id"], row["epoch"], row["sequence"])
    (told,) = await _disputed(resources, rows)
    return told


async def _key_of(connection: asyncpg.Connection, resources: Resources, resident_id: UUID) -> DataKey:
    row = await connection.fetchrow("SELECT data_key, data_key_version FROM resident WHERE id = $1", resident_id)
    return resources.vault.data_key(resident_id, row["data_key"], row["data_key_version"])


async def _disputed(resources: Resources, rows: Sequence[asyncpg.Record]) -> Sequence[Disputed]:
    people = {each.id: each for each in await residents_by_id(resources, [row["resident_id"] for row in rows])}
    told = []
    for row in rows:
        person = people[row["resident_id"]]
        ride = recorded_ride(row, person.data_key)
        assert ride.dispute is not None, "only disputed rides are asked for"
        told.append(Disputed(ride, ride.dispute, person.id, person.masked_name))
    return told
