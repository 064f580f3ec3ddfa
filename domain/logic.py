"""Three-valued logic over named criteria: a condition that nobody can judge yet is neither met nor failed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, assert_never

from domain.policy_file import Section

Truth = bool | None  # None: unknown, as in Kleene's strong logic
Test = Callable[[Mapping[str, Any]], Truth]


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


def compile_rule(rule: Rule, test_of: Callable[[str], Test]) -> Test:
    """A function that judges a rule; `test_of` gives the test of each criterion."""
    match rule:
        case Leaf(name):
            return test_of(name)
        case AllOf(parts):
            return _all(tuple(compile_rule(part, test_of) for part in parts))
        case AnyOf(parts):
            return _any(tuple(compile_rule(part, test_of) for part in parts))
        case Not(part):
            return _negation(compile_rule(part, test_of))
        case _:
            assert_never(rule)


def _all(tests: tuple[Test, ...]) -> Test:
    def judge(values: Mapping[str, Any]) -> Truth:
        verdict: Truth = True
        for test in tests:
            outcome = test(values)
            if not outcome:
                if outcome is False:
                    return False
                verdict = None
        return verdict

    return judge


def _any(tests: tuple[Test, ...]) -> Test:
    def judge(values: Mapping[str, Any]) -> Truth:
        verdict: Truth = False
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
    return compile_rule(rule, itemgetter)(outcomes)


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
