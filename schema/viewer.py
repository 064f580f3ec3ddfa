"""Whoever is signed in: what she sees of herself, her wards, and her work as a member of staff."""

from datetime import date

import strawberry

from domain.access import Act
from schema import messages
from schema.context import Info
from schema.desk import Desk
from schema.errors import ErrorCode, ExpectedError
from schema.fleet import Operator
from schema.guardian import in_order
from schema.holder import Holder
from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.session import NotSignedIn, OpenSession, Signed, signed_in
from schema.settlement import Settlement
from schema.staff import Staff
from services import accesses, desks, operators, sessions, sides
from services.people import Ward as HeldWard

# Few act for more than two or three; a query over all of them must stay affordable.
_USUAL_WARDS = 3
_USUAL_DESKS = 1
_USUAL_SESSIONS = 3


@strawberry.type(description="被监护人。A person for whom the viewer acts.")
class Ward(Holder):
    """A ward and how far the viewer may act for her."""

    relation: str = strawberry.field(description="What the viewer is to her, in Chinese.")
    acts: list[Act] = strawberry.field(description="What the viewer may do for her.", metadata={LIST_SIZE: len(Act)})
    ends_on: date | None = strawberry.field(description="The last day on which the viewer acts for her, if it ends.")
    ending: str | None = strawberry.field(description="The same as a sentence, with the reason.")

    @classmethod
    def of(cls, ward: HeldWard) -> "Ward":
        """The ward of a loaded row."""
        held, last = ward.guardianship, ward.last_day
        return cls(
            person=ward.person,
            relation=ward.relation,
            acts=in_order(held.acts),
            ends_on=last,
            ending=None if last is None else messages.guardianship_ends(last, of_age=last != held.valid_until),
        )


@strawberry.type(description="Whoever is signed in; her own fields are empty until a card is bound to the account.")
class Viewer(Holder):
    """The account's own resident, if any, with everybody she acts for."""

    signed: strawberry.Private[Signed]

    @strawberry.field(description="The people for whom she acts.", metadata={LIST_SIZE: _USUAL_WARDS})
    async def wards(self, info: Info) -> list[Ward]:
        """The viewer's wards, once it is logged that she sees them."""
        await accesses.note_views(info.context.resources, self.signed.viewer, self.signed.people.wards, info.context.at)
        return [Ward.of(ward) for ward in self.signed.people.wards]

    @strawberry.field(description="The providers at whose desks she works.", metadata={LIST_SIZE: _USUAL_DESKS})
    async def desks(self, info: Info) -> list[Desk]:
        """The viewer's desks."""
        rows = await desks.desks_of(info.context.resources, self.signed.viewer)
        return [Desk(provider=row) for row in rows]

    @strawberry.field(
        description="The operators with which she settles: her own, or all for the federation's district staff.",
        metadata={LIST_SIZE: _USUAL_DESKS},
    )
    async def settlements(self, info: Info) -> list[Settlement]:
        """The viewer's operators."""
        rows = await sides.parties_of(info.context.resources, self.signed.viewer, self.signed.people)
        return [Settlement.of(row) for row in rows]

    @strawberry.field(description="The operators that she works for.", metadata={LIST_SIZE: _USUAL_DESKS})
    async def operators(self, info: Info) -> list[Operator]:
        """The viewer's operators."""
        rows = await operators.operators_of(info.context.resources, self.signed.viewer)
        return [Operator.of(row) for row in rows]

    @strawberry.field(
        description="Whether she works somewhere and has yet to prove her second factor in this session; until then "
        "she has no desks and no operators here."
    )
    def second_factor_missing(self) -> bool:
        """What to ask her for first."""
        people = self.signed.people
        return people.organisation is not None and people.proven_until is None

    @strawberry.field(
        description="The account's id, by which an administrator gives it a post, or a provider a place at its desk."
    )
    def account_id(self) -> strawberry.ID:
        """The account's id."""
        return to_id("Account", self.signed.viewer.account_id)

    @strawberry.field(
        description="Where the account is signed in, the newest use first.", metadata={LIST_SIZE: _USUAL_SESSIONS}
    )
    async def sessions(self, info: Info) -> list[OpenSession]:
        """The account's sessions."""
        viewer = self.signed.viewer
        rows = await sessions.sessions_of(info.context.resources, viewer.account_id)
        return [OpenSession.of(row, viewer) for row in rows]

    @strawberry.field(description="What she is as a member of staff; null for everybody else.")
    def staff(self) -> Staff | None:
        """The viewer's staff row."""
        member = self.signed.people.staff or self.signed.people.unproven
        return Staff.of(member, self.signed.people) if member else None


async def viewer(info: Info) -> Viewer:
    """The viewer of the request.

    Raises:
        ExpectedError: nobody is signed in.
    """
    signed = await signed_in(info)
    if isinstance(signed, NotSignedIn):
        raise ExpectedError(ErrorCode.NOT_SIGNED_IN, signed.message)
    return Viewer(person=signed.people.own, signed=signed)
