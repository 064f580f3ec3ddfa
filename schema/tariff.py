"""An operator's tariffs: what they grant, what the check finds, and what they would have changed."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from card.rule import CompanionTerms, Outcome, TariffRule
from card.tariff_check import Finding, FindingKind
from card.window import Place, PlaceKind, Window
from schema import messages
from schema.context import Info
from schema.identity import NOBODY, to_id
from schema.limits import LIST_SIZE
from services import drafts, previews

strawberry.enum(Outcome, name="AdmissionOutcome", description="What the bearer of a code is told.")
strawberry.enum(CompanionTerms, name="CompanionTerms", description="Whether somebody comes along, and who pays.")
strawberry.enum(FindingKind, name="TariffFindingKind", description="What is wrong with a tariff.")

RULES = {LIST_SIZE: 8}
_ROWS = {LIST_SIZE: 5}
_WEEK = {LIST_SIZE: 7}
_KINDS = {PlaceKind.LINE: "Line", PlaceKind.VENUE: "Venue"}


@strawberry.type(description="Hours on days of the week.")
class TariffWindow:
    """A window."""

    days: list[int] = strawberry.field(description="1 is Monday.", metadata=_WEEK)
    begins: int = strawberry.field(description="Minutes after midnight.")
    ends: int

    @classmethod
    def of(cls, window: Window) -> "TariffWindow":
        """The window of a value."""
        return cls(days=sorted(window.days), begins=window.begins, ends=window.ends)


@strawberry.type(description="Where a rule holds: a line, a venue or a town.")
class TariffPlace:
    """A place."""

    id: strawberry.ID | None = strawberry.field(description="Of the line or venue.")
    area: str | None

    @classmethod
    def of(cls, place: Place) -> "TariffPlace":
        """The place of a value; a name that no id is was none of ours."""
        if place.kind is PlaceKind.AREA:
            return cls(id=None, area=place.name)
        return cls(id=to_id(_KINDS[place.kind], _key(place.name)), area=None)


@strawberry.type(description="What an access class gets.")
class AdmissionRule:
    """A rule of a tariff."""

    access_class: str
    outcome: Outcome
    price_share: Decimal
    companions: int
    companion_terms: CompanionTerms
    place: TariffPlace | None
    window: TariffWindow | None
    sentence: str = strawberry.field(description="The same, to be read aloud.")

    @classmethod
    def of(cls, rule: TariffRule) -> "AdmissionRule":
        """The rule of a value."""
        return cls(
            access_class=rule.access_class,
            outcome=rule.outcome,
            price_share=rule.price_share,
            companions=rule.companions,
            companion_terms=rule.companion_terms,
            place=None if rule.place is None else TariffPlace.of(rule.place),
            window=None if rule.window is None else TariffWindow.of(rule.window),
            sentence=messages.granted(rule),
        )


@strawberry.type(description="One thing that is wrong with a tariff.")
class TariffFinding:
    """A finding of the check."""

    kind: FindingKind
    access_class: str | None
    place: TariffPlace | None
    window: TariffWindow | None
    message: str

    @classmethod
    def of(cls, finding: Finding) -> "TariffFinding":
        """The finding with its sentence."""
        return cls(
            kind=finding.kind,
            access_class=finding.access_class,
            place=None if finding.place is None else TariffPlace.of(finding.place),
            window=None if finding.window is None else TariffWindow.of(finding.window),
            message=messages.FINDING[finding.kind],
        )


@strawberry.type(description="A draft, or a tariff that was published and changes no more.")
class TariffVersion:
    """A tariff of an operator."""

    version: strawberry.Private[drafts.TariffVersion]
    operator_id: strawberry.Private[UUID]
    id: strawberry.ID
    effective: date
    drafted_at: datetime
    published_at: datetime | None
    daily_cap: int | None
    monthly_cap: int | None
    pass_back_seconds: int
    stale_after_seconds: int
    refuse_after_seconds: int | None

    @strawberry.field(description="In the order in which they are tried.", metadata=RULES)
    def rules(self) -> list[AdmissionRule]:
        """The rules."""
        return [AdmissionRule.of(rule) for rule in self.version.tariff.rules]

    @strawberry.field(description="What must be mended before it is published, 100 at most.", metadata=_ROWS)
    async def findings(self, info: Info) -> list[TariffFinding]:
        """What the check finds."""
        found = await drafts.findings_of(info.context.resources, self.operator_id, self.version.tariff)
        return [TariffFinding.of(each) for each in found[:100]]

    @classmethod
    def of(cls, version: drafts.TariffVersion, operator_id: UUID) -> "TariffVersion":
        """The version of a loaded row."""
        tariff = version.tariff
        return cls(
            version=version,
            operator_id=operator_id,
            id=to_id("Tariff", version.id),
            effective=tariff.effective,
            drafted_at=version.drafted_at,
            published_at=version.published_at,
            daily_cap=tariff.daily_cap,
            monthly_cap=tariff.monthly_cap,
            pass_back_seconds=tariff.pass_back_seconds,
            stale_after_seconds=tariff.stale_after_seconds,
            refuse_after_seconds=tariff.refuse_after_seconds,
        )


@strawberry.type(description="What somebody is told at a gate.")
class GateAnswer:
    """An answer."""

    outcome: Outcome
    message: str
    price_share: Decimal
    companions: int

    @classmethod
    def of(cls, answer: previews.Answer) -> "GateAnswer":
        """The answer with its sentence."""
        return cls(
            outcome=answer.outcome,
            message=messages.ride(answer.outcome, answer.reason),
            price_share=Decimal(answer.price_share),
            companions=answer.companions,
        )


@strawberry.type(description="So many scans that would have gone otherwise in the same way.")
class TariffChange:
    """A kind of change."""

    before: GateAnswer
    after: GateAnswer
    scans: int


@strawberry.type(description="One scan that would have gone otherwise; whose it was is told to nobody.")
class TariffExample:
    """An example."""

    at: datetime
    place: str
    before: GateAnswer
    after: GateAnswer


@strawberry.type(description="What a tariff, in force at once, would have changed in the scans of the last week.")
class TariffPreview:
    """The comparison."""

    scans: int = strawberry.field(description="How many were judged anew, 5,000 at most.")
    changes: list[TariffChange] = strawberry.field(metadata=_ROWS)
    examples: list[TariffExample] = strawberry.field(description="The latest, 20 at most.", metadata=_ROWS)

    @classmethod
    def of(cls, preview: previews.Preview) -> "TariffPreview":
        """The comparison of a value."""
        return cls(
            scans=preview.scans,
            changes=[
                TariffChange(before=GateAnswer.of(before), after=GateAnswer.of(after), scans=scans)
                for (before, after), scans in sorted(preview.changed.items(), key=lambda each: -each[1])[:100]
            ],
            examples=[
                TariffExample(
                    at=each.at, place=each.place, before=GateAnswer.of(each.before), after=GateAnswer.of(each.after)
                )
                for each in preview.examples
            ],
        )


def _key(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        return NOBODY
