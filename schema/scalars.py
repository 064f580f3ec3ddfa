"""The custom scalars: days, instants and amounts as text, and the keys by which a repeated request is known."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

IdempotencyKey = NewType("IdempotencyKey", str)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def _read_date(text: str) -> date:
    return date.fromisoformat(text)


def _read_datetime(text: str) -> datetime:
    # Instants near the ends of the calendar have no counterpart in other zones.
    return datetime.fromisoformat(text).astimezone(UTC)


def _write_datetime(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _write_decimal(amount: Decimal) -> str:
    return format(amount, "f")


def _parser(name: str, pattern: re.Pattern[str], read: Callable[[str], object]) -> Callable[[object], object]:
    def parse(value: object) -> object:
        if isinstance(value, str) and pattern.fullmatch(value):
            try:
                return read(value)
            except (ValueError, OverflowError):
                pass
        # The value is not repeated: what people type into the wrong field may be personal.
        raise GraphQLError(f"This is no {name}.")

    return parse


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="A day in the district's calendar: 2026-01-31.",
        serialize=date.isoformat,
        parse_value=_parser("Date", _DAY, _read_date),
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant with its offset, RFC 3339: 2026-01-31T08:00:00+08:00.",
        serialize=_write_datetime,
        parse_value=_parser("DateTime", _INSTANT, _read_datetime),
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as text, never rounded: 1234.50. Money is in yuan.",
        serialize=_write_decimal,
        parse_value=_parser("Decimal", _AMOUNT, Decimal),
    ),
    IdempotencyKey: strawberry.scalar(
        name="IdempotencyKey",
        description="8 to 64 letters, digits, - or _, made anew for each wish and kept for its repetitions.",
        serialize=str,
        parse_value=_parser("IdempotencyKey", _KEY, str),
    ),
}
