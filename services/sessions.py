"""Signs accounts in, keeps them signed in with rotating refresh tokens, and signs them out."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import jwt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.access import Viewer
from models.record import new_id
from services.idempotency import hash_key
from services.openid import seal_openid
from services.resources import Resources
from services.vault import NONCE_BYTES, Indexed

AUDIENCE = "sdc"
_ALGORITHM = "HS256"

_FAMILY = """
SELECT t.id, t.used_at AS token_used_at, t.used_key, t.successor_sealed, s.id AS session_id, s.account_id, s.expires_at,
       s.used_at, s.revoked_at
FROM refresh_token t JOIN session s ON s.id = t.session_id WHERE t.token_hash = $1 FOR UPDATE
"""


@dataclass(frozen=True)
class SignedIn:
    """Fresh tokens; `expires_at` is the access token's."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    account_id: UUID


@dataclass(frozen=True)
class _Session:
    """What the tokens of a session say of it."""

    id: UUID
    account_id: UUID
    expires_at: datetime


class RefreshRefusal(StrEnum):
    """Why a session could not be continued; each means: sign in again."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REUSED = "reused"


class AccessTokenInvalid(Exception):
    """The access token is malformed, altered, expired or not ours."""


async def sign_in(resources: Resources, code: str) -> SignedIn:
    """Start a session for the WeChat account that a login code stands for; the account is made when it is new.

    Raises:
        services.wechat.WechatRefusal: the code is not accepted, or WeChat is away.
    """
    openid = await resources.wechat.openid(code)
    at = resources.clock()
    async with resources.database.transaction() as connection:
        index = resources.vault.index(Indexed.OPENID, openid)
        account_id = await connection.fetchval(
            "INSERT INTO account (id, openid_index, openid_sealed, created_at) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (openid_index) DO UPDATE SET openid_sealed = EXCLUDED.openid_sealed RETURNING id",
            new_id(),
            index,
            seal_openid(resources.keys, index, openid),
            at,
        )
        session = _Session(new_id(), account_id, at + timedelta(days=resources.settings.refresh_token_days))
        await connection.execute(
            "INSERT INTO session (id, account_id, started_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $3)",
            session.id,
            account_id,
            at,
            session.expires_at,
        )
        refresh_token = await _new_refresh_token(resources, connection, session.id)
    return _signed_in(resources, session, refresh_token, at)


async def refresh(resources: Resources, token: str, key: str) -> SignedIn | RefreshRefusal:
    """Exchange a refresh token for the next one.

    A token used a second time means that somebody copied it: the whole session ends. A retry within the grace period
    and with the same `key` is the phone repeating itself, and gets the first answer again.
    """
    at = resources.clock()
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(_FAMILY, resources.vault.index(Indexed.REFRESH_TOKEN, token))
        if row is None:
            return RefreshRefusal.UNKNOWN
        session = _Session(row["session_id"], row["account_id"], row["expires_at"])
        idle = timedelta(days=resources.settings.refresh_idle_days)
        if row["revoked_at"] or at >= session.expires_at or at >= row["used_at"] + idle:
            return RefreshRefusal.EXPIRED
        if row["token_used_at"] is not None:
            grace = timedelta(seconds=resources.settings.refresh_grace_seconds)
            if row["used_key"] == hash_key(key) and at <= row["token_used_at"] + grace:
                return _signed_in(resources, session, _unseal(resources, row["id"], row["successor_sealed"]), at)
            await connection.execute("UPDATE session SET revoked_at = $2 WHERE id = $1", session.id, at)
            return RefreshRefusal.REUSED
        successor = await _new_refresh_token(resources, connection, session.id)
        await connection.execute(
            "UPDATE refresh_token SET used_at = $2, used_key = $3, successor_sealed = $4 WHERE id = $1",
            row["id"],
            at,
            hash_key(key),
            _seal(resources, row["id"], successor),
        )
        await connection.execute("UPDATE session SET used_at = $2 WHERE id = $1", session.id, at)
    return _signed_in(resources, session, successor, at)


@dataclass(frozen=True)
class OpenSession:
    """A sign-in of an account that has not ended."""

    id: UUID
    started_at: datetime
    used_at: datetime


async def sessions_of(resources: Resources, account_id: UUID) -> Sequence[OpenSession]:
    """The sessions of an account that can go on, the newest use first."""
    at = resources.clock()
    rows = await resources.database.fetch(
        "SELECT id, started_at, used_at FROM session "
        "WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND used_at > $3 "
        "ORDER BY used_at DESC, id LIMIT 100",
        account_id,
        at,
        at - timedelta(days=resources.settings.refresh_idle_days),
    )
    return [OpenSession(row["id"], row["started_at"], row["used_at"]) for row in rows]


async def sign_out_everywhere(resources: Resources, viewer: Viewer) -> None:
    """End every session of the viewer's account at once, this one included."""
    async with resources.database.transaction() as connection:
        await connection.execute(
            "UPDATE session SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL",
            viewer.account_id,
            resources.clock(),
        )


async def sign_out(resources: Resources, viewer: Viewer) -> None:
    """End the viewer's session at once, access token included."""
    async with resources.database.transaction() as connection:
        await connection.execute(
            "UPDATE session SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
            viewer.session_id,
            resources.clock(),
        )


def read_access_token(resources: Resources, token: str, address: str) -> Viewer:
    """The viewer whom an access token proves.

    Raises:
        AccessTokenInvalid: see there.
    """
    claims = _claims(resources, token)
    try:
        return Viewer(UUID(claims["sub"]), UUID(claims["sid"]), address)
    except (ValueError, TypeError, AttributeError) as error:
        raise AccessTokenInvalid from error


def access_token_ends(resources: Resources, token: str) -> datetime:
    """When an access token that holds now will hold no more.

    Raises:
        AccessTokenInvalid: see there.
    """
    return datetime.fromtimestamp(float(_claims(resources, token)["exp"]), UTC)


def _claims(resources: Resources, token: str) -> Mapping[str, Any]:
    try:
        claims = _decoded(token, resources.keys.derived("access"))
        # Checked here and not by the library, which knows only the machine's clock.
        if float(claims["exp"]) <= resources.clock().timestamp():
            raise AccessTokenInvalid
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise AccessTokenInvalid from error
    return claims


# A phone sends one token with many requests; what may have changed since, expiry and session, is asked each time.
@lru_cache(maxsize=10_000)
def _decoded(token: str, key: bytes) -> Mapping[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=[_ALGORITHM],
        audience=AUDIENCE,
        options={"require": ["exp", "sub", "sid", "aud"], "verify_exp": False},
    )


def _signed_in(resources: Resources, session: _Session, refresh_token: str, at: datetime) -> SignedIn:
    # An access token never outlives its session.
    expires_at = min(at + timedelta(seconds=resources.settings.access_token_seconds), session.expires_at)
    claims = {
        "sub": str(session.account_id),
        "sid": str(session.id),
        "aud": AUDIENCE,
        "exp": int(expires_at.timestamp()),
    }
    access_token = jwt.encode(claims, resources.keys.derived("access"), algorithm=_ALGORITHM)
    return SignedIn(access_token, refresh_token, expires_at, session.account_id)


async def _new_refresh_token(resources: Resources, connection: asyncpg.Connection, session_id: UUID) -> str:
    token = secrets.token_urlsafe(32)
    await connection.execute(
        "INSERT INTO refresh_token (id, session_id, token_hash) VALUES ($1, $2, $3)",
        new_id(),
        session_id,
        resources.vault.index(Indexed.REFRESH_TOKEN, token),
    )
    return token


def _seal(resources: Resources, token_id: UUID, successor: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(resources.keys.derived("refresh")).encrypt(nonce, successor.encode(), token_id.bytes)


def _unseal(resources: Resources, token_id: UUID, sealed: bytes) -> str:
    return (
        AESGCM(resources.keys.derived("refresh"))
        .decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], token_id.bytes)
        .decode()
    )
