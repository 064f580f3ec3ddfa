"""Calendars at addresses that nobody can guess: made and revoked by their owners, read by whoever holds the address."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from domain.access import Act, Viewer
from domain.dates import local_date
from models.booking import BookingState
from models.record import new_id
from models.service import ServiceKind
from services import attempts, audit
from services.desks import works_at
from services.people import People, guardianship_of
from services.resources import Resources
from services.vault import Indexed

READS_A_DAY: Final = 500
_TOKEN_BYTES: Final = 32
_PAST: Final = timedelta(days=30)
_MOST_ENTRIES: Final = 2_000

# With the right of whoever made it, as it is today.
_FEED = """
SELECT f.resident_id, f.provider_id, a.resident_id = f.resident_id AS own, r.birth_date,
       g.acts, g.ground, g.valid_from, g.valid_until,
       EXISTS (
           SELECT FROM provider_staff d WHERE d.account_id = f.account_id AND d.provider_id = f.provider_id
           AND (d.left_on IS NULL OR d.left_on > $2)
       ) AS desk
FROM calendar_feed f JOIN account a ON a.id = f.account_id
LEFT JOIN guardian g ON g.account_id = f.account_id AND g.ward_id = f.resident_id AND g.ended_on IS NULL
LEFT JOIN resident r ON r.id = f.resident_id
WHERE f.token_hash = $1 AND f.revoked_at IS NULL
"""

_REVOKE = """
UPDATE calendar_feed SET revoked_at = $4 WHERE account_id = $1 AND revoked_at IS NULL
AND resident_id IS NOT DISTINCT FROM $2 AND provider_id IS NOT DISTINCT FROM $3 RETURNING id
"""

_MAKE = """
INSERT INTO calendar_feed (id, token_hash, account_id, resident_id, provider_id, made_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_ENTRIES = """
SELECT b.id, b.revision, b.state, greatest(b.booked_at, b.confirmed_at, b.cancelled_at) AS changed_at,
       s.starts_at, s.ends_at, v.kind,
       coalesce(t.address, CASE WHEN v.site_id IS NULL THEN '' ELSE p.address END) AS place
FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
JOIN provider p ON p.id = v.provider_id LEFT JOIN site t ON t.id = v.site_id
"""
_OF_RESIDENT = f"{_ENTRIES} WHERE b.resident_id = $1 AND b.starts_at > $2 ORDER BY b.starts_at, b.id LIMIT $3"
_OF_PROVIDER = f"{_ENTRIES} WHERE v.provider_id = $1 AND s.starts_at > $2 ORDER BY s.starts_at, b.id LIMIT $3"


class FeedRefusal(StrEnum):
    """Why no calendar was made or revoked."""

    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"


class FeedUnknown(Exception):
    """Nothing is read at this address: never made, revoked, or made by somebody who may not see it any more."""


class FeedBusy(Exception):
    """The address was read too often today."""


@dataclass(frozen=True)
class Whose:
    """Whose calendar is meant: a resident's, the viewer's own without any id, or a provider's."""

    resident_id: UUID | None = None
    provider_id: UUID | None = None


@dataclass(frozen=True)
class Entry:
    """A booking in a calendar; `place` is empty where the service comes to the resident."""

    booking_id: UUID
    revision: int
    state: BookingState
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    service: ServiceKind
    place: str


async def make_feed(resources: Resources, viewer: Viewer, people: People, whose: Whose) -> str | FeedRefusal:
    """The token of a fresh address, told this once; the viewer's former address of that calendar ends."""
    at = resources.clock()
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    async with resources.database.transaction() as connection:
        meant = await _allowed(resources, connection, viewer, people, whose, at)
        if meant is None:
            return FeedRefusal.NOT_ALLOWED
        # One at a time: a request that is repeated must not leave two addresses.
        await connection.execute("SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE", viewer.account_id)
        await _revoke(connection, viewer, meant, at)
        owner = (viewer.account_id, meant.resident_id, meant.provider_id)
        await connection.execute(_MAKE, new_id(), resources.vault.index(Indexed.CALENDAR, token), *owner, at)
        if meant.resident_id is not None and (people.own is None or people.own.id != meant.resident_id):
            event = audit.Event(f"account:{viewer.account_id}", "create_calendar_feed", str(meant.resident_id))
            await audit.record(connection, event, at)
    return token


async def revoke_feed(resources: Resources, viewer: Viewer, people: People, whose: Whose) -> FeedRefusal | None:
    """End the viewer's address of a calendar; she may do so even when she may not read it any more."""
    resident_id = whose.resident_id or (people.own.id if people.own and whose.provider_id is None else None)
    # Also of a ward who is no longer hers, since what ends is her own address.
    async with resources.database.beyond_reach().transaction() as connection:
        meant = Whose(resident_id, whose.provider_id)
        ended = await _revoke(connection, viewer, meant, resources.clock())
    return None if ended else FeedRefusal.NOT_FOUND


async def read_feed(resources: Resources, token: str) -> Sequence[Entry]:
    """The bookings from a month ago on, cancelled ones among them, in order of time.

    Raises:
        FeedUnknown: see there.
        FeedBusy: see there.
    """
    at = resources.clock()
    index = resources.vault.index(Indexed.CALENDAR, token)
    rows = await resources.database.fetch(_FEED, index, local_date(at))
    if not any(_may_read(row, local_date(at)) for row in rows):
        raise FeedUnknown
    async with resources.database.transaction() as connection:
        if await attempts.count(connection, "calendar", index, local_date(at)) > READS_A_DAY:
            raise FeedBusy
    of_resident = rows[0]["resident_id"] is not None
    statement = _OF_RESIDENT if of_resident else _OF_PROVIDER
    owner = rows[0]["resident_id" if of_resident else "provider_id"]
    return [_entry(row) for row in await resources.database.fetch(statement, owner, at - _PAST, _MOST_ENTRIES)]


async def _allowed(
    resources: Resources,
    connection: asyncpg.Connection,
    viewer: Viewer,
    people: People,
    whose: Whose,
    at: datetime,
) -> Whose | None:
    if whose.provider_id is not None:
        works = await works_at(resources, connection, viewer, whose.provider_id, at)
        return whose if works and whose.resident_id is None else None
    person = people.reach(whose.resident_id, Act.VIEW, local_date(at))
    return Whose(resident_id=person.id) if person else None


async def _revoke(connection: asyncpg.Connection, viewer: Viewer, meant: Whose, at: datetime) -> bool:
    owner = (viewer.account_id, meant.resident_id, meant.provider_id)
    return await connection.fetchval(_REVOKE, *owner, at) is not None


def _may_read(row: asyncpg.Record, on: date) -> bool:
    if row["provider_id"] is not None:
        return bool(row["desk"])
    if row["own"] or row["acts"] is None:
        return bool(row["own"])
    return guardianship_of(row).allows(Act.VIEW, row["birth_date"], on)


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(
        row["id"],
        row["revision"],
        BookingState(row["state"]),
        row["changed_at"],
        row["starts_at"],
        row["ends_at"],
        ServiceKind(row["kind"]),
        row["place"],
    )
