"""Amounts follow their figures to the cent, and say when they are only examples."""

import tomllib
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.benefit import BenefitTerm, parse_benefit
from domain.policy_file import Place, PolicyInvalid, Section
from domain.rulebook import RuleBook

CHANGE = date(2026, 3, 1)


def term(book: RuleBook, title: str) -> BenefitTerm:
    """A benefit of the first version, by its title."""
    (found,) = [each for each in book.programmes[0].versions[0].benefits if each.title == title]
    return found


@pytest.mark.parametrize(
    ("title", "on", "amount"),
    [
        ("补贴", CHANGE - timedelta(days=1), Decimal("100.00")),
        ("补贴", CHANGE, Decimal("120.05")),
        ("标准的一成", CHANGE - timedelta(days=1), Decimal("100.00")),
        ("标准的一成", CHANGE, Decimal("120.05")),
        ("标准的一成", date(2016, 12, 3), None),
        ("补贴", date(2016, 12, 3), None),
        ("报销一半", CHANGE, None),
    ],
)
def test_monthly_amounts(book: RuleBook, title: str, on: date, amount: Decimal | None) -> None:
    """An indexed amount moves by the same percentage as its figure; a share is a share of it; both from its day."""
    assert term(book, title).amount_on(on, book.reference.parameters) == amount


@pytest.mark.parametrize(
    ("title", "on", "illustrative"),
    [
        ("补贴", CHANGE - timedelta(days=1), True),
        ("补贴", CHANGE, False),
        ("标准的一成", CHANGE - timedelta(days=1), True),
        ("标准的一成", CHANGE, False),
        ("标准的一成", date(2016, 12, 3), False),
        ("上门服务", CHANGE, True),
        ("乘车", CHANGE, False),
    ],
)
def test_examples_are_marked(book: RuleBook, title: str, on: date, illustrative: bool) -> None:  # noqa: FBT001 - the answer
    """An amount is an example if it is marked so itself, or rests on a figure of the day that is."""
    assert term(book, title).is_illustrative_on(on, book.reference.parameters) is illustrative


@pytest.mark.parametrize(
    ("benefit", "problem"),
    [
        ("monthly = 5\nsessions_a_year = 5", "only a share"),
        ("cost_share = 0.5\nsessions_a_year = 0", "not a count"),
        ("cost_share = 0.5\nsessions_a_year = 1.5", "not a count"),
    ],
)
def test_sessions_are_counted_for_a_share_alone(book: RuleBook, benefit: str, problem: str) -> None:
    """A bound of sessions belongs to a share of a cost, and is a whole number from one on."""
    section = benefit_section(benefit)

    with pytest.raises(PolicyInvalid, match=problem):
        parse_benefit(section, CHANGE, book.reference.index)


def test_a_share_may_be_bounded(book: RuleBook) -> None:
    """So many sessions of a calendar year are borne, or any number."""
    bounded = parse_benefit(benefit_section("cost_share = 0.5\nsessions_a_year = 20"), CHANGE, book.reference.index)

    assert bounded.sessions_a_year == 20
    assert term(book, "报销一半").sessions_a_year is None


def benefit_section(benefit: str) -> Section:
    """A benefit as it stands in a file, with these keys beside its title and clause."""
    text = f'title = "x"\nclause = "2 para 1"\n{benefit}'
    return Section(Place("x.toml"), tomllib.loads(text, parse_float=Decimal))
