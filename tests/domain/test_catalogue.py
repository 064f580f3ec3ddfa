"""What a provider may put into its catalogue: each bound from both sides."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.catalogue import (
    CatalogueRefusal,
    Terms,
    refuse_place,
    refuse_places,
    refuse_price,
    refuse_sessions,
    refuse_terms,
)

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
TERMS = Terms("康复训练", "rehab-training-relief", 60, 5, 10, 0, 42, 120, 15, 120, ("病历",))
PROGRAMMES = {"rehab-training-relief"}


@pytest.mark.parametrize(
    ("name", "address", "town", "refusal"),
    [
        ("城东站", "某路 3 号", "曹娥街道", None),
        ("城东站", "某路 3 号", "", None),
        ("名" * 80, "址" * 120, "镇" * 40, None),
        ("", "某路 3 号", "", CatalogueRefusal.NAME),
        ("  ", "某路 3 号", "", CatalogueRefusal.NAME),
        ("名" * 81, "某路 3 号", "", CatalogueRefusal.NAME),
        ("城东\n站", "某路 3 号", "", CatalogueRefusal.NAME),
        ("城东站", "", "", CatalogueRefusal.ADDRESS),
        ("城东站", "址" * 121, "", CatalogueRefusal.ADDRESS),
        ("城东站", "某路 3 号", "镇" * 41, CatalogueRefusal.ADDRESS),
        ("城东站", "某路 3 号", " ", CatalogueRefusal.ADDRESS),
    ],
)
def test_a_place_has_a_name_and_an_address(
    name: str, address: str, town: str, refusal: CatalogueRefusal | None
) -> None:
    """One printable line each, no longer than its column."""
    assert refuse_place(name, address, town) is refusal


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"programme": ""}, None),
        ({"programme": "free-lunch"}, CatalogueRefusal.PROGRAMME),
        ({"documents": ()}, None),
        ({"documents": ("病历",) * 10}, None),
        ({"documents": ("病历",) * 11}, CatalogueRefusal.DOCUMENTS),
        ({"documents": ("病历", "")}, CatalogueRefusal.DOCUMENTS),
        ({"documents": ("病历\n片子",)}, CatalogueRefusal.DOCUMENTS),
        ({"minutes": 1}, None),
        ({"minutes": 0}, CatalogueRefusal.LENGTHS),
        ({"minutes": 1441}, CatalogueRefusal.LENGTHS),
        ({"buffer_before": -1}, CatalogueRefusal.LENGTHS),
        ({"buffer_after": 1441}, CatalogueRefusal.LENGTHS),
        ({"lead": 31 * 1440}, None),
        ({"lead": 31 * 1440 + 1}, CatalogueRefusal.LENGTHS),
        ({"horizon_days": 0}, CatalogueRefusal.LENGTHS),
        ({"horizon_days": 366}, None),
        ({"horizon_days": 367}, CatalogueRefusal.LENGTHS),
        ({"cancel": -1}, CatalogueRefusal.LENGTHS),
        ({"grace": 2000}, CatalogueRefusal.LENGTHS),
        ({"offer": 0}, None),
        ({"offer": -5}, CatalogueRefusal.LENGTHS),
        ({"name": ""}, CatalogueRefusal.NAME),
    ],
)
def test_terms_keep_within_what_can_be_promised(changes: dict[str, Any], refusal: CatalogueRefusal | None) -> None:
    """A programme that exists or none, documents that can be read out, and lengths that make sense."""
    assert refuse_terms(replace(TERMS, **changes), PROGRAMMES) is refusal


@pytest.mark.parametrize(
    ("price", "start", "refusal"),
    [
        ("0", date(2026, 3, 11), None),
        ("99999.99", date(2027, 1, 1), None),
        ("80.00", date(2026, 3, 11), None),
        ("100000", date(2026, 3, 11), CatalogueRefusal.PRICE),
        ("-0.01", date(2026, 3, 11), CatalogueRefusal.PRICE),
        ("0.001", date(2026, 3, 11), CatalogueRefusal.PRICE),
        ("80", date(2026, 3, 10), CatalogueRefusal.PAST),
    ],
)
def test_a_price_is_in_fen_and_for_days_to_come(price: str, start: date, refusal: CatalogueRefusal | None) -> None:
    """What was quoted for a day that is past stays."""
    assert refuse_price(Decimal(price), start, date(2026, 3, 11)) is refusal


@pytest.mark.parametrize(
    ("capacity", "taken", "refusal"),
    [
        (1, 0, None),
        (1000, 1000, None),
        (0, 0, CatalogueRefusal.PLACES),
        (1001, 0, CatalogueRefusal.PLACES),
        (3, 4, CatalogueRefusal.TAKEN),
    ],
)
def test_there_are_places_for_those_who_have_one(capacity: int, taken: int, refusal: CatalogueRefusal | None) -> None:
    """One to a thousand, and never fewer than are taken."""
    assert refuse_places(capacity, taken) is refusal


@pytest.mark.parametrize(
    ("starts", "refusal"),
    [
        ([AT + HOUR], None),
        ([AT + 3 * HOUR, AT + HOUR], None),
        ([AT + timedelta(days=366)], None),
        ([AT + HOUR, AT + 2 * HOUR + QUARTER], None),
        ([AT + HOUR, AT + 2 * HOUR], CatalogueRefusal.OVERLAPS_ITSELF),
        ([AT + HOUR, AT + HOUR], CatalogueRefusal.OVERLAPS_ITSELF),
        ([], CatalogueRefusal.SESSIONS),
        ([AT], CatalogueRefusal.SESSIONS),
        ([AT + timedelta(days=366, seconds=1)], CatalogueRefusal.SESSIONS),
        ([AT + HOUR * 2 * number for number in range(1, 102)], CatalogueRefusal.SESSIONS),
    ],
)
def test_a_course_does_not_overlap_itself(starts: Sequence[datetime], refusal: CatalogueRefusal | None) -> None:
    """Its sessions are to come within a year, and stand as far apart as the service's slots, in whatever order."""
    assert refuse_sessions(starts, HOUR, QUARTER, AT) is refusal
