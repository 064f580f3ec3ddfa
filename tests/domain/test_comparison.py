"""Every comparison says met, not met, or unknown where a limit has no figure yet."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.birthday import age
from domain.comparison import AgeRange, Comparison, IncludesAny, OneOf, Range
from domain.fact import FactValue
from domain.parameter import Bound
from domain.rulebook import RuleBook

ON = date(2026, 6, 1)
SIX, SEVENTEEN = Bound(Decimal(6)), Bound(Decimal(17))
BEFORE_ALL_FIGURES = date(2016, 12, 3)


@pytest.mark.parametrize(
    ("comparison", "value", "outcome"),
    [
        (OneOf(frozenset({"active", "lost"})), "lost", True),
        (OneOf(frozenset({"active", "lost"})), "cancelled", False),
        (OneOf(frozenset({True})), False, False),
        (IncludesAny(frozenset({5, 6})), (1, 6), True),
        (IncludesAny(frozenset({5, 6})), (1, 4), False),
        (Range(None, Bound(Decimal(2)), whole=True), 2, True),
        (Range(None, Bound(Decimal(2)), whole=True), 3, False),
        (Range(Bound(Decimal("1.5")), None, whole=True), 1, False),
        (Range(Bound(Decimal("1.5")), None, whole=True), 2, True),
        (Range(None, Bound(Decimal("1.5"), "limit"), whole=False), Decimal("1800.75"), True),
        (Range(None, Bound(Decimal("1.5"), "limit"), whole=False), Decimal("1800.76"), False),
        (Range(Bound(Decimal(10)), None, whole=False), Decimal(10), True),
        (Range(Bound(Decimal(10)), Bound(Decimal(20)), whole=False), Decimal("9.99"), False),
        (AgeRange(None, SIX), date(2019, 6, 2), True),
        (AgeRange(None, SIX), date(2019, 6, 1), False),
        (AgeRange(SEVENTEEN, None), date(2009, 6, 1), True),
        (AgeRange(SEVENTEEN, None), date(2009, 6, 2), False),
        (AgeRange(SIX, SIX), date(2019, 12, 31), True),
        (AgeRange(None, SIX), ON, True),
        (AgeRange(None, SIX), ON + timedelta(days=1), False),
    ],
)
def test_limits_are_included(book: RuleBook, comparison: Comparison, value: FactValue, outcome: bool) -> None:  # noqa: FBT001 - the answer
    """Each kind of comparison at its edge, and just beyond."""
    assert comparison.test(ON, book.reference.parameters)(value) is outcome


@pytest.mark.parametrize(
    "comparison",
    [Range(Bound(Decimal(1), "limit"), None, whole=False), AgeRange(SIX, Bound(Decimal(1), "pension_age"))],
)
def test_a_figure_without_value_is_unknown(book: RuleBook, comparison: Comparison) -> None:
    """Before its figure has a value nobody can judge, whatever is known of the resident."""
    test = comparison.test(BEFORE_ALL_FIGURES, book.reference.parameters)

    assert test(Decimal(5)) is None


def test_ages_beyond_the_calendar(book: RuleBook) -> None:
    """No living person is too old for 9,000 years, nor old enough; the comparison says so without an error."""
    far = Bound(Decimal(9000))

    assert AgeRange(None, far).test(ON, book.reference.parameters)(ON) is True
    assert AgeRange(far, None).test(ON, book.reference.parameters)(date.min) is False


@given(
    st.dates(date(1920, 1, 1), date(2030, 1, 1)),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    st.integers(0, 90),
    st.integers(0, 20),
)
def test_age_ranges_agree_with_ages(book: RuleBook, born: date, on: date, low: int, width: int) -> None:
    """A comparison of dates says the same as counting years."""
    comparison = AgeRange(Bound(Decimal(low)), Bound(Decimal(low + width)))

    outcome = comparison.test(on, book.reference.parameters)(born)

    assert outcome is (low <= age(born, on) <= low + width)


def test_turning_days_are_birthdays(book: RuleBook) -> None:
    """A range of ages turns on the birthday that enters it, birth if need be, and on the one after its last year."""
    comparison = AgeRange(SIX, Bound(Decimal(1), "pension_age"))

    days = list(comparison.turning_days(date(2020, 2, 29), book.reference.parameters))

    assert days == [date(2026, 2, 28), date(2081, 2, 28), date(2082, 2, 28)]
    assert list(AgeRange(None, Bound(Decimal(9000))).turning_days(date(2020, 2, 29), {})) == [date(2020, 2, 29)]


def test_only_given_limits_are_named() -> None:
    """A comparison offers to its sentence the limits it has."""
    assert OneOf(frozenset({True})).limits() == {}
    assert IncludesAny(frozenset({1})).limits() == {}
    assert Range(SIX, None, whole=True).limits() == {"at_least": SIX}
    assert AgeRange(SIX, SEVENTEEN).limits() == {"age_from": SIX, "age_to": SEVENTEEN}
