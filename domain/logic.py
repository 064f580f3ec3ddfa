"""Three-valued logic over named criteria: a condition that nobody can judge yet is neither met nor failed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from domain.policy_file import Section

Truth = bool | None  # None: unknown, as in Kleene's strong logic
Test = Callable[[Mapping[str, Any]], Truth]  # of a resident's values by the names of facts
Holds = Callable[[Any], Truth]  # of the value of one fact


@dataclass(frozen=True, eq=False)
class Condition:
    """What is asked of one fact: `holds` gets its value, once it is known."""

    fact: str
    holds: Holds

    def __call__(self, values: Mapping[str, Any]) -> Truth:
        """Whether it holds for values by the names of facts; unknown where the fact is."""
        value = values.get(self.fact)
        return None if value is None else self.holds(value)


@dataclass(frozen=True)
class Leaf:
    """A criterion by its name."""

    name: str


@dataclass(frozen=True)
class AllOf:
    """Every part must hold."""

    parts: "tuple[Rule, ...]"


@dataclass(frozen=True)
class AnyOf:
    """One part suffices."""

    parts: "tuple[Rule, ...]"


@dataclass(frozen=True)
class Not:
    """The part must not hold."""

    part: "Rule"


Rule = Leaf | AllOf | AnyOf | Not


def compile_rule(rule: Rule, condition_of: Callable[[str], Condition]) -> Test:
    """A function that judges a rule; `condition_of` gives the condition of each criterion."""
    match rule:
        case Leaf(name):
            return condition_of(name)
        case AllOf(parts):
            return _all(*_split(parts, condition_of))
        case AnyOf(parts):
            return _any(*_split(parts, condition_of))
        case Not(part):
            return _negation(compile_rule(part, condition_of))
        case _:
            assert_never(rule)


def _split(
    parts: "tuple[Rule, ...]", condition_of: Callable[[str], Condition]
) -> tuple[tuple[tuple[str, Holds], ...], tuple[Test, ...]]:
    """The conditions among some parts, laid open so that judging needs no call in between, and all other parts."""
    conditions = [condition_of(part.name) for part in parts if isinstance(part, Leaf)]
    others = tuple(compile_rule(part, condition_of) for part in parts if not isinstance(part, Leaf))
    return tuple((condition.fact, condition.holds) for condition in conditions), others


def _all(conditions: tuple[tuple[str, Holds], ...], tests: tuple[Test, ...]) -> Test:
    def judge(values: Mapping[str, Any]) -> Truth:
        verdict: Truth = True
        for fact, holds in conditions:
            value = values.get(fact)
            outcome = None if value is None else holds(value)
            if not outcome:
                if outcome is False:
                    return False
                verdict = None
        for test in tests:
            outcome = test(values)
            if not outcome:
                if outcome is False:
                    return False
                verdict = None
        return verdict

    return judge


def _any(conditions: tuple[tuple[str, Holds], ...], tests: tuple[Test, ...]) -> Test:
    def judge(values: Mapping[str, Any]) -> Truth:
        verdict: Truth = False
        for fact, holds in conditions:
            value = values.get(fact)
            outcome = None if value is None else holds(value)
            if outcome:
                return True
            if outcome is None:
                verdict = None
        for test in tests:
            outcome = test(values)
            if outcome:
                return True
            if outcome is None:
                verdict = None
        return verdict

    return judge


def _negation(test: Test) -> Test:
    def judge(values: Mapping[str, Any]) -> Truth:
        outcome = test(values)
        return None if outcome is None else not outcome

    return judge


def all_of(truths: Iterable[Truth]) -> Truth:
    """Whether all hold."""
    verdict: Truth = True
    for each in truths:
        if each is False:
            return False
        if each is None:
            verdict = None
    return verdict


def truth(rule: Rule, outcomes: Mapping[str, Truth]) -> Truth:
    """What a rule comes to, given the outcome of each criterion."""
    return compile_rule(rule, lambda name: Condition(name, bool))(outcomes)


def split_off(rule: Rule) -> tuple[str | None, Rule | None]:
    """The first criterion without which a rule never holds, and what the rule requires beside it; None is nothing."""
    match rule:
        case Leaf(name):
            return name, None
        case AllOf(parts):
            for place, part in enumerate(parts):
                if isinstance(part, Leaf):
                    others = (*parts[:place], *parts[place + 1 :])
                    return part.name, AllOf(others) if others else None
    return None, rule


def names(rule: Rule) -> Iterator[str]:
    """The criteria of a rule in the order they are written; one used twice comes twice."""
    match rule:
        case Leaf(name):
            yield name
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from names(part)
        case Not(part):
            yield from names(part)
        case _:
            assert_never(rule)


def pending(rule: Rule, outcomes: Mapping[str, Truth]) -> Iterator[str]:
    """The unknown criteria that still matter: those outside every part that is decided already."""
    if truth(rule, outcomes) is not None:
        return
    match rule:
        case Leaf(name):
            yield name
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from pending(part, outcomes)
        case Not(part):
            yield from pending(part, outcomes)
        case _:
            assert_never(rule)


def parse_rule(section: Section, key: str) -> Rule:
    """Read a rule: a criterion's name, or a table of one key `all`, `any` or `not`.

    Raises:
        PolicyInvalid: anything else; the key tells where.
    """
    return _rule(section, key, section.content.get(key))


def _rule(section: Section, key: str, written: object) -> Rule:
    match written:
        case str():
            return Leaf(written)
        case {"all": [_, *_] as parts, **rest} if not rest:
            return AllOf(tuple(_rule(section, f"{key}.all", part) for part in parts))
        case {"any": [_, *_] as parts, **rest} if not rest:
            return AnyOf(tuple(_rule(section, f"{key}.any", part) for part in parts))
        case {"not": part, **rest} if not rest:
            return Not(_rule(section, f"{key}.not", part))
        case _:
            raise section.wrong(
                key, "not a rule", 'Write a criterion\'s name, { all = ["…"] }, { any = ["…"] } or { not = "…" }'
            )
