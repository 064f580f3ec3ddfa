"""The vectors for device makers say what this package does, and are what their script writes."""

import importlib.util
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from card.cose import VerifyingKey
from card.number import CardNumber, CardNumberInvalid
from card.presentation import encode_text, verify_token
from card.refusal import CredentialRefused
from card.statuslist import StatusList
from card.tariff import read_tariff
from card.trust import KeyUse, read_bundle, read_key_set, read_time
from tests.vectors import admissions

DIRECTORY = Path(__file__).parent.parent / "vectors"
TOKENS, NUMBERS, TRUST, TARIFFS, ADMISSIONS = (
    json.loads((DIRECTORY / f"{name}.json").read_text(encoding="utf-8"))
    for name in ("tokens", "numbers", "trust", "tariffs", "admissions")
)
ISSUER_KEYS = {bytes.fromhex(kid): VerifyingKey.of(bytes.fromhex(key)) for kid, key in TOKENS["issuer_keys"].items()}
ROOT = VerifyingKey.of(bytes.fromhex(TRUST["root"]))


def by_name(case: Any) -> str:
    """What a case is called in the test report."""
    return str(case.get("name", case.get("number")))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes the vectors."""
    spec = importlib.util.spec_from_file_location("vectors_generate", DIRECTORY / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["tokens.json", "numbers.json", "trust.json", "tariffs.json"])
def test_the_script_writes_what_is_committed(script: ModuleType, name: str) -> None:
    """Nobody edits a vector by hand, and the format does not change unseen."""
    written = json.loads(json.dumps(script.files()[name]))

    assert written == json.loads((DIRECTORY / name).read_text(encoding="utf-8"))


def test_the_script_writes_the_admissions_that_are_committed() -> None:
    """A gate that answers otherwise than yesterday shows here."""
    written = json.loads(json.dumps(admissions.content()))

    assert written == ADMISSIONS


@pytest.mark.parametrize("gate", ADMISSIONS["gates"], ids=by_name)
def test_a_gate_answers_each_code_as_the_vector_says(gate: dict[str, Any], tmp_path: Path) -> None:
    """Outcome, reason, price, companions and cue, code after code, with what the gate remembers."""
    answered = [admissions.told(each) for each in admissions.answers(gate, tmp_path)]

    assert answered == [read["admission"] for read in gate["reads"]]


@pytest.mark.parametrize("case", TOKENS["valid"], ids=by_name)
def test_valid_tokens_say_what_the_vector_says(case: dict[str, Any]) -> None:
    """Every claim, read from the text."""
    token = verify_token(case["text"], ISSUER_KEYS)
    claims = token.credential.claims

    assert encode_text(bytes.fromhex(case["token"])) == case["text"]
    assert (claims.kind, claims.cti.hex(), claims.pseudonym.hex()) == (case["kind"], case["cti"], case["pseudonym"])
    assert list(claims.access_classes) == case["access_classes"]
    assert claims.issued_at == datetime.fromtimestamp(case["issued_at"], UTC)
    assert claims.expires_at == datetime.fromtimestamp(case["expires_at"], UTC)
    assert claims.masked_name == case["masked_name"]
    assert (claims.holder_key.hex() if claims.holder_key else None) == case["holder_key"]
    assert (asdict(claims.status) if claims.status else None) == case["status"]
    assert (token.presented_at.timestamp() if token.presented_at else None) == case["presented_at"]


@pytest.mark.parametrize("case", TOKENS["invalid"], ids=by_name)
def test_invalid_tokens_are_refused_for_the_reason_given(case: dict[str, str]) -> None:
    """The first reason that our reader meets is the one that the vector names."""
    with pytest.raises(CredentialRefused) as refusal:
        verify_token(case["text"], ISSUER_KEYS)

    assert refusal.value.reason == case["reason"]


@pytest.mark.parametrize("case", NUMBERS["valid"], ids=by_name)
def test_valid_numbers_have_the_parts_given(case: dict[str, Any]) -> None:
    """The parts, the birth date and the mask."""
    number = CardNumber.parse(case["number"])

    parts = (number.category, number.grade, number.reissue, number.masked, number.birth_date.isoformat())
    assert parts == tuple(case[key] for key in ("category", "grade", "reissue", "masked", "birth_date"))


@pytest.mark.parametrize("case", NUMBERS["invalid"], ids=by_name)
def test_invalid_numbers_are_wrong_in_the_part_given(case: dict[str, str]) -> None:
    """The part named is the first that is wrong."""
    with pytest.raises(CardNumberInvalid) as refusal:
        CardNumber.parse(case["number"])

    assert refusal.value.part == case["part"]


@pytest.mark.parametrize("case", TRUST["bundles"], ids=by_name)
def test_bundles_are_trusted_or_refused_for_the_reason_given(case: dict[str, Any]) -> None:
    """Rollback, strangers, other devices, an ended key set, and the successor of the root."""
    reason = None
    try:
        read_bundle(bytes.fromhex(case["bundle"]), ROOT, UUID(TRUST["device_id"]), case["newer_than"])
    except CredentialRefused as refusal:
        reason = refusal.reason.value

    assert reason == case["reason"]


def test_the_signed_parts_of_trust_are_read() -> None:
    """Key set, status list and time of the vector, by the root alone."""
    key_set = read_key_set(bytes.fromhex(TRUST["key_set"]), ROOT)
    status, time = TRUST["status_list"], TRUST["time"]
    statuses = StatusList.read(bytes.fromhex(status["token"]), key_set.keys_for(KeyUse.STATUS, key_set.issued_at))
    at = read_time(
        bytes.fromhex(time["token"]), bytes.fromhex(time["nonce"]), key_set.keys_for(KeyUse.BUNDLE, key_set.issued_at)
    )

    assert {str(index): int(statuses.status(index)) for index in (5, 6)} == status["entries"]
    assert int(at.timestamp() * 1_000) == time["milliseconds"]


@pytest.mark.parametrize("case", TARIFFS["tariffs"], ids=lambda case: case["operator"])
def test_tariffs_grant_by_class_and_hour_what_the_vector_says(case: dict[str, Any]) -> None:
    """Both formats: windows, hours, and rules of a place that do not hold here."""
    tariff = read_tariff(bytes.fromhex(case["tariff"]))

    assert (tariff.operator, tariff.monthly_cap) == (case["operator"], case["monthly_cap"])
    for asked in case["rules"]:
        at = datetime.fromtimestamp(asked["at"], UTC)
        rule = tariff.rule_for(asked["access_classes"], at)
        assert (tariff.is_open(at), rule and rule.outcome) == (asked["open"], asked["outcome"])
