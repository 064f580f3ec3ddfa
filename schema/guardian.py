"""Who acts for a resident, as she sees it; her objections, and what staff decide on them."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from domain.access import Act
from domain.guardianship import ObjectionOutcome
from schema import messages
from schema.context import Info
from schema.identity import from_id, key_of, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of
from schema.session import NotSignedIn, signed_in
from services import objections
from services.objections import ActingGuardian, ObjectionRefusal, OpenObjection, Ruling

strawberry.enum(Act, name="GuardianAct", description="What a guardian may do for a ward.")
strawberry.enum(ObjectionOutcome, name="ObjectionOutcome", description="What staff decide on an objection.")
strawberry.enum(ObjectionRefusal, name="ObjectionRefusalReason", description="Why an objection was not taken.")

Text = Annotated[str, strawberry.argument(description="Why, in plain words; sealed under the ward's key.")]
_ACTS = {LIST_SIZE: len(Act)}


def in_order(acts: frozenset[Act]) -> list[Act]:
    """Acts in the order in which they are always shown."""
    return [act for act in Act if act in acts]


@strawberry.type(description="监护人。Somebody who acts for a resident, as the resident sees her.")
class Guardian:
    """A guardian, her name masked."""

    id: strawberry.ID
    masked_name: str
    relation: str = strawberry.field(description="What she is to the resident, in Chinese.")
    acts: list[Act] = strawberry.field(description="What she may do.", metadata=_ACTS)
    since: date
    ends_on: date | None = strawberry.field(description="The last day on which she acts, if it ends.")
    objection_is_open: bool = strawberry.field(description="Whether an objection to her waits for a decision.")

    @classmethod
    def of(cls, guardian: ActingGuardian) -> "Guardian":
        """The guardian of a loaded row."""
        return cls(
            id=to_id("Guardian", guardian.id),
            masked_name=guardian.masked_name,
            relation=guardian.relation,
            acts=in_order(guardian.guardianship.acts),
            since=guardian.guardianship.valid_from,
            ends_on=guardian.last_day,
            objection_is_open=guardian.objection_is_open,
        )


@strawberry.type(description="What a ward says against a guardian, for staff who decide.")
class GuardianObjection:
    """An objection that waits."""

    id: strawberry.ID
    resident_id: strawberry.ID
    ward_name: str = strawberry.field(description="Masked.")
    guardian_name: str = strawberry.field(description="Masked.")
    relation: str
    acts: list[Act] = strawberry.field(description="What the guardian may do.", metadata=_ACTS)
    reason: str
    filed_at: datetime

    @classmethod
    def of(cls, objection: OpenObjection) -> "GuardianObjection":
        """The objection of a loaded row."""
        return cls(
            id=to_id("GuardianObjection", objection.id),
            resident_id=to_id("Resident", objection.resident_id),
            ward_name=objection.ward_name,
            guardian_name=objection.guardian_name,
            relation=objection.relation,
            acts=in_order(objection.acts),
            reason=objection.reason,
            filed_at=objection.filed_at,
        )


@strawberry.type(description="The objection is on record, and staff of the area decide on it.")
class ObjectionTaken:
    """An objection was taken."""

    message: str = messages.OBJECTION_TAKEN


@strawberry.type(description="An objection was decided; the ward and the guardian are told.")
class ObjectionDecided:
    """The end of an objection."""

    outcome: ObjectionOutcome
    message: str


@strawberry.type(description="The objection was not taken, or not decided.")
class ObjectionRefused:
    """A typed refusal."""

    reason: ObjectionRefusal
    message: str

    @classmethod
    def of(cls, reason: ObjectionRefusal) -> "ObjectionRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.OBJECTION[reason])


@strawberry.type(description="A page of objections that wait.")
class ObjectionList:
    """The objections of an area."""

    objections: Connection[GuardianObjection]


ObjectResult = Annotated[ObjectionTaken | ObjectionRefused | NotSignedIn, strawberry.union("ObjectToGuardianResult")]
DecideResult = Annotated[ObjectionDecided | ObjectionRefused | NotSignedIn, strawberry.union("DecideObjectionResult")]
ListResult = Annotated[ObjectionList | ObjectionRefused | NotSignedIn, strawberry.union("ObjectionListResult")]


@strawberry.type
class GuardianQuery:
    """The query of objections, mixed into the root."""

    @strawberry.field(description="For offices: the objections of wards in the area that wait, the oldest first.")
    async def guardian_objections(self, info: Info, first: int, after: str | None = None) -> ListResult:
        """A page of objections."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        behind = None if after is None else from_id("GuardianObjection", after)
        if after is not None and behind is None:
            raise CursorInvalid
        rows = await objections.open_objections(info.context.resources, signed.people, behind, first)
        if isinstance(rows, ObjectionRefusal):
            return ObjectionRefused.of(rows)
        page = page_of(rows, first, GuardianObjection.of, lambda row: to_id("GuardianObjection", row.id))
        return ObjectionList(objections=page)


@strawberry.type
class GuardianMutation:
    """The mutations about objections, mixed into the root."""

    @strawberry.mutation(description="Object, as a ward of age, to somebody who acts for the viewer.")
    async def object_to_guardian(self, info: Info, guardian_id: strawberry.ID, reason: Text) -> ObjectResult:
        """The objection."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        guardian = key_of("Guardian", guardian_id)
        filed = await objections.object_to(info.context.resources, signed.viewer, signed.people, guardian, reason)
        return ObjectionRefused.of(filed) if isinstance(filed, ObjectionRefusal) else ObjectionTaken()

    @strawberry.mutation(description="For offices: decide on an objection; `acts` are those that stay with NARROW.")
    async def decide_guardian_objection(
        self,
        info: Info,
        objection_id: strawberry.ID,
        outcome: ObjectionOutcome,
        reason: Text,
        acts: list[Act] | None = None,
    ) -> DecideResult:
        """The decision."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        ruling = Ruling(key_of("GuardianObjection", objection_id), outcome, frozenset(acts or ()), reason)
        decided = await objections.decide(info.context.resources, signed.viewer, signed.people, ruling)
        if isinstance(decided, ObjectionRefusal):
            return ObjectionRefused.of(decided)
        return ObjectionDecided(outcome=decided, message=messages.OBJECTION_DECIDED[decided])
