"""Bookings, and why there is none."""

from datetime import datetime
from decimal import Decimal

import strawberry

from domain.booking import BookingRefusal
from domain.entitlement import Verdict
from models.booking import BookingFlag, BookingState
from schema import messages
from schema.identity import to_id
from schema.service import SHORT, Service, Slot
from services.bookings import HeldBooking
from services.quotes import Estimate

strawberry.enum(BookingRefusal, name="BookingRefusalReason", description="Why a booking was refused.")
strawberry.enum(BookingState, name="BookingState", description="Where a booking is; all but a cancelled one hold.")
strawberry.enum(BookingFlag, name="BookingFlag", description="Why a person has to look at a booking.")


@strawberry.type(description="A resident's place in a slot.")
class Booking:
    """A booking with what it is for and what it was quoted at."""

    id: strawberry.ID
    state: BookingState
    booked_at: datetime
    cancelled_at: datetime | None
    course_booking_id: strawberry.ID | None = strawberry.field(description="The booking of the course it belongs to.")
    price: Decimal = strawberry.field(description="Yuan for the session, before any share is borne.")
    verdict: Verdict | None = strawberry.field(
        description="The answer of the service's programme for the day of the session; null where no programme pays."
    )
    cost_share: Decimal | None = strawberry.field(
        description="The share of the price that the programme bears, from 0 to 1; null while that is not certain."
    )
    to_bring: list[str] = strawberry.field(description="What to bring, in Chinese.", metadata=SHORT)
    interpreter: bool = strawberry.field(description="Whether an interpreter comes to this appointment.")
    flag: BookingFlag | None
    slot: Slot
    service: Service

    @classmethod
    def of(cls, booking: HeldBooking) -> "Booking":
        """The booking of a loaded row."""
        return cls(
            id=to_id("Booking", booking.id),
            state=booking.state,
            booked_at=booking.booked_at,
            cancelled_at=booking.cancelled_at,
            course_booking_id=to_id("CourseBooking", booking.enrolment_id) if booking.enrolment_id else None,
            price=booking.price,
            verdict=booking.verdict,
            cost_share=booking.cost_share,
            to_bring=list(booking.to_bring),
            interpreter=booking.interpreter,
            flag=booking.flag,
            slot=Slot.of(booking.slot),
            service=Service.of(booking.service),
        )


@strawberry.type(description="What a session would cost her by the rules of its day, before she books it.")
class Quote:
    """A price, and how much of it is borne."""

    price: Decimal = strawberry.field(description="Yuan for the session, before any share is borne.")
    programme: str = strawberry.field(description="The entitlement that is asked; empty where none pays.")
    verdict: Verdict | None
    cost_share: Decimal | None = strawberry.field(
        description="The share that is borne; null while that is not certain."
    )
    sessions_left: int | None = strawberry.field(
        description="How many sessions of that year are still borne; null where the programme sets no bound."
    )
    to_bring: list[str] = strawberry.field(description="What to bring, in Chinese.", metadata=SHORT)

    @classmethod
    def of(cls, estimate: Estimate) -> "Quote":
        """The estimate as it was reckoned."""
        return cls(
            price=estimate.price,
            programme=estimate.programme,
            verdict=estimate.verdict,
            cost_share=estimate.cost_share,
            sessions_left=estimate.sessions_left,
            to_bring=list(estimate.to_bring),
        )


@strawberry.type(description="A booking that a member of staff has to look at, and whose it is.")
class FlaggedBooking:
    """A booking with a flag."""

    resident_id: strawberry.ID
    booking: Booking

    @classmethod
    def of(cls, booking: HeldBooking) -> "FlaggedBooking":
        """The booking of a loaded row."""
        return cls(resident_id=to_id("Resident", booking.resident_id), booking=Booking.of(booking))


@strawberry.type(description="The place was not given, or not given back.")
class BookingRefused:
    """A typed refusal."""

    reason: BookingRefusal
    message: str

    @classmethod
    def of(cls, reason: BookingRefusal) -> "BookingRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.BOOKING[reason])
