"""Helps people without a smartphone, or without the one they had: a code on paper, and phones that count no more."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.presentation import encode_text
from domain.dates import local_date
from domain.duty import Duty
from services import audit
from services.credentials import CredentialRefusal, access_of, new_line, revoke_passes
from services.people import People, Person, StaffMember, person_in
from services.resources import Resources
from services.standings import has_active_card
from services.status import STATUS_LIST_URI

# On paper, a code and the one that took its place would otherwise be the same text within one second.
_CTI_BYTES = 8

_REVOKE_PRINTED = """
UPDATE credential SET revoked_at = $2 WHERE resident_id = $1 AND holder_key IS NULL AND revoked_at IS NULL
"""

_END_SESSIONS = """
UPDATE session SET revoked_at = $2 FROM account
WHERE account.resident_id = $1 AND session.account_id = account.id AND session.revoked_at IS NULL
"""


class PaperRefusal(StrEnum):
    """Why nothing was printed or ended."""

    NOT_ALLOWED = "not_allowed"
    OWN_CODE = "own_code"
    CARD_NOT_USABLE = "card_not_usable"
    NO_ACCESS = "no_access"


@dataclass(frozen=True)
class PrintedCode:
    """A code for paper: its text, whose it is, and its last instant."""

    text: str = field(repr=False)
    masked_name: str
    expires_at: datetime


@dataclass(frozen=True)
class Ended:
    """How many passes, printed codes and sessions ended."""

    codes: int
    sessions: int


async def print_code(resources: Resources, people: People, resident_id: UUID) -> PrintedCode | PaperRefusal:
    """A code of months for a resident of the clerk's area; one that was printed before ends with it."""
    at = resources.clock()
    reached = await _reached(resources, people, Duty.PRINT_CODE, resident_id)
    if isinstance(reached, PaperRefusal):
        return reached
    staff, person = reached
    granted = await access_of(resources, person, at, at + timedelta(days=resources.settings.printed_code_days))
    if isinstance(granted, CredentialRefusal):
        return PaperRefusal(granted)
    classes, expires_at = granted
    async with resources.database.transaction() as connection:
        # One at a time for one resident, and none beside a loss or a death that came in since her card was read.
        await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", person.id)
        if not await has_active_card(connection, person.id):
            return PaperRefusal.CARD_NOT_USABLE
        await connection.execute(_REVOKE_PRINTED, person.id, at)
        line = await new_line(connection, person.id, None, at, expires_at)
        await audit.record(connection, audit.Event(f"staff:{staff.id}", "print_code", str(person.id)), at)
    claims = CredentialClaims(
        cti=secrets.token_bytes(_CTI_BYTES),
        kind=CredentialKind.PRINTED,
        pseudonym=resources.vault.pseudonym(person.id, local_date(at)),
        access_classes=classes,
        issued_at=at,
        expires_at=expires_at,
        holder_key=None,
        status=StatusReference(STATUS_LIST_URI, line["status_index"]),
        masked_name=person.masked_name,
    )
    return PrintedCode(encode_text(issue(claims, resources.keys.issuer)), person.masked_name, expires_at)


async def revoke_printed(resources: Resources, people: People, resident_id: UUID) -> Ended | PaperRefusal:
    """End the code on paper: scanners refuse it with their next trust bundle."""
    reached = await _reached(resources, people, Duty.PRINT_CODE, resident_id)
    if isinstance(reached, PaperRefusal):
        return reached
    staff, person = reached
    async with resources.database.transaction() as connection:
        codes = _count(await connection.execute(_REVOKE_PRINTED, person.id, resources.clock()))
        await _record(resources, connection, staff, "revoke_printed_code", person)
    return Ended(codes, 0)


async def end_phones(resources: Resources, people: People, resident_id: UUID) -> Ended | PaperRefusal:
    """I lost my phone: every pass of hers and every session of her account end together; what is on paper stays."""
    reached = await _reached(resources, people, Duty.END_PHONES, resident_id)
    if isinstance(reached, PaperRefusal):
        return reached
    staff, person = reached
    at = resources.clock()
    async with resources.database.transaction() as connection:
        await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", person.id)
        codes = await revoke_passes(connection, person.id, at)
        sessions = _count(await connection.execute(_END_SESSIONS, person.id, at))
        await _record(resources, connection, staff, "end_phones", person)
    return Ended(codes, sessions)


async def _reached(
    resources: Resources, people: People, duty: Duty, resident_id: UUID
) -> tuple[StaffMember, Person] | PaperRefusal:
    staff = people.on_duty(duty)
    person = None if staff is None else await person_in(resources, resident_id, staff.area)
    if staff is None or person is None:
        return PaperRefusal.NOT_ALLOWED
    return PaperRefusal.OWN_CODE if people.is_related(person.id) else (staff, person)


async def _record(
    resources: Resources, connection: asyncpg.Connection, staff: StaffMember, action: str, person: Person
) -> None:
    await audit.record(connection, audit.Event(f"staff:{staff.id}", action, str(person.id)), resources.clock())


def _count(status: str) -> int:
    """The rows of a command, from the tag by which PostgreSQL reports it."""
    return int(status.rpartition(" ")[2])
