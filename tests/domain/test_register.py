"""The register by columns answers each resident as `decide` answers her alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import domain.register
from domain.benefit import BenefitKind
from domain.birthday import birthday
from domain.columns import ColumnsBuilder
from domain.compiled import compile_book
from domain.entitlement import Verdict, decide
from domain.explanation import Case
from domain.fact import Fact, FactKind, Facts, FactValue
from domain.policy import load_rule_book
from domain.register import MET, NOT_MET, UNKNOWN, Verdicts, alike, judge_register
from domain.rulebook import RuleBook
from domain.vocabulary import MOST_YUAN
from tests.domain.ties import ON, Made, book_of, facts_of, programmes

LEAP_DAYS = [date(year, 2, 29) for year in (1944, 1956, 1964, 1965 + 3, 2008, 2020, 2024)]
# The day before, the first, the last and the day after of each limit of the made-up policy, and of its versions.
EDGES = [date(1966, 6, 1), date(1965, 6, 1), date(2019, 6, 1), date(2020, 6, 1), date(2026, 8, 31), date(2026, 10, 1)]
DATES = st.one_of(
    st.dates(date(1900, 1, 1), date(2030, 1, 1)),
    st.sampled_from(LEAP_DAYS),
    st.builds(lambda day, days: day + timedelta(days=days), st.sampled_from(EDGES), st.integers(-2, 2)),
    st.sampled_from([date.min, date.max]),
)
MONEY = st.one_of(
    st.decimals(0, 3000, places=2),
    st.sampled_from([Decimal(0), Decimal(1500), Decimal("1500.01"), Decimal("1800.75"), Decimal("1800.76"), MOST_YUAN]),
)
VALUES = {
    "birth_date": DATES,
    "card_state": st.sampled_from(["active", "lost", "cancelled", "expired"]),
    "card_category": st.integers(1, 7),
    "card_categories": st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple),
    "card_grade": st.integers(1, 4),
    "income": MONEY,
    "helped": st.booleans(),
}
STATEMENTS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.builds(
        Fact,
        st.just(name),
        VALUES[name],
        st.sampled_from(["federation", "civil_affairs", "police"]),
        st.none() | DATES,
        st.none() | DATES,
        st.sampled_from([date(2020, 1, 1), date(2026, 1, 1)]),
    )
)
RESIDENTS = st.lists(st.lists(STATEMENTS, max_size=10).map(Facts.of), max_size=4)
DAYS = st.one_of(
    st.dates(date(2016, 11, 1), date(2027, 1, 1)),
    st.sampled_from([date(2020, 2, 29), date(2024, 2, 28), date(2026, 2, 28), date(2026, 6, 1), date(9999, 12, 31)]),
)
TRUTHS = {Verdict.ELIGIBLE: MET, Verdict.UNDETERMINED: UNKNOWN, Verdict.NOT_ELIGIBLE: NOT_MET}


def judged(book: RuleBook, residents: Sequence[Facts], on: date) -> Verdicts:
    """The verdicts of residents by columns."""
    compiled = compile_book(book, on)
    builder = ColumnsBuilder(book.reference.vocabulary)
    for facts in residents:
        builder.add(Case.of(compiled, book.reference, facts).values)
    return judge_register(book, builder.build(), on, amounts=True)


@settings(deadline=None)
@given(RESIDENTS, DAYS)
def test_the_register_says_what_decide_says(book: RuleBook, residents: list[Facts], on: date) -> None:
    """Of any residents, on any day, each programme's verdict and certain yuan a year are those of `decide`."""
    agree(book, residents, on)


@pytest.mark.parametrize("on", [date(2026, 6, 1), date(2024, 2, 29), date(2026, 2, 28), date(2026, 10, 1)])
def test_limits_at_their_edges(book: RuleBook, on: date) -> None:
    """At each limit of age and money, a day or a fen beyond it, and for those born on a leap day, the two agree."""
    born = [birthday(on, -years) for years in (6, 7, 60, 61, 62)]
    days = [day + timedelta(days=days) for day in [*born, *LEAP_DAYS] if day for days in (-1, 0, 1)]
    limits = [Decimal(1500), Decimal("1800.75")]
    incomes = [limit + fen for limit in limits for fen in (Decimal("-0.01"), Decimal(0), Decimal("0.01"))]
    residents = [known({"birth_date": day, "card_state": "active", "helped": True}) for day in days]
    residents += [
        known({"birth_date": date(1990, 1, 1), "card_state": "active", "income": each, "helped": False})
        for each in incomes
    ]

    agree(book, residents, on)


def known(values: dict[str, FactValue]) -> Facts:
    """A resident of whom the police states all of that."""
    return Facts.of(Fact(name, value, "police", None, None, date(2020, 1, 1)) for name, value in values.items())


def agree(book: RuleBook, residents: Sequence[Facts], on: date) -> None:
    """Assert that the register and `decide` say the same of each resident."""
    verdicts = judged(book, residents, on)

    for place, facts in enumerate(residents):
        alone = decide(book, facts, on)
        assert verdicts.programmes == tuple(each.programme for each in alone)
        assert [TRUTHS[each.verdict] for each in alone] == verdicts.truths[:, place].tolist()
        assert verdicts.fen is not None
        assert verdicts.fen[:, place].tolist() == [
            sum(
                benefit.amount * 100 * (12 if benefit.kind is BenefitKind.MONTHLY else 1)
                for benefit in each.benefits
                if benefit.certain and benefit.amount is not None
            )
            for each in alone
        ]


def test_one_word_too_many(policy: dict[str, str]) -> None:
    """Codes beyond the bits of an integer stop the start, with the file, the fact and the remedy."""
    words = ", ".join(f'{code} = "词"' for code in range(1, 65))
    policy["facts.toml"] = policy["facts.toml"].replace(
        'words = { 1 = "视力", 2 = "听力", 3 = "言语", 4 = "肢体", 5 = "智力", 6 = "精神" }', f"words = {{ {words} }}"
    )

    with pytest.raises(ValueError, match=r"facts\.toml.*card_categories.*words.*63"):
        load_rule_book(policy)


def test_without_amounts_only_verdicts(book: RuleBook) -> None:
    """Amounts are reckoned only where they are asked for, and nobody makes an empty register."""
    verdicts = judge_register(book, ColumnsBuilder(book.reference.vocabulary).build(), date(2026, 6, 1))

    assert verdicts.fen is None
    assert verdicts.truths.shape == (1, 0)
    assert verdicts.truths.dtype == np.int8


# Reading a book takes its time on a busy machine.
@settings(deadline=None, max_examples=60)
@given(programmes(), st.data())
def test_related_programmes(made: dict[str, Made], data: st.DataObject) -> None:
    """Programmes that require and exclude each other are granted as `decide` grants them, also over many residents."""
    book = book_of(made)
    flags = [each for each in book.reference.vocabulary.facts.values() if each.kind is FactKind.FLAG]
    held = {flag.name: st.sampled_from([True, True, False]) for flag in flags}
    values: st.SearchStrategy[dict[str, FactValue]] = st.fixed_dictionaries({}, optional=held)
    others = data.draw(st.lists(values, max_size=6))

    agree(book, [facts_of(made), *map(known, others)], ON)


@given(st.lists(st.sets(st.integers(0, 199), max_size=2), min_size=1, max_size=20))
def test_residents_who_are_alike(residents: list[set[int]]) -> None:
    """However many marks there are, residents are of one kind exactly if they bear the same."""
    marks = [np.array([place in borne for borne in residents]) for place in range(200)]

    firsts, kinds = alike(marks, len(residents))

    assert [residents[firsts[kind]] for kind in kinds] == residents
    assert len(firsts) == len(set(map(frozenset, residents)))


def test_more_residents_than_are_judged_at_a_time(book: RuleBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks lose nobody and exchange nobody, the last and shorter one included."""
    monkeypatch.setattr(domain.register, "BLOCK", 2)
    grades = [known({"card_state": "active", "helped": number % 3 > 0}) for number in range(7)]

    agree(book, [*grades, known({"birth_date": date(1990, 1, 1), "card_state": "active", "helped": True})], ON)


def test_figures_that_nobody_has_set_yet(book: RuleBook) -> None:
    """Before a figure has a value nobody can judge by it, in the register as alone."""
    unset = {
        name: replace(each, values=tuple(replace(value, effective=date(2099, 1, 1)) for value in each.values[:1]))
        for name, each in book.reference.parameters.items()
    }
    other = replace(book, reference=replace(book.reference, parameters=unset))
    values: dict[str, FactValue] = {"card_state": "active", "income": Decimal(1), "birth_date": date(1990, 1, 1)}

    agree(other, [known(values), known({**values, "helped": True})], ON)
