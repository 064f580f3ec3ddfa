"""Bookings are refused for the reason that helps most."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.booking import (
    BookingRefusal,
    Window,
    Wish,
    refuse_booking,
    refuse_cancellation,
    refuse_waiting,
    refuse_waiting_for_all,
)

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
FREE = Wish(
    NOW + timedelta(hours=1),
    places_left=1,
    holds_this_slot=False,
    holds_an_overlapping_slot=False,
    window=Window(timedelta(hours=1), timedelta(days=42)),
    offered=True,
    entitled=True,
    card_in_force=True,
)
ALWAYS = Window(timedelta(0), None)


def test_a_free_place_is_given() -> None:
    """The last place of a slot to come is given, at the end of the time for booking and at its beginning."""
    assert refuse_booking(FREE, NOW) is None
    assert refuse_booking(replace(FREE, starts_at=NOW + timedelta(days=42)), NOW) is None
    assert refuse_booking(replace(FREE, starts_at=NOW + timedelta(days=43), window=ALWAYS), NOW) is None


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (replace(FREE, starts_at=NOW, card_in_force=False), BookingRefusal.CARD_NOT_USABLE),
        (replace(FREE, starts_at=NOW), BookingRefusal.SLOT_PAST),
        (replace(FREE, places_left=0), BookingRefusal.SLOT_FULL),
        (replace(FREE, places_left=0, offered=False), BookingRefusal.NOT_OFFERED),
        (replace(FREE, places_left=0, entitled=False), BookingRefusal.NOT_ELIGIBLE),
        (replace(FREE, starts_at=NOW + timedelta(minutes=59)), BookingRefusal.SHORT_NOTICE),
        (replace(FREE, starts_at=NOW + timedelta(days=42, seconds=1)), BookingRefusal.TOO_EARLY),
        (replace(FREE, places_left=0, holds_this_slot=True), BookingRefusal.ALREADY_BOOKED),
        (replace(FREE, places_left=0, holds_an_overlapping_slot=True), BookingRefusal.OVERLAPS),
        (replace(FREE, starts_at=NOW - timedelta(hours=1), holds_this_slot=True), BookingRefusal.SLOT_PAST),
    ],
)
def test_a_refusal_names_its_reason(wish: Wish, reason: BookingRefusal) -> None:
    """What cannot be mended is said first, and "full" only to who could have had a place."""
    assert refuse_booking(wish, NOW) is reason


def test_a_place_can_be_given_back_until_the_deadline() -> None:
    """The deadline itself is still in time; a moment later is not."""
    starts_at, deadline = NOW + timedelta(hours=2), timedelta(hours=2)

    assert refuse_cancellation(starts_at, deadline, NOW) is None
    assert refuse_cancellation(starts_at, deadline, NOW + timedelta(microseconds=1)) is BookingRefusal.TOO_LATE


def test_who_may_wait_is_whoever_only_lacks_a_free_place() -> None:
    """Only a full slot is waited for; whatever else stands in the way of a booking stands in the way of the wish."""
    full = replace(FREE, places_left=0)

    assert refuse_waiting(full, NOW) is None
    assert refuse_waiting(FREE, NOW) is BookingRefusal.NOT_FULL
    assert refuse_waiting(replace(full, holds_an_overlapping_slot=True), NOW) is BookingRefusal.OVERLAPS
    assert refuse_waiting(replace(full, starts_at=NOW), NOW) is BookingRefusal.SLOT_PAST


def test_a_course_is_waited_for_where_any_of_its_sessions_or_itself_is_full() -> None:
    """Whatever else stands in the way of one session stands in the way of the whole."""
    full, busy = replace(FREE, places_left=0), replace(FREE, holds_an_overlapping_slot=True)

    assert refuse_waiting_for_all([FREE, full], NOW, course_full=False) is None
    assert refuse_waiting_for_all([FREE, FREE], NOW, course_full=True) is None
    assert refuse_waiting_for_all([FREE, FREE], NOW, course_full=False) is BookingRefusal.NOT_FULL
    assert refuse_waiting_for_all([full, busy], NOW, course_full=True) is BookingRefusal.OVERLAPS
