"""Asks whoever works for a second proof beside WeChat's: the code that an authenticator app shows (TOTP, RFC 6238).

It belongs to her account, whether she works for the federation, at a provider's desk, for an operator, or for several.
"""

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

# In a statement whose first values are those of `asking`.
PROVEN = """EXISTS (
    SELECT FROM session proof WHERE proof.id = $3 AND proof.account_id = $1 AND proof.revoked_at IS NULL
    AND proof.second_factor_at > $4
)"""

# Locked, so that of two who spend one code at once the second finds it gone.
_ENROL = """
SELECT id FROM second_factor WHERE account_id = $1 AND enrolment_hash = $2 AND enrolment_expires_at > $3 FOR UPDATE
"""


class FactorRefusal(StrEnum):
    """Why there is no second factor, or no code for one."""

    NOT_STAFF = "not_staff"
    NOT_ENROLLED = "not_enrolled"
    ENROLMENT_CODE_WRONG = "enrolment_code_wrong"
    CODE_WRONG = "code_wrong"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    NOT_ALLOWED = "not_allowed"
    OWN_CODE = "own_code"
    NOT_AT_WORK = "not_at_work"


@dataclass(frozen=True)
class Enrolment:
    """The secret for her authenticator app, as text and as the address that the app reads; shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True)
class Proven:
    """She may do her work in this session."""

    until: datetime


def asking(resources: Resources, viewer: Viewer, at: datetime) -> tuple[object, ...]:
    """Who asks: her account, the day, her session, and since when a proof in it counts."""
    since = at - timedelta(hours=resources.settings.second_factor_hours)
    return viewer.account_id, local_date(at), viewer.session_id, since


async def enrol(resources: Resources, viewer: Viewer, people: People, code: str) -> Enrolment | FactorRefusal:
    """Give whoever works her secret for the code that reached her by another way than WeChat; the code is spent."""
    organisation, at = people.organisation, resources.clock()
    if organisation is None:
        return FactorRefusal.NOT_STAFF
    if not await _may_try(resources, viewer, at):
        return FactorRefusal.TOO_MANY_ATTEMPTS
    hashed = resources.vault.index(Indexed.STAFF_CODE, code)
    async with resources.database.transaction() as connection:
        factor_id = await connection.fetchval(_ENROL, viewer.account_id, hashed, at)
        if factor_id is None:
            return FactorRefusal.ENROLMENT_CODE_WRONG
        enrolment = await give_secret(resources, connection, factor_id, organisation)
        await audit.record(connection, _event(viewer, people, "enrol_second_factor"), at)
    return enrolment


async def prove(resources: Resources, viewer: Viewer, people: People, code: str) -> Proven | FactorRefusal:
    """Let the viewer do her work in this session for the hours of the setting; a code serves once."""
    at = resources.clock()
    if people.organisation is None:
        return FactorRefusal.NOT_STAFF
    if not await _may_try(resources, viewer, at):
        return FactorRefusal.TOO_MANY_ATTEMPTS
    async with resources.database.transaction() as connection:
        refusal = await _spend(resources, connection, viewer.account_id, code, at)
        if refusal is None:
            await connection.execute("UPDATE session SET second_factor_at = $2 WHERE id = $1", viewer.session_id, at)
        await audit.record(connection, _event(viewer, people, "second_factor", refusal or "proven"), at)
    return refusal or Proven(at + timedelta(hours=resources.settings.second_factor_hours))


async def give_secret(
    resources: Resources, connection: asyncpg.Connection, factor_id: UUID, organisation: str
) -> Enrolment:
    """A fresh secret of 160 bits; her organisation names the entry in her app."""
    secret = pyotp.random_base32()
    await keep_secret(resources, connection, factor_id, secret)
    return Enrolment(secret, pyotp.TOTP(secret, name=organisation, issuer=ISSUER).provisioning_uri())


async def keep_secret(resources: Resources, connection: asyncpg.Connection, factor_id: UUID, secret: str) -> None:
    """Seal a secret to its row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(resources.keys.derived("totp")).encrypt(nonce, secret.encode(), factor_id.bytes)
    await connection.execute(
        "UPDATE second_factor SET totp_sealed = $2, enrolment_hash = NULL, enrolment_expires_at = NULL WHERE id = $1",
        factor_id,
        sealed,
    )


async def _spend(
    resources: Resources, connection: asyncpg.Connection, account_id: UUID, code: str, at: datetime
) -> FactorRefusal | None:
    row = await connection.fetchrow(
        "SELECT id, totp_sealed FROM second_factor WHERE account_id = $1 AND totp_sealed IS NOT NULL", account_id
    )
    if row is None:
        return FactorRefusal.NOT_ENROLLED
    key, sealed = AESGCM(resources.keys.derived("totp")), row["totp_sealed"]
    totp = pyotp.TOTP(key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row["id"].bytes).decode())
    try:
        step = totp.verify_and_get_timecode(code.strip(), for_time=at, valid_window=_WINDOW)
    except (OTPVerificationError, UnicodeError):  # JSON can carry halves of characters
        return FactorRefusal.CODE_WRONG
    # In one statement, so that two who saw the same code cannot both use it.
    spent = await connection.fetchval(
        "UPDATE second_factor SET totp_step = $2 WHERE id = $1 AND totp_step < $2 RETURNING id", row["id"], step
    )
    return None if spent else FactorRefusal.CODE_WRONG


async def _may_try(resources: Resources, viewer: Viewer, at: datetime) -> bool:
    """Count the try, right or wrong, before anything is compared."""
    async with resources.database.transaction() as connection:
        tries = await attempts.count(connection, "second_factor", viewer.account_id.bytes, local_date(at))
    return tries <= resources.settings.second_factor_attempts


def _event(viewer: Viewer, people: People, action: str, detail: str = "") -> audit.Event:
    staff = people.staff or people.unproven
    if staff is None:
        return audit.Event(f"account:{viewer.account_id}", action, f"account:{viewer.account_id}", detail)
    return audit.Event(f"staff:{staff.id}", action, str(staff.id), detail)
