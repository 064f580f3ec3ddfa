"""Assertions: PyJWT, which the server uses, accepts them for the device's key and period, and for nothing else."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from card.assertion import sign_assertion
from card.cose import SigningKey

DEVICE = UUID(int=7)
KEY = SigningKey.from_seed(bytes(range(32)))
REQUIRED = ["iss", "sub", "aud", "iat", "exp", "jti"]


def decode(assertion: str, key: SigningKey = KEY, audience: str = "sdc") -> dict[str, object]:
    """The claims, as PyJWT verifies them."""
    return jwt.decode(
        assertion,
        Ed25519PublicKey.from_public_bytes(key.verifying_key.public),
        algorithms=["EdDSA"],
        audience=audience,
        issuer=str(DEVICE),
        options={"require": REQUIRED},
    )


def test_pyjwt_verifies_an_assertion() -> None:
    """Issuer and subject are the device, the key identifier is its id, and the period is five minutes."""
    now = datetime.now(UTC)
    assertion = sign_assertion(DEVICE, KEY, now)
    claims = decode(assertion)

    assert jwt.get_unverified_header(assertion) == {"alg": "EdDSA", "kid": str(DEVICE), "typ": "JWT"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == (str(DEVICE), str(DEVICE), "sdc")
    assert (claims["iat"], claims["exp"]) == (int(now.timestamp()), int(now.timestamp()) + 300)


def test_two_assertions_of_one_second_differ() -> None:
    """Each has an identifier of its own, so that a server can tell a repeat."""
    now = datetime.now(UTC)

    assert decode(sign_assertion(DEVICE, KEY, now))["jti"] != decode(sign_assertion(DEVICE, KEY, now))["jti"]


def test_an_assertion_is_good_for_its_key_audience_and_period_only() -> None:
    """A stranger's key, another audience and a past period are refused."""
    now = datetime.now(UTC)
    other = SigningKey.from_seed(bytes(32))

    with pytest.raises(jwt.InvalidSignatureError):
        decode(sign_assertion(DEVICE, other, now))
    with pytest.raises(jwt.InvalidAudienceError):
        decode(sign_assertion(DEVICE, KEY, now, audience="other"))
    with pytest.raises(jwt.ExpiredSignatureError):
        decode(sign_assertion(DEVICE, KEY, now - timedelta(hours=1)))
