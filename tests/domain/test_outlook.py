"""What is foretold comes true on its day, day by day as the engine decides, and says why."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.card import CardState
from domain.entitlement import Verdict, decide
from domain.fact import FactInvalid, Facts
from domain.outlook import coming_up
from domain.policy import load_rule_book
from domain.rulebook import RuleBook
from tests.domain.residents import CARD, ON, resident, residents, stated
from tests.domain.ties import Made, book_of, facts_of, programmes

YEAR = timedelta(days=365)
POOR, HELPED = stated("income", Decimal(1400)), stated("helped", value=True)
Change = tuple[str, date, Verdict, Verdict]


def by_days(book: RuleBook, facts: Facts, on: date, days: int) -> Iterator[Change]:
    """Every change of a verdict, by asking for each day anew."""
    before = decide(book, facts, on)
    for day in (on + timedelta(days=number) for number in range(1, days + 1)):
        now = decide(book, facts, day)
        for old, new in zip(before, now, strict=True):
            if old.verdict is not new.verdict:
                yield new.programme, day, old.verdict, new.verdict
        before = now


def foretold(book: RuleBook, facts: Facts, on: date, days: int) -> list[Change]:
    """Every change of a verdict, as it is told beforehand, none without a reason."""
    changes = coming_up(book, facts, on, on + timedelta(days=days))
    assert all(change.because for change in changes)
    return [(change.programme, change.on, change.before, change.verdict) for change in changes]


@settings(max_examples=40, deadline=None)
@given(residents(), st.dates(date(2026, 2, 1), date(2026, 11, 30)))
def test_a_year_is_foretold_as_its_days_are_decided(book: RuleBook, facts: Facts, on: date) -> None:
    """Birthdays, figures, new rules, statements and cards that end: each day of the year agrees."""
    assert foretold(book, facts, on, YEAR.days) == list(by_days(book, facts, on, YEAR.days))


@settings(max_examples=60, deadline=None)
@given(programmes(), st.data())
def test_what_relations_will_change_is_foretold(made: dict[str, Made], data: st.DataObject) -> None:
    """A requirement that ends, and a rival that comes or goes, change the other programme on the same day."""
    ends = st.dictionaries(st.sampled_from(sorted(made)), st.integers(0, 9).map(lambda days: ON + timedelta(days=days)))
    book, facts = book_of(made), facts_of(made, data.draw(ends))

    assert foretold(book, facts, ON, 11) == list(by_days(book, facts, ON, 11))


@pytest.mark.parametrize(
    ("facts", "on", "verdict", "because"),
    [
        (resident(POOR, born=date(1965, 7, 1)), date(2026, 7, 1), Verdict.NOT_ELIGIBLE, "符合满61岁"),
        (
            resident(replace(POOR, valid_until=date(2026, 6, 30))),
            date(2026, 7, 1),
            Verdict.UNDETERMINED,
            "不知道月收入",
        ),
        (
            resident(HELPED, card=replace(CARD, valid_until=date(2026, 6, 30))),
            date(2026, 7, 1),
            Verdict.NOT_ELIGIBLE,
            "不符合有效或挂失",
        ),
        (
            resident(stated("income", Decimal("1800.75")), stated("helped", value=False)),
            date(2026, 3, 1),
            Verdict.ELIGIBLE,
            "符合不超过1800.75元",
        ),
    ],
)
def test_each_change_says_why(book: RuleBook, facts: Facts, on: date, verdict: Verdict, because: str) -> None:
    """A birthday, the end of a statement or of a card, and a figure: the criterion's own sentence, on its day."""
    (change,) = coming_up(book, facts, on - timedelta(days=20), date(2026, 8, 31))

    assert (change.on, change.verdict) == (on, verdict)
    assert change.because == (f"2026年{on.month}月1日起{because}",)


def test_a_resident_without_prospects(book: RuleBook) -> None:
    """A cancelled card brings nothing, now or later."""
    assert coming_up(book, resident(card=replace(CARD, state=CardState.CANCELLED)), ON, ON + YEAR) == ()


def test_rules_that_begin_and_end_are_named(book: RuleBook) -> None:
    """Where rules end, and where the next begin after a gap, they are the reason."""
    changes = coming_up(book, resident(POOR), ON, date(2026, 12, 31))

    assert [(change.title, change.on, change.verdict, change.because) for change in changes] == [
        ("试点", date(2026, 9, 1), Verdict.NOT_ELIGIBLE, ("2026年9月1日起不再实行",)),
        ("试点", date(2026, 10, 1), Verdict.ELIGIBLE, ("2026年10月1日起实行",)),
    ]


def test_rules_that_replace_others_are_named(policy: dict[str, str]) -> None:
    """Where a version follows on another without a gap, the new rules are the reason."""
    policy["trial.toml"] = policy["trial.toml"].replace("2026-08-31", "2026-09-30")

    (change,) = coming_up(load_rule_book(policy), resident(), ON, date(2026, 12, 31))

    assert (change.on, change.before, change.verdict) == (date(2026, 10, 1), Verdict.UNDETERMINED, Verdict.ELIGIBLE)
    assert change.because == ("2026年10月1日起有新规定",)


def test_a_relation_is_the_reason() -> None:
    """Who takes a rival's place, or loses what it requires, is told so."""
    made = {
        "a": Made(True, (("once", 9, True),), excludes=frozenset("b")),  # noqa: FBT003 - the stated value
        "b": Made(True),  # noqa: FBT003
        "c": Made(True, requires=frozenset("a")),  # noqa: FBT003
    }

    changes = coming_up(book_of(made), facts_of(made, {"a": ON}), ON, ON + YEAR)

    told = {change.programme: (change.before, change.verdict, change.because) for change in changes}
    assert told == {
        "a": (Verdict.ELIGIBLE, Verdict.UNDETERMINED, ("2026年6月2日起不知道a", "理由,已有项目b")),
        "b": (Verdict.NOT_ELIGIBLE, Verdict.ELIGIBLE, ("理由,不知道有没有项目a",)),
        "c": (Verdict.ELIGIBLE, Verdict.UNDETERMINED, ("理由,不知道项目a",)),
    }


def test_a_statement_that_no_rule_can_read_is_refused(book: RuleBook) -> None:
    """A value of the wrong type is an error that names the fact, never a prophecy."""
    with pytest.raises(FactInvalid, match="'income'"):
        coming_up(book, resident(stated("income", "little")), ON, ON + YEAR)


def test_the_end_of_the_calendar(book: RuleBook) -> None:
    """Nothing comes after the last of days."""
    assert coming_up(book, resident(POOR, HELPED), date.max, date.max) == ()
