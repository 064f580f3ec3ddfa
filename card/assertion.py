"""How an enrolled scanner says who it is: a JWT as RFC 7523 has it, signed with the scanner's own key."""

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from card.cose import SigningKey

LIFETIME: Final = timedelta(minutes=5)
_JTI_BYTES: Final = 16


def sign_assertion(device_id: UUID, key: SigningKey, at: datetime, audience: str = "sdc") -> str:
    """A JWT (RFC 7519, RFC 8037) good for five minutes from `at`; `kid`, `iss` and `sub` are the device's id."""
    issued = int(at.timestamp())
    header = {"alg": "EdDSA", "kid": str(device_id), "typ": "JWT"}
    claims = {
        "iss": str(device_id),
        "sub": str(device_id),
        "aud": audience,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        "jti": _base64url(secrets.token_bytes(_JTI_BYTES)),
    }
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{signed}.{_base64url(key.sign(signed.encode()))}"


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
