"""Staff as they see themselves, their second factor, and the posts that administrators give together."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from domain.access import Area
from domain.duty import Duty
from models.session import StaffRole
from schema import messages
from schema.booking import FlaggedBooking
from schema.context import Info
from schema.dashboard import Dashboard, dashboard_of
from schema.desk import DeskBooking, desk_bookings, desk_page
from schema.identity import from_id, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of, time_place
from schema.ride import DisputedRide, disputed_rides
from schema.session import NotSignedIn
from services import accesses, bookings, desks, ride_disputes, second_factor, staffing
from services.appointments import Appointment, Post, StaffRefusal
from services.factor_codes import FactorCode
from services.people import People, StaffMember
from services.second_factor import FactorRefusal

# Few posts wait at a time, for a week at most.
_USUAL_GRANTS = 5

strawberry.enum(StaffRole, name="StaffRole", description="What a member of staff does.")
strawberry.enum(FactorRefusal, name="SecondFactorRefusalReason", description="Why there is no second factor.")
strawberry.enum(StaffRefusal, name="StaffRefusalReason", description="Why a role was not given or taken back.")


@strawberry.type(description="The viewer as a member of staff.")
class Staff:
    """Role and area."""

    reviewer: strawberry.Private[StaffMember | None]
    decider: strawberry.Private[StaffMember | None]
    answerer: strawberry.Private[StaffMember | None]
    settler: strawberry.Private[StaffMember | None]
    role: StaffRole
    role_name: str = strawberry.field(description="The role in Chinese.")
    town: str = strawberry.field(description="The town she works for; empty for the whole district.")
    village: str = strawberry.field(description="The village she works for; empty for the whole town.")
    organisation: str
    second_factor_until: datetime | None = strawberry.field(
        description="How long she may act as staff in this session; null until she proves her second factor."
    )

    @strawberry.field(description="Bookings to come, of residents of her area, whose grounds have changed.")
    async def flagged_bookings(self, info: Info, first: int, after: str | None = None) -> Connection[FlaggedBooking]:
        """A page of bookings that a person has to look at, once it is logged that she sees them."""
        behind = None
        if after is not None:
            behind = from_id("Booking", after)
            if behind is None:
                raise CursorInvalid
        if self.reviewer is None:
            return page_of([], first, FlaggedBooking.of, lambda row: to_id("Booking", row.id))
        rows = await bookings.flagged_in(info.context.resources, self.reviewer.area, behind, first + 1)
        shown = {row.resident_id for row in rows[:first]}
        await accesses.note_shown(
            info.context.resources, self.reviewer.id, accesses.VIEW_FLAGGED, shown, info.context.at
        )
        return page_of(rows, first, FlaggedBooking.of, lambda row: to_id("Booking", row.id))

    @strawberry.field(description="Appeals against a miss in her area that wait for an answer.")
    async def appeals(self, info: Info, first: int, after: str | None = None) -> Connection[DeskBooking]:
        """A page of appeals, once it is logged that she sees them."""
        page = desk_page(first, after)
        if self.decider is None:
            return desk_bookings([], first)
        rows = await desks.appeals_in_area(info.context.resources, self.decider.area, page)
        shown = {row.booking.resident_id for row in rows[:first]}
        await accesses.note_shown(
            info.context.resources, self.decider.id, accesses.VIEW_APPEALS, shown, info.context.at
        )
        return desk_bookings(rows, first)

    @strawberry.field(description="Disputes of rides in her area that wait for an answer, the oldest first.")
    async def ride_disputes(self, info: Info, first: int, after: str | None = None) -> Connection[DisputedRide]:
        """A page of disputes, once it is logged that she sees them."""
        behind = None if after is None else time_place("RideDispute", after)
        if self.answerer is None:
            return disputed_rides([], first)
        rows = await ride_disputes.waiting_in_area(info.context.resources, self.answerer.area, behind, first + 1)
        shown = {row.resident_id for row in rows[:first]}
        await accesses.note_shown(
            info.context.resources, self.answerer.id, accesses.VIEW_RIDE_DISPUTES, shown, info.context.at
        )
        return disputed_rides(rows, first)

    @strawberry.field(description="For the district's staff: what all operators' scanners did; null for others.")
    async def dashboard(self, info: Info, since: date, until: date) -> Dashboard | None:
        """The dashboard of all operators."""
        if self.settler is None:
            return None
        return await dashboard_of(info, None, messages.ALL_OPERATORS, since, until)

    @classmethod
    def of(cls, member: StaffMember, people: People) -> "Staff":
        """The member of staff of a loaded row; before her second factor she has nothing to review."""
        return cls(
            reviewer=people.on_duty(Duty.REVIEW_BOOKINGS),
            decider=people.on_duty(Duty.DECIDE_MISS_APPEAL),
            answerer=people.on_duty(Duty.ANSWER_RIDE_DISPUTE),
            settler=people.on_duty(Duty.SETTLE),
            role=member.role,
            role_name=messages.ROLE[member.part],
            town=member.area.town,
            village=member.area.village,
            organisation=member.organisation,
            second_factor_until=people.proven_until,
        )


@strawberry.input(description="A role with its organisation and area.")
class PostInput:
    """What an administrator proposes."""

    role: StaffRole
    organisation: str
    town: str = strawberry.field(default="", description="Needed for a commissioner; of a clerk, empty: the district.")
    village: str = strawberry.field(default="", description="Needed for a commissioner, and for nobody else.")

    def post(self) -> Post:
        """The post that it describes."""
        return Post(self.role, self.organisation.strip(), Area(self.town.strip(), self.village.strip()))


@strawberry.type(description="A member of staff in office, or the post that somebody is to get.")
class StaffPost:
    """A role with its organisation and area."""

    role: StaffRole
    organisation: str
    town: str
    village: str

    @classmethod
    def of(cls, post: Post) -> "StaffPost":
        """The post of a loaded row."""
        return cls(role=post.role, organisation=post.organisation, town=post.area.town, village=post.area.village)


@strawberry.type(description="A post that waits for a second administrator.")
class StaffGrant:
    """A proposal."""

    id: strawberry.ID
    account_id: strawberry.ID
    post: StaffPost
    expires_at: datetime

    @classmethod
    def of(cls, grant: staffing.Grant) -> "StaffGrant":
        """The proposal of a loaded row."""
        return cls(
            id=to_id("StaffGrant", grant.id),
            account_id=to_id("Account", grant.account_id),
            post=StaffPost.of(grant.post),
            expires_at=grant.expires_at,
        )


@strawberry.type(description="The post is in force. The code goes to its holder by hand or by voice, never by WeChat.")
class StaffAppointed:
    """The code of a new member of staff, shown once."""

    staff_id: strawberry.ID
    enrolment_code: str
    expires_at: datetime

    @classmethod
    def of(cls, appointment: Appointment) -> "StaffAppointed":
        """The appointment as it was made."""
        return cls(
            staff_id=to_id("Staff", appointment.staff_id),
            enrolment_code=appointment.given.code,
            expires_at=appointment.given.expires_at,
        )


@strawberry.type(description="A member of staff in office.")
class Colleague:
    """Somebody of the staff, by her post."""

    id: strawberry.ID
    post: StaffPost

    @classmethod
    def of(cls, colleague: staffing.Colleague) -> "Colleague":
        """The colleague of a loaded row."""
        return cls(id=to_id("Staff", colleague.id), post=StaffPost.of(colleague.post))


@strawberry.type(description="Who is in office, and which posts wait for a second administrator.")
class StaffRoll:
    """The list of an administrator."""

    colleagues: Connection[Colleague]
    grants: list[StaffGrant] = strawberry.field(metadata={LIST_SIZE: _USUAL_GRANTS})


@strawberry.type(description="She is cut off: her sessions ended.")
class StaffEnded:
    """The end of a post."""

    message: str = messages.STAFF_ENDED


@strawberry.type(description="No role was given or taken back.")
class StaffRefused:
    """A typed refusal."""

    reason: StaffRefusal
    message: str

    @classmethod
    def of(cls, reason: StaffRefusal) -> "StaffRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.STAFF[reason])


@strawberry.type(description="The secret for an authenticator app, shown once.")
class SecondFactorEnrolled:
    """A fresh secret."""

    secret: str
    uri: str = strawberry.field(description="The `otpauth://` address that the app reads from a QR code.")

    @classmethod
    def of(cls, given: second_factor.Enrolment) -> "SecondFactorEnrolled":
        """The secret as it was made."""
        return cls(secret=given.secret, uri=given.uri)


@strawberry.type(description="What gives a second factor, once: hand it over in person, never by WeChat.")
class SecondFactorCode:
    """A code for one account."""

    code: str
    expires_at: datetime

    @classmethod
    def of(cls, given: FactorCode) -> "SecondFactorCode":
        """The code as it was made."""
        return cls(code=given.code, expires_at=given.expires_at)


@strawberry.type(description="She may do her work in this session.")
class SecondFactorProven:
    """How long."""

    until: datetime


@strawberry.type(description="There is no second factor.")
class SecondFactorRefused:
    """A typed refusal."""

    reason: FactorRefusal
    message: str

    @classmethod
    def of(cls, reason: FactorRefusal) -> "SecondFactorRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.SECOND_FACTOR[reason])


StaffRollResult = Annotated[StaffRoll | StaffRefused | NotSignedIn, strawberry.union("StaffRollResult")]
ProposeResult = Annotated[StaffGrant | StaffRefused | NotSignedIn, strawberry.union("ProposeStaffResult")]
ConfirmResult = Annotated[StaffAppointed | StaffRefused | NotSignedIn, strawberry.union("ConfirmStaffResult")]
EndResult = Annotated[StaffEnded | StaffRefused | NotSignedIn, strawberry.union("EndStaffResult")]
EnrolResult = Annotated[SecondFactorEnrolled | SecondFactorRefused | NotSignedIn, strawberry.union("EnrolResult")]
FactorCodeResult = Annotated[SecondFactorCode | SecondFactorRefused | NotSignedIn, strawberry.union("FactorCodeResult")]
ProveResult = Annotated[SecondFactorProven | SecondFactorRefused | NotSignedIn, strawberry.union("ProveResult")]
