"""What may be booked and cancelled, decided from values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BookingRefusal(StrEnum):
    """Why a place was not given or not given back."""

    SLOT_NOT_FOUND = "slot_not_found"
    SLOT_PAST = "slot_past"
    SLOT_FULL = "slot_full"
    NOT_OFFERED = "not_offered"
    SHORT_NOTICE = "short_notice"
    TOO_EARLY = "too_early"
    PART_OF_COURSE = "part_of_course"
    OTHER_SERVICE = "other_service"
    COURSE_NOT_FOUND = "course_not_found"
    COURSE_BEGUN = "course_begun"
    COURSE_CLOSED = "course_closed"
    ALREADY_BOOKED = "already_booked"
    OVERLAPS = "overlaps"
    CARD_NOT_USABLE = "card_not_usable"
    NOT_ELIGIBLE = "not_eligible"
    NO_INTERPRETER = "no_interpreter"
    RESOURCE_BUSY = "resource_busy"
    NOT_ALLOWED = "not_allowed"
    BOOKING_NOT_FOUND = "booking_not_found"
    CANCELLED_ALREADY = "cancelled_already"
    TOO_LATE = "too_late"
    NOT_FULL = "not_full"
    ALREADY_WAITING = "already_waiting"
    WISH_NOT_FOUND = "wish_not_found"
    NO_OFFER = "no_offer"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Window:
    """How long before its start a session can be booked: until `lead`, and from `horizon` on (None: at any time)."""

    lead: timedelta
    horizon: timedelta | None


@dataclass(frozen=True)
class Wish:
    """What is known when somebody asks for a place; `entitled` is false where the service is not for her.

    `card_in_force` is asked again here: a loss or a death may have come in since her card was read.
    """

    starts_at: datetime
    places_left: int
    holds_this_slot: bool
    holds_an_overlapping_slot: bool
    window: Window
    offered: bool
    entitled: bool
    card_in_force: bool


def refuse_booking(wish: Wish, at: datetime) -> BookingRefusal | None:
    """The reason to refuse a place at an instant, the most helpful first; None when it may be given."""
    reasons = (
        (not wish.card_in_force, BookingRefusal.CARD_NOT_USABLE),
        (wish.starts_at <= at, BookingRefusal.SLOT_PAST),
        (wish.holds_this_slot, BookingRefusal.ALREADY_BOOKED),
        (not wish.offered, BookingRefusal.NOT_OFFERED),
        (not wish.entitled, BookingRefusal.NOT_ELIGIBLE),
        (at > wish.starts_at - wish.window.lead, BookingRefusal.SHORT_NOTICE),
        (_too_early(wish, at), BookingRefusal.TOO_EARLY),
        (wish.holds_an_overlapping_slot, BookingRefusal.OVERLAPS),
        (wish.places_left <= 0, BookingRefusal.SLOT_FULL),
    )
    return next((reason for holds, reason in reasons if holds), None)


def refuse_waiting(wish: Wish, at: datetime) -> BookingRefusal | None:
    """The reason why nobody need wait for a place at an instant, or may not; None when she may."""
    refusal = refuse_booking(wish, at)
    if refusal is BookingRefusal.SLOT_FULL:
        return None
    return refusal or BookingRefusal.NOT_FULL


def refuse_waiting_for_all(wishes: Sequence[Wish], at: datetime, *, course_full: bool) -> BookingRefusal | None:
    """As `refuse_waiting`, for a place in every session of a course."""
    refusals = [refuse_booking(wish, at) for wish in wishes]
    others = (refusal for refusal in refusals if refusal not in {None, BookingRefusal.SLOT_FULL})
    is_full = course_full or BookingRefusal.SLOT_FULL in refusals
    return next(others, None if is_full else BookingRefusal.NOT_FULL)


def _too_early(wish: Wish, at: datetime) -> bool:
    return wish.window.horizon is not None and at < wish.starts_at - wish.window.horizon


def refuse_cancellation(starts_at: datetime, deadline: timedelta, at: datetime) -> BookingRefusal | None:
    """The reason to refuse a cancellation: it comes later than `deadline` before the start."""
    return BookingRefusal.TOO_LATE if at > starts_at - deadline else None
