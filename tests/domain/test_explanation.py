"""Each criterion says the resident's own value, who stated it, what contradicts it, and what will change it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.entitlement import decide
from domain.explanation import Change, CriterionResult, Need, Outcome
from domain.fact import Fact, Facts
from domain.rulebook import RuleBook

ON = date(2026, 2, 1)
CARD = CardOnRecord(CardState.ACTIVE, 1, (1,), 2, date(2020, 1, 1), date(2026, 6, 30))
OLDER_FROM_MAY = Change(date(2026, 5, 1), Outcome.NOT_MET, "2026年5月1日起不符合满61岁")
INCOME = Fact("income", Decimal(1600), "civil_affairs", date(2026, 1, 1), date(2026, 12, 31), date(2026, 1, 5))


def explained(book: RuleBook, name: str, *facts: Fact, on: date = ON, card: CardOnRecord = CARD) -> CriterionResult:
    """The result of one criterion of the programme."""
    (entitlement,) = decide(book, Facts.of([*card_facts(card), *facts]), on)
    (result,) = [each for each in entitlement.criteria if each.name == name]
    return result


def test_a_judged_criterion(book: RuleBook) -> None:
    """Value, requirement, clause, source and day of record are those of the statement that counts."""
    result = explained(book, "poor", INCOME)

    assert result.outcome is Outcome.NOT_MET
    assert result.sentence == "月收入是1600元,要求不超过1500元"
    assert result.clause.citation == "一、第1点"
    assert (result.source, result.recorded_on) == ("民政局", date(2026, 1, 5))
    assert (result.missing, result.contradictions) == (None, ())


def test_a_missing_fact(book: RuleBook) -> None:
    """What nobody stated is named with the department that has it."""
    result = explained(book, "poor")

    assert result.outcome is Outcome.UNKNOWN
    assert result.sentence == "不知道月收入,要求不超过1500元"
    assert result.missing == Need("income", "月收入", "民政局")
    assert (result.source, result.recorded_on, result.change) == (None, None, None)


def test_an_age_is_said_in_years(book: RuleBook) -> None:
    """A birth date that is compared by age is said as an age, with the day on which that will matter."""
    result = explained(book, "old", birth_fact(date(1966, 4, 30)))

    assert result.sentence == "年龄59岁,要求满60岁"
    assert result.change == Change(date(2026, 4, 30), Outcome.MET, "2026年4月30日起符合满60岁")


def test_contradictions_are_shown(book: RuleBook) -> None:
    """Another source's value is said with its source and day."""
    other = Fact("income", Decimal(900), "federation", None, None, date(2026, 1, 9))

    result = explained(book, "poor", INCOME, other)

    assert result.source == "民政局"
    assert result.contradictions == ("残联2026年1月9日说月收入是900元",)


def test_a_source_at_odds_with_itself(book: RuleBook) -> None:
    """The fact is unknown, and both its values are shown."""
    result = explained(book, "poor", INCOME, replace(INCOME, value=Decimal(100)))

    assert result.outcome is Outcome.UNKNOWN
    assert result.source is None
    assert len(result.contradictions) == 2


@pytest.mark.parametrize(
    ("name", "facts", "on", "change"),
    [
        ("poor", [INCOME], ON, Change(date(2026, 3, 1), Outcome.MET, "2026年3月1日起符合不超过1800.75元")),
        (
            "poor",
            [replace(INCOME, valid_until=date(2026, 2, 14))],
            ON,
            Change(date(2026, 2, 15), Outcome.UNKNOWN, "2026年2月15日起不知道月收入"),
        ),
        ("card", [], ON, Change(date(2026, 7, 1), Outcome.NOT_MET, "2026年7月1日起不符合有效或挂失")),
        ("old", [birth_fact(date(1965, 5, 1))], ON, None),
        (
            "old",
            [birth_fact(date(1965, 8, 1))],
            date(2026, 4, 30),
            OLDER_FROM_MAY,
        ),
        (
            "helped",
            [
                Fact("helped", True, "civil_affairs", None, None, ON),  # noqa: FBT003 - the stated value
                Fact("helped", False, "federation", None, None, ON),  # noqa: FBT003
            ],
            ON,
            Change(date(2026, 7, 1), Outcome.NOT_MET, "2026年7月1日起不符合有人帮助"),
        ),
        ("poor", [INCOME], date(2026, 8, 31), None),
    ],
)
def test_what_time_will_change(book: RuleBook, name: str, facts: list[Fact], on: date, change: Change | None) -> None:
    """A figure, an end of a statement, an expiry, a birthday, a precedence: whichever turns the criterion first.

    Of days on which other rules apply nothing is told.
    """
    assert explained(book, name, *facts, on=on).change == change


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(1964, 1, 1), date(1967, 12, 31)),
    st.sampled_from([Decimal(1400), Decimal(1700), Decimal(1900)]),
    st.dates(date(2026, 1, 1), date(2026, 8, 31)),
    st.integers(0, 200),
)
def test_changes_are_the_first_of_all_days(book: RuleBook, born: date, income: Decimal, on: date, days: int) -> None:
    """Trying every day while the version lasts finds the same first change of each criterion."""
    facts = Facts.of(
        [
            *card_facts(CARD),
            birth_fact(born),
            replace(INCOME, value=income, valid_until=date(2026, 1, 1) + timedelta(days=days)),
        ]
    )
    (now,) = decide(book, facts, on)
    first: dict[str, tuple[date, Outcome]] = {}
    for day in (on + timedelta(days=number) for number in range(1, (date(2026, 8, 31) - on).days + 1)):
        (then,) = decide(book, facts, day)
        for before, after in zip(now.criteria, then.criteria, strict=True):
            if before.outcome is not after.outcome:
                first.setdefault(before.name, (day, after.outcome))

    told = {each.name: (each.change.on, each.change.outcome) for each in now.criteria if each.change is not None}

    assert told == first
