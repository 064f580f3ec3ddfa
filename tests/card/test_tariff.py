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
from card.window import DAY_MINUTES, Opening, Place, PlaceKind, Window

if TYPE_CHECKING:
    from tests.card.conftest import District

MORNING = Window(frozenset({1, 2}), 0, 720)
LINE, AREA = Place(PlaceKind.LINE, "1"), Place(PlaceKind.AREA, "城东")
RIDE = TariffRule("ride", Outcome.FREE, Decimal(0))


def shares(outcome: Outcome) -> st.SearchStrategy[Decimal]:
    """Price shares that fit an outcome."""
    fixed = {Outcome.FREE: st.just(0), Outcome.REDUCED: st.integers(1, 9_999)}
    return fixed.get(outcome, st.just(10_000)).map(lambda share: Decimal(share) / 10_000)


places = st.builds(Place, st.sampled_from(PlaceKind), st.text(min_size=1, max_size=80))
windows = st.builds(
    Window, st.frozensets(st.integers(1, 7), min_size=1), st.integers(0, 700), st.integers(701, DAY_MINUTES)
)


@st.composite
def rules(draw: st.DrawFn) -> TariffRule:
    """Any rule."""
    outcome = draw(st.sampled_from(Outcome))
    terms = draw(st.sampled_from(CompanionTerms))
    companions = 0 if terms is CompanionTerms.NONE else draw(st.integers(1, 9))
    return TariffRule(
        *(draw(st.text(min_size=1, max_size=80)), outcome, draw(shares(outcome)), companions, terms),
        draw(st.none() | places),
        draw(st.none() | windows),
    )


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
        st.sampled_from([CredentialKind.ONLINE, CredentialKind.PRINTED]),
        st.builds(BearerRule, caps, st.booleans(), st.booleans()),
    ),
    stale_after_seconds=st.integers(0, 1_000),
    refuse_after_seconds=st.none() | st.integers(1_000, 10_000),
    out_of_service=st.sampled_from(OutOfServiceRule),
    monthly_cap=caps,
    opening=st.lists(st.builds(Opening, st.none() | places, windows), max_size=3).map(tuple),
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


@given(tariffs, st.integers(1, 15), st.recursive(
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


@pytest.mark.parametrize(
    "content", [[], {1: 1}, {**dict.fromkeys(range(1, 13), 0), 1: 2}, {**dict.fromkeys(range(1, 15), 0), 1: 3}]
)
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
        ({"monthly_cap": 0}, "1 to 1,000"),
        ({"opening": (Opening(None, MORNING),) * 65}, "at most 64 opening hours"),
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


def test_a_rule_holds_in_its_window(district: District) -> None:
    """Free in the morning, half price otherwise; at an unknown time the first rule counts."""
    half = TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))
    tariff = district.tariff(rules=(replace(RIDE, window=MORNING), half))

    assert tariff.rule_for(["ride"], datetime(2026, 11, 24, 3, 59, tzinfo=UTC)) is tariff.rules[0]
    assert tariff.rule_for(["ride"], datetime(2026, 11, 24, 4, tzinfo=UTC)) is half
    assert tariff.rule_for(["ride"]) is tariff.rules[0]


def test_a_place_has_its_own_rules_first(district: District) -> None:
    """A scanner gets the rules of its line, of its area and of everywhere, in that order, and no other line's."""
    other = TariffRule("ride", Outcome.FULL, Decimal(1), place=Place(PlaceKind.LINE, "2"))
    in_area, on_line = replace(RIDE, access_class="area", place=AREA), replace(RIDE, access_class="line", place=LINE)
    hours = (Opening(LINE, MORNING), Opening(other.place, MORNING), Opening(None, MORNING))
    tariff = district.tariff(rules=(other, RIDE, in_area, on_line), opening=hours)

    here = tariff.at_places([LINE, AREA])

    assert [rule.access_class for rule in here.rules] == ["line", "area", "ride"]
    assert all(rule.place is None for rule in here.rules)
    assert here.opening == (Opening(None, MORNING),) * 2
    assert tariff.rule_for(["line"]) is None


def test_a_tariff_is_open_in_its_hours(district: District) -> None:
    """Without hours always, and at an unknown time too."""
    hours = district.tariff(opening=(Opening(None, MORNING),))

    assert hours.is_open(datetime(2026, 11, 24, 3, 59, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 11, 24, 4, tzinfo=UTC))
    assert hours.is_open(None)
    assert district.tariff().is_open(datetime(2026, 11, 24, 4, tzinfo=UTC))


def test_a_scanner_of_the_first_format_goes_on(district: District) -> None:
    """What the first format can say is written in it, and the same content in the second is refused."""
    content = decode(encode_tariff(district.tariff()), MAX_TARIFF_BYTES)
    rules = [[*rule, None, None] for rule in content[4]]
    bearer = {kind: [*rule, True] for kind, rule in content[9].items()}

    assert content[1] == 1
    with pytest.raises(CredentialRefused):
        read_tariff(encode(content | {1: 2, 4: rules, 9: bearer, 13: None, 14: []}))


@pytest.mark.parametrize(
    "changes",
    [
        {"monthly_cap": 60},
        {"opening": (Opening(None, MORNING),)},
        {"bearer": {CredentialKind.PRINTED: BearerRule(when_stale=False)}},
        {"rules": (replace(RIDE, place=LINE),)},
        {"rules": (replace(RIDE, window=MORNING),)},
    ],
)
def test_what_only_the_second_format_can_say_is_written_in_it(district: District, changes: dict[str, Any]) -> None:
    """A scanner that knows only the first refuses the bundle instead of granting something else."""
    assert decode(encode_tariff(district.tariff(**changes)), MAX_TARIFF_BYTES)[1] == 2


@pytest.mark.parametrize("days", [0, 128, -1, True])
def test_days_that_no_week_has_are_malformed(district: District, days: int) -> None:
    """Seven bits, one at least."""
    content = decode(encode_tariff(district.tariff(opening=(Opening(None, MORNING),))), MAX_TARIFF_BYTES)

    with pytest.raises(CredentialRefused):
        read_tariff(encode(content | {14: [[None, [days, 0, 720]]]}))


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
