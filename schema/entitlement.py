"""A programme's answer for a resident on a day: the verdict, and every reason for it in a sentence to be read aloud."""

from datetime import date
from decimal import Decimal

import strawberry

from domain import entitlement, explanation, legal, outlook
from domain.benefit import BenefitKind
from domain.entitlement import Verdict
from domain.explanation import Outcome
from domain.relation import RelationKind
from schema.limits import LIST_SIZE

# Few programmes bear on each other.
_RELATIONS = 1

strawberry.enum(
    Verdict,
    name="EntitlementVerdict",
    description="What a programme answers; UNDETERMINED is no refusal: something has yet to be brought.",
)
strawberry.enum(Outcome, name="CriterionOutcome", description="What became of a criterion.")
strawberry.enum(
    RelationKind,
    name="ProgrammeRelationKind",
    description="Whether a programme is granted only beside another, or never beside it.",
)
strawberry.enum(BenefitKind, name="BenefitKind", description="What is given.")


@strawberry.type(description="依据。The clause on which something rests.")
class Clause:
    """A reference into a published document."""

    document: str
    citation: str = strawberry.field(description="Where it stands, in the document's own numbering.")

    @classmethod
    def of(cls, reference: legal.LegalReference) -> "Clause":
        """The reference as the rules give it."""
        return cls(document=reference.document, citation=reference.citation)


@strawberry.type(description="A fact that nobody has recorded yet.")
class MissingFact:
    """What to bring."""

    label: str
    department: str = strawberry.field(description="Who has it.")

    @classmethod
    def of(cls, need: explanation.Need) -> "MissingFact":
        """The need in words."""
        return cls(label=need.label, department=need.department)


@strawberry.type(description="What happens if nothing but time goes by.")
class CriterionChange:
    """The first later day on which a criterion comes out otherwise."""

    on: date
    outcome: Outcome
    sentence: str

    @classmethod
    def of(cls, change: explanation.Change) -> "CriterionChange":
        """The change as it was found."""
        return cls(on=change.on, outcome=change.outcome, sentence=change.sentence)


@strawberry.type(description="条件。One condition, with the resident's own value.")
class Criterion:
    """A criterion explained."""

    outcome: Outcome
    sentence: str
    clause: Clause
    source: str | None = strawberry.field(description="The department that states the value.")
    recorded_on: date | None = strawberry.field(description="The day on which it recorded it.")
    missing: MissingFact | None
    contradictions: list[str] = strawberry.field(description="What other departments, or the same, state instead.")
    change: CriterionChange | None

    @classmethod
    def of(cls, result: explanation.CriterionResult) -> "Criterion":
        """The criterion as it was judged."""
        return cls(
            outcome=result.outcome,
            sentence=result.sentence,
            clause=Clause.of(result.clause),
            source=result.source,
            recorded_on=result.recorded_on,
            missing=None if result.missing is None else MissingFact.of(result.missing),
            contradictions=list(result.contradictions),
            change=None if result.change is None else CriterionChange.of(result.change),
        )


@strawberry.type(description="How another programme bears on this one.")
class ProgrammeRelation:
    """A relation explained."""

    kind: RelationKind
    programme: str = strawberry.field(description="The other programme's lasting name.")
    title: str = strawberry.field(description="The other programme's title.")
    outcome: Outcome = strawberry.field(
        description="MET where the other is granted that has to be, or is not granted that must not be."
    )
    sentence: str
    clause: Clause

    @classmethod
    def of(cls, result: explanation.RelationResult) -> "ProgrammeRelation":
        """The relation as it was judged."""
        return cls(
            kind=result.kind,
            programme=result.programme,
            title=result.title,
            outcome=result.outcome,
            sentence=result.sentence,
            clause=Clause.of(result.clause),
        )


@strawberry.type(description="What is given, or may be.")
class Benefit:
    """One benefit of a programme."""

    kind: BenefitKind
    title: str
    certain: bool = strawberry.field(description="False while something that it depends on is not known.")
    monthly: Decimal | None = strawberry.field(description="Yuan a month.")
    yearly: Decimal | None = strawberry.field(description="Yuan a year.")
    once: Decimal | None = strawberry.field(description="Yuan, paid one time.")
    cost_share: Decimal | None = strawberry.field(description="Share of the person's cost, from 0 to 1.")
    sessions_a_year: int | None = strawberry.field(
        description="Sessions of a calendar year for which the share is borne; null where there is no bound."
    )
    access_class: str | None = strawberry.field(description="The tier that a pass carries and tariffs price.")
    illustrative: bool = strawberry.field(
        description="Whether the amount is an example, in place of one that the district has yet to enter: show it so."
    )
    clause: Clause
    because: list[Criterion] = strawberry.field(description="The criteria of this benefit alone.")

    @classmethod
    def of(cls, given: entitlement.Benefit) -> "Benefit":
        """The benefit as it was decided."""
        return cls(
            kind=given.kind,
            title=given.title,
            certain=given.certain,
            monthly=given.amount if given.kind is BenefitKind.MONTHLY else None,
            yearly=given.amount if given.kind is BenefitKind.YEARLY else None,
            once=given.amount if given.kind is BenefitKind.ONCE else None,
            cost_share=given.cost_share,
            access_class=given.access_class,
            sessions_a_year=given.sessions_a_year,
            illustrative=given.illustrative,
            clause=Clause.of(given.clause),
            because=[Criterion.of(result) for result in given.because],
        )


@strawberry.type(description="待遇。What one programme answers for a resident on a day, and why.")
class Entitlement:
    """A decision with its reasons."""

    programme: str = strawberry.field(description="The programme's lasting name in addresses and services.")
    title: str
    run_by: str = strawberry.field(description="The department that decides.")
    verdict: Verdict
    effective: date | None = strawberry.field(
        description="The day from which the rules applied are in force; null where none were."
    )
    clauses: list[Clause]
    criteria: list[Criterion]
    relations: list[ProgrammeRelation] = strawberry.field(
        description="What other programmes do to this one; of those that exclude each other the best are granted.",
        metadata={LIST_SIZE: _RELATIONS},
    )
    missing: list[MissingFact] = strawberry.field(description="What would settle an undetermined verdict.")
    benefits: list[Benefit]
    documents: list[str] = strawberry.field(description="What to bring to apply.")
    notes: list[str]
    review_months: int | None = strawberry.field(description="Every how many months the grant is looked at anew.")

    @classmethod
    def of(cls, decided: entitlement.Entitlement) -> "Entitlement":
        """The decision as it was made."""
        return cls(
            programme=decided.programme,
            title=decided.title,
            run_by=decided.run_by,
            verdict=decided.verdict,
            effective=decided.effective,
            clauses=[Clause.of(reference) for reference in decided.clauses],
            criteria=[Criterion.of(result) for result in decided.criteria],
            relations=[ProgrammeRelation.of(result) for result in decided.relations],
            missing=[MissingFact.of(need) for need in decided.missing],
            benefits=[Benefit.of(given) for given in decided.benefits],
            documents=list(decided.documents),
            notes=list(decided.notes),
            review_months=decided.review_months,
        )


@strawberry.type(description="A programme that will be gained, lost, or open again.")
class ComingChange:
    """A change of a verdict to come."""

    programme: str = strawberry.field(description="The programme's lasting name.")
    title: str
    on: date = strawberry.field(description="The first day of the new verdict.")
    before: Verdict
    verdict: Verdict
    because: list[str] = strawberry.field(description="Why, in sentences.")

    @classmethod
    def of(cls, change: outlook.ComingChange) -> "ComingChange":
        """The change as it was found."""
        return cls(
            programme=change.programme,
            title=change.title,
            on=change.on,
            before=change.before,
            verdict=change.verdict,
            because=list(change.because),
        )
