"""Values are said as a resident would say them."""

from datetime import date
from decimal import Decimal

import pytest

from domain.fact import FactValue
from domain.rulebook import RuleBook
from domain.wording import number


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("helped", True, "是"),
        ("helped", False, "否"),
        ("card_state", "lost", "挂失"),
        ("card_grade", 1, "一级"),
        ("card_categories", (1, 5), "视力、智力"),
        ("income", Decimal("820.50"), "820.5元"),
        ("birth_date", date(2020, 2, 9), "2020年2月9日"),
    ],
)
def test_values_in_words(book: RuleBook, name: str, value: FactValue, said: str) -> None:
    """No code, no English, and no leading zeros."""
    reference = book.reference

    assert reference.wording.value(reference.vocabulary.facts[name], value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(Decimal("1E+3"), "1000"), (Decimal(10), "10"), (Decimal("0.50"), "0.5"), (Decimal("1620.0"), "1620")],
)
def test_numbers_without_ornament(value: Decimal, said: str) -> None:
    """Neither an exponent nor zeros that say nothing."""
    assert number(value) == said
