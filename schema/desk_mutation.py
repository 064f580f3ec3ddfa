"""What a provider's desk does with bookings, and what becomes of a miss: a part of all mutations."""

from typing import Annotated

import strawberry

from domain.attendance import DeskRefusal
from schema.booking import Booking
from schema.context import Info
from schema.desk import DeskBooking, DeskRefused, Visit
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from services import appeals, attendance, confirmation, desks, visits

DeskResult = Annotated[DeskBooking | DeskRefused | NotSignedIn, strawberry.union("DeskResult")]
VisitResult = Annotated[Visit | DeskRefused | NotSignedIn, strawberry.union("VisitResult")]
MissAppealResult = Annotated[Booking | DeskRefused | NotSignedIn, strawberry.union("MissAppealResult")]


def _told(answer: desks.DeskBooking | DeskRefusal) -> DeskBooking | DeskRefused:
    return DeskRefused.of(answer) if isinstance(answer, DeskRefusal) else DeskBooking.of(answer)


@strawberry.type(description="What can be done at a desk.")
class DeskMutation:
    """Each may be sent again: what is done already is answered as done."""

    @strawberry.mutation(description="For a provider's staff: give the place that was requested.")
    async def confirm_booking(self, info: Info, booking_id: strawberry.ID) -> DeskResult:
        """The booking, booked."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Booking", booking_id)
        return _told(await confirmation.confirm_booking(info.context.resources, signed.viewer, key))

    @strawberry.mutation(description="For a provider's staff: decline a request, or cancel a booking that was flagged.")
    async def decline_booking(self, info: Info, booking_id: strawberry.ID) -> DeskResult:
        """The booking, cancelled."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Booking", booking_id)
        return _told(await confirmation.decline_booking(info.context.resources, signed.viewer, key))

    @strawberry.mutation(
        description="For a provider's staff: let one come who is no longer entitled, on the terms that hold now."
    )
    async def keep_booking(self, info: Info, booking_id: strawberry.ID) -> DeskResult:
        """The booking without its flag."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Booking", booking_id)
        return _told(await confirmation.keep_booking(info.context.resources, signed.viewer, key))

    @strawberry.mutation(description="For a provider's staff: whoever shows this code came to her session of today.")
    async def check_in(
        self,
        info: Info,
        provider_id: strawberry.ID,
        code: Annotated[str, strawberry.argument(description="The text of the QR code, as it was read.")],
    ) -> DeskResult:
        """The booking, attended."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider = key_of("Provider", provider_id)
        return _told(await attendance.check_in(info.context.resources, signed.viewer, provider, code))

    @strawberry.mutation(description="For a provider's staff: she came, or, when the grace is over, she did not.")
    async def record_attendance(self, info: Info, booking_id: strawberry.ID, *, came: bool) -> DeskResult:
        """The booking, attended or missed."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        record = attendance.record_came if came else attendance.record_missed
        return _told(await record(info.context.resources, signed.viewer, key_of("Booking", booking_id)))

    @strawberry.mutation(
        description="For a provider's staff: where to visit her, on the eve and the day; she reads who asked."
    )
    async def show_visit(self, info: Info, booking_id: strawberry.ID) -> VisitResult:
        """The address and a number, where the service is given at her own place."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        shown = await visits.show_visit(info.context.resources, signed.viewer, key_of("Booking", booking_id))
        return DeskRefused.of(shown) if isinstance(shown, DeskRefusal) else Visit.of(shown)

    @strawberry.mutation(description="Say why a session was missed, or that it was not, within 30 days.")
    async def appeal_miss(self, info: Info, booking_id: strawberry.ID, reason: str) -> MissAppealResult:
        """The booking as it stands until the answer."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await appeals.appeal_miss(
            info.context.resources, signed.viewer, signed.people, key_of("Booking", booking_id), reason
        )
        return DeskRefused.of(held) if isinstance(held, DeskRefusal) else Booking.of(held)

    @strawberry.mutation(description="For the federation's staff: excuse a miss, or let it stand.")
    async def decide_miss_appeal(self, info: Info, booking_id: strawberry.ID, *, upheld: bool) -> DeskResult:
        """The booking, excused or missed."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Booking", booking_id)
        decided = await appeals.decide_miss_appeal(
            info.context.resources, signed.viewer, signed.people, key, upheld=upheld
        )
        return _told(decided)
