"""Why a criterion came out as it did: the resident's value, its source, what contradicts it, and what changes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from domain.combination import Tie
from domain.comparison import AgeRange
from domain.compiled import CompiledBook, CompiledCriterion
from domain.fact import Facts, FactValue, Reading
from domain.legal import LegalReference
from domain.logic import Truth
from domain.relation import RelationKind
from domain.rulebook import Criterion, Reference


class Outcome(StrEnum):
    """What became of a criterion."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, truth: Truth) -> "Outcome":
        """The outcome that a truth value stands for."""
        if truth is None:
            return cls.UNKNOWN
        return cls.MET if truth else cls.NOT_MET


@dataclass(frozen=True)
class Need:
    """A fact that is missing, in Chinese, and the department that has it."""

    fact: str
    label: str
    department: str


@dataclass(frozen=True)
class Change:
    """The first later day on which a criterion comes out otherwise if nothing but time goes by."""

    on: date
    outcome: Outcome
    sentence: str


@dataclass(frozen=True)
class CriterionResult:
    """One criterion explained; `source` and `recorded_on` say who stated the resident's value, and when."""

    name: str
    outcome: Outcome
    sentence: str
    clause: LegalReference
    source: str | None
    recorded_on: date | None
    missing: Need | None
    contradictions: tuple[str, ...]
    change: Change | None


@dataclass(frozen=True)
class RelationResult:
    """What another programme, by its slug, does to this one; an exclusion is met where the other is not granted."""

    kind: RelationKind
    programme: str
    title: str
    outcome: Outcome
    sentence: str
    clause: LegalReference


@dataclass(frozen=True, eq=False)
class Case:
    """A resident's facts as they stand on a day, beside the book of that day."""

    book: CompiledBook
    reference: Reference
    facts: Facts
    readings: Mapping[str, Reading]
    values: Mapping[str, FactValue]

    @classmethod
    def of(cls, book: CompiledBook, reference: Reference, facts: Facts) -> "Case":
        """Read every fact on the book's day; facts were checked before."""
        readings = {}
        for name in facts.by_name:
            reading = facts.read(name, book.on, book.ranks[name])
            if reading is not None:
                readings[name] = reading
        values = {name: reading.fact.value for name, reading in readings.items() if reading.fact is not None}
        return cls(book, reference, facts, readings, values)

    @cached_property
    def own(self) -> dict[str, Truth]:
        """What the rule of each programme in force comes to."""
        return self.book.judge(self.values)

    @cached_property
    def granted(self) -> dict[str, Truth]:
        """Which programmes in force are granted beside each other."""
        return self.book.settle(self.own, self.values)

    def need(self, criterion: Criterion) -> Need | None:
        """What to bring so that a criterion can be judged; None where its fact is known."""
        fact = criterion.fact
        return (
            None
            if fact.name in self.values
            else Need(fact.name, fact.label, self.reference.vocabulary.departments[fact.keeper])
        )


def explain(compiled: CompiledCriterion, case: Case, replaced_on: date | None) -> CriterionResult:
    """A criterion's outcome for a resident, with everything a person needs to check it.

    Of what is to come only what lies before `replaced_on` is told: from that day on other rules apply.
    """
    criterion, requirement, on = compiled.criterion, compiled.requirement, case.book.on
    wording, departments = case.reference.wording, case.reference.vocabulary.departments
    reading = case.readings.get(criterion.fact.name)
    fact = None if reading is None else reading.fact
    outcome = Outcome.of(compiled.test(case.values))
    sentence = (
        wording.unknown.format(label=criterion.fact.label, requirement=requirement)
        if fact is None
        else wording.judgement(criterion.fact, criterion.comparison, fact.value, on, requirement)
    )
    return CriterionResult(
        name=criterion.name,
        outcome=outcome,
        sentence=sentence,
        clause=criterion.clause,
        source=None if fact is None else departments[fact.source],
        recorded_on=None if fact is None else fact.recorded_on,
        missing=case.need(criterion),
        contradictions=tuple(_contradictions(criterion, reading, case.reference)),
        change=_change(criterion, outcome, case, replaced_on or date.max),
    )


def _contradictions(criterion: Criterion, reading: Reading | None, reference: Reference) -> Iterator[str]:
    for fact in () if reading is None else reading.contradicting:
        yield reference.wording.contradicted.format(
            label=criterion.fact.label,
            source=reference.vocabulary.departments[fact.source],
            value=reference.wording.value(criterion.fact, fact.value),
            day=reference.wording.day(fact.recorded_on),
        )


def _change(criterion: Criterion, now: Outcome, case: Case, before: date) -> Change | None:
    for day in sorted({day for day in _turning_days(criterion, case) if case.book.on < day < before}):
        then = _outcome_on(criterion, case, day)
        if then is not now:
            return Change(day, then, foretell(criterion, then, day, case.reference))
    return None


def foretell(criterion: Criterion, outcome: Outcome, day: date, reference: Reference) -> str:
    """That a criterion comes out so from a day on."""
    wording = reference.wording
    template = {
        Outcome.MET: wording.becomes_met,
        Outcome.NOT_MET: wording.becomes_not_met,
        Outcome.UNKNOWN: wording.becomes_unknown,
    }[outcome]
    requirement = criterion.requirement_on(day, reference.parameters)
    return template.format(day=wording.day(day), label=criterion.fact.label, requirement=requirement)


def _turning_days(criterion: Criterion, case: Case) -> Iterator[date]:
    parameters = case.reference.parameters
    yield from case.facts.turning_days(criterion.fact.name)
    yield from (precedence.effective for precedence in case.reference.vocabulary.precedences)
    for bound in criterion.comparison.limits().values():
        yield from bound.turning_days(parameters)
    if isinstance(criterion.comparison, AgeRange):
        for fact in case.facts.by_name.get(criterion.fact.name, ()):
            assert isinstance(fact.value, date)  # ages compare only facts of that kind, and facts were checked
            yield from criterion.comparison.turning_days(fact.value, parameters)


def _outcome_on(criterion: Criterion, case: Case, day: date) -> Outcome:
    ranks = case.reference.vocabulary.ranks(criterion.fact.name, day)
    reading = case.facts.read(criterion.fact.name, day, ranks)
    if reading is None or reading.fact is None:
        return Outcome.UNKNOWN
    test = criterion.comparison.test(day, case.reference.parameters)
    return Outcome.of(test(reading.fact.value))


def explain_ties(slug: str, case: Case) -> Iterator[RelationResult]:
    """What the relations of the programme `slug`, which is in force, do to it."""
    return (_explain_tie(tie, slug, case) for tie in case.book.ties.get(slug, ()))


def _explain_tie(tie: Tie, slug: str, case: Case) -> RelationResult:
    other, wording = case.granted.get(tie.other, False), case.reference.wording
    fits = not other if other is not None and tie.kind is RelationKind.EXCLUDES else other
    template = {
        (RelationKind.REQUIRES, True): wording.requires_met,
        (RelationKind.REQUIRES, False): wording.requires_not_met,
        (RelationKind.REQUIRES, None): wording.requires_unknown,
        (RelationKind.EXCLUDES, True): wording.excludes_met,
        (RelationKind.EXCLUDES, False): wording.left_out if _gave_way(slug, case) else wording.excludes_not_met,
        (RelationKind.EXCLUDES, None): wording.excludes_unknown,
    }[tie.kind, fits]
    title = case.book.titles[tie.other]
    sentence = template.format(reason=tie.reason, programme=title)
    return RelationResult(tie.kind, tie.other, title, Outcome.of(fits), sentence, tie.clause)


def _gave_way(slug: str, case: Case) -> bool:
    """Whether a programme is refused for an exclusion alone."""
    required = (tie.other for tie in case.book.ties[slug] if tie.kind is RelationKind.REQUIRES)
    return bool(case.own[slug]) and not case.granted[slug] and all(case.granted.get(other) for other in required)
