"""Sends a resident on to another provider: one desk proposes, she consents, and only then the other sees her."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.attendance import DeskRefusal
from domain.booking import BookingRefusal
from domain.dates import local_date
from models.record import new_id
from models.referral import ReferralState
from services import audit
from services.appeals import MOST_CHARACTERS
from services.bookings import HeldBooking, book_for
from services.desks import works_at
from services.locks import lock_booking
from services.people import People, Person, residents_by_id
from services.resources import Resources
from services.vault import Sealed

VALID_FOR = timedelta(days=90)

_REFERRALS = """
SELECT f.id, f.resident_id, f.to_provider_id, f.note_sealed, f.state, f.proposed_at, f.answered_at, f.valid_until,
       o.name AS from_name, t.name AS to_name
FROM referral f JOIN provider o ON o.id = f.from_provider_id JOIN provider t ON t.id = f.to_provider_id
"""

# What she consented to is never changed under her; one that ran out may be proposed anew.
_PROPOSE = """
INSERT INTO referral (id, resident_id, from_provider_id, to_provider_id, note_sealed, state, proposed_by_id,
                      proposed_at, valid_until)
VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7, $8)
ON CONFLICT (resident_id, from_provider_id, to_provider_id) WHERE state IN ('proposed', 'consented')
DO UPDATE SET valid_until = excluded.valid_until, note_sealed = excluded.note_sealed, state = 'proposed',
    answered_by_id = NULL, answered_at = NULL
WHERE referral.state = 'proposed' OR referral.valid_until < $9 RETURNING id
"""

_ELSEWHERE = "SELECT EXISTS (SELECT FROM provider WHERE id = $1 AND id <> $2)"

_ANSWER = "UPDATE referral SET state = $2, answered_by_id = $3, answered_at = $4 WHERE id = $1"

# What she may answer, and what her answer makes of it.
_NEXT = {
    (ReferralState.PROPOSED, True): ReferralState.CONSENTED,
    (ReferralState.PROPOSED, False): ReferralState.REFUSED,
    (ReferralState.CONSENTED, True): ReferralState.CONSENTED,
    (ReferralState.CONSENTED, False): ReferralState.WITHDRAWN,
}


@dataclass(frozen=True)
class HeldReferral:
    """A referral with the person it is about, her name and number masked, and what the first desk wrote of her."""

    id: UUID
    person: Person
    from_provider: str
    to_provider: str
    note: str
    state: ReferralState
    proposed_at: datetime
    answered_at: datetime | None
    valid_until: date


async def referrals_of(resources: Resources, person: Person) -> Sequence[HeldReferral]:
    """The referrals that wait for a person's answer or to which she consented, the newest first."""
    rows = await resources.database.fetch(
        f"{_REFERRALS} WHERE f.resident_id = $1 AND f.valid_until >= $2 AND f.state IN ('proposed', 'consented') "
        "ORDER BY f.proposed_at DESC, f.id LIMIT 50",
        person.id,
        local_date(resources.clock()),
    )
    return [_referral(row, person) for row in rows]


async def referrals_to(
    resources: Resources, provider_id: UUID, after: UUID | None, limit: int
) -> Sequence[HeldReferral]:
    """The residents sent on to a provider who consented, in the order of the referrals' keys."""
    resources = resources.beyond_reach()
    rows = await resources.database.fetch(
        f"{_REFERRALS} WHERE f.to_provider_id = $1 AND f.state = 'consented' AND f.valid_until >= $2 "
        "AND ($3::uuid IS NULL OR f.id > $3) ORDER BY f.id LIMIT $4",
        provider_id,
        local_date(resources.clock()),
        after,
        limit,
    )
    persons = {each.id: each for each in await residents_by_id(resources, [row["resident_id"] for row in rows])}
    return [_referral(row, persons[row["resident_id"]]) for row in rows]


async def propose_referral(
    resources: Resources, viewer: Viewer, booking_id: UUID, to_provider_id: UUID, note: str
) -> HeldReferral | DeskRefusal:
    """Propose to send on whoever holds a booking at the viewer's desk; until her answer, again renews note and time."""
    at, text, resources = resources.clock(), note.strip(), resources.beyond_reach()
    rows = await resources.database.fetch("SELECT resident_id FROM booking WHERE id = $1", booking_id)
    persons = await residents_by_id(resources, [row["resident_id"] for row in rows])
    if not 1 <= len(text) <= MOST_CHARACTERS:
        return DeskRefusal.REASON
    async with resources.database.transaction() as connection:
        row = await lock_booking(connection, booking_id)
        # Another provider's booking and none at all are answered alike.
        if row is None or not await works_at(resources, connection, viewer, row["provider_id"], at):
            return DeskRefusal.BOOKING_NOT_FOUND
        (person,) = persons
        if not await connection.fetchval(_ELSEWHERE, to_provider_id, row["provider_id"]):
            return DeskRefusal.PROVIDER_NOT_FOUND
        referral_id = await connection.fetchval(
            _PROPOSE,
            *(new_id(), person.id, row["provider_id"], to_provider_id, person.data_key.seal(Sealed.REFERRAL, text)),
            *(viewer.account_id, at, local_date(at + VALID_FOR), local_date(at)),
        )
        if referral_id is None:
            return DeskRefusal.ANSWERED
        event = audit.Event(f"account:{viewer.account_id}", "propose_referral", str(person.id))
        await audit.record(connection, event, at)
    return await _one(resources, referral_id, person)


async def answer_referral(
    resources: Resources, viewer: Viewer, people: People, referral_id: UUID, *, consents: bool
) -> HeldReferral | DeskRefusal:
    """Her own answer, or her guardian's, never staff's; a consent can be taken back."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(
            "SELECT resident_id, state FROM referral WHERE id = $1 AND valid_until >= $2 FOR UPDATE",
            referral_id,
            local_date(at),
        )
        person = people.reach(row["resident_id"], Act.BOOK, local_date(at)) if row else None
        # A stranger's referral and none at all are answered alike.
        if person is None:
            return DeskRefusal.REFERRAL_NOT_FOUND
        state = _NEXT.get((ReferralState(row["state"]), consents))
        if state is None:
            return DeskRefusal.ANSWERED
        if state != row["state"]:
            await connection.execute(_ANSWER, referral_id, state, viewer.account_id, at)
            event = audit.Event(f"account:{viewer.account_id}", "answer_referral", str(person.id), state)
            await audit.record(connection, event, at)
    return await _one(resources, referral_id, person)


async def book_referred(
    resources: Resources, viewer: Viewer, referral_id: UUID, slot_id: UUID, key: str, *, interpreter: bool = False
) -> HeldBooking | BookingRefusal:
    """Book on behalf of one who was sent here and consented; only into a slot of the viewer's own provider."""
    at, resources = resources.clock(), resources.beyond_reach()
    rows = await resources.database.fetch(
        "SELECT f.resident_id, f.to_provider_id FROM referral f JOIN service v ON v.provider_id = f.to_provider_id "
        "JOIN slot s ON s.service_id = v.id WHERE f.id = $1 AND s.id = $2 AND f.state = 'consented' "
        "AND f.valid_until >= $3",
        referral_id,
        slot_id,
        local_date(at),
    )
    person: Person | None = None
    if rows:
        async with resources.database.transaction() as connection:
            allowed = await works_at(resources, connection, viewer, rows[0]["to_provider_id"], at)
        (person,) = await residents_by_id(resources, [rows[0]["resident_id"]]) if allowed else (None,)
    nobody, whom = People(None, (), None), str(referral_id)
    return await book_for(
        resources, viewer, nobody, person, slot_id, whom, key, interpreter=interpreter, action="book_referred"
    )


async def _one(resources: Resources, referral_id: UUID, person: Person) -> HeldReferral:
    (row,) = await resources.database.fetch(f"{_REFERRALS} WHERE f.id = $1", referral_id)
    return _referral(row, person)


def _referral(row: asyncpg.Record, person: Person) -> HeldReferral:
    return HeldReferral(
        id=row["id"],
        person=person,
        from_provider=row["from_name"],
        to_provider=row["to_name"],
        note=person.data_key.open(Sealed.REFERRAL, row["note_sealed"]),
        state=ReferralState(row["state"]),
        proposed_at=row["proposed_at"],
        answered_at=row["answered_at"],
        valid_until=row["valid_until"],
    )
