"""The page's modules against `card`: every vector of tests/vectors, and what neither has seen before."""

import json
import random
import subprocess
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from card.admission import Admission, Cue
from card.canonical import decode, encode
from card.clock import ClockState
from card.cose import VerifyingKey, is_sound_key
from card.credential import CredentialKind
from card.enrolment import EnrolmentCodeInvalid, split_enrolment_code
from card.messages import REFUSALS, display
from card.presentation import encode_text, verify_token
from card.refusal import CredentialRefused
from card.statuslist import inflate
from card.tariff import BearerRule, CompanionTerms, Outcome, Tariff, TariffRule, encode_tariff, read_tariff
from card.trust import read_bundle
from card.window import Place, PlaceKind
from tests.api.browser.chromium import PAGES, Browser, Page, node
from tests.api.browser.district import District

VECTORS = Path(__file__).parents[2] / "vectors"
TOKENS, TRUST, TARIFFS, ADMISSIONS = (
    json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("tokens", "trust", "tariffs", "admissions")
)
ISSUERS = {bytes.fromhex(kid): VerifyingKey.of(bytes.fromhex(key)) for kid, key in TOKENS["issuer_keys"].items()}
ROOT = VerifyingKey.of(bytes.fromhex(TRUST["root"]))
DEVICE = UUID(TRUST["device_id"])
BUNDLE = """
import { build } from "esbuild";
const { outputFiles } = await build({ entryPoints: [process.argv[1]], bundle: true, write: false, format: "iife" });
process.stdout.write(outputFiles[0].text);
"""
# Points of small order in every spelling, and others that are none (RFC 8032 and the list of libsodium).
WEAK_KEYS = [
    "00" * 32,
    "01" + "00" * 31,
    "00" * 31 + "80",
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 30 + "7f",
    "ed" + "ff" * 30 + "7f",
    "ee" + "ff" * 30 + "7f",
    "ff" * 32,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "02" + "00" * 31,
    "00" * 31,
]
LINE = Place(PlaceKind.LINE, "1")
ODD_VALUES: list[Any] = [0, 1, 2, 9, 10, 600, 601, 1_000, 1_001, 86_400, 86_401, 366 * 86_400 + 1, 1 << 63, -1]
ODD_VALUES += [None, True, "", "board", "2026-02-30", "0000-01-01", "2026-1-1", "full", "none", "x" * 80, "x" * 81]
ODD_VALUES += [[], [[]], {}, {"pass": [None, True]}, {"online": [None]}, {"printed": [0, True]}, 10_000, 10_001]


@pytest.fixture(scope="module")
def page(browser: Browser, loaded: District) -> Iterator[Page]:
    """A page of the server's own address, where WebCrypto is, with the scanner's modules and without the scanner."""
    loaded.on()
    command = [node(), "--input-type=module", "-e", BUNDLE, str(Path(__file__).parent / "vectors.ts")]
    bundled = subprocess.run(command, cwd=PAGES, capture_output=True, text=True, check=True).stdout
    made = browser.page("vectors", visitor="vectors")
    made.open(f"{loaded.url}/scanner/icon.svg")
    made.evaluate(bundled)
    yield made
    made.leave()


def call(page: Page, name: str, *values: Any) -> Any:
    """What a call of vectors.ts gives."""
    return page.evaluate(f"calls.{name}(...{json.dumps(values)})")


def reason(work: Callable[..., object], *values: object) -> str | None:
    """Why `card` refuses; None if it does not."""
    try:
        work(*values)
    except CredentialRefused as refusal:
        return refusal.reason.value
    return None


def mutations(raw: bytes, count: int) -> list[bytes]:
    """Bytes of which a few were changed, left out, put in or repeated; the same in every run."""
    chance = random.Random(raw)  # noqa: S311 - not for secrets
    made = []
    for _ in range(count):
        changed = bytearray(raw)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(changed))
            match chance.randrange(4):
                case 0:
                    changed[at] ^= 1 << chance.randrange(8)
                case 1:
                    changed[at] = chance.randrange(256)
                case 2:
                    del changed[at : at + chance.randint(1, 4)]
                case _:
                    changed[at:at] = chance.randbytes(chance.randint(1, 4))
        made.append(bytes(changed))
    return made


def issuers() -> list[str]:
    """The issuers' public keys."""
    return [key.public.hex() for key in ISSUERS.values()]


def test_every_valid_token_says_the_same(page: Page) -> None:
    """Every claim, the time it was shown, and the identity by which it is remembered."""
    cases = TOKENS["valid"]
    told = call(page, "tokens", issuers(), [case["text"] for case in cases])
    texts = call(page, "texts", [case["token"] for case in cases])

    for case, claims in zip(cases, told, strict=True):
        identity = verify_token(case["text"], ISSUERS).identity.hex()
        expected = {key: value for key, value in case.items() if key not in {"name", "text", "token"}}
        assert claims == expected | {"identity": identity}
    assert texts == [case["text"] for case in cases]


def test_every_invalid_token_is_refused_for_the_same_reason(page: Page) -> None:
    """The first reason that either meets is the vector's."""
    told = call(page, "tokens", issuers(), [case["text"] for case in TOKENS["invalid"]])

    assert told == [case["reason"] for case in TOKENS["invalid"]]


def test_every_bundle_is_trusted_or_refused_alike(page: Page) -> None:
    """Rollback, strangers, other devices, an ended key set, and the successor of the root."""
    cases = [[case["bundle"], case["newer_than"]] for case in TRUST["bundles"]]

    assert call(page, "bundles", TRUST["root"], str(DEVICE), cases) == [case["reason"] for case in TRUST["bundles"]]


def test_the_signed_parts_of_trust_are_read_alike(page: Page) -> None:
    """States and time of the vector, by the root alone."""
    listed, time = TRUST["status_list"], TRUST["time"]
    signed = (TRUST["key_set"], listed["token"], [4, 5, 6], time["token"], time["nonce"])
    told = call(page, "signed", TRUST["root"], *signed)

    assert told == {"at": time["milliseconds"], "states": ["valid", "revoked", "suspended"]}


def test_every_tariff_grants_alike(page: Page) -> None:
    """Both formats: windows, hours, and rules of a place that do not hold here."""
    told = [call(page, "granted", case["tariff"], case["rules"]) for case in TARIFFS["tariffs"]]

    for answer, case in zip(told, TARIFFS["tariffs"], strict=True):
        asked = answer.pop("rules")
        assert answer == {"operator": case["operator"], "monthly_cap": case["monthly_cap"]}
        assert asked == [{"open": each["open"], "outcome": each["outcome"]} for each in case["rules"]]


def test_every_gate_answers_every_code_alike(page: Page) -> None:
    """The whole admission, code after code, and the words on the display."""
    told = call(page, "gates", ADMISSIONS["root"], ADMISSIONS["device_id"], ADMISSIONS["gates"])

    expected = [read["admission"] for gate in ADMISSIONS["gates"] for read in gate["reads"]]
    assert len(told) == len(expected)
    for answer, admission in zip(told, expected, strict=True):
        assert answer["displayed"] == display(restored(admission))
        assert {
            "outcome": answer["outcome"],
            "reason": answer["reason"],
            "share": answer["share"],
            "companions": answer["companions"],
            "companion_terms": answer["companionTerms"],
            "cue": answer["cue"],
            "masked_name": answer["maskedName"],
            "bundle_stale": answer["bundleStale"],
        } == admission


def restored(told: dict[str, Any]) -> Admission:
    """An answer of the vectors as `card` has it."""
    return Admission(
        outcome=Outcome(told["outcome"]),
        reason=next((each for each in REFUSALS if each.value == told["reason"]), None),
        price_share=Decimal(told["share"]) / 10_000,
        companions=told["companions"],
        companion_terms=CompanionTerms(told["companion_terms"]),
        cue=Cue(told["cue"]),
        masked_name=told["masked_name"],
        clock=ClockState.SIGNED,
        bundle_age=None,
        bundle_stale=told["bundle_stale"],
        recorded=True,
    )


def test_the_refusals_are_worded_alike(page: Page) -> None:
    """A reason has one Chinese sentence, whichever device shows it, and every reason has an English one."""
    told = call(page, "refusals")

    assert {name: chinese for name, (chinese, _) in told.items()} == {
        reason.value: sentence for reason, sentence in REFUSALS.items()
    }
    assert all(english.isascii() or "·" in english for _, english in told.values())


def test_changed_tokens_are_refused_for_the_same_reason(page: Page) -> None:
    """A thousand tokens that nobody thought of, each taken apart in the same order of checks."""
    tokens = [bytes.fromhex(case["token"]) for case in TOKENS["valid"]]
    changed = [encode_text(raw) for token in tokens for raw in mutations(token, 170)]
    told = call(page, "tokens", issuers(), changed)

    for text, answer in zip(changed, told, strict=True):
        assert (answer if isinstance(answer, str) else None) == reason(verify_token, text, ISSUERS), text


def test_changed_bundles_are_refused_for_the_same_reason(page: Page) -> None:
    """Three hundred bundles with a few bytes changed."""
    changed = mutations(bytes.fromhex(TRUST["bundles"][1]["bundle"]), 300)
    told = call(page, "bundles", TRUST["root"], str(DEVICE), [[raw.hex(), -1] for raw in changed])

    assert told == [reason(read_bundle, raw, ROOT, DEVICE, -1) for raw in changed]


def test_changed_tariffs_are_read_or_refused_alike(page: Page) -> None:
    """Every value at and beyond its bounds, and a thousand with a few bytes changed."""
    tariff = Tariff(
        "云溪公交",
        date(2026, 1, 1),
        (
            TariffRule("ride-accompanied", Outcome.REDUCED, Decimal("0.5"), 1, CompanionTerms.PAYING),
            TariffRule("ride", Outcome.FREE, Decimal(0)),
        ),
        daily_cap=4,
        bearer={CredentialKind.ONLINE: BearerRule(6), CredentialKind.PRINTED: BearerRule(None, visual_check=False)},
    )
    encoded = [encode_tariff(tariff), *(bytes.fromhex(case["tariff"]) for case in TARIFFS["tariffs"])]
    raw = [changed for whole in encoded for changed in (*edges(whole), *mutations(whole, 500))]

    assert call(page, "tariffs", [each.hex() for each in raw]) == [reason(read_tariff, each) for each in raw]


def edges(encoded: bytes) -> Iterator[bytes]:
    """A tariff with each of its values, also those within rules, hours and bearer codes, replaced by each odd one."""
    content = decode(encoded, 16_384)
    for key in content:
        yield from (encode({**content, key: value}) for value in ODD_VALUES)
    for key in {4, 14} & content.keys():
        for entry in content[key]:
            yield from (encode({**content, key: [changed]}) for changed in replaced(entry))
    for kind, rule in content[9].items():
        yield from (encode({**content, 9: {kind: changed}}) for changed in replaced(rule))


def replaced(entry: list[Any]) -> Iterator[list[Any]]:
    """A list with each of its items, also those of lists within, replaced by each odd value, and one too many."""
    for at, item in enumerate(entry):
        inner = replaced(item) if isinstance(item, list) else ()
        yield from ([*entry[:at], value, *entry[at + 1 :]] for value in (*ODD_VALUES, *inner))
    yield [*entry, None]
    yield entry[:-1]


def test_any_bytes_are_decoded_or_refused_alike(page: Page) -> None:
    """Every first byte, each followed by little or much."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    raw = [bytes((first, *chance.randbytes(length))) for first in range(256) for length in (0, 1, 2, 4, 8, 9, 20)]
    special = ("", "a10101", "a1f500", "a2616101616100", "8" * 40, "62c328", "fb" + "0" * 16)
    raw += [bytes.fromhex(each) for each in special]

    assert call(page, "decoded", [each.hex() for each in raw]) == [reason(decode, each, 4_096) for each in raw]


def test_compressed_lists_are_inflated_to_the_same_cap(page: Page) -> None:
    """Just the cap, one byte beyond, a bomb, a stream cut short, one with something behind, and none at all."""
    cap = 1 << 18
    noise = random.Random(1).randbytes(5_000)  # noqa: S311 - not for secrets
    packed = [zlib.compress(bytes(size)) for size in (1, cap, cap + 1, 1 << 24)]
    packed += [zlib.compress(noise), zlib.compress(noise)[:-1], zlib.compress(noise) + b"\0", packed[1] + noise]
    packed += [b"", b"x", noise, zlib.compress(noise)[2:-4]]

    def expected(raw: bytes) -> int | str:
        try:
            return len(inflate(raw))
        except CredentialRefused as refusal:
            return refusal.reason.value

    assert call(page, "inflated", [raw.hex() for raw in packed]) == [expected(raw) for raw in packed]


def test_weak_keys_are_known_alike(page: Page) -> None:
    """Small order, other spellings, off the curve, and as many by chance, of which half are on the curve."""
    chance = random.Random(3)  # noqa: S311 - not for secrets
    keys = [*map(bytes.fromhex, WEAK_KEYS), *(key.public for key in ISSUERS.values())]
    keys += [chance.randbytes(32) for _ in range(60)]

    assert call(page, "sound", [key.hex() for key in keys]) == [is_sound_key(key) for key in keys]


def test_enrolment_codes_are_split_alike(page: Page) -> None:
    """What a technician may mistype: case, spaces, letters that look like digits; and what no code is."""
    good = "38Y2-M1GS-EPD3-PYF3.W67JQMOOO4WGAARTVLBPGPOMURAFIYDG4532BGC2YPOSQGUTFJ7A"
    texts = [good, good.lower(), good.replace("-", ""), f" {good[:9]} {good[9:]}\n", good.replace("M1", "Mi"), "", "."]
    texts += [good[:-1], f"{good}A", good.replace("Y2", "YU"), f"{good[:-1]}B", good.replace(".", ".."), good[1:]]
    texts += [good.replace("38", "oL"), good.replace("W6", "W1"), f"{good}.", good.replace("J7A", "J7=")]

    def expected(text: str) -> list[str] | None:
        try:
            secret, root = split_enrolment_code(text)
        except EnrolmentCodeInvalid:
            return None
        return [secret, root.hex()]

    assert call(page, "codes", texts) == [expected(text) for text in texts]
