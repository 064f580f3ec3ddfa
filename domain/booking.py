"""What may be booked and cancelled, decided from values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BookingRefusal(StrEnum):
    """Why a place was not given or not given back."""

    SLOT_NOT_FOUND = "slot_not_found"
    SLOT_PAST = "slot_past"
    SLOT_FULL = "slot_full"
    ALREADY_BOOKED = "already_booked"
    OVERLAPS = "overlaps"
    CARD_NOT_USABLE = "card_not_usable"
    NOT_ALLOWED = "not_allowed"
    BOOKING_NOT_FOUND = "booking_not_found"
    CANCELLED_ALREADY = "cancelled_already"
    TOO_LATE = "too_late"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Wish:
    """What is known when somebody asks for a place."""

    starts_at: datetime
    places_left: int
    holds_this_slot: bool
    holds_an_overlapping_slot: bool


def refuse_booking(wish: Wish, at: datetime) -> BookingRefusal | None:
    """The reason to refuse a place at an instant, the most helpful first; None when it may be given."""
    if wish.starts_at <= at:
        return BookingRefusal.SLOT_PAST
    if wish.holds_this_slot:
        return BookingRefusal.ALREADY_BOOKED
    if wish.holds_an_overlapping_slot:
        return BookingRefusal.OVERLAPS
    if wish.places_left <= 0:
        return BookingRefusal.SLOT_FULL
    return None


def refuse_cancellation(starts_at: datetime, deadline: timedelta, at: datetime) -> BookingRefusal | None:
    """The reason to refuse a cancellation: it comes later than `deadline` before the start."""
    return BookingRefusal.TOO_LATE if at > starts_at - deadline else None
