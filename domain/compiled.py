"""Rule versions turned into plain functions, once a day, so that deciding interprets no policy data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from domain.benefit import NOTHING, TIMES_A_YEAR, BenefitTerm
from domain.combination import Group, Ties, groups_of, ties_of
from domain.logic import Rule, Test, Truth, compile_rule, names
from domain.rulebook import Criterion, Programme, RuleBook, Version

DAYS_KEPT = 128


@dataclass(frozen=True, eq=False)
class CompiledCriterion:
    """A criterion with its limits of the day: the test on a resident's values, and the requirement in words."""

    criterion: Criterion
    test: Test
    requirement: str


@dataclass(frozen=True, eq=False)
class CompiledBenefit:
    """A benefit with its amount of the day; `test` is None, and `named` empty, where all the entitled get it."""

    term: BenefitTerm
    test: Test | None
    named: tuple[str, ...]
    amount: Decimal | None
    illustrative: bool

    def holds(self, values: Mapping[str, Any]) -> Truth:
        """Whether an entitled resident with these values gets it."""
        return True if self.test is None else self.test(values)

    def yearly(self) -> Decimal:
        """Yuan in a year of being entitled; what is no amount counts nothing."""
        return NOTHING if self.amount is None else self.amount * TIMES_A_YEAR[self.term.kind]


@dataclass(frozen=True, eq=False)
class CompiledProgramme:
    """The version of a programme in force on the day; `named` are the criteria of its rule, in order, each once."""

    programme: Programme
    version: Version
    criteria: Mapping[str, CompiledCriterion]
    judge: Test
    named: tuple[str, ...]
    benefits: tuple[CompiledBenefit, ...]

    def worth(self, values: Mapping[str, Any]) -> Decimal:
        """The yuan a year that are certain for an entitled resident with these values."""
        return sum((benefit.yearly() for benefit in self.benefits if benefit.holds(values)), NOTHING)


@dataclass(frozen=True, eq=False)
class CompiledBook:
    """The programmes in force on a day, how they bear on each other, and how far each source is believed."""

    on: date
    programmes: Mapping[str, CompiledProgramme]
    judges: tuple[tuple[str, Test], ...]
    ties: Ties
    groups: tuple[Group, ...]
    ranks: Mapping[str, Mapping[str, int]]

    def outcomes(self, values: Mapping[str, Any]) -> dict[str, Truth]:
        """Whether each programme in force is granted for a resident's values by fact name; an absent one is unknown."""
        return self.settle(self.judge(values), values)

    def judge(self, values: Mapping[str, Any]) -> dict[str, Truth]:
        """What each programme's own rule comes to, as if there were no others."""
        return {slug: judge(values) for slug, judge in self.judges}

    def settle(self, own: dict[str, Truth], values: Mapping[str, Any]) -> dict[str, Truth]:
        """What is granted of it beside each other."""
        if not self.groups:
            return own
        granted = dict(own)
        for group in self.groups:
            granted |= group.settle(own, lambda slug: self.programmes[slug].worth(values))
        return granted


@lru_cache(maxsize=DAYS_KEPT)
def compile_book(book: RuleBook, on: date) -> CompiledBook:
    """The book as it stands on a day; the last days asked for are kept."""
    vocabulary = book.reference.vocabulary
    in_force = [(programme, programme.on(on)) for programme in book.programmes]
    programmes = {
        programme.slug: _compile(programme, version, book, on) for programme, version in in_force if version is not None
    }
    ties = ties_of({slug: compiled.version for slug, compiled in programmes.items()})
    return CompiledBook(
        on,
        programmes,
        tuple((slug, compiled.judge) for slug, compiled in programmes.items()),
        ties,
        groups_of(ties),
        {name: vocabulary.ranks(name, on) for name in vocabulary.facts},
    )


def _compile(programme: Programme, version: Version, book: RuleBook, on: date) -> CompiledProgramme:
    parameters = book.reference.parameters
    criteria = {name: _compile_criterion(each, book, on) for name, each in version.criteria.items()}

    def test_of(name: str) -> Test:
        return criteria[name].test

    benefits = tuple(
        CompiledBenefit(
            term,
            None if term.when is None else compile_rule(term.when, test_of),
            () if term.when is None else _named(term.when),
            term.amount_on(on, parameters),
            term.is_illustrative_on(on, parameters),
        )
        for term in version.benefits
    )
    judge = compile_rule(version.rule, test_of)
    return CompiledProgramme(programme, version, criteria, judge, _named(version.rule), benefits)


def _named(rule: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names(rule)))


def _compile_criterion(criterion: Criterion, book: RuleBook, on: date) -> CompiledCriterion:
    parameters = book.reference.parameters
    test = criterion.comparison.test(criterion.fact.name, on, parameters)
    return CompiledCriterion(criterion, test, criterion.requirement_on(on, parameters))
