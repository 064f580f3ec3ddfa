"""Rule versions turned into plain functions, once a day, so that deciding interprets no policy data."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from domain.benefit import NOTHING, TIMES_A_YEAR, BenefitTerm
from domain.combination import Group, Ties, groups_of, ties_of
from domain.logic import Condition, Holds, Rule, Test, Truth, compile_rule, names, split_off
from domain.rulebook import Criterion, Programme, RuleBook, Version

DAYS_KEPT = 128


@dataclass(frozen=True, eq=False)
class CompiledCriterion:
    """A criterion with its limits of the day: the test on a resident's values, and the requirement in words."""

    criterion: Criterion
    test: Condition
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
    named: tuple[str, ...]
    benefits: tuple[CompiledBenefit, ...]

    def condition_of(self, criterion: str) -> Condition:
        """The condition of a criterion by its name."""
        return self.criteria[criterion].test

    def worth(self, values: Mapping[str, Any]) -> Decimal:
        """The yuan a year that are certain for an entitled resident with these values."""
        return sum((benefit.yearly() for benefit in self.benefits if benefit.holds(values)), NOTHING)


class Cohort(NamedTuple):
    """Programmes whose rules require one condition in common, a valid card above all, so that it is judged once.

    `alone` require nothing else; each of `others` is named with the test of the rest of its rule. A tuple, since the
    unpacking of it is a good part of all that judging costs.
    """

    fact: str
    holds: Holds
    alone: tuple[str, ...]
    others: tuple[tuple[str, Test], ...]


@dataclass(frozen=True, eq=False)
class CompiledBook:
    """The programmes in force on a day, how they bear on each other, and how far each source is believed.

    Each is judged in one of the `cohorts`, or `apart` where its rule shares no condition that it requires. `titles` are
    those of all programmes of the book.
    """

    on: date
    titles: Mapping[str, str]
    programmes: Mapping[str, CompiledProgramme]
    cohorts: tuple[Cohort, ...]
    apart: tuple[tuple[str, Test], ...]
    ties: Ties
    groups: tuple[Group, ...]
    ranks: Mapping[str, Mapping[str, int]]

    @cached_property
    def facts(self) -> frozenset[str]:
        """The names of all facts that its programmes ask about."""
        return frozenset(
            each.criterion.fact.name for programme in self.programmes.values() for each in programme.criteria.values()
        )

    def outcomes(self, values: Mapping[str, Any]) -> dict[str, Truth]:
        """Whether each programme in force is granted for a resident's values by fact name; an absent one is unknown."""
        own = self.judge(values)
        return self.settle(own, values) if self.groups else own

    def judge(self, values: Mapping[str, Any]) -> dict[str, Truth]:
        """What each programme's own rule comes to, as if there were no others."""
        own: dict[str, Truth] = {}
        for fact, holds, alone, others in self.cohorts:
            value = values.get(fact)
            common = None if value is None else holds(value)
            for slug in alone:
                own[slug] = common
            if common:
                for slug, test in others:
                    own[slug] = test(values)
            else:
                for slug, test in others:
                    own[slug] = False if common is False or test(values) is False else None
        for slug, test in self.apart:
            own[slug] = test(values)
        return own

    def settle(self, own: dict[str, Truth], values: Mapping[str, Any]) -> dict[str, Truth]:
        """What is granted of it beside each other."""
        granted = dict(own)
        for group in self.groups:
            granted |= group.settle(own, lambda slug: self.programmes[slug].worth(values))
        return granted


@lru_cache(maxsize=DAYS_KEPT)
def compile_book(book: RuleBook, on: date) -> CompiledBook:
    """The book as it stands on a day; the last days asked for are kept."""
    vocabulary = book.reference.vocabulary
    compiler = _Compiler(book, on)
    programmes = {
        programme.slug: compiler.programme(programme, version)
        for programme in book.programmes
        if (version := programme.on(on)) is not None
    }
    ties = ties_of({slug: compiled.version for slug, compiled in programmes.items()})
    ranks = {name: vocabulary.ranks(name, on) for name in vocabulary.facts}
    titles = {programme.slug: programme.title for programme in book.programmes}
    return CompiledBook(on, titles, programmes, *_cohorts(programmes), ties, groups_of(ties), ranks)


@lru_cache(maxsize=8 * DAYS_KEPT)
def compile_one(book: RuleBook, on: date, slug: str) -> CompiledBook:
    """The book of a day with one programme, and those only on which its answer depends: its group by relations."""
    whole = compile_book(book, on)
    groups = tuple(group for group in whole.groups if slug in group.members)
    slugs = {slug}.union(*(group.members for group in groups))
    programmes = {each: compiled for each, compiled in whole.programmes.items() if each in slugs}
    ties = {each: tied for each, tied in whole.ties.items() if each in slugs}
    return CompiledBook(on, whole.titles, programmes, *_cohorts(programmes), ties, groups, whole.ranks)


class _Compiler:
    """Compiles programmes for a day; a condition that several of them ask for is made once."""

    def __init__(self, book: RuleBook, on: date) -> None:
        self._parameters = book.reference.parameters
        self._on = on
        self._conditions: dict[tuple[str, object], Condition] = {}

    def programme(self, programme: Programme, version: Version) -> CompiledProgramme:
        """A programme in the version that is in force."""
        criteria = {name: self._criterion(each) for name, each in version.criteria.items()}
        benefits = tuple(
            CompiledBenefit(
                term,
                None if term.when is None else compile_rule(term.when, lambda name: criteria[name].test),
                () if term.when is None else _named(term.when),
                term.amount_on(self._on, self._parameters),
                term.is_illustrative_on(self._on, self._parameters),
            )
            for term in version.benefits
        )
        return CompiledProgramme(programme, version, criteria, _named(version.rule), benefits)

    def _criterion(self, criterion: Criterion) -> CompiledCriterion:
        asked = criterion.fact.name, criterion.comparison
        if asked not in self._conditions:
            self._conditions[asked] = Condition(
                criterion.fact.name, criterion.comparison.test(self._on, self._parameters)
            )
        return CompiledCriterion(
            criterion, self._conditions[asked], criterion.requirement_on(self._on, self._parameters)
        )


def _named(rule: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names(rule)))


def _cohorts(programmes: Mapping[str, CompiledProgramme]) -> tuple[tuple[Cohort, ...], tuple[tuple[str, Test], ...]]:
    """Programmes that share the first condition which their rules require, and those whose rules require none."""
    alone: dict[Condition, list[str]] = defaultdict(list)
    others: dict[Condition, list[tuple[str, Test]]] = defaultdict(list)
    apart: list[tuple[str, Test]] = []
    for slug, compiled in programmes.items():
        required, rest = split_off(compiled.version.rule)
        tested = [] if rest is None else [(slug, compile_rule(rest, compiled.condition_of))]
        if required is None:
            apart += tested
        else:
            condition = compiled.condition_of(required)
            others[condition] += tested
            alone[condition] += [] if tested else [slug]
    return tuple(
        Cohort(each.fact, each.holds, tuple(alone[each]), tuple(tested)) for each, tested in others.items()
    ), tuple(apart)
