"""Why a criterion came out as it did: the resident's value, its source, what contradicts it, and what changes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.comparison import AgeRange
from domain.compiled import CompiledBook, CompiledCriterion
from domain.fact import Facts, FactValue, Reading
from domain.legal import LegalReference
from domain.logic import Truth
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


def explain(compiled: CompiledCriterion, case: Case, replaced_on: date | None) -> CriterionResult:
    """A criterion's outcome for a resident, with everything a person needs to check it.

    Of what is to come only what lies before `replaced_on` is told: from that day on other rules apply.
    """
    criterion, requirement, on = compiled.criterion, compiled.requirement, case.book.on
    wording, departments = case.reference.wording, case.reference.vocabulary.departments
    reading = case.readings.get(criterion.fact.name)
    fact = None if reading is None else reading.fact
    outcome = Outcome.of(compiled.test(case.values))
    missing = None
    if fact is None:
        sentence = wording.unknown.format(label=criterion.fact.label, requirement=requirement)
        missing = Need(criterion.fact.name, criterion.fact.label, departments[criterion.fact.keeper])
    else:
        sentence = wording.judgement(criterion.fact, criterion.comparison, fact.value, on, requirement)
    return CriterionResult(
        name=criterion.name,
        outcome=outcome,
        sentence=sentence,
        clause=criterion.clause,
        source=None if fact is None else departments[fact.source],
        recorded_on=None if fact is None else fact.recorded_on,
        missing=missing,
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
    wording = case.reference.wording
    for day in sorted({day for day in _turning_days(criterion, case) if case.book.on < day < before}):
        then = _outcome_on(criterion, case, day)
        if then is not now:
            template = {
                Outcome.MET: wording.becomes_met,
                Outcome.NOT_MET: wording.becomes_not_met,
                Outcome.UNKNOWN: wording.becomes_unknown,
            }[then]
            requirement = criterion.requirement_on(day, case.reference.parameters)
            words = {"day": wording.day(day), "label": criterion.fact.label, "requirement": requirement}
            return Change(day, then, template.format(**words))
    return None


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
    test = criterion.comparison.test(criterion.fact.name, day, case.reference.parameters)
    return Outcome.of(test({criterion.fact.name: reading.fact.value}))
