"""Tariffs: what an operator grants, and how strictly it is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.canonical import decode, encode
from card.credential import CredentialKind
from card.refusal import CredentialRefused, RefusalReason
from card.tariff import (
    MAX_TARIFF_BYTES,
    BearerRule,
    CompanionTerms,
    Outcome,
    OutOfServiceRule,
    Tariff,
    TariffRule,
    encode_tariff,
    local_day,
    read_tariff,
    tariff_on,
)

if TYPE_CHECKING:
    from tests.card.conftest import District

RIDE = TariffRule("ride", Outcome.FREE, Decimal(0))


def shares(outcome: Outcome) -> st.SearchStrategy[Decimal]:
    """Price shares that fit an outcome."""
    fixed = {Outcome.FREE: st.just(0), Outcome.REDUCED: st.integers(1, 9_999)}
    return fixed.get(outcome, st.just(10_000)).map(lambda share: Decimal(share) / 10_000)


@st.composite
def rules(draw: st.DrawFn) -> TariffRule:
    """Any rule."""
    outcome = draw(st.sampled_from(Outcome))
    terms = draw(st.sampled_from(CompanionTerms))
    companions = 0 if terms is CompanionTerms.NONE else draw(st.integers(1, 9))
    return TariffRule(draw(st.text(min_size=1, max_size=80)), outcome, draw(shares(outcome)), companions, terms)


caps = st.none() | st.integers(1, 1_000)
tariffs = st.builds(
    Tariff,
    operator=st.text(min_size=1, max_size=80),
    effective=st.dates(),
    rules=st.lists(rules(), max_size=5).map(tuple),
    freshness_seconds=st.integers(1, 300),
    skew_seconds=st.integers(0, 300),
    pass_back_seconds=st.integers(0, 86_400),
    daily_cap=caps,
    bearer=st.dictionaries(
        st.sampled_from([CredentialKind.ONLINE, CredentialKind.PRINTED]), st.builds(BearerRule, caps, st.booleans())
    ),
    stale_after_seconds=st.integers(0, 1_000),
    refuse_after_seconds=st.none() | st.integers(1_000, 10_000),
    out_of_service=st.sampled_from(OutOfServiceRule),
)


@given(tariffs)
def test_what_is_written_is_read(tariff: Tariff) -> None:
    """Every tariff survives its encoding, and has one encoding only."""
    raw = encode_tariff(tariff)

    assert read_tariff(raw) == tariff
    assert encode_tariff(read_tariff(raw)) == raw


@given(st.binary(max_size=400))
def test_unknown_bytes_are_refused_and_nothing_else(raw: bytes) -> None:
    """Bytes of unknown origin raise CredentialRefused and no other error."""
    with pytest.raises(CredentialRefused):
        read_tariff(raw)


@given(tariffs, st.integers(1, 12), st.recursive(
    st.none() | st.booleans() | st.integers(-5, 1 << 40) | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=5,
))  # fmt: skip
def test_a_changed_field_is_read_as_itself_or_refused(tariff: Tariff, key: int, value: Any) -> None:
    """No value of another type or range slips into a tariff as something else."""
    raw = encode(decode(encode_tariff(tariff), MAX_TARIFF_BYTES) | {key: value})

    try:
        read = read_tariff(raw)
    except CredentialRefused:
        return
    assert encode_tariff(read) == raw


@pytest.mark.parametrize("content", [[], {1: 1}, {**dict.fromkeys(range(1, 13), 0), 1: 2}])
def test_another_structure_is_malformed(content: object) -> None:
    """Neither an array nor other keys nor another format make a tariff."""
    with pytest.raises(CredentialRefused) as refusal:
        read_tariff(encode(content))

    assert refusal.value.reason is RefusalReason.MALFORMED


def test_another_spelling_of_the_day_is_malformed(district: District) -> None:
    """ISO 8601 spells a day in many ways; one of them counts."""
    content = decode(encode_tariff(district.tariff()), MAX_TARIFF_BYTES)

    with pytest.raises(CredentialRefused) as refusal:
        read_tariff(encode(content | {3: "20260101"}))

    assert refusal.value.reason is RefusalReason.MALFORMED


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price_share": Decimal("0.5")}, "contradicts the outcome"),
        ({"outcome": Outcome.REDUCED}, "contradicts the outcome"),
        ({"outcome": Outcome.FULL}, "contradicts the outcome"),
        ({"outcome": Outcome.REDUCED, "price_share": Decimal("0.33333")}, "four decimal places"),
        ({"price_share": Decimal(2)}, "0 to 1"),
        ({"companions": 1}, "companion terms"),
        ({"companion_terms": CompanionTerms.FREE}, "companion terms"),
        ({"companions": 10, "companion_terms": CompanionTerms.FREE}, "0 to 9"),
        ({"access_class": ""}, "1 to 80 characters"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(fields: dict[str, Any], message: str) -> None:
    """A rule says one thing, or it is no rule."""
    with pytest.raises(ValueError, match=message):
        replace(RIDE, **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"operator": ""}, "1 to 80 characters"),
        ({"rules": (RIDE,) * 65}, "at most 64 rules"),
        ({"freshness_seconds": 0}, "at least a second"),
        ({"skew_seconds": -1}, "at least a second"),
        ({"freshness_seconds": 591}, "ten minutes"),
        ({"pass_back_seconds": 86_401}, "a day at most"),
        ({"stale_after_seconds": -1}, "a year at most"),
        ({"stale_after_seconds": 366 * 86_400 + 1, "refuse_after_seconds": None}, "a year at most"),
        ({"refuse_after_seconds": 1}, "refused after it is warned of"),
        ({"daily_cap": 0}, "1 to 1,000"),
        ({"bearer": {CredentialKind.PASS: BearerRule()}}, "no bearer code"),
    ],
)
def test_a_tariff_out_of_range_is_refused(district: District, fields: dict[str, Any], message: str) -> None:
    """An operator's slip of the pen does not reach a gate."""
    with pytest.raises(ValueError, match=message):
        district.tariff(**fields)


def test_a_bearer_cap_out_of_range_is_refused() -> None:
    """A cap of nobody is no cap."""
    with pytest.raises(ValueError, match="1 to 1,000"):
        BearerRule(daily_cap=0)


def test_the_first_rule_for_a_held_class_applies(district: District) -> None:
    """The order is the tariff's, not that of the classes."""
    tariff = district.tariff(rules=(TariffRule("b", Outcome.FULL, Decimal(1)), RIDE))

    assert tariff.rule_for(["ride", "b"]) is tariff.rules[0]
    assert tariff.rule_for(["ride"]) is tariff.rules[1]
    assert tariff.rule_for(["other"]) is None


def test_the_newest_tariff_in_force_applies(district: District) -> None:
    """Day before, first day, day after a change; and nothing before the first tariff."""
    old, new = district.tariff(), district.tariff(effective=date(2026, 12, 1))

    assert tariff_on([old, new], date(2025, 12, 31)) is None
    assert tariff_on([new, old], date(2026, 1, 1)) is old
    assert tariff_on([old, new], date(2026, 11, 30)) is old
    assert tariff_on([old, new], date(2026, 12, 1)) is new


def test_the_day_is_the_district_s() -> None:
    """A day begins at midnight in the district, eight hours ahead of UTC."""
    assert local_day(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert local_day(datetime(2026, 11, 24, 16, tzinfo=UTC)) == date(2026, 11, 25)
