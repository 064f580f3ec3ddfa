"""Asks staff for a second proof beside WeChat's: the code that an authenticator app shows (TOTP, RFC 6238)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg
import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp.exceptions import OTPVerificationError

from domain.access import Viewer
from domain.dates import local_date
from services import attempts, audit
from services.people import People
from services.resources import Resources
from services.vault import NONCE_BYTES, Indexed

ISSUER = "SDC"
# One code earlier or later: phones are off by a little, and people type slowly.
_WINDOW = 1


class FactorRefusal(StrEnum):
    """Why there is no second factor."""

    NOT_STAFF = "not_staff"
    NOT_ENROLLED = "not_enrolled"
    ENROLMENT_CODE_WRONG = "enrolment_code_wrong"
    CODE_WRONG = "code_wrong"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True)
class Enrolment:
    """The secret for her authenticator app, as text and as the address that the app reads; shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True)
class Proven:
    """She may act as staff in this session."""

    until: datetime


async def enrol(resources: Resources, viewer: Viewer, people: People, code: str) -> Enrolment | FactorRefusal:
    """Give a member of staff her secret for the code that reached her by another way than WeChat; the code is spent."""
    staff, at = people.staff or people.unproven, resources.clock()
    if staff is None:
        return FactorRefusal.NOT_STAFF
    if not await _may_try(resources, viewer, at):
        return FactorRefusal.TOO_MANY_ATTEMPTS
    given = new_secret(resources, staff.id, staff.organisation)
    async with resources.database.transaction() as connection:
        spent = await connection.fetchval(
            "UPDATE staff SET totp_sealed = $3, enrolment_hash = NULL, enrolment_expires_at = NULL "
            "WHERE id = $1 AND enrolment_hash = $2 AND enrolment_expires_at > $4 RETURNING id",
            staff.id,
            resources.vault.index(Indexed.STAFF_CODE, code),
            given.sealed,
            at,
        )
        if spent is None:
            return FactorRefusal.ENROLMENT_CODE_WRONG
        await audit.record(connection, audit.Event(f"staff:{staff.id}", "enrol_second_factor", str(staff.id)), at)
    return given.enrolment


async def prove(resources: Resources, viewer: Viewer, people: People, code: str) -> Proven | FactorRefusal:
    """Let the viewer act as staff in this session for the hours of the setting; a code serves once."""
    staff, at = people.staff or people.unproven, resources.clock()
    if staff is None:
        return FactorRefusal.NOT_STAFF
    if not await _may_try(resources, viewer, at):
        return FactorRefusal.TOO_MANY_ATTEMPTS
    async with resources.database.transaction() as connection:
        refusal = await _spend(resources, connection, staff.id, code, at)
        if refusal is None:
            await connection.execute("UPDATE session SET second_factor_at = $2 WHERE id = $1", viewer.session_id, at)
        outcome = refusal or "proven"
        event = audit.Event(f"staff:{staff.id}", "second_factor", str(staff.id), outcome)
        await audit.record(connection, event, at)
    return refusal or Proven(at + timedelta(hours=resources.settings.second_factor_hours))


@dataclass(frozen=True)
class NewSecret:
    """A fresh secret, as its owner gets it and as its column keeps it."""

    enrolment: Enrolment
    sealed: bytes = field(repr=False)


def new_secret(resources: Resources, staff_id: UUID, organisation: str) -> NewSecret:
    """A secret of 160 bits for a member of staff; her organisation names the entry in her app."""
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret, name=organisation, issuer=ISSUER).provisioning_uri()
    return NewSecret(Enrolment(secret, uri), seal_secret(resources, staff_id, secret))


def seal_secret(resources: Resources, staff_id: UUID, secret: str) -> bytes:
    """A secret as the database keeps it, bound to the row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(resources.keys.derived("totp")).encrypt(nonce, secret.encode(), staff_id.bytes)


async def _spend(
    resources: Resources, connection: asyncpg.Connection, staff_id: UUID, code: str, at: datetime
) -> FactorRefusal | None:
    sealed = await connection.fetchval("SELECT totp_sealed FROM staff WHERE id = $1", staff_id)
    if sealed is None:
        return FactorRefusal.NOT_ENROLLED
    key = AESGCM(resources.keys.derived("totp"))
    totp = pyotp.TOTP(key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], staff_id.bytes).decode())
    try:
        step = totp.verify_and_get_timecode(code.strip(), for_time=at, valid_window=_WINDOW)
    except (OTPVerificationError, UnicodeError):  # JSON can carry halves of characters
        return FactorRefusal.CODE_WRONG
    # In one statement, so that two who saw the same code cannot both use it.
    spent = await connection.fetchval(
        "UPDATE staff SET totp_step = $2 WHERE id = $1 AND totp_step < $2 RETURNING id", staff_id, step
    )
    return None if spent else FactorRefusal.CODE_WRONG


async def _may_try(resources: Resources, viewer: Viewer, at: datetime) -> bool:
    """Count the try, right or wrong, before anything is compared."""
    async with resources.database.transaction() as connection:
        tries = await attempts.count(connection, "second_factor", viewer.account_id.bytes, local_date(at))
    return tries <= resources.settings.second_factor_attempts
