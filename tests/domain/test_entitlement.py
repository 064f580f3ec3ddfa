"""One resident's answers: verdict, benefits, what is missing, and until when a pass may carry them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.entitlement import (
    Entitlement,
    Verdict,
    access_classes,
    access_classes_on,
    decide,
    decide_one,
    next_access_change,
)
from domain.fact import Fact, FactInvalid, Facts, FactValue
from domain.rulebook import RuleBook

ON = date(2026, 6, 1)
CARD = CardOnRecord(CardState.ACTIVE, 1, (1,), 2, date(2020, 1, 1), date(2029, 12, 31))


def resident(*facts: Fact, born: date = date(1990, 1, 1), card: CardOnRecord = CARD) -> Facts:
    """A resident with a card and these further facts."""
    return Facts.of([birth_fact(born), *card_facts(card), *facts])


def stated(name: str, value: FactValue, source: str = "civil_affairs") -> Fact:
    """A statement without end."""
    return Fact(name, value, source, None, None, ON)


INCOME_NEEDED, HELP_NEEDED = ("income", "月收入", "民政局"), ("helped", "有人帮助", "公安局")
POOR, RICH = stated("income", Decimal("1800.75")), stated("income", Decimal("1800.76"))
HELPED, ALONE = stated("helped", value=True), stated("helped", value=False)


def answer(book: RuleBook, facts: Facts, on: date = ON) -> Entitlement:
    """The answer of the only programme."""
    (entitlement,) = decide(book, facts, on)
    return entitlement


@pytest.mark.parametrize("on", [ON, date(2016, 12, 3)])
def test_one_programme_is_answered_as_among_all(book: RuleBook, on: date) -> None:
    """In force or not, the answer is the same, and no programme has none."""
    facts = resident(POOR)
    (expected,) = decide(book, facts, on)

    assert decide_one(book, facts, expected.programme, on) == expected
    assert decide_one(book, facts, "unknown", on) is None


@pytest.mark.parametrize(
    ("facts", "verdict", "missing"),
    [
        (resident(POOR, ALONE), Verdict.ELIGIBLE, []),
        (resident(POOR), Verdict.ELIGIBLE, []),
        (resident(RICH, HELPED), Verdict.ELIGIBLE, []),
        (resident(RICH, ALONE), Verdict.NOT_ELIGIBLE, []),
        (resident(ALONE), Verdict.UNDETERMINED, [INCOME_NEEDED]),
        (resident(), Verdict.UNDETERMINED, [INCOME_NEEDED, HELP_NEEDED]),
        (
            resident(born=date(1966, 6, 1)),
            Verdict.UNDETERMINED,
            [INCOME_NEEDED, HELP_NEEDED],
        ),
        (resident(POOR, born=date(1965, 6, 1)), Verdict.NOT_ELIGIBLE, []),
        (resident(card=replace(CARD, state=CardState.CANCELLED)), Verdict.NOT_ELIGIBLE, []),
    ],
)
def test_verdicts(book: RuleBook, facts: Facts, verdict: Verdict, missing: list[tuple[str, str, str]]) -> None:
    """A verdict falls as soon as it is certain, and until then names what is missing and who has it."""
    entitlement = answer(book, facts)

    assert entitlement.verdict is verdict
    assert [(need.fact, need.label, need.department) for need in entitlement.missing] == missing


def test_a_resident_with_no_facts(book: RuleBook) -> None:
    """Nothing known is undetermined: never a wrong "eligible", and no error."""
    entitlement = answer(book, Facts.of([]))

    assert entitlement.verdict is Verdict.UNDETERMINED
    assert [benefit.certain for benefit in entitlement.benefits] == [False] * 5


def test_an_answer_is_whole(book: RuleBook) -> None:
    """Title, department, version, clauses, every criterion once, papers and notes are all there."""
    entitlement = answer(book, resident(POOR))

    assert (entitlement.programme, entitlement.title, entitlement.run_by) == ("trial", "试点", "残联")
    assert entitlement.effective == date(2016, 12, 4)
    assert [clause.citation for clause in entitlement.clauses] == ["一、第1点", "二、第1点"]
    assert [criterion.name for criterion in entitlement.criteria] == ["card", "poor", "helped", "old"]
    assert entitlement.documents == ("残疾人证",)
    assert entitlement.notes == ("示例",)


def test_benefits_that_are_due_and_that_may_be(book: RuleBook) -> None:
    """What does not apply is left out; what hangs on something unknown is shown as not certain, with the reason."""
    benefits = answer(book, resident(POOR)).benefits

    shown = [(benefit.title, benefit.certain, benefit.amount, benefit.access_class) for benefit in benefits]
    assert shown == [
        ("补贴", True, Decimal("120.05"), None),
        ("标准的一成", True, Decimal("120.05"), None),
        ("乘车", True, None, "ride"),
        ("上门服务", False, None, None),
    ]
    assert [reason.name for reason in benefits[3].because] == ["helped"]
    assert benefits[3].illustrative
    assert benefits[0].because == ()


def test_a_child_has_a_share_of_the_cost(book: RuleBook) -> None:
    """A share comes as a share, not as money."""
    benefits = answer(book, resident(HELPED, RICH, born=date(2019, 6, 2))).benefits

    assert [benefit.cost_share for benefit in benefits if benefit.title == "报销一半"] == [Decimal("0.5")]


@pytest.mark.parametrize("on", [date(2016, 12, 3), date(2026, 9, 1), date(2026, 9, 30), date.min])
def test_no_version_in_force(book: RuleBook, on: date) -> None:
    """Before the first version and in the gap the answer is no, with a sentence and no reason made up."""
    entitlement = answer(book, resident(POOR), on)

    assert (entitlement.verdict, entitlement.effective) == (Verdict.NOT_ELIGIBLE, None)
    assert entitlement.notes == (f"{on.year}年{on.month}月{on.day}日没有实行",)
    assert (entitlement.criteria, entitlement.benefits, entitlement.missing) == ((), (), ())


@pytest.mark.parametrize("on", [date.min, date(1000, 2, 28), date(2026, 10, 1), date(9998, 2, 28), date.max])
def test_days_far_away(book: RuleBook, on: date) -> None:
    """Any day of the calendar gets an answer."""
    assert len(decide(book, resident(POOR), on)) == 1


def test_a_statement_that_no_rule_can_read_is_refused(book: RuleBook) -> None:
    """A value of the wrong type is an error that names the fact, never a verdict."""
    wrong = resident(stated("income", "little"))

    with pytest.raises(FactInvalid, match="'income'"):
        decide(book, wrong, ON)
    with pytest.raises(FactInvalid, match="'income'"):
        next_access_change(book, wrong, ON, ON + timedelta(days=7))


def test_only_certain_classes_reach_a_pass(book: RuleBook) -> None:
    """A class that hangs on something unknown is not given."""
    assert access_classes(decide(book, resident(POOR), ON)) == ("ride",)
    assert access_classes(decide(book, resident(), ON)) == ()
    assert access_classes(decide(book, resident(POOR), date(2026, 10, 1))) == ("ride-new",)


PERIODS = st.tuples(st.dates(date(2026, 2, 1), date(2026, 12, 1)), st.integers(0, 120))


@st.composite
def residents(draw: st.DrawFn) -> Facts:
    """Residents whose facts begin, end and contradict each other around the days on which the book turns."""

    def statements() -> Iterator[Fact]:
        incomes: st.SearchStrategy[FactValue] = st.sampled_from([Decimal(1400), Decimal(1700)])
        for name, values in (("helped", st.booleans()), ("income", incomes)):
            for source in draw(st.lists(st.sampled_from(["police", "civil_affairs", "federation"]), max_size=2)):
                first, days = draw(PERIODS)
                yield Fact(name, draw(values), source, first, first + timedelta(days=days), first)

    issued = draw(st.dates(date(2025, 11, 1), date(2026, 6, 1)))
    grade, categories = draw(st.integers(1, 4)), draw(st.sampled_from([(1,), (4,), (1, 4)]))
    card = CardOnRecord(
        draw(st.sampled_from([CardState.ACTIVE, CardState.ACTIVE, CardState.LOST])),
        categories[0] if len(categories) == 1 else 7,
        categories,
        grade,
        issued,
        issued + timedelta(days=draw(st.integers(0, 400))),
    )
    born = draw(st.one_of(st.dates(date(1965, 1, 1), date(1966, 12, 31)), st.just(date(1964, 2, 29))))
    return resident(*statements(), born=born, card=card)


@settings(max_examples=60, deadline=None)
@given(residents(), st.dates(date(2026, 2, 1), date(2026, 11, 30)), st.integers(0, 200))
def test_next_access_change_is_the_first_of_all_days(book: RuleBook, facts: Facts, on: date, days: int) -> None:
    """Trying every day finds the same first change, up to and including the last day asked about."""
    until = on + timedelta(days=days)
    now = access_classes_on(book, facts, on)
    later = (on + timedelta(days=number) for number in range(1, days + 1))

    changes = (day for day in later if access_classes_on(book, facts, day) != now)

    assert next_access_change(book, facts, on, until) == next(changes, None)


@settings(max_examples=60, deadline=None)
@given(residents(), st.dates(date(2026, 2, 1), date(2026, 11, 30)))
def test_the_short_way_to_classes_agrees_with_the_long(book: RuleBook, facts: Facts, on: date) -> None:
    """Classes without explanations are those with."""
    assert access_classes_on(book, facts, on) == access_classes(decide(book, facts, on))


def test_birthdays_beyond_the_calendar_are_no_change(book: RuleBook) -> None:
    """The calendar's last year is asked about without an error."""
    facts = resident(POOR, card=replace(CARD, valid_until=date.max))

    assert next_access_change(book, facts, date(9998, 12, 31), date.max) is None
