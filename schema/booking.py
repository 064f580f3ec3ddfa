"""Services, slots and bookings."""

from datetime import datetime

import strawberry

from domain.booking import BookingRefusal
from models.booking import BookingState
from schema import messages
from schema.identity import to_id
from schema.paging import time_cursor
from services.bookings import HeldBooking, OfferedService, OfferedSlot

strawberry.enum(BookingRefusal, name="BookingRefusalReason", description="Why a booking was refused.")
strawberry.enum(BookingState, name="BookingState", description="Whether a booking holds its place.")


@strawberry.type(description="What a provider offers.")
class Service:
    """A service and where it is given."""

    id: strawberry.ID
    name: str
    programme: str = strawberry.field(description="The entitlement that pays for it.")
    provider: str
    address: str
    cancel_minutes: int = strawberry.field(
        description="Bookings can be cancelled until so many minutes before the start."
    )

    @classmethod
    def of(cls, service: OfferedService) -> "Service":
        """The service of a loaded row."""
        return cls(
            id=to_id("Service", service.id),
            name=service.name,
            programme=service.programme,
            provider=service.provider,
            address=service.address,
            cancel_minutes=int(service.cancel_before.total_seconds()) // 60,
        )


@strawberry.type(description="A time at which a service can be had.")
class Slot:
    """A time with places."""

    id: strawberry.ID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free: int = strawberry.field(description="Places that can still be had.")

    @classmethod
    def of(cls, slot: OfferedSlot) -> "Slot":
        """The slot of a loaded row."""
        return cls(
            id=to_id("Slot", slot.id),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            capacity=slot.capacity,
            free=slot.free,
        )


def slot_cursor(slot: OfferedSlot) -> str:
    """The place of a slot in the order of time."""
    return time_cursor("Slot", slot.starts_at, slot.id)


@strawberry.type(description="A resident's place in a slot.")
class Booking:
    """A booking with what it is for."""

    id: strawberry.ID
    state: BookingState
    booked_at: datetime
    cancelled_at: datetime | None
    slot: Slot
    service: Service

    @classmethod
    def of(cls, booking: HeldBooking) -> "Booking":
        """The booking of a loaded row."""
        return cls(
            id=to_id("Booking", booking.id),
            state=BookingState(booking.state),
            booked_at=booking.booked_at,
            cancelled_at=booking.cancelled_at,
            slot=Slot.of(booking.slot),
            service=Service.of(booking.service),
        )


@strawberry.type(description="The place was not given, or not given back.")
class BookingRefused:
    """A typed refusal."""

    reason: BookingRefusal
    message: str

    @classmethod
    def of(cls, reason: BookingRefusal) -> "BookingRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.BOOKING[reason])
