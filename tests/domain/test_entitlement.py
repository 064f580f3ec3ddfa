"""One resident's answers: verdict, benefits, what is missing, and until when a pass may carry them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.card import CardState, birth_fact
from domain.entitlement import Entitlement, Verdict, access_classes, access_classes_on, decide, next_access_change
from domain.fact import FactInvalid, Facts
from domain.rulebook import RuleBook
from tests.domain.residents import CARD, ON, resident, residents, stated

NO_AGES = date(2026, 10, 1)  # the version whose rule asks for no age
INCOME_NEEDED, HELP_NEEDED = ("income", "月收入", "民政局"), ("helped", "有人帮助", "公安局")
POOR, RICH = stated("income", Decimal("1800.75")), stated("income", Decimal("1800.76"))
HELPED, ALONE = stated("helped", value=True), stated("helped", value=False)


def answer(book: RuleBook, facts: Facts, on: date = ON) -> Entitlement:
    """The answer of the only programme."""
    (entitlement,) = decide(book, facts, on)
    return entitlement


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


@given(residents(), st.dates(date(2026, 2, 1), date(2026, 11, 30)), st.integers(1, 400))
def test_nobody_is_entitled_before_birth(book: RuleBook, facts: Facts, on: date, days: int) -> None:
    """Whatever else is stated, a birth date to come leaves every age unknown, an age limit under "not" too."""
    known = (fact for each in facts.by_name.values() for fact in each if fact.name != "birth_date")
    unborn = Facts.of([*known, birth_fact(on + timedelta(days=days))])

    for day in (on, date.min):
        verdicts = {each.verdict for each in decide(book, unborn, day) if each.criteria and each.effective != NO_AGES}
        assert Verdict.ELIGIBLE not in verdicts


def test_a_birth_date_to_come_makes_nobody_young(book: RuleBook) -> None:
    """Stated by whom it may be, without a period: who is not born yet has no age, so no child's share is due."""
    known = (fact for each in resident(HELPED, RICH).by_name.values() for fact in each if fact.name != "birth_date")
    unborn = Facts.of([*known, stated("birth_date", ON + timedelta(days=1), source="police")])

    assert "报销一半" not in {benefit.title for benefit in answer(book, unborn).benefits}


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
