"""Gives passes and bearer codes, and takes them back: signed here, shown on a phone, read at a gate."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from card.credential import (
    ONLINE_LIFETIME,
    CredentialClaims,
    CredentialKind,
    StatusReference,
    check_proof,
    issue,
)
from card.presentation import encode_text
from domain.access import Act, Viewer
from domain.card import is_usable
from domain.dates import end_of, local_date, start_of
from domain.entitlement import access_classes, decide, next_access_change
from models.record import new_id
from services import audit
from services.entitlements import facts_of
from services.people import People, Person
from services.resources import Resources
from services.standings import has_active_card
from services.status import STATUS_LIST_SIZE, STATUS_LIST_URI

CHALLENGE_LIFETIME = timedelta(minutes=5)
# On a list that is nine tenths full all of these meet a taken place once in 800 times.
_DRAWS = 64
_NONCE_BYTES = 16
_TIME_BYTES = 8
_MAC_BYTES = 16


class StatusListFull(Exception):
    """No free place was found for a new line of credentials: old lines have to be cleared first."""


class CredentialRefusal(StrEnum):
    """Why no code was given."""

    NOT_ALLOWED = "not_allowed"
    CARD_NOT_USABLE = "card_not_usable"
    CHALLENGE_INVALID = "challenge_invalid"
    PROOF_INVALID = "proof_invalid"
    NO_ACCESS = "no_access"


@dataclass(frozen=True)
class CredentialLine:
    """A phone that may show passes for a resident."""

    id: UUID
    resident_id: UUID
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class IssuedPass:
    """A pass (COSE bytes) for the phone that proved its key."""

    line: CredentialLine
    token: bytes


@dataclass(frozen=True)
class IssuedCode:
    """A bearer code as text, ready to be drawn as a QR code."""

    text: str
    expires_at: datetime


async def credentials_of(resources: Resources, resident_ids: Sequence[UUID]) -> Sequence[CredentialLine]:
    """The lines of these residents, the newest first; those revoked or run out over 30 days ago are left out."""
    rows = await resources.database.fetch(
        "SELECT id, resident_id, issued_at, expires_at, revoked_at FROM credential "
        "WHERE resident_id = ANY($1) AND expires_at > $2 ORDER BY issued_at DESC, id LIMIT 500",
        resident_ids,
        resources.clock() - timedelta(days=30),
    )
    return [_line(row) for row in rows]


async def revoke_all(connection: asyncpg.Connection, resident_id: UUID, at: datetime) -> None:
    """End every pass of a resident: the next status list says so."""
    await connection.execute(
        "UPDATE credential SET revoked_at = $2 WHERE resident_id = $1 AND revoked_at IS NULL", resident_id, at
    )


async def revoke_passes(connection: asyncpg.Connection, resident_id: UUID, at: datetime) -> int:
    """End every pass of a resident on whatever phone, but not her code on paper; how many there were."""
    ended = await connection.fetch(
        "UPDATE credential SET revoked_at = $2 "
        "WHERE resident_id = $1 AND holder_key IS NOT NULL AND revoked_at IS NULL RETURNING id",
        resident_id,
        at,
    )
    return len(ended)


async def suspend_all(connection: asyncpg.Connection, resident_id: UUID, at: datetime | None) -> None:
    """Hold every pass of a resident from `at` on, or let them go on with None: the next status list says so."""
    await connection.execute(
        "UPDATE credential SET suspended_at = $2 WHERE resident_id = $1 AND revoked_at IS NULL", resident_id, at
    )


def new_challenge(resources: Resources, viewer: Viewer) -> bytes:
    """A nonce for the phone to sign; it proves itself when it comes back, so nothing has to be kept."""
    head = int(resources.clock().timestamp()).to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_NONCE_BYTES)
    return head + _mac(resources, viewer, head)


async def issue_pass(
    resources: Resources,
    viewer: Viewer,
    people: People,
    resident_id: UUID | None,
    holder_key: bytes,
    challenge: bytes,
    proof: bytes,
) -> IssuedPass | CredentialRefusal:
    """A pass bound to the phone's key, for the viewer or a ward; another phone's pass is revoked by it."""
    at = resources.clock()
    if not _challenge_holds(resources, viewer, challenge, at):
        return CredentialRefusal.CHALLENGE_INVALID
    if not check_proof(challenge, holder_key, proof):
        return CredentialRefusal.PROOF_INVALID
    granted = await _access(resources, people, resident_id, at)
    if isinstance(granted, CredentialRefusal):
        return granted
    person, classes, expires_at = granted
    async with resources.database.transaction() as connection:
        # One issue at a time for one resident, or two phones could both stay.
        await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", person.id)
        # A loss or a death may have come in since her card was read.
        if not await has_active_card(connection, person.id):
            return CredentialRefusal.CARD_NOT_USABLE
        await connection.execute(
            "UPDATE credential SET revoked_at = $3 WHERE resident_id = $1 AND holder_key <> $2 AND revoked_at IS NULL",
            person.id,
            holder_key,
            at,
        )
        row = await _renewed(connection, person.id, holder_key, at, expires_at) or await new_line(
            connection, person.id, holder_key, at, expires_at
        )
        if person is not people.own:
            event = audit.Event(f"account:{viewer.account_id}", "issue_pass", str(person.id))
            await audit.record(connection, event, at)
    claims = CredentialClaims(
        cti=b"",
        kind=CredentialKind.PASS,
        pseudonym=resources.vault.pseudonym(person.id, local_date(at)),
        access_classes=classes,
        issued_at=at,
        expires_at=expires_at,
        holder_key=holder_key,
        status=StatusReference(STATUS_LIST_URI, row["status_index"]),
        masked_name=None,
    )
    return IssuedPass(_line(row), issue(claims, resources.keys.issuer))


async def issue_online_code(
    resources: Resources, viewer: Viewer, people: People, resident_id: UUID | None
) -> IssuedCode | CredentialRefusal:
    """A bearer code of 30 seconds for a phone without a key."""
    at = resources.clock()
    granted = await _access(resources, people, resident_id, at)
    if isinstance(granted, CredentialRefusal):
        return granted
    person, classes, _ = granted
    if person is not people.own:
        async with resources.database.transaction() as connection:
            event = audit.Event(f"account:{viewer.account_id}", "online_code", str(person.id))
            await audit.record(connection, event, at)
    claims = CredentialClaims(
        cti=b"",
        kind=CredentialKind.ONLINE,
        pseudonym=resources.vault.pseudonym(person.id, local_date(at)),
        access_classes=classes,
        issued_at=at,
        expires_at=at + ONLINE_LIFETIME,
        holder_key=None,
        status=None,
        masked_name=person.masked_name,
    )
    return IssuedCode(encode_text(issue(claims, resources.keys.issuer)), claims.expires_at)


async def _access(
    resources: Resources, people: People, resident_id: UUID | None, at: datetime
) -> tuple[Person, tuple[str, ...], datetime] | CredentialRefusal:
    """For whom, with which access classes and until when a pass may last."""
    on = local_date(at)
    person = people.reach(resident_id, Act.RIDE_CODE, on)
    if person is None:
        return CredentialRefusal.NOT_ALLOWED
    # The pseudonym is renewed with the month, so a pass that outlived it would link the two.
    next_month = start_of(date(on.year + on.month // 12, on.month % 12 + 1, 1))
    latest = min(at + timedelta(days=resources.settings.pass_days), next_month)
    granted = await access_of(resources, person, at, latest)
    return granted if isinstance(granted, CredentialRefusal) else (person, *granted)


async def access_of(
    resources: Resources, person: Person, at: datetime, latest: datetime
) -> tuple[tuple[str, ...], datetime] | CredentialRefusal:
    """A person's access classes, and until when: never past `latest`, her card, or the day on which a class changes."""
    on = local_date(at)
    if person.card is None or not is_usable(person.card.on_record, on):
        return CredentialRefusal.CARD_NOT_USABLE
    (facts,) = await facts_of(resources, [person])
    classes = access_classes(decide(resources.rules.chinese, facts, on))
    if not classes:
        return CredentialRefusal.NO_ACCESS
    change = next_access_change(resources.rules.chinese, facts, on, local_date(latest))
    ends = [latest, end_of(person.card.on_record.valid_until)]
    return classes, min(ends if change is None else [*ends, start_of(change)]).replace(microsecond=0)


async def _renewed(
    connection: asyncpg.Connection, resident_id: UUID, holder_key: bytes, at: datetime, expires_at: datetime
) -> asyncpg.Record | None:
    row: asyncpg.Record | None = await connection.fetchrow(
        "UPDATE credential SET issued_at = $3, expires_at = $4 WHERE resident_id = $1 AND holder_key = $2 "
        "AND revoked_at IS NULL RETURNING *",
        resident_id,
        holder_key,
        at,
        expires_at,
    )
    return row


async def new_line(
    connection: asyncpg.Connection, resident_id: UUID, holder_key: bytes | None, at: datetime, expires_at: datetime
) -> asyncpg.Record:
    """A new line at a random free place of the status list, so that places tell nothing about the order of issue."""
    for _ in range(_DRAWS):
        row: asyncpg.Record | None = await connection.fetchrow(
            "INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (status_index) DO NOTHING RETURNING *",
            new_id(),
            resident_id,
            holder_key,
            secrets.randbelow(STATUS_LIST_SIZE),
            at,
            expires_at,
        )
        if row is not None:
            return row
    raise StatusListFull


def _challenge_holds(resources: Resources, viewer: Viewer, challenge: bytes, at: datetime) -> bool:
    head, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(resources, viewer, head)):
        return False
    age = at.timestamp() - int.from_bytes(head[:_TIME_BYTES], "big")
    return -1 <= age <= CHALLENGE_LIFETIME.total_seconds()


def _mac(resources: Resources, viewer: Viewer, head: bytes) -> bytes:
    key = resources.keys.derived("challenge")
    return hmac.digest(key, viewer.account_id.bytes + head, hashlib.sha256)[:_MAC_BYTES]


def _line(row: asyncpg.Record) -> CredentialLine:
    return CredentialLine(row["id"], row["resident_id"], row["issued_at"], row["expires_at"], row["revoked_at"])
