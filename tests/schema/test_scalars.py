"""The custom scalars: what they take, what they refuse without repeating it, and what they write."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError, GraphQLScalarType

from schema.root import build_schema

SCHEMA = build_schema()._schema


def scalar(name: str) -> GraphQLScalarType:
    """The scalar of the schema."""
    found = SCHEMA.get_type(name)
    assert isinstance(found, GraphQLScalarType)
    return found


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("Date", "2026-02-28", date(2026, 2, 28)),
        ("DateTime", "2026-01-31T08:00:00+08:00", datetime(2026, 1, 31, tzinfo=UTC)),
        ("DateTime", "2026-01-31T00:00:00.5Z", datetime(2026, 1, 31, 0, 0, 0, 500_000, tzinfo=UTC)),
        ("DateTime", "2026-01-31T00:00Z", datetime(2026, 1, 31, tzinfo=UTC)),
        ("Decimal", "-12.50", Decimal("-12.50")),
        ("IdempotencyKey", "a-Z_09xy", "a-Z_09xy"),
    ],
)
def test_a_scalar_reads_its_text(name: str, text: str, value: object) -> None:
    """Each text means one value."""
    assert scalar(name).parse_value(text) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Date", "2026-02-29"),
        ("Date", "20260228"),
        ("Date", "２０２６-02-28"),
        ("Date", 20260228),
        ("DateTime", "2026-01-31T08:00:00"),
        ("DateTime", "2026-01-31"),
        ("DateTime", "0001-01-01T00:00:00+08:00"),
        ("DateTime", "9999-12-31T23:59:59-08:00"),
        ("DateTime", "2026-01-31T08:00:00+99:00"),
        ("DateTime", None),
        ("Decimal", "1e9"),
        ("Decimal", "NaN"),
        ("Decimal", 1.5),
        ("IdempotencyKey", "seven77"),
        ("IdempotencyKey", "x" * 65),
        ("IdempotencyKey", "zero\x00byte"),
        ("IdempotencyKey", "line\nbreaks"),
    ],
)
def test_a_scalar_refuses_anything_else_without_repeating_it(name: str, value: object) -> None:
    """A wrong value is an error of the request, and does not come back in it."""
    with pytest.raises(GraphQLError) as refused:
        scalar(name).parse_value(value)

    assert refused.value.message == f"This is no {name}."


def test_scalars_write_one_form() -> None:
    """Instants leave in UTC, amounts unrounded and without exponent."""
    at = datetime(2026, 1, 31, 8, tzinfo=timezone(timedelta(hours=8)))

    assert scalar("DateTime").serialize(at) == "2026-01-31T00:00:00+00:00"
    assert scalar("Date").serialize(date(2026, 1, 31)) == "2026-01-31"
    assert scalar("Decimal").serialize(Decimal("1E+3")) == "1000"
    assert scalar("Decimal").serialize(Decimal("1234.50")) == "1234.50"
