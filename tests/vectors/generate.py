"""Writes the vectors by which a device maker checks a reader of their own: `python tests/vectors/generate.py`.

Everything is made from fixed seeds and one fixed instant, so the files change only when the format does.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from card.canonical import decode, encode
from card.cose import SigningKey, read_sign1, sign1
from card.credential import CredentialClaims, CredentialKind, StatusReference, issue
from card.merkle import leaf_hash, path_of, root_of
from card.number import CardNumber, CardNumberInvalid, check_character
from card.presentation import encode_text, present
from card.statuslist import EntryStatus, sign_status_list
from card.tariff import BearerRule, Outcome, Tariff, TariffRule, encode_tariff
from card.trust import KeySet, KeyUse, TrustedKey, sign_bundle, sign_key_set, sign_time
from card.window import Opening, Place, PlaceKind, Window

AT: Final = datetime(2026, 11, 24, 4, tzinfo=UTC)
DEVICE: Final = UUID("019ab4f0-0000-7000-8000-000000000001")
NONCE: Final = bytes(range(16))
TARIFF: Final = encode({"a tariff": "is not looked into here"})
ROOT, NEXT_ROOT, ISSUER, STATUS, BUNDLE, HOLDER, STRANGER = (
    SigningKey.from_seed(hashlib.sha256(f"sdc test vector: {name}".encode()).digest())
    for name in ("root", "next root", "issuer", "status", "bundle", "holder", "stranger")
)


def pass_claims(**changes: Any) -> CredentialClaims:
    """The claims of the pass in the worked example of docs/scanner.md, or with changes of another credential."""
    values: dict[str, Any] = {
        "cti": b"",
        "kind": CredentialKind.PASS,
        "pseudonym": bytes(range(0xA0, 0xB0)),
        "access_classes": ("ride", "venue"),
        "issued_at": AT - timedelta(hours=1),
        "expires_at": AT + timedelta(days=6),
        "holder_key": HOLDER.verifying_key.public,
        "status": StatusReference("sdc:1", 123_456),
        "masked_name": None,
    }
    return CredentialClaims(**(values | changes))


def bearer_claims(kind: CredentialKind, **changes: Any) -> CredentialClaims:
    """The claims of a bearer code."""
    online = {"issued_at": AT, "expires_at": AT + timedelta(seconds=30)} if kind is CredentialKind.ONLINE else {}
    values = {"kind": kind, "holder_key": None, "status": None, "masked_name": "王**"} | online
    return pass_claims(**(values | changes))


def files() -> dict[str, Any]:
    """The content of each file by its name."""
    return {
        "tokens.json": {
            "about": "Texts as a scanner reads them; `reason` says why form or signature of an invalid one is refused.",
            "issuer_keys": {ISSUER.kid.hex(): ISSUER.verifying_key.public.hex()},
            "holder_seed": HOLDER.seed.hex(),
            "issuer_seed": ISSUER.seed.hex(),
            "valid": list(_valid_tokens()),
            "invalid": list(_invalid_tokens()),
        },
        "numbers.json": {"valid": list(_valid_numbers()), "invalid": list(_invalid_numbers())},
        "trust.json": _trust(),
        "merkle.json": [_tree(size) for size in (1, 2, 3, 5, 8)],
        "tariffs.json": {
            "about": "`rules`: is it open at an instant, and the outcome of the rule that holds, null for none.",
            "tariffs": list(_tariffs()),
        },
    }


def _tree(size: int) -> dict[str, Any]:
    records = [f"record {number}".encode() for number in range(size)]
    leaves = [leaf_hash(record) for record in records]
    return {
        "records": [record.hex() for record in records],
        "root": root_of(leaves).hex(),
        "paths": [[each.hex() for each in path_of(leaves, index)] for index in range(size)],
    }


def _valid_tokens() -> Iterator[dict[str, Any]]:
    shown = AT + timedelta(seconds=3)
    named = {
        "presentation of a pass": (pass_claims(), shown),
        "presentation of a pass with a cti": (pass_claims(cti=bytes(8)), shown),
        "presentation with an access class that has no bit": (pass_claims(access_classes=("pool", "ride")), shown),
        "online code": (bearer_claims(CredentialKind.ONLINE), None),
        "online code that lives a minute": (
            bearer_claims(CredentialKind.ONLINE, expires_at=AT + timedelta(seconds=60)),
            None,
        ),
        "printed code": (
            bearer_claims(CredentialKind.PRINTED, cti=bytes(range(8)), status=StatusReference("sdc:1", 7)),
            None,
        ),
    }
    for name, (claims, presented_at) in named.items():
        credential = issue(claims, ISSUER)
        token = credential if presented_at is None else present(credential, HOLDER, presented_at)
        yield {
            "name": name,
            "text": encode_text(token),
            "token": token.hex(),
            "kind": claims.kind.value,
            "pseudonym": claims.pseudonym.hex(),
            "access_classes": list(claims.access_classes),
            "issued_at": int(claims.issued_at.timestamp()),
            "expires_at": int(claims.expires_at.timestamp()),
            "presented_at": None if presented_at is None else int(presented_at.timestamp()),
            "cti": claims.cti.hex(),
            "holder_key": None if claims.holder_key is None else claims.holder_key.hex(),
            "status": None if claims.status is None else {"uri": claims.status.uri, "index": claims.status.index},
            "masked_name": claims.masked_name,
        }


def _invalid_tokens() -> Iterator[dict[str, str]]:
    credential, online = issue(pass_claims(), ISSUER), issue(bearer_claims(CredentialKind.ONLINE), ISSUER)
    shown = present(credential, HOLDER, AT)
    good, text = encode_text(shown), encode_text
    payload = encode({4: int(AT.timestamp()) + 30, -65538: [bytes(16), 1]})
    header = {1: -8, 4: ISSUER.kid}
    yield from (
        {"name": name, "text": value, "reason": reason}
        for name, value, reason in (
            ("empty", "", "malformed"),
            ("another scheme", "HC1:6BF", "malformed"),
            ("small letters in the prefix", good.replace("SDC1", "sdc1"), "malformed"),
            ("a character outside base 45", good[:-1] + "!", "malformed"),
            ("a new line at the end", good + "\n", "malformed"),
            ("a base 45 group beyond 65535", "SDC1::::", "malformed"),
            ("a single character at the end", good[:-1], "malformed"),
            ("more than 1,024 characters", "SDC1:" + "0" * 1_020, "too_large"),
            ("no COSE_Sign1 tag", text(online[1:]), "malformed"),
            ("the tag of COSE_Mac0", text(b"\xd1" + online[1:]), "malformed"),
            ("a byte after the end", text(online + b"\x00"), "not_canonical"),
            ("a length in more bytes than it needs", text(b"\xd2\x98\x04" + online[2:]), "not_canonical"),
            ("an array of indefinite length", text(b"\xd2\x9f" + online[2:] + b"\xff"), "not_canonical"),
            ("cut short", text(online[:-1]), "malformed"),
            ("something unprotected", text(_cose(header, {4: b"\x01"}, payload)), "malformed"),
            ("algorithm ES256", text(_cose(header | {1: -7}, {}, payload)), "wrong_algorithm"),
            ("no algorithm", text(_cose({4: ISSUER.kid}, {}, payload)), "wrong_algorithm"),
            ("an unknown critical header", text(_cose(header | {2: [99], 99: 1}, {}, payload)), "malformed"),
            ("no key identifier", text(_cose({1: -8}, {}, payload)), "unknown_key"),
            ("a key that is not trusted", text(issue(pass_claims(), STRANGER)), "unknown_key"),
            ("a stranger's signature", text(_cose(header, {}, payload, STRANGER)), "bad_signature"),
            ("one bit of the signature flipped", text(online[:-1] + bytes((online[-1] ^ 1,))), "bad_signature"),
            ("map keys out of order", text(_cose(header, {}, _reversed(payload))), "not_canonical"),
            ("a map key twice", text(_cose(header, {}, b"\xa2\x04\x01\x04\x01")), "not_canonical"),
            ("no expiry", text(_cose(header, {}, encode({-65538: [bytes(16), 1]}))), "malformed"),
            ("an unknown claim", text(_cose(header, {}, encode({4: 1, 99: 1, -65538: [bytes(16), 1]}))), "malformed"),
            ("two kinds at once", text(_cose(header, {}, _two_kinds())), "malformed"),
            ("a short pseudonym", text(_cose(header, {}, encode({4: 99, -65538: [bytes(8), 1]}))), "malformed"),
            (
                "an access class bit without a meaning",
                text(_cose(header, {}, encode({4: 99, -65538: [bytes(16), 16]}))),
                "malformed",
            ),
            ("a pass that no phone presents", text(credential), "not_presented"),
            ("a pass presented by another phone", text(present(credential, STRANGER, AT)), "bad_signature"),
            ("a pass bound to a weak key, under which anybody can sign", text(_weak_presentation()), "bad_signature"),
            ("an online code within a presentation", text(present(online, HOLDER, AT)), "malformed"),
            (
                "a presentation whose time is true",
                text(sign1(encode({6: True}), HOLDER, certificate=credential)),
                "malformed",
            ),
            ("a presentation without a time", text(sign1(encode({}), HOLDER, certificate=credential)), "malformed"),
        )
    )


def _cose(protected: dict[int, Any], unprotected: dict[int, Any], payload: bytes, key: SigningKey = ISSUER) -> bytes:
    header = encode(protected)
    signed = encode(["Signature1", header, b"", payload])
    return b"\xd2" + encode([header, unprotected, payload, key.sign(signed)])


def _weak_presentation() -> bytes:
    """With the neutral point for a key, the base point and the number 1 are a signature over anything."""
    weak, base_point = b"\x01" + bytes(31), b"\x58" + b"\x66" * 31
    claims = decode(read_sign1(issue(pass_claims(), ISSUER)).payload, 4_096)
    claims[8][1][-2] = weak
    pass_token = _cose({1: -8, 4: ISSUER.kid}, {}, encode(claims))
    forged = read_sign1(sign1(encode({6: int(AT.timestamp())}), HOLDER, certificate=pass_token))
    return b"\xd2" + encode([forged.protected, {}, forged.payload, base_point + b"\x01" + bytes(31)])


def _reversed(payload: bytes) -> bytes:
    # The map has two entries, the first of which is the six bytes of `exp`.
    return payload[:1] + payload[7:] + payload[1:7]


def _two_kinds() -> bytes:
    details = [bytes(16), 1]
    return encode({4: 99, -65538: details, -65539: details})


def _valid_numbers() -> Iterator[dict[str, Any]]:
    for first17, category, grade, reissue in (
        ("33068219900307412", 1, 1, 0),
        ("11010519491231002", 4, 3, 0),
        ("33068220000229001", 7, 2, 1),
        ("33068219631130999", 6, 4, 9),
    ):
        number = CardNumber(first17 + check_character(first17), category, grade, reissue)
        yield {
            "number": str(number),
            "birth_date": number.birth_date.isoformat(),
            "category": category,
            "grade": grade,
            "reissue": reissue,
            "masked": number.masked,
        }


def _invalid_numbers() -> Iterator[dict[str, str]]:
    good = "33068219900307412"
    valid = f"{good}{check_character(good)}11"
    for text in (
        valid[:-1],
        "A" + valid[1:],
        f"{valid[:10]}13{valid[12:]}",
        f"{valid[:17]}{'0' if valid[17] != '0' else '1'}{valid[18:]}",
        f"{valid[:18]}8{valid[19]}",
        f"{valid[:19]}0",
        f"{valid}B0",
    ):
        try:
            CardNumber.parse(text)
        except CardNumberInvalid as invalid:
            yield {"number": text, "part": invalid.part.value}


def _trust() -> dict[str, Any]:
    uses = {KeyUse.ISSUER: ISSUER, KeyUse.STATUS: STATUS, KeyUse.BUNDLE: BUNDLE}
    begin, end = AT - timedelta(days=1), AT + timedelta(days=400)
    keys = tuple(TrustedKey(key.verifying_key, use, begin, end) for use, key in uses.items())
    version = int(AT.timestamp() * 1_000)
    named = sign_key_set(KeySet(version, AT, end, keys, NEXT_ROOT.verifying_key), ROOT)
    successor = sign_key_set(KeySet(version + 1, AT, end, keys, None), NEXT_ROOT, predecessor=named)
    entries = {5: EntryStatus.INVALID, 6: EntryStatus.SUSPENDED}
    status_list = sign_status_list(
        uri="sdc:1",
        size=1 << 10,
        entries=entries,
        issued_at=AT,
        expires_at=AT + timedelta(days=7),
        ttl=timedelta(minutes=15),
        key=STATUS,
    )

    def bundle(key_set: bytes = named, device: UUID = DEVICE, key: SigningKey = BUNDLE) -> bytes:
        return sign_bundle(
            device_id=device, key_set=key_set, status_lists=[status_list], tariffs=[TARIFF], at=AT, key=key
        )

    bundles = (
        ("of this device", bundle(), -1, None),
        ("by the next root, which the old one named", bundle(successor), -1, None),
        ("of another device", bundle(device=UUID(int=1)), -1, "foreign_device"),
        ("the one at hand again", bundle(), version, "rollback"),
        ("signed by a stranger", bundle(key=STRANGER), -1, "unknown_key"),
        (
            "with a stranger's key set",
            bundle(sign_key_set(KeySet(1, AT, end, keys, None), STRANGER)),
            -1,
            "bad_signature",
        ),
        ("with a key set that has ended", bundle(sign_key_set(KeySet(1, begin, AT, keys, None), ROOT)), -1, "expired"),
    )
    return {
        "root": ROOT.verifying_key.public.hex(),
        "device_id": DEVICE.hex,
        "key_set": named.hex(),
        "status_list": {
            "token": status_list.hex(),
            "entries": {str(index): int(is_) for index, is_ in entries.items()},
        },
        "time": {"token": sign_time(NONCE, AT, BUNDLE).hex(), "nonce": NONCE.hex(), "milliseconds": version},
        "bundles": [
            {"name": name, "bundle": raw.hex(), "newer_than": newer_than, "reason": reason}
            for name, raw, newer_than, reason in bundles
        ],
    }


def _tariffs() -> Iterator[dict[str, Any]]:
    everyday, workdays = frozenset(range(1, 8)), frozenset(range(1, 6))
    free, half = TariffRule("ride", Outcome.FREE, Decimal(0)), TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))
    by_hour = (
        TariffRule("ride", Outcome.FREE, Decimal(0), window=Window(workdays, 540, 960)),
        half,
        TariffRule("venue", Outcome.FREE, Decimal(0), place=Place(PlaceKind.LINE, "another line")),
    )
    bearer = {CredentialKind.PRINTED: BearerRule(4, when_stale=False)}
    of_first, of_second = (
        Tariff("first format", date(2026, 1, 1), (free,)),
        Tariff(
            *("second format", date(2026, 1, 1), by_hour),
            bearer=bearer,
            monthly_cap=60,
            opening=(Opening(None, Window(everyday, 480, 1_320)),),
        ),
    )
    for tariff in (of_first, of_second):
        asked = [
            (classes, AT + timedelta(hours=hours))
            for classes in (["ride"], ["venue"])
            # Tuesday noon, half past eleven at night, Saturday noon.
            for hours in (0, 11.5, 96)
        ]
        yield {
            "tariff": encode_tariff(tariff).hex(),
            "operator": tariff.operator,
            "monthly_cap": tariff.monthly_cap,
            "rules": [_granted(tariff, classes, at) for classes, at in asked],
        }


def _granted(tariff: Tariff, classes: list[str], at: datetime) -> dict[str, Any]:
    rule = tariff.rule_for(classes, at)
    return {
        "access_classes": classes,
        "at": int(at.timestamp()),
        "open": tariff.is_open(at),
        "outcome": None if rule is None else rule.outcome.value,
    }


def main() -> None:
    """Write the files next to this script."""
    for name, content in files().items():
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (Path(__file__).parent / name).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
