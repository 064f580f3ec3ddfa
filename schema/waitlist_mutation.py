"""What residents do when a slot or course is full, or another would suit them better: a part of all mutations."""

from typing import Annotated, assert_never

import strawberry

from domain.booking import BookingRefusal
from schema.booking import Booking, BookingRefused
from schema.booking_mutation import BookingResult, Key, Whom, whom
from schema.context import Info
from schema.course import CourseBooking
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from schema.waitlist import WaitlistEntry
from services import rescheduling, waitlist
from services.bookings import HeldBooking
from services.enrolments import HeldEnrolment

AcceptResult = Annotated[
    Booking | CourseBooking | BookingRefused | NotSignedIn,
    strawberry.union("AcceptResult", description="A booking of the slot, or one of the whole course."),
]
WaitlistResult = Annotated[WaitlistEntry | BookingRefused | NotSignedIn, strawberry.union("WaitlistResult")]


@strawberry.type(description="What can be done about full slots and courses.")
class WaitlistMutation:
    """The mutations about waiting and moving."""

    @strawberry.mutation(
        description="Move a booking to another slot of its service, within both deadlines, on the new day's terms."
    )
    async def reschedule_booking(
        self, info: Info, booking_id: strawberry.ID, slot_id: strawberry.ID, key: Key
    ) -> BookingResult:
        """The same booking in its new slot."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await rescheduling.reschedule_booking(
            info.context.resources,
            signed.viewer,
            signed.people,
            key_of("Booking", booking_id),
            key_of("Slot", slot_id),
            key,
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else Booking.of(held)

    @strawberry.mutation(description="Wait for a place in a full slot; who is called first follows a dated rule.")
    async def join_waitlist(
        self, info: Info, slot_id: strawberry.ID, key: Key, resident_id: Whom = None
    ) -> WaitlistResult:
        """The wish."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        wish = await waitlist.join_waitlist(
            info.context.resources, signed.viewer, signed.people, key_of("Slot", slot_id), whom(resident_id), key
        )
        return BookingRefused.of(wish) if isinstance(wish, BookingRefusal) else WaitlistEntry.of(wish)

    @strawberry.mutation(description="Wait for a place in every session of a full course, called by the same rule.")
    async def join_course_waitlist(
        self, info: Info, course_id: strawberry.ID, key: Key, resident_id: Whom = None
    ) -> WaitlistResult:
        """The wish."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        wish = await waitlist.join_course_waitlist(
            info.context.resources, signed.viewer, signed.people, key_of("Course", course_id), whom(resident_id), key
        )
        return BookingRefused.of(wish) if isinstance(wish, BookingRefusal) else WaitlistEntry.of(wish)

    @strawberry.mutation(description="Wait no longer, or decline the place that is held: it goes to the next.")
    async def leave_waitlist(self, info: Info, entry_id: strawberry.ID, key: Key) -> WaitlistResult:
        """The wish, ended."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        wish = await waitlist.leave_waitlist(
            info.context.resources, signed.viewer, signed.people, key_of("WaitlistEntry", entry_id), key
        )
        return BookingRefused.of(wish) if isinstance(wish, BookingRefusal) else WaitlistEntry.of(wish)

    @strawberry.mutation(description="Take the place that is held for one who waited: a slot's, or a whole course's.")
    async def accept_offer(
        self, info: Info, entry_id: strawberry.ID, key: Key, *, interpreter: bool = False
    ) -> AcceptResult:
        """The booking."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await waitlist.accept_offer(
            info.context.resources,
            signed.viewer,
            signed.people,
            key_of("WaitlistEntry", entry_id),
            key,
            interpreter=interpreter,
        )
        match held:
            case BookingRefusal():
                return BookingRefused.of(held)
            case HeldEnrolment():
                return CourseBooking.of(held)
            case HeldBooking():
                return Booking.of(held)
            case _:
                assert_never(held)
