"""Both levels of a presentation are read and verified by a COSE library that the package does not use."""

import json
from pathlib import Path
from typing import Any

import cbor2
import pytest
from pycose.headers import KID, Algorithm
from pycose.keys.cosekey import CoseKey
from pycose.keys.okp import OKPKey
from pycose.messages.sign1message import Sign1Message

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "tokens.json").read_text(encoding="utf-8"))
PRESENTATION = next(case for case in VECTORS["valid"] if case["kind"] == "pass")
BEARER_CODES = [case for case in VECTORS["valid"] if case["kind"] != "pass"]
KCWT = 13  # RFC 9528; pycose has no name for it


def read(message: list[Any]) -> Sign1Message:
    """A COSE_Sign1 without its tag, beneath which pycose 1.1 cannot read what cbor2 6 makes of it."""
    return Sign1Message.from_cose_obj(message, allow_unknown_attributes=True)


def content(message: Sign1Message) -> Any:
    """The value in a message's payload."""
    assert message.payload is not None
    return cbor2.loads(message.payload)


def issuer_key(message: Sign1Message) -> OKPKey:
    """The published issuer key that a message names."""
    return OKPKey(crv="ED25519", x=bytes.fromhex(VECTORS["issuer_keys"][message.phdr[KID].hex()]))


def test_a_stranger_verifies_presentation_and_pass() -> None:
    """The phone's signature under the key in the pass, and the pass's under the issuer's; the claims are the CWT's."""
    raw = bytes.fromhex(PRESENTATION["token"])
    shown = read(cbor2.loads(raw[1:]))
    credential = read(list(shown.phdr[KCWT]))
    credential.key = issuer_key(credential)
    claims = content(credential)
    shown.key = CoseKey.from_dict(dict(claims[8][1]))

    assert raw[0] == 0xC0 + Sign1Message.cbor_tag
    assert credential.verify_signature()
    assert shown.verify_signature()
    assert content(shown) == {6: PRESENTATION["presented_at"]}
    assert (claims[4], claims[6]) == (PRESENTATION["expires_at"], PRESENTATION["issued_at"])
    assert claims[65535] == {"status_list": {"idx": 123_456, "uri": "sdc:1"}}


@pytest.mark.parametrize("case", BEARER_CODES, ids=lambda case: str(case["name"]))
def test_a_stranger_verifies_bearer_codes(case: dict[str, Any]) -> None:
    """Online and printed codes are plain CWTs under the issuer's key, their header protected and nothing else there."""
    message = read(cbor2.loads(bytes.fromhex(case["token"])[1:]))
    message.key = issuer_key(message)

    assert message.verify_signature()
    assert message.uhdr == {}
    assert message.phdr.keys() == {Algorithm, KID}
    assert content(message)[4] == case["expires_at"]
