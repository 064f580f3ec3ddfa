"""Waiting, accepting and moving, as a client meets them: in the union, with a reason and a sentence."""

from typing import Any

import pytest

from domain.access import Viewer
from schema.identity import to_id
from tests.schema.conftest import Ask
from tests.schema.test_mutation import BOOK, CANCEL, ENROL, MALFORMED_ID, answer
from tests.schema.test_mutation import LEAVE as LEAVE_COURSE
from tests.services.register import Register

WISH = "id state before offeredUntil slot { id free } course { id name free sessions } service { name }"
JOIN = f"""
mutation ($slot: ID!, $key: IdempotencyKey!, $whom: ID) {{ answer: joinWaitlist(
    slotId: $slot, key: $key, residentId: $whom) {{
  __typename ... on WaitlistEntry {{ {WISH} }} ... on BookingRefused {{ reason message }} }} }}
"""
JOIN_COURSE = f"""
mutation ($course: ID!, $key: IdempotencyKey!, $whom: ID) {{ answer: joinCourseWaitlist(
    courseId: $course, key: $key, residentId: $whom) {{
  __typename ... on WaitlistEntry {{ {WISH} }} ... on BookingRefused {{ reason message }} }} }}
"""
LEAVE = f"""
mutation ($entry: ID!, $key: IdempotencyKey!) {{ answer: leaveWaitlist(entryId: $entry, key: $key) {{
  __typename ... on WaitlistEntry {{ {WISH} }} ... on BookingRefused {{ reason message }} }} }}
"""
ACCEPT = """
mutation ($entry: ID!, $key: IdempotencyKey!) { answer: acceptOffer(entryId: $entry, key: $key) {
  __typename ... on Booking { id state slot { id } } ... on CourseBooking { name bookings { courseState: state } }
  ... on BookingRefused { reason message } } }
"""
MOVE = """
mutation ($booking: ID!, $slot: ID!, $key: IdempotencyKey!) { answer: rescheduleBooking(
    bookingId: $booking, slotId: $slot, key: $key) {
  __typename ... on Booking { id state slot { id } } ... on BookingRefused { reason message } } }
"""
WAITLIST = f"{{ viewer {{ waitlist {{ {WISH} }} }} }}"


@pytest.fixture
async def viewer(register: Register) -> Viewer:
    """A resident's account."""
    return await register.viewer(await register.resident())


async def test_a_full_slot_is_waited_for_and_accepted(ask: Ask, register: Register, viewer: Viewer) -> None:
    """Her list shows the wish, then until when a place is held, and in the end nothing but the booking."""
    slot = to_id("Slot", await register.slot(await register.service()))
    other = await register.viewer(await register.resident())
    booking = await answer(ask, BOOK, other, slot=slot, key="booking-1")

    wish = await answer(ask, JOIN, viewer, slot=slot, key="joining-1")
    waiting = (await ask(WAITLIST, viewer))["data"]["viewer"]["waitlist"]
    await answer(ask, CANCEL, other, booking=booking["id"], key="cancel-1")
    (offered,) = (await ask(WAITLIST, viewer))["data"]["viewer"]["waitlist"]
    accepted = await answer(ask, ACCEPT, viewer, entry=wish["id"], key="accept-1")

    assert (wish["__typename"], wish["state"], wish["before"]) == ("WaitlistEntry", "WAITING", 0)
    assert [entry["id"] for entry in waiting] == [wish["id"]]
    assert (offered["state"], offered["offeredUntil"]) == ("OFFERED", "2026-03-11T04:00:00+00:00")
    assert (accepted["__typename"], accepted["state"], accepted["slot"]["id"]) == ("Booking", "BOOKED", slot)
    assert (await ask(WAITLIST, viewer))["data"]["viewer"]["waitlist"] == []


async def test_a_full_course_is_waited_for_and_accepted(ask: Ask, register: Register, viewer: Viewer) -> None:
    """The same list and the same acceptance, for the whole series."""
    course = to_id("Course", await register.course(await register.service(), hours=[48, 72], capacity=1))
    other = await register.viewer(await register.resident())
    enrolled = await answer(ask, ENROL, other, course=course, key="enrolling-1")

    wish = await answer(ask, JOIN_COURSE, viewer, course=course, key="joining-1")
    await answer(ask, LEAVE_COURSE, other, place=enrolled["id"], key="leaving-1")
    (offered,) = (await ask(WAITLIST, viewer))["data"]["viewer"]["waitlist"]
    accepted = await answer(ask, ACCEPT, viewer, entry=wish["id"], key="accept-1")

    assert (wish["state"], wish["slot"], wish["course"]["id"], wish["course"]["free"]) == ("WAITING", None, course, 0)
    assert (offered["id"], offered["state"], offered["offeredUntil"]) == (
        *(wish["id"], "OFFERED"),
        "2026-03-11T04:00:00+00:00",
    )
    assert (accepted["__typename"], accepted["name"]) == ("CourseBooking", "电脑入门")
    assert [each["courseState"] for each in accepted["bookings"]] == ["BOOKED"] * 2
    assert (await ask(WAITLIST, viewer))["data"]["viewer"]["waitlist"] == []


async def test_a_booking_is_moved(ask: Ask, register: Register, viewer: Viewer) -> None:
    """The same booking, in the slot that was asked for."""
    service_id = await register.service()
    old, new = [to_id("Slot", await register.slot(service_id, hours=hours)) for hours in (24, 48)]
    booking = await answer(ask, BOOK, viewer, slot=old, key="booking-1")

    moved = await answer(ask, MOVE, viewer, booking=booking["id"], slot=new, key="moving-1")

    assert (moved["id"], moved["slot"]["id"]) == (booking["id"], new)


@pytest.mark.parametrize(
    ("document", "variables", "reason"),
    [
        (JOIN, {"slot": MALFORMED_ID}, "SLOT_NOT_FOUND"),
        (JOIN, {"slot": MALFORMED_ID, "whom": MALFORMED_ID}, "NOT_ALLOWED"),
        (JOIN_COURSE, {"course": MALFORMED_ID}, "COURSE_NOT_FOUND"),
        (LEAVE, {"entry": MALFORMED_ID}, "WISH_NOT_FOUND"),
        (ACCEPT, {"entry": MALFORMED_ID}, "WISH_NOT_FOUND"),
        (MOVE, {"booking": MALFORMED_ID, "slot": MALFORMED_ID}, "BOOKING_NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_refused_in_a_sentence(
    ask: Ask, viewer: Viewer, document: str, variables: dict[str, Any], reason: str
) -> None:
    """Each with its reason; for nobody the union says that nobody is signed in."""
    refused = await answer(ask, document, viewer, key="request-1", **variables)
    nobody = await answer(ask, document, key="request-1", **variables)

    assert (refused["__typename"], refused["reason"]) == ("BookingRefused", reason)
    assert refused["message"].endswith("。")
    assert nobody["__typename"] == "NotSignedIn"


async def test_leaving_ends_the_wish(ask: Ask, register: Register, viewer: Viewer) -> None:
    """It is answered as it stands then, and nobody's list is empty where nobody is bound."""
    slot = to_id("Slot", await register.slot(await register.service(), taken=1))
    wish = await answer(ask, JOIN, viewer, slot=slot, key="joining-1")

    left = await answer(ask, LEAVE, viewer, entry=wish["id"], key="leaving-1")

    assert left["state"] == "LEFT"
    assert (await ask(WAITLIST, await register.viewer()))["data"]["viewer"]["waitlist"] == []
