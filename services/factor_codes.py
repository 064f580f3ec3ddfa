"""Hands out the codes that give a second factor, and takes the factor back from whoever works nowhere any more."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.dates import local_date
from domain.duty import Duty
from models.record import new_id
from services import audit
from services.people import People
from services.resources import Resources
from services.second_factor import FactorRefusal
from services.vault import Indexed

CODE_LIFETIME = timedelta(days=3)

_IS_STAFF = "EXISTS (SELECT FROM staff w WHERE w.account_id = $1 AND (w.left_on IS NULL OR w.left_on > $2))"
_IS_ELSEWHERE = """(
    EXISTS (SELECT FROM provider_staff w WHERE w.account_id = $1 AND (w.left_on IS NULL OR w.left_on > $2))
    OR EXISTS (SELECT FROM operator_staff w WHERE w.account_id = $1 AND (w.left_on IS NULL OR w.left_on > $2))
)"""

_NEW = """
INSERT INTO second_factor (id, account_id, enrolment_hash, enrolment_expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE SET totp_sealed = NULL, enrolment_hash = EXCLUDED.enrolment_hash,
    enrolment_expires_at = EXCLUDED.enrolment_expires_at
RETURNING id
"""
_FORGET = f"""
UPDATE second_factor SET totp_sealed = NULL, enrolment_hash = NULL, enrolment_expires_at = NULL
WHERE account_id = $1 AND NOT {_IS_STAFF} AND NOT {_IS_ELSEWHERE} RETURNING id
"""
_UNPROVE = "UPDATE session SET second_factor_at = NULL WHERE account_id = $1"


@dataclass(frozen=True)
class FactorCode:
    """The code that gives its holder her second factor, once: handed to her, never sent by WeChat."""

    factor_id: UUID
    code: str = field(repr=False)
    expires_at: datetime


async def give_code(
    resources: Resources, viewer: Viewer, people: People, account_id: UUID
) -> FactorCode | FactorRefusal:
    """A code for somebody at a desk or of an operator, whose old authenticator counts no more from then on.

    That of the federation's own staff is given with their post, by two administrators.
    """
    clerk, at = people.on_duty(Duty.GIVE_FACTOR_CODE), resources.clock()
    if clerk is None:
        return FactorRefusal.NOT_ALLOWED
    if account_id == viewer.account_id:
        return FactorRefusal.OWN_CODE
    async with resources.database.transaction() as connection:
        if not await connection.fetchval(f"SELECT {_IS_ELSEWHERE} AND NOT {_IS_STAFF}", account_id, local_date(at)):
            return FactorRefusal.NOT_AT_WORK
        given = await new_code(resources, connection, account_id, at)
        event = audit.Event(f"staff:{clerk.id}", "give_factor_code", f"account:{account_id}")
        await audit.record(connection, event, at)
    return given


async def new_code(resources: Resources, connection: asyncpg.Connection, account_id: UUID, at: datetime) -> FactorCode:
    """A fresh code for an account, and no second factor until it is spent; what a session has proven counts no more."""
    code, expires_at = secrets.token_hex(8).upper(), at + CODE_LIFETIME
    hashed = resources.vault.index(Indexed.STAFF_CODE, code)
    factor_id = await connection.fetchval(_NEW, new_id(), account_id, hashed, expires_at)
    await connection.execute(_UNPROVE, account_id)
    return FactorCode(factor_id, code, expires_at)


async def forget(connection: asyncpg.Connection, account_id: UUID, at: datetime) -> None:
    """Leave no second factor to whoever has just left the last place where she worked."""
    if await connection.fetchval(_FORGET, account_id, local_date(at)) is not None:
        await connection.execute(_UNPROVE, account_id)
