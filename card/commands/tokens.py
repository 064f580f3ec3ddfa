"""Looks at a single code: what it says, whether it is genuine, and what the gate would answer."""

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path

from card.admission import decide
from card.clock import Reading
from card.commands.exits import NO_BUNDLE, NO_TARIFF, CommandFailed, ExitStatus
from card.cose import Sign1, read_sign1
from card.credential import CredentialClaims, CredentialKind, read_claims
from card.device import Device, NotEnrolled
from card.gate import Trusted
from card.presentation import MAX_TEXT, decode_text, verify_token
from card.refusal import CredentialRefused
from card.tariff import DISTRICT_ZONE, local_day, tariff_on
from card.trust import KeyUse

_KINDS = {
    CredentialKind.PASS: "a pass, bound to a phone's key",
    CredentialKind.ONLINE: "an online code, which anybody who holds it can show",
    CredentialKind.PRINTED: "a printed code, which anybody who holds it can show",
}


def inspect(options: argparse.Namespace) -> ExitStatus:
    """Explain a code; status REFUSED if it cannot be read, or is not genuine by what the device here trusts."""
    text = _given(options.text)
    try:
        message = read_sign1(decode_text(text))
        inner = message if message.certificate is None else read_sign1(message.certificate)
        claims = read_claims(inner.payload)
    except CredentialRefused as refusal:
        print(f"This is no code of this system, or a damaged one ({refusal.reason}).")
        return ExitStatus.REFUSED
    for line in _claimed(claims, message):
        print(line)
    trusted = _trusted_in(options.state)
    if trusted is None:
        print("Signatures: not checked, because there is no device with a trust bundle here.")
        return ExitStatus.DONE
    trust, now = trusted
    try:
        token = verify_token(text, trust.bundle.key_set.keys_for(KeyUse.ISSUER, now.at))
    except CredentialRefused as refusal:
        print(f"Signatures: do not hold ({refusal.reason}). Do not believe the lines above.")
        return ExitStatus.REFUSED
    print("Signatures: hold, by the keys that this device trusts.")
    print(f"State: {_state(claims, trust)}.")
    if token.presented_at is not None:
        print(f"Shown: {_local(token.presented_at)}, {_ago(token.presented_at, now.at)}.")
    return ExitStatus.DONE


def verify(device: Device, options: argparse.Namespace) -> ExitStatus:
    """Answer one code as the gate would, in one line of JSON, and note nothing."""
    now, trusted = device.clock.read(), device.trusted
    if trusted is None:
        raise CommandFailed(ExitStatus.TRUST, device.bundle_problem or NO_BUNDLE)
    tariff = tariff_on(trusted.tariffs, local_day(now.at))
    if tariff is None:
        raise CommandFailed(ExitStatus.TRUST, NO_TARIFF)
    try:
        token = verify_token(_given(options.text), trusted.bundle.key_set.keys_for(KeyUse.ISSUER, now.at))
    except CredentialRefused as refusal:
        print(json.dumps({"outcome": "refused", "reason": refusal.reason}))
        return ExitStatus.REFUSED
    admission = decide(token, now, trusted.bundle, tariff)
    print(
        json.dumps(
            {
                "outcome": admission.outcome,
                "reason": admission.reason,
                "price_share": str(admission.price_share),
                "companions": admission.companions,
                "companion_terms": admission.companion_terms,
            }
        )
    )
    return ExitStatus.DONE if admission.admitted else ExitStatus.REFUSED


def _given(text: str) -> str:
    return sys.stdin.readline(MAX_TEXT + 2).strip("\r\n") if text == "-" else text


def _claimed(claims: CredentialClaims, message: Sign1) -> list[str]:
    bare = claims.kind is CredentialKind.PASS and message.certificate is None
    shown = " (bare: no phone signed it)" if bare else ""
    return [
        f"Kind: {_KINDS[claims.kind]}{shown}.",
        f"Access classes: {', '.join(claims.access_classes) or 'none'}.",
        f"Valid: {_local(claims.issued_at)} to {_local(claims.expires_at)}.",
        f"Visual check: {'the masked name is in the code' if claims.masked_name else 'no name in the code'}.",
        f"Revocation: {f'by the list {claims.status.uri}' if claims.status else 'not possible before it expires'}.",
    ]


def _trusted_in(state: Path) -> tuple[Trusted, Reading] | None:
    try:
        device = Device.open(state)
    except NotEnrolled:
        return None
    return None if device.trusted is None else (device.trusted, device.clock.read())


def _state(claims: CredentialClaims, trusted: Trusted) -> str:
    status_list = None if claims.status is None else trusted.bundle.status_lists.get(claims.status.uri)
    if claims.status is None or status_list is None:
        return "on no list" if claims.status is None else "its list is not in the trust bundle"
    try:
        status = status_list.status(claims.status.index)
    except CredentialRefused:
        return "its list does not know it"
    return f"{status.name.lower()}, as of {_local(trusted.bundle.issued_at)}"


def _ago(at: datetime, now: datetime) -> str:
    seconds = int((now - at).total_seconds())
    return f"{seconds} s ago" if seconds >= 0 else f"{-seconds} s in the future"


def _local(at: datetime) -> str:
    return at.astimezone(DISTRICT_ZONE).isoformat(" ", "seconds")
