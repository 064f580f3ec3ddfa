"""Facts are typed: what no rule can read is refused with a remedy, and never with the value."""

from datetime import date, datetime
from decimal import Decimal
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fact import Fact, FactInvalid, Facts, FactValue
from domain.rulebook import RuleBook

DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("helped", True, True),
        ("card_state", "active", "active"),
        ("card_grade", 2, 2),
        ("card_categories", [1, 5], (1, 5)),
        ("income", "820.50", Decimal("820.50")),
        ("income", 820, Decimal(820)),
        ("birth_date", "2020-02-29", date(2020, 2, 29)),
    ],
)
def test_stored_values_are_read(book: RuleBook, name: str, raw: object, value: FactValue) -> None:
    """Each kind of fact comes back from JSON as the value that rules compare, and goes out again."""
    vocabulary = book.reference.vocabulary

    assert vocabulary.decode(name, raw) == value
    assert vocabulary.decode(name, vocabulary.encode(value)) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("helped", "true"),
        ("helped", 1),
        ("helped", None),
        ("card_state", "frozen"),
        ("card_grade", 5),
        ("card_grade", "2"),
        ("card_grade", True),
        ("card_categories", []),
        ("card_categories", [1, 8]),
        ("card_categories", ["1"]),
        ("card_categories", 1),
        ("income", "-1"),
        ("income", "NaN"),
        ("income", "Infinity"),
        ("income", "0.005"),
        ("income", "1e13"),
        ("income", "much"),
        ("income", 820.5),
        ("income", True),
        ("birth_date", "2021-02-29"),
        ("birth_date", 20200229),
    ],
)
def test_stored_values_of_another_type_are_refused(book: RuleBook, name: str, raw: object) -> None:
    """The message names the fact and the remedy."""
    with pytest.raises(FactInvalid, match=rf"'{name}' is no .* Correct it at its source\.$"):
        book.reference.vocabulary.decode(name, raw)


def test_an_unknown_fact_is_refused(book: RuleBook) -> None:
    """The message lists the facts there are."""
    with pytest.raises(FactInvalid, match=r"Unknown fact 'height'. Declare it in facts.toml, or use one of birth_date"):
        book.reference.vocabulary.decode("height", 180)


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (Fact("height", 180, "police", None, None, DAY), "Unknown fact 'height'"),
        (Fact("helped", True, "stars", None, None, DAY), "unknown source"),  # noqa: FBT003 - the stated value
        (Fact("helped", "yes", "police", None, None, DAY), "Send a flag"),
        (Fact("card_grade", 9, "police", None, None, DAY), "Send a code of 1, 2, 3, 4"),
        (Fact("birth_date", datetime(2026, 6, 1), "police", None, None, DAY), "Send a date"),  # noqa: DTZ001 - wrong on purpose
        (Fact("income", cast("FactValue", 1.5), "police", None, None, DAY), "Send a money"),
    ],
)
def test_a_statement_that_no_rule_can_read_is_refused(book: RuleBook, fact: Fact, message: str) -> None:
    """Unknown fact, unknown source, and a value of another type each get their own sentence."""
    with pytest.raises(FactInvalid, match=message):
        book.reference.vocabulary.check(Facts.of([fact]))


def test_a_readable_statement_passes(book: RuleBook) -> None:
    """Nothing is raised for a statement as it should be."""
    book.reference.vocabulary.check(Facts.of([Fact("income", Decimal(0), "civil_affairs", None, None, DAY)]))


@pytest.mark.parametrize(
    ("on", "order"),
    [
        (date(2000, 1, 1), ["police", "civil_affairs", "federation"]),
        (date(2026, 6, 30), ["police", "civil_affairs", "federation"]),
        (date(2026, 7, 1), ["police", "federation", "civil_affairs"]),
    ],
)
def test_the_keeper_is_believed_first(book: RuleBook, on: date, order: list[str]) -> None:
    """After the keeper of a fact the order of the day decides; before the first day, the first order."""
    ranks = book.reference.vocabulary.ranks("helped", on)

    assert sorted(ranks, key=ranks.__getitem__) == order


@given(st.decimals(0, 10**12, places=2))
def test_money_survives_storing(book: RuleBook, amount: Decimal) -> None:
    """No amount is rounded on its way through JSON."""
    vocabulary = book.reference.vocabulary

    assert vocabulary.decode("income", vocabulary.encode(amount)) == amount
