"""What residents, guardians and staff do with places, and providers with their weeks: a part of all mutations."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from domain.booking import BookingRefusal
from domain.timetable import TimetableRefusal
from schema.booking import Booking, BookingRefused
from schema.context import Info
from schema.course import CourseBooking
from schema.identity import key_of
from schema.scalars import IdempotencyKey
from schema.session import NotSignedIn, signed_in
from schema.week import DayExceptionInput, TimetableChanged, TimetableRefused, WeeklyPatternInput
from services import bookings, enrolments, weeks

BookingResult = Annotated[Booking | BookingRefused | NotSignedIn, strawberry.union("BookingResult")]
CourseBookingResult = Annotated[CourseBooking | BookingRefused | NotSignedIn, strawberry.union("CourseBookingResult")]
TimetableResult = Annotated[TimetableChanged | TimetableRefused | NotSignedIn, strawberry.union("TimetableResult")]

Key = Annotated[IdempotencyKey, strawberry.argument(description="The same key again gets the first answer again.")]
Whom = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="A ward's `residentId`, or for staff one of their area; absent for the viewer."),
]
Interpreter = Annotated[bool, strawberry.argument(description="Let an interpreter come, where the service offers it.")]


def whom(resident_id: str | None) -> UUID | None:
    """The key of the resident that an argument names."""
    return None if resident_id is None else key_of("Resident", resident_id)


@strawberry.type(description="What can be done with places and weeks.")
class BookingMutation:
    """The mutations about bookings, courses and timetables."""

    @strawberry.mutation(description="Take a place in a slot, for the viewer, a ward, or as staff on behalf.")
    async def book_slot(
        self,
        info: Info,
        slot_id: strawberry.ID,
        key: Key,
        resident_id: Whom = None,
        *,
        interpreter: Interpreter = False,
    ) -> BookingResult:
        """The booking."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await bookings.book_slot(
            info.context.resources,
            signed.viewer,
            signed.people,
            key_of("Slot", slot_id),
            whom(resident_id),
            key,
            interpreter=interpreter,
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else Booking.of(held)

    @strawberry.mutation(description="Give a place back, within the service's deadline.")
    async def cancel_booking(self, info: Info, booking_id: strawberry.ID, key: Key) -> BookingResult:
        """The booking, cancelled."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await bookings.cancel_booking(
            info.context.resources, signed.viewer, signed.people, key_of("Booking", booking_id), key
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else Booking.of(held)

    @strawberry.mutation(description="Take a place in every session of a course, or in none.")
    async def book_course(
        self,
        info: Info,
        course_id: strawberry.ID,
        key: Key,
        resident_id: Whom = None,
        *,
        interpreter: Interpreter = False,
    ) -> CourseBookingResult:
        """The place in the course."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await enrolments.book_course(
            info.context.resources,
            signed.viewer,
            signed.people,
            key_of("Course", course_id),
            whom(resident_id),
            key,
            interpreter=interpreter,
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else CourseBooking.of(held)

    @strawberry.mutation(description="Give back every session of a course that is yet to come.")
    async def cancel_course(self, info: Info, course_booking_id: strawberry.ID, key: Key) -> CourseBookingResult:
        """The place in the course, given back."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        held = await enrolments.cancel_course(
            info.context.resources, signed.viewer, signed.people, key_of("CourseBooking", course_booking_id), key
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else CourseBooking.of(held)

    @strawberry.mutation(
        description="For a provider's staff: the week of a service from a day on. Bookings stay; slots follow at once."
    )
    async def replace_week(
        self,
        info: Info,
        service_id: strawberry.ID,
        start: Annotated[date, strawberry.argument(name="from", description="The first day of the new week.")],
        patterns: list[WeeklyPatternInput],
    ) -> TimetableResult:
        """What became of the slots."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        week = [pattern.pattern(start) for pattern in patterns]
        changed = await weeks.replace_week(
            info.context.resources, signed.viewer, key_of("Service", service_id), week, start
        )
        return TimetableRefused.of(changed) if isinstance(changed, TimetableRefusal) else TimetableChanged.of(changed)

    @strawberry.mutation(description="For a provider's staff: close a service for a while on a day, or open it more.")
    async def add_day_exception(
        self, info: Info, service_id: strawberry.ID, exception: DayExceptionInput
    ) -> TimetableResult:
        """What became of the slots."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        changed = await weeks.add_exception(
            info.context.resources,
            signed.viewer,
            key_of("Service", service_id),
            exception.exception(),
            exception.reason,
        )
        return TimetableRefused.of(changed) if isinstance(changed, TimetableRefusal) else TimetableChanged.of(changed)
