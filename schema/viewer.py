"""Whoever is signed in: what she sees of herself, her wards, and her work as a member of staff."""

import strawberry

from domain.access import Scope
from models.session import StaffRole
from schema.booking import FlaggedBooking
from schema.context import Info
from schema.desk import Desk, DeskBooking, desk_bookings, desk_page
from schema.errors import ErrorCode, ExpectedError
from schema.fleet import Operator
from schema.holder import Holder
from schema.identity import from_id, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of
from schema.session import NotSignedIn, Signed, signed_in
from services import accesses, bookings, desks, operators
from services.people import StaffMember
from services.people import Ward as HeldWard

# Few act for more than two or three; a query over all of them must stay affordable.
_USUAL_WARDS = 3
_USUAL_DESKS = 1

strawberry.enum(StaffRole, name="StaffRole", description="What a member of staff does.")
strawberry.enum(Scope, name="GuardianScope", description="How far a guardian may act for a ward.")


@strawberry.type(description="被监护人。A person for whom the viewer acts.")
class Ward(Holder):
    """A ward and how far the viewer may act for her."""

    relation: str = strawberry.field(description="What the viewer is to her, in Chinese.")
    scope: Scope

    @classmethod
    def of(cls, ward: HeldWard) -> "Ward":
        """The ward of a loaded row."""
        return cls(person=ward.person, relation=ward.relation, scope=ward.scope)


@strawberry.type(description="The viewer as a member of staff.")
class Staff:
    """Role and area."""

    member: strawberry.Private[StaffMember]
    role: StaffRole
    town: str = strawberry.field(description="The town she works for; empty for the whole district.")
    organisation: str

    @strawberry.field(description="Bookings to come, of residents of her area, whose grounds have changed.")
    async def flagged_bookings(self, info: Info, first: int, after: str | None = None) -> Connection[FlaggedBooking]:
        """A page of bookings that a person has to look at, once it is logged that she sees them."""
        behind = None
        if after is not None:
            behind = from_id("Booking", after)
            if behind is None:
                raise CursorInvalid
        rows = await bookings.flagged_in(info.context.resources, self.town, behind, first + 1)
        shown = {row.resident_id for row in rows[:first]}
        await accesses.note_shown(info.context.resources, self.member.id, accesses.VIEW_FLAGGED, shown, info.context.at)
        return page_of(rows, first, FlaggedBooking.of, lambda row: to_id("Booking", row.id))

    @classmethod
    def of(cls, member: StaffMember) -> "Staff":
        """The member of staff of a loaded row."""
        return cls(member=member, role=member.role, town=member.town, organisation=member.organisation)

    @strawberry.field(description="Appeals against a miss in her area that wait for an answer.")
    async def appeals(self, info: Info, first: int, after: str | None = None) -> Connection[DeskBooking]:
        """A page of appeals, once it is logged that she sees them."""
        rows = await desks.appeals_in_area(info.context.resources, self.member, desk_page(first, after))
        shown = {row.booking.resident_id for row in rows[:first]}
        await accesses.note_shown(info.context.resources, self.member.id, accesses.VIEW_APPEALS, shown, info.context.at)
        return desk_bookings(rows, first)


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

    @strawberry.field(description="The operators that she works for.", metadata={LIST_SIZE: _USUAL_DESKS})
    async def operators(self, info: Info) -> list[Operator]:
        """The viewer's operators."""
        rows = await operators.operators_of(info.context.resources, self.signed.viewer)
        return [Operator.of(row) for row in rows]

    @strawberry.field(description="What she is as a member of staff; null for everybody else.")
    def staff(self) -> Staff | None:
        """The viewer's staff row."""
        member = self.signed.people.staff
        return Staff.of(member) if member else None


async def viewer(info: Info) -> Viewer:
    """The viewer of the request.

    Raises:
        ExpectedError: nobody is signed in.
    """
    signed = await signed_in(info)
    if isinstance(signed, NotSignedIn):
        raise ExpectedError(ErrorCode.NOT_SIGNED_IN, signed.message)
    return Viewer(person=signed.people.own, signed=signed)
