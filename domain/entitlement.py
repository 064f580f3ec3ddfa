"""What a resident is entitled to on a day, and why, or why not, or what nobody knows yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.benefit import BenefitKind
from domain.birthday import birthday
from domain.compiled import CompiledProgramme, compile_book, compile_one
from domain.explanation import Case, CriterionResult, Need, RelationResult, explain, explain_ties
from domain.fact import Facts
from domain.legal import LegalReference
from domain.logic import Truth, pending
from domain.relation import RelationKind
from domain.rulebook import Programme, RuleBook


class Verdict(StrEnum):
    """What a programme answers; undetermined is never a refusal: something has yet to be brought."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNDETERMINED = "undetermined"

    @classmethod
    def of(cls, truth: Truth) -> "Verdict":
        """The verdict that a truth value stands for."""
        if truth is None:
            return cls.UNDETERMINED
        return cls.ELIGIBLE if truth else cls.NOT_ELIGIBLE


@dataclass(frozen=True)
class Benefit:
    """What is given, or may be: not `certain` while the verdict or its own condition is unknown.

    `amount` is yuan, a month, a year or once as `kind` says, `cost_share` a share from 0 to 1, of `sessions_a_year`
    sessions where that is bounded; `illustrative` figures stand in for ones the district has yet to enter, and must be
    shown as such.
    """

    kind: BenefitKind
    title: str
    certain: bool
    amount: Decimal | None
    cost_share: Decimal | None
    access_class: str | None
    sessions_a_year: int | None
    illustrative: bool
    clause: LegalReference
    because: tuple[CriterionResult, ...]


@dataclass(frozen=True)
class Entitlement:
    """One programme's answer on a day; `effective` is the day its rule version began, None if none is in force.

    What was granted is looked at anew every `review_months` months, None where no period is set.
    """

    programme: str
    title: str
    run_by: str
    verdict: Verdict
    effective: date | None
    clauses: tuple[LegalReference, ...]
    criteria: tuple[CriterionResult, ...]
    relations: tuple[RelationResult, ...]
    missing: tuple[Need, ...]
    benefits: tuple[Benefit, ...]
    documents: tuple[str, ...]
    notes: tuple[str, ...]
    review_months: int | None


def decide(book: RuleBook, facts: Facts, on: date) -> tuple[Entitlement, ...]:
    """Every programme of the book for one resident on a day, past or future, in order of slugs.

    Raises:
        FactInvalid: a statement that no rule can read.
    """
    book.reference.vocabulary.check(facts)
    return tuple(_decide_all(book, facts, on))


def _decide_all(book: RuleBook, facts: Facts, on: date) -> Iterator[Entitlement]:
    case = Case.of(compile_book(book, on), book.reference, facts)
    for programme in book.programmes:
        yield _answer(programme, case)


def decide_one(book: RuleBook, facts: Facts, slug: str, on: date) -> Entitlement | None:
    """One programme's answer as `decide` gives it, from the facts that it asks about; None for an unknown programme.

    Raises:
        FactInvalid: a statement that no rule can read.
    """
    programme = next((each for each in book.programmes if each.slug == slug), None)
    if programme is None:
        return None
    compiled = compile_one(book, on, slug)
    asked = facts.about(compiled.facts)
    book.reference.vocabulary.check(asked)
    return _answer(programme, Case.of(compiled, book.reference, asked))


def facts_asked(book: RuleBook, slug: str, on: date) -> frozenset[str]:
    """The names of the facts from which `decide_one` answers."""
    return compile_one(book, on, slug).facts


def _answer(programme: Programme, case: Case) -> Entitlement:
    in_force = case.book.programmes.get(programme.slug)
    return _not_in_force(programme, case) if in_force is None else _decide(in_force, case)


def _not_in_force(programme: Programme, case: Case) -> Entitlement:
    return Entitlement(
        programme=programme.slug,
        title=programme.title,
        run_by=case.reference.vocabulary.departments[programme.run_by],
        verdict=Verdict.NOT_ELIGIBLE,
        effective=None,
        clauses=(),
        criteria=(),
        relations=(),
        missing=(),
        benefits=(),
        documents=(),
        notes=(case.reference.wording.not_in_force.format(day=case.reference.wording.day(case.book.on)),),
        review_months=None,
    )


def _decide(compiled: CompiledProgramme, case: Case) -> Entitlement:
    programme, version = compiled.programme, compiled.version
    verdict = Verdict.of(case.granted[programme.slug])
    replaced_on = programme.replaced_on(case.book.on)
    results = {name: explain(each, case, replaced_on) for name, each in compiled.criteria.items()}
    return Entitlement(
        programme=programme.slug,
        title=programme.title,
        run_by=case.reference.vocabulary.departments[programme.run_by],
        verdict=verdict,
        effective=version.effective,
        clauses=version.clauses,
        criteria=tuple(results[name] for name in compiled.named),
        relations=tuple(explain_ties(programme.slug, case)),
        missing=tuple(dict.fromkeys(_missing(compiled, case))),
        benefits=tuple(_benefits(compiled, verdict, results, case)),
        documents=version.documents,
        notes=version.notes,
        review_months=version.review_months,
    )


def _missing(compiled: CompiledProgramme, case: Case) -> Iterator[Need]:
    """What would settle an open verdict: unknown facts that still matter, to its own rule or to what it requires."""
    slug = compiled.programme.slug
    if case.granted[slug] is not None:
        return
    outcomes = {name: each.test(case.values) for name, each in compiled.criteria.items()}
    needs = (case.need(compiled.criteria[name].criterion) for name in pending(compiled.version.rule, outcomes))
    yield from (need for need in needs if need is not None)
    for tie in case.book.ties.get(slug, ()):
        if tie.kind is RelationKind.REQUIRES and tie.other in case.granted:
            yield from _missing(case.book.programmes[tie.other], case)


def _benefits(
    compiled: CompiledProgramme, verdict: Verdict, results: dict[str, CriterionResult], case: Case
) -> Iterator[Benefit]:
    if verdict is Verdict.NOT_ELIGIBLE:
        return
    for benefit in compiled.benefits:
        due = benefit.holds(case.values)
        if due is False:
            continue
        term = benefit.term
        yield Benefit(
            kind=term.kind,
            title=term.title,
            certain=verdict is Verdict.ELIGIBLE and due is True,
            amount=benefit.amount,
            cost_share=term.cost_share,
            access_class=term.access_class,
            sessions_a_year=term.sessions_a_year,
            illustrative=benefit.illustrative,
            clause=term.clause,
            because=tuple(results[name] for name in benefit.named),
        )


def access_classes(entitlements: Iterable[Entitlement]) -> tuple[str, ...]:
    """The access classes that are certain, sorted: what a pass may carry."""
    return tuple(
        sorted(
            {
                benefit.access_class
                for entitlement in entitlements
                for benefit in entitlement.benefits
                if benefit.certain and benefit.access_class is not None
            }
        )
    )


def access_classes_on(book: RuleBook, facts: Facts, on: date) -> tuple[str, ...]:
    """The same classes as `access_classes(decide(...))` gives, without the explanations."""
    compiled = compile_book(book, on)
    case = Case.of(compiled, book.reference, facts)
    classes = {
        benefit.term.access_class
        for slug, programme in compiled.programmes.items()
        for benefit in programme.benefits
        if benefit.term.access_class is not None and case.granted[slug] and benefit.holds(case.values)
    }
    return tuple(sorted(classes))


def next_access_change(book: RuleBook, facts: Facts, on: date, until: date) -> date | None:
    """The first day after `on`, up to `until`, on which the access classes differ: no pass may live into it.

    Raises:
        FactInvalid: a statement that no rule can read.
    """
    book.reference.vocabulary.check(facts)
    now = access_classes_on(book, facts, on)
    days = turning_days(book, facts, on, until)
    return next((day for day in days if access_classes_on(book, facts, day) != now), None)


def turning_days(book: RuleBook, facts: Facts, on: date, until: date) -> list[date]:
    """The days after `on`, up to `until`, on which an answer can differ from the day before, in order."""
    days = {*book.turning_days(), *facts.turning_days(), *_birthdays(facts, on, until)}
    return sorted(day for day in days if on < day <= until)


def _birthdays(facts: Facts, on: date, until: date) -> Iterator[date]:
    """The anniversaries of every date among the facts: no age limit turns on any other day."""
    for statements in facts.by_name.values():
        for fact in statements:
            if isinstance(fact.value, date):
                born, years = fact.value, range(on.year, until.year + 1)
                yield from filter(None, (birthday(born, year - born.year) for year in years))
