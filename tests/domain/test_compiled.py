"""A compiled book judges as its rules do, and is compiled once a day."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.compiled import compile_book
from domain.logic import truth
from domain.policy import load_rule_book
from domain.rulebook import RuleBook

VALUES = st.fixed_dictionaries(
    {},
    optional={
        "birth_date": st.dates(date(1930, 1, 1), date(2026, 1, 1)),
        "card_state": st.sampled_from(["active", "lost", "cancelled"]),
        "card_categories": st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple),
        "card_grade": st.integers(1, 4),
        "income": st.decimals(0, 3000, places=2),
        "helped": st.booleans(),
    },
)
DAYS = st.dates(date(2016, 1, 1), date(2027, 1, 1))


@given(DAYS, VALUES)
def test_compiled_rules_say_what_the_rules_say(book: RuleBook, on: date, values: dict[str, object]) -> None:
    """The compiled programme comes to the truth of its rule over its criteria's own outcomes; so do its benefits."""
    compiled = compile_book(book, on)
    for slug, programme in compiled.programmes.items():
        outcomes = {name: each.test(values) for name, each in programme.criteria.items()}
        assert compiled.judge(values)[slug] is truth(programme.version.rule, outcomes)
        for benefit in programme.benefits:
            when = benefit.term.when
            assert benefit.holds(values) is (True if when is None else truth(when, outcomes))


@given(DAYS, VALUES, st.data())
def test_filling_in_a_fact_never_changes_a_decision(
    book: RuleBook, on: date, values: dict[str, object], data: st.DataObject
) -> None:
    """What is decided with little knowledge stays so with more."""
    compiled = compile_book(book, on)
    forgotten = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    fewer = {name: value for name, value in values.items() if name not in forgotten}

    before, after = compiled.outcomes(fewer), compiled.outcomes(values)

    assert all(outcome is None or outcome is after[slug] for slug, outcome in before.items())


def test_a_rule_that_requires_no_single_condition(policy: dict[str, str]) -> None:
    """Where one condition of several suffices there is none to judge beforehand, and the rule holds all the same."""
    policy["trial.toml"] = policy["trial.toml"].replace('{ all = ["card", "severe"] }', '{ any = ["card", "severe"] }')
    compiled = compile_book(load_rule_book(policy), date(2026, 10, 1))

    assert compiled.outcomes({"card_grade": 2}) == {"trial": True}
    assert compiled.outcomes({"card_state": "lost"}) == {"trial": None}
    assert compiled.outcomes({"card_state": "lost", "card_grade": 3}) == {"trial": False}


def test_outcomes_of_programmes_in_force(book: RuleBook) -> None:
    """Only programmes in force answer, each by its slug."""
    values = {"card_state": "active", "helped": True, "birth_date": date(1990, 1, 1), "income": Decimal(0)}

    assert compile_book(book, date(2026, 6, 1)).outcomes(values) == {"trial": True}
    assert compile_book(book, date(2026, 9, 1)).outcomes(values) == {}


def test_a_day_is_compiled_once(book: RuleBook) -> None:
    """Asking again for a day costs nothing."""
    day = date(2026, 6, 1)

    assert compile_book(book, day) is compile_book(book, day)


def test_requirements_name_the_limits_of_the_day(book: RuleBook) -> None:
    """A limit that moves with a figure is said as it stands, without trailing zeros; a dash stands for none yet."""

    def poor(on: date) -> str:
        return compile_book(book, on).programmes["trial"].criteria["poor"].requirement

    assert poor(date(2026, 2, 28)) == "不超过1500元"
    assert poor(date(2026, 3, 1)) == "不超过1800.75元"
    criterion = book.programmes[0].versions[0].criteria["poor"]
    assert criterion.requirement_on(date(2010, 1, 1), book.reference.parameters) == "不超过—元"
