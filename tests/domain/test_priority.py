"""Who is called first: the order of a day, and mistakes in its file."""

from dataclasses import replace
from datetime import date

import pytest

from domain.entitlement import Entitlement, Verdict
from domain.policy import load_rule_book
from domain.policy_file import PolicyInvalid
from domain.priority import FILE, CallingRule, load_calling_rule
from domain.rulebook import RuleBook
from tests.domain.conftest import FILES

BEGINNING = date(2016, 12, 4)
ANSWER = Entitlement("", "", "", Verdict.ELIGIBLE, BEGINNING, (), (), (), (), (), (), (), None)


ORDER = """
[[version]]
effective = 2016-12-04
first = ["trial", "second"]
to_confirm = "待确认"
"""


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """Two programmes."""
    return load_rule_book(FILES | {"second.toml": FILES["trial.toml"].replace('"trial"', '"second"')})


@pytest.fixture(scope="module")
def rule(book: RuleBook) -> CallingRule:
    """An order of both."""
    return load_calling_rule(ORDER, book)


def test_the_first_programme_that_is_granted_decides(rule: CallingRule) -> None:
    """The programme that is named first comes before the second, and this one before all others."""
    one, other = (replace(ANSWER, programme=slug) for slug in ("trial", "second"))

    assert rule.priority([other, one], BEGINNING) == 0
    assert rule.priority([other], BEGINNING) == 1
    assert rule.priority([], BEGINNING) == 2


def test_only_a_certain_yes_counts(rule: CallingRule) -> None:
    """Who may be entitled, or is not, waits with the others."""
    for verdict in (Verdict.UNDETERMINED, Verdict.NOT_ELIGIBLE):
        assert rule.priority([replace(ANSWER, programme="trial", verdict=verdict)], BEGINNING) == 2


def test_an_order_holds_from_its_day_until_the_next(book: RuleBook) -> None:
    """On the day before the first nobody is preferred; each later order replaces the one before."""
    rule = load_calling_rule(
        """
        [[version]]
        effective = 2027-03-01
        first = []
        clause = "1 para 1"
        [[version]]
        effective = 2027-01-01
        first = ["second"]
        to_confirm = "待确认"
        """,
        book,
    )
    both, others = [replace(ANSWER, programme="second")], list[Entitlement]()

    asked = [date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 28), date(2027, 3, 1)]
    assert [(rule.priority(both, day), rule.priority(others, day)) for day in asked] == [(0, 0), (0, 1), (0, 1), (0, 0)]
    assert [order.clause is None for order in rule.orders] == [True, False]


def test_without_a_file_who_came_first_is_first(book: RuleBook) -> None:
    """An empty text names no order."""
    assert load_calling_rule("", book).priority([replace(ANSWER, programme="trial")], BEGINNING) == 0


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("[[version]", "(file)", "not TOML"),
        ("versions = []", "versions", "unknown key"),
        ("[[version]]\neffective = 2027-01-01\norder = []", "order", "unknown key"),
        ('[[version]]\nfirst = ["free-rides"]', "first", "no programme"),
        ('[[version]]\nfirst = ["second", "second"]', "first", "named twice"),
        ("[[version]]\neffective = 2027-01-01\nfirst = []", "clause", "neither or both"),
        ('[[version]]\nfirst = []\nclause = "1 para 1"\nto_confirm = "待确认"', "clause", "neither or both"),
        ('[[version]]\nfirst = []\nclause = "99"', "clause", "not in the index"),
        ('[[version]]\nfirst = []\nclause = "1 para 1"', "effective", "missing"),
        (2 * '[[version]]\neffective = 2027-01-01\nclause = "1 para 1"\n', "version", "same day"),
    ],
)
def test_a_mistake_is_told_with_its_place(book: RuleBook, text: str, key: str, problem: str) -> None:
    """Every key that could be wrong is refused by name."""
    with pytest.raises(PolicyInvalid, match=problem) as caught:
        load_calling_rule(text, book)

    assert caught.value.key.endswith(key)
    assert caught.value.place.file == FILE
