"""Rules follow Kleene's strong three-valued logic, compiled or not."""

from collections.abc import Mapping
from itertools import product
from typing import assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.logic import (
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    Not,
    Rule,
    Truth,
    compile_rule,
    names,
    parse_rule,
    pending,
    split_off,
    truth,
)
from domain.policy_file import Place, PolicyInvalid, Section

NAMES = "abcd"
VALUES: tuple[Truth, ...] = (True, False, None)
OUTCOMES = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in NAMES})
RULES: st.SearchStrategy[Rule] = st.recursive(
    st.sampled_from(NAMES).map(Leaf),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=10,
)


def by_table(rule: Rule, outcomes: Mapping[str, Truth]) -> Truth:
    """Kleene's tables with 0, 1/2 and 1: "and" is the least, "or" the greatest, "not" the distance from 1."""
    worth = {False: 0.0, None: 0.5, True: 1.0}
    back = {number: value for value, number in worth.items()}

    def number(part: Rule) -> float:
        match part:
            case Leaf(name):
                return worth[outcomes[name]]
            case AllOf(parts):
                return min(map(number, parts))
            case AnyOf(parts):
                return max(map(number, parts))
            case Not(inner):
                return 1 - number(inner)
            case _:
                assert_never(part)

    return back[number(rule)]


@pytest.mark.parametrize(("left", "right"), list(product(VALUES, VALUES)))
def test_truth_tables(left: Truth, right: Truth) -> None:
    """Both connectives answer all nine pairs as the tables say, in either order."""
    outcomes = {"a": left, "b": right}
    for rule in (AllOf((Leaf("a"), Leaf("b"))), AnyOf((Leaf("a"), Leaf("b"))), Not(Leaf("a"))):
        assert truth(rule, outcomes) is by_table(rule, outcomes)


@given(RULES, OUTCOMES)
def test_any_rule_follows_the_tables(rule: Rule, outcomes: dict[str, Truth]) -> None:
    """Nested rules come to what the tables give part by part."""
    assert truth(rule, outcomes) is by_table(rule, outcomes)


@given(RULES, OUTCOMES, st.sampled_from(NAMES), st.booleans())
def test_filling_in_never_changes_what_was_decided(
    rule: Rule,
    outcomes: dict[str, Truth],
    name: str,
    filled: bool,  # noqa: FBT001 - the value that is filled in
) -> None:
    """Once a rule is decided, no further knowledge turns it."""
    before = truth(rule, outcomes | {name: None})
    after = truth(rule, outcomes | {name: filled})

    assert before is None or before is after


@given(RULES, OUTCOMES)
def test_pending_are_the_unknowns_that_matter(rule: Rule, outcomes: dict[str, Truth]) -> None:
    """A decided rule waits for nothing; an open one only for unknown criteria, and some answer to these decides it."""
    waiting = set(pending(rule, outcomes))

    assert bool(waiting) is (truth(rule, outcomes) is None)
    assert all(outcomes[name] is None for name in waiting)


def test_pending_leaves_out_what_is_decided() -> None:
    """Of a rule half decided only the other half is asked for."""
    rule = AllOf((AnyOf((Leaf("a"), Leaf("b"))), Not(Leaf("c")), Leaf("d")))

    assert list(pending(rule, {"a": True, "b": None, "c": None, "d": None})) == ["c", "d"]


def test_a_decided_part_ends_the_judgement() -> None:
    """What comes behind a decisive criterion is not tested at all."""

    def never(_value: object) -> Truth:
        raise AssertionError

    conditions = {"a": Condition("a", bool), "b": Condition("b", never)}
    values = {"a": False, "b": True}

    assert compile_rule(AllOf((Leaf("a"), Leaf("b"))), conditions.__getitem__)(values) is False
    assert compile_rule(AnyOf((Not(Leaf("a")), Not(Leaf("b")))), conditions.__getitem__)(values) is True


def test_a_condition_on_a_missing_fact_is_unknown() -> None:
    """Nothing known is neither met nor failed, and nothing is asked of it."""
    condition = Condition("a", lambda _value: pytest.fail("asked"))

    assert condition({"b": True}) is None
    assert compile_rule(AllOf((Leaf("a"),)), {"a": condition}.__getitem__)({}) is None


@given(RULES, OUTCOMES)
def test_a_rule_holds_where_its_first_requirement_and_the_rest_do(rule: Rule, outcomes: dict[str, Truth]) -> None:
    """Judging the required criterion apart changes nothing, and one that is not required is never split off."""
    required, rest = split_off(rule)

    parts = (*([] if required is None else [Leaf(required)]), *([] if rest is None else [rest]))

    assert truth(rule, outcomes) is truth(AllOf(parts), outcomes)
    assert required is not None or not isinstance(rule, Leaf)


def test_only_a_single_requirement_is_split_off() -> None:
    """The first criterion of all is split off wherever it stands; a rule of parts alone stays whole."""
    either = AnyOf((Leaf("b"), Leaf("c")))

    assert split_off(AllOf((either, Leaf("a")))) == ("a", AllOf((either,)))
    assert split_off(AllOf((either, Not(Leaf("a"))))) == (None, AllOf((either, Not(Leaf("a")))))
    assert split_off(either) == (None, either)


def test_names_in_the_order_written() -> None:
    """Every criterion of a rule is named, one used twice twice."""
    rule = AllOf((Leaf("b"), AnyOf((Leaf("a"), Not(Leaf("b"))))))

    assert list(names(rule)) == ["b", "a", "b"]


def test_rules_are_read_from_tables() -> None:
    """A name, `all`, `any` and `not` nest as written."""
    written = {"rule": {"all": ["a", {"any": ["b", {"not": "c"}]}]}}

    rule = parse_rule(Section(Place("x.toml"), written), "rule")

    assert rule == AllOf((Leaf("a"), AnyOf((Leaf("b"), Not(Leaf("c"))))))


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (None, "rule"),
        (1, "rule"),
        ({"all": []}, "rule"),
        ({"any": []}, "rule"),
        ({"all": ["a"], "any": ["b"]}, "rule"),
        ({"any": ["a"], "not": "b"}, "rule"),
        ({"not": "a", "all": ["b"]}, "rule"),
        ({"some": ["a"]}, "rule"),
        ({"all": ["a", {"any": [{"not": 3}]}]}, "rule.all.any.not"),
    ],
)
def test_anything_else_is_no_rule(written: object, key: str) -> None:
    """The error tells where in the rule it stands and how rules are written."""
    with pytest.raises(PolicyInvalid, match="not a rule") as refused:
        parse_rule(Section(Place("x.toml"), {"rule": written}), "rule")

    assert refused.value.key == key
    assert "{ all =" in refused.value.remedy
