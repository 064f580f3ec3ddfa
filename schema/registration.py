"""People without a card in the register, those who act for them, and the code that ties a phone to either."""

from datetime import date
from typing import Annotated

import strawberry

from domain.access import Act
from domain.guardianship import Ground
from domain.identification import Identification, RegistrationRefusal
from schema import messages
from schema.context import Info
from schema.identity import key_of, to_id
from schema.session import BindingRefused, CardBound, NotSignedIn, signed_in
from services import code_binding, guardianships, registration
from services.binding import BindingRefusal
from services.registration import NewGuardian, NewResident, Registered

strawberry.enum(Ground, name="GuardianGround", description="Why somebody has a guardian.")
strawberry.enum(Identification, name="Identification", description="The document by which somebody was identified.")
strawberry.enum(RegistrationRefusal, name="RegistrationRefusalReason", description="Why nobody was put on record.")


@strawberry.input(description="Somebody without a card, as her document says.")
class NewResidentInput:
    """What staff fill in."""

    name: str
    birth_date: date
    identified_by: Identification
    number: str = strawberry.field(description="The citizen id, or the number of the birth certificate.")
    town: str
    village: str
    address: str = ""

    def new(self) -> NewResident:
        """The person that it describes."""
        return NewResident(
            identified_by=self.identified_by,
            birth_date=self.birth_date,
            town=self.town,
            village=self.village,
            name=self.name,
            number=self.number,
            address=self.address,
        )


@strawberry.input(description="Somebody who is to act for a resident.")
class NewGuardianInput:
    """What staff fill in."""

    name: str
    phone: str
    relation: str = strawberry.field(description="What she is to the resident, in Chinese.")
    ground: Ground
    acts: list[Act]
    proven_by: str = strawberry.field(description="The document that proves it; of an adult ward the legal reason.")
    valid_until: date | None = None

    def new(self) -> NewGuardian:
        """The guardian that it describes."""
        return NewGuardian(
            acts=frozenset(self.acts),
            ground=self.ground,
            relation=self.relation,
            proven_by=self.proven_by,
            valid_until=self.valid_until,
            name=self.name,
            phone=self.phone,
        )


@strawberry.type(description="Somebody is on record.")
class OnRecord:
    """Whom it is about."""

    resident_id: strawberry.ID
    masked_name: str
    message: str

    @classmethod
    def of(cls, registered: Registered, message: str) -> "OnRecord":
        """The record as it was made."""
        return cls(
            resident_id=to_id("Resident", registered.resident_id), masked_name=registered.masked_name, message=message
        )


@strawberry.type(description="Nobody was put on record.")
class RegistrationRefused:
    """A typed refusal."""

    reason: RegistrationRefusal
    message: str

    @classmethod
    def of(cls, reason: RegistrationRefusal) -> "RegistrationRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.REGISTRATION[reason])


RegisterResult = Annotated[OnRecord | RegistrationRefused | NotSignedIn, strawberry.union("RegistrationResult")]
BindResult = Annotated[CardBound | BindingRefused | NotSignedIn, strawberry.union("BindWithCodeResult")]


@strawberry.type
class RegistrationMutation:
    """The mutations of people without a card, mixed into the root."""

    @strawberry.mutation(description="For staff: put somebody of the area who has no card on record.")
    async def register_resident(
        self, info: Info, resident: Annotated[NewResidentInput, strawberry.argument(name="input")]
    ) -> RegisterResult:
        """The person on record."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        answer = await registration.register_resident(info.context.resources, signed.people, resident.new())
        if isinstance(answer, RegistrationRefusal):
            return RegistrationRefused.of(answer)
        return OnRecord.of(answer, messages.RESIDENT_REGISTERED)

    @strawberry.mutation(description="For offices: put on record who acts for a resident of the area.")
    async def record_guardian(
        self,
        info: Info,
        resident_id: strawberry.ID,
        guardian: Annotated[NewGuardianInput, strawberry.argument(name="input")],
    ) -> RegisterResult:
        """The ward."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        ward = key_of("Resident", resident_id)
        answer = await registration.record_guardian(info.context.resources, signed.people, ward, guardian.new())
        if isinstance(answer, RegistrationRefusal):
            return RegistrationRefused.of(answer)
        return OnRecord.of(answer, messages.GUARDIAN_RECORDED)

    @strawberry.mutation(description="For staff: the citizen id of somebody who was registered by a birth certificate.")
    async def record_citizen_id(self, info: Info, resident_id: strawberry.ID, number: str) -> RegisterResult:
        """The person, who can get a card now."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        whom = key_of("Resident", resident_id)
        answer = await registration.record_citizen_id(info.context.resources, signed.people, whom, number)
        if isinstance(answer, RegistrationRefusal):
            return RegistrationRefused.of(answer)
        return OnRecord.of(answer, messages.NUMBER_RECORDED)

    @strawberry.mutation(description="For offices: end at once who acts for a resident of the area; both are told.")
    async def end_guardian(
        self,
        info: Info,
        guardian_id: strawberry.ID,
        reason: Annotated[str, strawberry.argument(description="Why, in plain words; sealed under the ward's key.")],
    ) -> RegisterResult:
        """The ward."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        guardian = key_of("Guardian", guardian_id)
        answer = await guardianships.end_guardian(
            info.context.resources, signed.viewer, signed.people, guardian, reason
        )
        if isinstance(answer, RegistrationRefusal):
            return RegistrationRefused.of(answer)
        return OnRecord.of(answer, messages.GUARDIAN_ENDED)

    @strawberry.mutation(description="Tie the account by a clerk's code, as the resident or as who acts for her.")
    async def bind_with_code(
        self,
        info: Info,
        name: Annotated[str, strawberry.argument(description="The viewer's own name.")],
        code: Annotated[str, strawberry.argument(description="The code that a clerk gave.")],
    ) -> BindResult:
        """The binding."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        bound = await code_binding.bind_with_code(info.context.resources, signed.viewer, name, code)
        return BindingRefused.of(bound) if isinstance(bound, BindingRefusal) else CardBound.of(bound)
