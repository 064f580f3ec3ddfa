"""What staff do about themselves and one another: prove a second factor, give posts, and take them back."""

import strawberry

from schema.context import Info
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from schema.staff import (
    ConfirmResult,
    EndResult,
    EnrolResult,
    FactorCodeResult,
    PostInput,
    ProposeResult,
    ProveResult,
    SecondFactorCode,
    SecondFactorEnrolled,
    SecondFactorProven,
    SecondFactorRefused,
    StaffAppointed,
    StaffEnded,
    StaffGrant,
    StaffRefused,
)
from services import factor_codes, second_factor, staffing
from services.appointments import StaffRefusal
from services.second_factor import FactorRefusal


@strawberry.type
class StaffMutation:
    """The mutations of staff accounts, mixed into the root."""

    @strawberry.mutation(description="Get the secret of the second factor for the code that was handed over.")
    async def enrol_second_factor(self, info: Info, code: str) -> EnrolResult:
        """The secret, shown once."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        given = await second_factor.enrol(info.context.resources, signed.viewer, signed.people, code)
        return SecondFactorRefused.of(given) if isinstance(given, FactorRefusal) else SecondFactorEnrolled.of(given)

    @strawberry.mutation(description="Prove the second factor with the app's code, to work in this session.")
    async def prove_second_factor(self, info: Info, code: str) -> ProveResult:
        """How long it counts."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        proven = await second_factor.prove(info.context.resources, signed.viewer, signed.people, code)
        if isinstance(proven, FactorRefusal):
            return SecondFactorRefused.of(proven)
        return SecondFactorProven(until=proven.until)

    @strawberry.mutation(
        description="For the district's clerks: a code by which somebody at a desk or of an operator gets her second "
        "factor; the one she had, if any, counts no more."
    )
    async def give_factor_code(self, info: Info, account_id: strawberry.ID) -> FactorCodeResult:
        """The code, shown once."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        account = key_of("Account", account_id)
        given = await factor_codes.give_code(info.context.resources, signed.viewer, signed.people, account)
        return SecondFactorRefused.of(given) if isinstance(given, FactorRefusal) else SecondFactorCode.of(given)

    @strawberry.mutation(description="For administrators: propose a post for an account, whose viewer shows its id.")
    async def propose_staff(self, info: Info, account_id: strawberry.ID, post: PostInput) -> ProposeResult:
        """The proposal."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        account = key_of("Account", account_id)
        grant = await staffing.propose(info.context.resources, signed.people, account, post.post())
        return StaffRefused.of(grant) if isinstance(grant, StaffRefusal) else StaffGrant.of(grant)

    @strawberry.mutation(description="For another administrator: put a proposed post into force.")
    async def confirm_staff(self, info: Info, grant_id: strawberry.ID) -> ConfirmResult:
        """The code of the second factor."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        grant = key_of("StaffGrant", grant_id)
        given = await staffing.confirm(info.context.resources, signed.viewer, signed.people, grant)
        return StaffRefused.of(given) if isinstance(given, StaffRefusal) else StaffAppointed.of(given)

    @strawberry.mutation(description="For administrators: cut off a member of staff at once.")
    async def end_staff(self, info: Info, staff_id: strawberry.ID) -> EndResult:
        """The end of her post."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        ended = await staffing.end(info.context.resources, signed.people, key_of("Staff", staff_id))
        return StaffRefused.of(ended) if isinstance(ended, StaffRefusal) else StaffEnded()
