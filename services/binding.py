"""Ties a WeChat account to the register, so that nobody learns from a refusal who is in it, and nobody is displaced."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from card.number import CardNumber, CardNumberInvalid
from domain.access import Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.guardianship import latest_adult
from models.record import new_id
from services import attempts, audit
from services.people import People, StaffMember, mask_name
from services.resources import Resources
from services.vault import Indexed, Sealed

# Longer than the work itself ever differs, so that a stop-watch learns nothing from a refusal.
REFUSAL_SECONDS = 0.4
CODE_LIFETIME = timedelta(hours=24)
# Without the letters and digits that are taken for one another when read aloud or by weak eyes.
_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 10


class BindingRefusal(StrEnum):
    """Why no card was bound. NOT_MATCHED stands for every cause that would tell something about the register."""

    NOT_MATCHED = "not_matched"
    CARD_NUMBER_INVALID = "card_number_invalid"
    PROOF_MISSING = "proof_missing"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


class CodeRefusal(StrEnum):
    """Why a clerk got no one-time code."""

    NOT_STAFF = "not_staff"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class BindingRequest:
    """What the applicant says; she proves it with WeChat's phone code or with a clerk's one-time code."""

    name: str
    card_number: str
    phone_code: str | None
    clerk_code: str | None


@dataclass(frozen=True)
class Bound:
    """The account is tied: as the resident herself, or as the guardian of a ward."""

    resident_id: UUID
    as_guardian: bool


@dataclass(frozen=True)
class OneTimeCode:
    """A clerk's code, to be said or handed to the person in front of her."""

    code: str
    masked_name: str
    expires_at: datetime


@dataclass(frozen=True)
class _Holder:
    """Whom a card number belongs to, and what proves it."""

    resident_id: UUID
    name_index: bytes
    phone_index: bytes | None


# In the place of a holder whom the register does not have; no index is as short.
_NOBODY = _Holder(UUID(int=0), b"", b"")


async def bind_card(resources: Resources, viewer: Viewer, request: BindingRequest) -> Bound | BindingRefusal:
    """Bind the viewer's account to the holder of the card, or to her guardian whose phone the register has.

    Raises:
        services.wechat.WechatRefusal: the phone code is not accepted, or WeChat is away.
    """
    try:
        number = str(CardNumber.parse(request.card_number))
    except CardNumberInvalid:
        return BindingRefusal.CARD_NUMBER_INVALID
    if (request.phone_code is None) == (request.clerk_code is None):
        return BindingRefusal.PROOF_MISSING
    if not await _may_try(resources, viewer, number, by_clerk=request.clerk_code is not None):
        return BindingRefusal.TOO_MANY_ATTEMPTS
    phone = await resources.wechat.phone_number(request.phone_code) if request.phone_code else None
    # Timed from here: WeChat is asked before anybody looks into the register, and takes as long as it likes.
    started = asyncio.get_running_loop().time()
    # Nobody is tied to the resident yet; whoever proves too little learns nothing, and every try is logged.
    async with resources.database.beyond_reach().transaction() as connection:
        bound = await _match_and_bind(resources, connection, viewer, request, number, phone)
        subject = str(bound.resident_id) if bound else "-"
        event = audit.Event(f"account:{viewer.account_id}", "bind_card", subject, "bound" if bound else "not matched")
        await audit.record(connection, event, resources.clock())
    if bound is None:
        await asyncio.sleep(started + REFUSAL_SECONDS - asyncio.get_running_loop().time())
        return BindingRefusal.NOT_MATCHED
    return bound


async def issue_binding_code(resources: Resources, people: People, card_number: str) -> OneTimeCode | CodeRefusal:
    """A one-time code for a person who stands before the clerk and has proven who she is; only for the clerk's area."""
    staff = people.on_duty(Duty.ISSUE_BINDING_CODE)
    if staff is None:
        return CodeRefusal.NOT_STAFF
    at, actor = resources.clock(), f"staff:{staff.id}"
    try:
        number = str(CardNumber.parse(card_number))
    except CardNumberInvalid:
        return CodeRefusal.NOT_FOUND
    async with resources.database.transaction() as connection:
        row = await _holder(connection, resources, number)
        if row is None or not staff.area.covers(row["town"], row["village"]):
            # Also logged, because the answer to a found number holds a masked name.
            await audit.record(connection, audit.Event(actor, "issue_binding_code", "-", "not found"), at)
            return CodeRefusal.NOT_FOUND
        key = resources.vault.data_key(row["resident_id"], row["data_key"], row["data_key_version"])
        name = mask_name(key.open(Sealed.NAME, row["name_sealed"]))
        return await new_code(resources, connection, staff, row["resident_id"], name)


async def new_code(
    resources: Resources, connection: asyncpg.Connection, staff: StaffMember, resident_id: UUID, masked_name: str
) -> OneTimeCode:
    """A fresh code for a resident, on record as the clerk's."""
    at = resources.clock()
    code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_LENGTH))
    await connection.execute(
        "INSERT INTO binding_code (id, resident_id, issued_by_id, code_hash, expires_at) VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        resident_id,
        staff.id,
        resources.vault.index(Indexed.BINDING_CODE, code),
        at + CODE_LIFETIME,
    )
    await audit.record(connection, audit.Event(f"staff:{staff.id}", "issue_binding_code", str(resident_id)), at)
    return OneTimeCode(code, masked_name, at + CODE_LIFETIME)


async def _may_try(resources: Resources, viewer: Viewer, number: str, *, by_clerk: bool) -> bool:
    """Count the try before anything is compared.

    The first limit passed ends the counting: an account that has had its tries must not use up other people's cards'.
    Strangers' tries do not lock out a clerk's code either: what stops them is its length (31^10 codes against the few
    tries of an account in the day that a code lives).
    """
    settings, index = resources.settings, resources.vault.index
    limits = [("bind:account", viewer.account_id.bytes, settings.binding_attempts_account)]
    if not by_clerk:
        address = index(Indexed.ADDRESS_OF_CLIENT, viewer.address)
        limits.append(("bind:address", address, settings.binding_attempts_address))
        limits.append(("bind:card", index(Indexed.CARD_NUMBER, number), settings.binding_attempts_card))
    today = local_date(resources.clock())
    async with resources.database.transaction() as connection:
        for action, subject, limit in limits:
            if await attempts.count(connection, action, subject, today) > limit:
                return False
    return True


async def _match_and_bind(
    resources: Resources,
    connection: asyncpg.Connection,
    viewer: Viewer,
    request: BindingRequest,
    number: str,
    phone: str | None,
) -> Bound | None:
    """The same statements run whether or not the card exists and the name fits: only a full proof costs more."""
    row = await _holder(connection, resources, number)
    holder = _Holder(row["resident_id"], row["name_index"], row["phone_index"]) if row else _NOBODY
    name = resources.vault.index(Indexed.NAME, request.name)
    code_id = None
    if request.clerk_code is not None:
        code_id = await _code(resources, connection, holder.resident_id, request.clerk_code)
        proven = code_id is not None and name == holder.name_index
    else:
        phone_index = resources.vault.index(Indexed.PHONE, phone or "")
        if await _bind_guardian(resources, connection, viewer, holder.resident_id, name, phone_index):
            return Bound(holder.resident_id, as_guardian=True)
        proven = name == holder.name_index and phone_index == holder.phone_index
    if not proven or not await tie_holder(connection, viewer, holder.resident_id):
        return None
    if code_id is not None:
        # Only now: a code is not lost by a mistyped name.
        await connection.execute("UPDATE binding_code SET used_at = $2 WHERE id = $1", code_id, resources.clock())
    return Bound(holder.resident_id, as_guardian=False)


async def _holder(connection: asyncpg.Connection, resources: Resources, number: str) -> asyncpg.Record | None:
    row: asyncpg.Record | None = await connection.fetchrow(
        "SELECT r.id AS resident_id, r.name_index, r.phone_index, r.name_sealed, r.data_key, r.data_key_version, "
        "r.town, r.village FROM card c JOIN resident r ON r.id = c.resident_id "
        "WHERE c.number_index = $1 AND c.state = 'active'",
        resources.vault.index(Indexed.CARD_NUMBER, number),
    )
    return row


async def _code(resources: Resources, connection: asyncpg.Connection, resident_id: UUID, code: str) -> UUID | None:
    """The clerk's code that is still good, locked so that nobody else spends it meanwhile."""
    code_id: UUID | None = await connection.fetchval(
        "SELECT id FROM binding_code WHERE resident_id = $1 AND code_hash = $2 AND used_at IS NULL AND expires_at > $3 "
        "FOR UPDATE",
        resident_id,
        resources.vault.index(Indexed.BINDING_CODE, code),
        resources.clock(),
    )
    return code_id


async def _bind_guardian(
    resources: Resources, connection: asyncpg.Connection, viewer: Viewer, ward_id: UUID, name: bytes, phone: bytes
) -> bool:
    on = local_date(resources.clock())
    bound = await connection.fetchval(
        "UPDATE guardian SET account_id = $1 WHERE ward_id = $2 AND name_index = $3 AND phone_index = $4 "
        "AND (account_id IS NULL OR account_id = $1) "
        "AND ended_on IS NULL AND valid_from <= $5 AND (valid_until IS NULL OR valid_until >= $5) "
        "AND (ground = 'adult' OR (SELECT birth_date FROM resident WHERE id = ward_id) > $6) RETURNING id",
        viewer.account_id,
        ward_id,
        name,
        phone,
        on,
        latest_adult(on),
    )
    return bound is not None


async def tie_holder(connection: asyncpg.Connection, viewer: Viewer, resident_id: UUID) -> bool:
    """Bind unless either side is bound already; the row lock keeps two phones from both getting through."""
    await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", resident_id)
    bound = await connection.fetchval(
        "UPDATE account SET resident_id = $2 WHERE id = $1 AND (resident_id IS NULL OR resident_id = $2) "
        "AND NOT EXISTS (SELECT FROM account other WHERE other.resident_id = $2 AND other.id <> $1) RETURNING id",
        viewer.account_id,
        resident_id,
    )
    return bound is not None
