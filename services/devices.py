"""Scanners: enrolled once with a code, then known by their own key; each gets the trust bundle of its operator."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from card.enrolment import check_enrolment_proof, check_rotation_proof
from card.tariff import encode_tariff, local_day
from card.trust import sign_bundle, sign_time
from models.credential import DeviceKind
from models.record import new_id
from services import audit
from services.resources import Resources
from services.status import SignedStatus
from services.tariffs import current_and_coming, terms_of
from services.vault import Indexed

AUDIENCE = "sdc"
CODE_LIFETIME = timedelta(days=7)
ASSERTION_LIFETIME = timedelta(minutes=5)
# As far as a device's own clock may be off and still be told the right time by a server that knows it.
CLOCK_TOLERANCE = timedelta(minutes=5)
# Crockford's base 32: no I, L, O or U.
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class EnrolmentRefusal(StrEnum):
    """Why a scanner was not enrolled."""

    CODE_INVALID = "code_invalid"
    PROOF_INVALID = "proof_invalid"


class DeviceUnknown(Exception):
    """The device's assertion is malformed, altered or expired, or the device is retired or was never enrolled."""


@dataclass(frozen=True)
class Device:
    """An enrolled scanner; `stolen_at` is since when somebody else may have it, as `stolen_reported_at` was said."""

    id: UUID
    operator_id: UUID
    operator: str
    place: str
    kind: DeviceKind
    public_key: bytes
    stolen_at: datetime | None = None
    stolen_reported_at: datetime | None = None


@dataclass(frozen=True)
class Bundle:
    """A trust bundle of the instant `at`, signed only where it is sent: most devices ask and have it already."""

    resources: Resources
    device_id: UUID
    status: SignedStatus
    tariffs: Sequence[bytes]
    at: datetime

    @property
    def etag(self) -> str:
        """The tag by which a device asks whether anything changed."""
        content = repr((self.status.tag, self.tariffs, self.resources.keys.key_set))
        return f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'

    def signed(self) -> bytes:
        """The bundle as COSE bytes for this device."""
        return sign_bundle(
            device_id=self.device_id,
            key_set=self.resources.keys.key_set,
            status_lists=[self.status.token],
            tariffs=self.tariffs,
            at=self.at,
            key=self.resources.keys.bundle,
        )


async def register_device(
    connection: asyncpg.Connection,
    resources: Resources,
    operator_id: UUID,
    kind: DeviceKind,
    place: str,
    device_id: UUID | None = None,
) -> str:
    """Add a scanner that is not enrolled yet; returns the code the technician types, root fingerprint included."""
    drawn = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(16))
    secret = "-".join(drawn[start : start + 4] for start in range(0, 16, 4))
    await connection.execute(
        "INSERT INTO device (id, operator_id, kind, place, code_hash, code_expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        device_id or new_id(),
        operator_id,
        kind,
        place,
        resources.vault.index(Indexed.ENROLMENT_CODE, secret),
        resources.clock() + CODE_LIFETIME,
    )
    return f"{secret}.{root_fingerprint(resources)}"


def root_fingerprint(resources: Resources) -> str:
    """The part of an enrolment code by which a device knows the root: SHA-256 of the root's public key, base 32."""
    return base64.b32encode(hashlib.sha256(resources.keys.root.public).digest()).decode().rstrip("=")


async def enrol(resources: Resources, code: str, public_key: bytes, proof: bytes) -> Device | EnrolmentRefusal:
    """Tie a scanner's key to the place its code was made for; the code is spent, and whom it replaces is cut off."""
    if not check_enrolment_proof(code, public_key, proof):
        return EnrolmentRefusal.PROOF_INVALID
    at = resources.clock()
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(
            "UPDATE device SET public_key = $2, enrolled_at = $3, code_hash = NULL FROM operator o "
            "WHERE device.code_hash = $1 AND device.code_expires_at > $3 AND device.retired_at IS NULL "
            "AND o.id = device.operator_id RETURNING device.*, o.name AS operator",
            resources.vault.index(Indexed.ENROLMENT_CODE, code),
            public_key,
            at,
        )
        if row is None:
            return EnrolmentRefusal.CODE_INVALID
        sql = "UPDATE device SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"
        await connection.execute(sql, row["replaces_id"], at)
        await audit.record(connection, audit.Event(f"device:{row['id']}", "enrol", str(row["operator_id"])), at)
        return _device(row)


async def device_of(resources: Resources, assertion: str) -> Device:
    """The enrolled device that signed a JWT (RFC 7523) with its own key.

    Raises:
        DeviceUnknown: see there.
    """
    try:
        device_id = UUID(jwt.get_unverified_header(assertion)["kid"])
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DeviceUnknown from error
    device = await resources.together.ask(resources, _in_use, device_id)
    if device is None:
        raise DeviceUnknown
    try:
        claims = _claims(assertion, device.public_key, str(device.id))
        _check_period(claims["iat"], claims["exp"], resources.clock())
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError) as error:
        raise DeviceUnknown from error
    if claims["sub"] != str(device.id):
        raise DeviceUnknown
    return device


async def _in_use(resources: Resources, device_ids: Sequence[UUID]) -> Sequence[Device | None]:
    rows = await resources.database.fetch(
        "SELECT d.*, o.name AS operator FROM device d JOIN operator o ON o.id = d.operator_id "
        "WHERE d.id = ANY($1) AND d.public_key IS NOT NULL AND d.retired_at IS NULL AND d.suspended_at IS NULL "
        "AND d.stolen_at IS NULL",
        device_ids,
    )
    devices = {row["id"]: _device(row) for row in rows}
    return [devices.get(device_id) for device_id in device_ids]


# A device shows one assertion as long as it lasts; its key and whether it is in use are looked up each time.
@lru_cache(maxsize=4_096)
def _claims(assertion: str, public_key: bytes, issuer: str) -> Mapping[str, Any]:
    """What a device's key signed; its period is not checked.

    Raises:
        jwt.InvalidTokenError, ValueError, TypeError: it did not sign this, or not for us.
    """
    claims: dict[str, Any] = jwt.decode(
        assertion,
        Ed25519PublicKey.from_public_bytes(public_key),
        algorithms=["EdDSA"],
        audience=AUDIENCE,
        issuer=issuer,
        options={"require": ["iss", "sub", "aud", "iat", "exp", "jti"], "verify_exp": False, "verify_iat": False},
    )
    return claims


async def scanner_of(resources: Resources, device_id: UUID) -> Device | None:
    """A device that was enrolled once, retired or not: its scans outlive it."""
    rows = await resources.database.fetch(
        "SELECT d.*, o.name AS operator FROM device d JOIN operator o ON o.id = d.operator_id "
        "WHERE d.id = $1 AND d.public_key IS NOT NULL",
        device_id,
    )
    return _device(rows[0]) if rows else None


async def trust_bundle(resources: Resources, device: Device) -> Bundle:
    """What the device needs to decide offline: key set, status list, the tariffs of its place, and the time."""
    at = resources.clock()
    status = await resources.status_lists.current(resources.database, resources.settings, resources.keys.status, at)
    (terms,) = await terms_of(resources, [(device.operator_id, device.id)])
    tariffs = [encode_tariff(each) for each in current_and_coming(terms.held(at), local_day(at))]
    return Bundle(resources, device.id, status, tariffs, at)


async def rotate_key(resources: Resources, device: Device, public_key: bytes, proof: bytes) -> bool:
    """Know a device by another key from now on; `proof` is that key's own. False, and nothing changed, without it.

    The old key is refused from the next request on; asking again with the new one, as after a lost answer, is no fault.
    """
    if not check_rotation_proof(device.id, public_key, proof):
        return False
    async with resources.database.transaction() as connection:
        sql = "UPDATE device SET public_key = $2 WHERE id = $1"
        await connection.execute(sql, device.id, public_key)
        event = audit.Event(f"device:{device.id}", "rotate_key", str(device.operator_id))
        await audit.record(connection, event, resources.clock())
    return True


def signed_time(resources: Resources, nonce: bytes) -> bytes:
    """The server's time, bound to the device's nonce; given before a device can authenticate, which needs the time."""
    return sign_time(nonce, resources.clock(), resources.keys.bundle)


def _check_period(issued_at: float, expires_at: float, at: datetime) -> None:
    now = at.timestamp()
    tolerance = CLOCK_TOLERANCE.total_seconds()
    if not (
        now - tolerance < expires_at <= issued_at + ASSERTION_LIFETIME.total_seconds() and issued_at <= now + tolerance
    ):
        raise ValueError("period")


def _device(row: asyncpg.Record) -> Device:
    return Device(
        *(row["id"], row["operator_id"], row["operator"], row["place"], DeviceKind(row["kind"]), row["public_key"]),
        *(row["stolen_at"], row["stolen_reported_at"]),
    )
