"""A district figure has the value of its latest day, and none before its first."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.parameter import Bound
from domain.rulebook import RuleBook

FIRST, SECOND = date(2016, 12, 4), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("on", "value"),
    [
        (FIRST - timedelta(days=1), None),
        (FIRST, Decimal(1000)),
        (SECOND - timedelta(days=1), Decimal(1000)),
        (SECOND, Decimal("1200.50")),
        (date.max, Decimal("1200.50")),
    ],
)
def test_a_figure_changes_on_its_day(book: RuleBook, on: date, value: Decimal | None) -> None:
    """Day before the first, first day, day before the change, day of the change; whatever the order in the file."""
    figure = book.reference.parameters["limit"].on(on)

    assert (None if figure is None else figure.value) == value


def test_a_figure_has_periods(book: RuleBook) -> None:
    """A value ends with the day before the next begins, and the newest has no end."""
    periods = [(value.effective, ends) for value, ends in book.reference.parameters["limit"].periods()]

    assert periods == [(FIRST, SECOND - timedelta(days=1)), (SECOND, None)]


def test_a_limit_is_a_number_or_a_share(book: RuleBook) -> None:
    """A fixed limit never moves; a share moves with its figure and is unknown before it."""
    parameters = book.reference.parameters
    share = Bound(Decimal("1.5"), "limit")

    assert Bound(Decimal(6)).on(date.min, parameters) == Decimal(6)
    assert share.on(FIRST - timedelta(days=1), parameters) is None
    assert share.on(SECOND, parameters) == Decimal("1800.75")


def test_a_limit_knows_its_history(book: RuleBook) -> None:
    """Every value there was or will be, and the days of change; a fixed limit has one value and no such day."""
    parameters = book.reference.parameters

    assert list(Bound(Decimal(1), "pension_age").ever(parameters)) == [60, 61]
    assert list(Bound(Decimal(1), "limit").turning_days(parameters)) == [FIRST, SECOND]
    assert list(Bound(Decimal(6)).ever(parameters)) == [6]
    assert list(Bound(Decimal(6)).turning_days(parameters)) == []
