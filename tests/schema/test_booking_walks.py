"""What residents, guardians and visitors do about services, from end to end, as their phones ask it."""

from datetime import date
from typing import Any

import pytest

from domain.access import Viewer
from schema.identity import to_id
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.schema.test_catalogue import keep
from tests.schema.test_desk import CONFIRM, DECLINE
from tests.schema.test_mutation import BOOK, CANCEL, ENROL, LEAVE, MALFORMED_ID, answer
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Holder, Register

QUOTE = """
query ($slot: ID!) { viewer { quote(slotId: $slot) {
  price programme verdict costShare sessionsLeft toBring } } }
"""
VISIT = """
mutation ($booking: ID!) { answer: showVisit(bookingId: $booking) {
  __typename ... on Visit { address phone } ... on DeskRefused { reason message } } }
"""
WITH_INTERPRETER = ENROL.replace("courseId: $course,", "courseId: $course, interpreter: true,").replace(
    "bookings {", "bookings { interpreter"
)
JOIN_COURSE = """
mutation ($course: ID!, $key: IdempotencyKey!, $whom: ID) { answer: joinCourseWaitlist(
    courseId: $course, key: $key, residentId: $whom) { __typename ... on BookingRefused { reason } } }
"""
FEED = """
mutation ($whom: ID) { answer: createCalendarFeed(residentId: $whom) {
  __typename ... on CalendarFeedRefused { reason } } }
"""
WEEK = """
mutation ($service: ID!, $from: Date!, $patterns: [WeeklyPatternInput!]!) { answer: replaceWeek(
    serviceId: $service, from: $from, patterns: $patterns) {
  __typename ... on TimetableChanged { added } ... on TimetableRefused { reason } } }
"""
SLOTS = """
query ($service: ID!) { slots(serviceId: $service, from: "2028-02-28T00:00:00Z", until: "2028-03-02T00:00:00Z",
  first: 100) { edges { node { id startsAt } } } }
"""


@pytest.fixture
async def desk(resources: Resources, register: Register) -> FrontDesk:
    """A desk with one service."""
    return await FrontDesk(resources, register).open()


async def quoted(ask: Ask, viewer: Viewer, slot: str) -> Any:
    """What the phone shows before she taps."""
    return (await ask(QUOTE, viewer, slot=slot))["data"]["viewer"]["quote"]


async def test_a_child_sees_what_a_session_costs_before_and_after_her_birthday(ask: Ask, register: Register) -> None:
    """Borne up to the age of six, her own to pay from seven on, and nothing for a slot that is not there."""
    child = await register.resident(birth_date=date(2019, 3, 20), grade=4)
    for fact in ("rehab_need", "rehab_indication"):
        await register.fact(child, fact, value=True, source="federation")
    viewer, service = await register.viewer(child), await register.service(programme="child-rehab", documents="病历")
    await register.price(service, "120")
    slots = [to_id("Slot", await register.slot(service, hours=24 * days)) for days in (5, 12)]

    six, seven = [await quoted(ask, viewer, slot) for slot in slots]

    assert (six["price"], six["verdict"], six["costShare"], six["toBring"]) == ("120.00", "ELIGIBLE", "1", ["病历"])
    assert (seven["verdict"], seven["costShare"]) == ("NOT_ELIGIBLE", None)
    assert await quoted(ask, viewer, MALFORMED_ID) is None
    assert await quoted(ask, await register.viewer(), slots[0]) is None


async def test_she_sees_how_many_sessions_of_the_year_are_left(ask: Ask, desk: FrontDesk) -> None:
    """One fewer for each that is booked, all of them in the next year; used up, nothing is borne."""
    viewer = await desk.register.viewer(await desk.patient())
    slots = [to_id("Slot", await desk.register.slot(desk.service_id, hours=24 * days)) for days in (2, 3, 300)]
    before = await quoted(ask, viewer, slots[0])

    await answer(ask, BOOK, viewer, slot=slots[0], key="booking-1")
    after, next_year = [await quoted(ask, viewer, slot) for slot in slots[1:]]

    assert [each["sessionsLeft"] for each in (before, after, next_year)] == [200, 199, 200]
    assert (before["price"], before["costShare"], before["programme"]) == ("80.00", "1", "rehab-training-relief")


async def test_a_volunteer_is_told_where_to_go(ask: Ask, desk: FrontDesk, clock: Clock) -> None:
    """Of a visit that is confirmed, on its eve and its day, and of nothing else; she reads who asked."""
    register = desk.register
    visits = await register.service(
        provider_id=desk.provider_id, kind="volunteer_visit", programme="", needs_confirmation=True
    )
    site = await register.site(desk.provider_id)
    here = await register.service(provider_id=desk.provider_id, site_id=site, programme="")
    holder = await register.resident(phone="13900009999")
    resident = await register.viewer(holder)
    slots = [to_id("Slot", await register.slot(service, hours=hours)) for service, hours in ((visits, 72), (here, 74))]
    visit, indoors = [
        await answer(ask, BOOK, resident, slot=slot, key=f"booking-{number}") for number, slot in enumerate(slots)
    ]
    unconfirmed = await answer(ask, VISIT, desk.staff, booking=visit["id"])
    await answer(ask, CONFIRM, desk.staff, booking=visit["id"])
    early = await answer(ask, VISIT, desk.staff, booking=visit["id"])
    at_site = await answer(ask, VISIT, desk.staff, booking=indoors["id"])
    clock.forward(hours=48)

    shown = await answer(ask, VISIT, desk.staff, booking=visit["id"])

    stranger = await answer(ask, VISIT, await register.viewer(), booking=visit["id"])
    assert (shown["address"], shown["phone"]) == ("绍兴市上虞区某路 1 号", "13900009999")
    assert [each["reason"] for each in (unconfirmed, early, at_site, stranger)] == [
        *("UNCONFIRMED", "VISIT_TIME", "NOT_A_VISIT", "BOOKING_NOT_FOUND"),
    ]
    accesses = "{ viewer { accesses(first: 1) { edges { node { message } } } } }"
    (entry,) = (await ask(accesses, resident))["data"]["viewer"]["accesses"]["edges"]
    assert entry["node"]["message"] == "服务机构的工作人员为上门服务查看了住址和电话。"


@pytest.mark.parametrize(("document", "state", "left"), [(CONFIRM, "BOOKED", 1), (DECLINE, "CANCELLED", 0)])
async def test_who_asks_for_a_course_is_answered_for_all_of_it(
    ask: Ask, resources: Resources, register: Register, document: str, state: str, left: int
) -> None:
    """Confirmed once, every session is booked; declined once, none is held and the course has its place back."""
    desk = await FrontDesk(resources, register).open(needs_confirmation=True)
    course = await register.course(desk.service_id, hours=[48, 72, 96])
    viewer = await register.viewer(await register.resident())
    enrolled = await answer(ask, ENROL, viewer, course=to_id("Course", course), key="enrolling-1")
    shown = (await ask("{ viewer { bookings(first: 9) { edges { node { id } } } } }", viewer))["data"]["viewer"]

    await answer(ask, document, desk.staff, booking=shown["bookings"]["edges"][1]["node"]["id"])

    again = (await ask("{ viewer { bookings(first: 9) { edges { node { state } } } } }", viewer))["data"]["viewer"]
    desk_view = (await ask("{ viewer { desks { courses { enrolled } } } }", desk.staff))["data"]["viewer"]["desks"]
    assert [each["state"] for each in enrolled["bookings"]] == ["REQUESTED"] * 3
    assert [each["node"]["state"] for each in again["bookings"]["edges"]] == [state] * 3
    assert desk_view == [{"courses": [{"enrolled": left}]}]


async def test_an_interpreter_comes_to_a_whole_course(ask: Ask, register: Register) -> None:
    """Bound to each session of hers, given back with them, and refused where none is free for one of them."""
    service = await register.service()
    await register.resource(service, kind="interpreter", on_request=True)
    course = to_id("Course", await register.course(service, hours=[48, 72]))
    first, second = [await register.viewer(await register.resident()) for _ in range(2)]

    held = await answer(ask, WITH_INTERPRETER, first, course=course, key="enrolling-1")
    busy = await answer(ask, WITH_INTERPRETER, second, course=course, key="enrolling-1")
    await answer(ask, LEAVE, first, place=held["id"], key="leaving-1")
    free = await answer(ask, WITH_INTERPRETER, second, course=course, key="enrolling-2")

    assert [[each["interpreter"] for each in one["bookings"]] for one in (held, free)] == [[True, True]] * 2
    assert busy["reason"] == "RESOURCE_BUSY"


async def test_a_guardian_who_lost_her_ward_can_do_nothing_for_her(ask: Ask, register: Register, clock: Clock) -> None:
    """From the day after, each request is refused with its reason, and the ward is no longer hers to see."""
    ward, guardian = await register.resident(), await register.viewer()
    await register.guardian(ward, guardian.account_id, valid_until=date(2026, 3, 12))
    service = await register.service()
    slots = [to_id("Slot", await register.slot(service, hours=hours)) for hours in (96, 120)]
    course = to_id("Course", await register.course(service, hours=[150], capacity=1))
    whom = to_id("Resident", ward.id)
    booked = await answer(ask, BOOK, guardian, slot=slots[0], whom=whom, key="booking-1")
    clock.forward(hours=48)

    refused = [
        await answer(ask, BOOK, guardian, slot=slots[1], whom=whom, key="booking-2"),
        await answer(ask, CANCEL, guardian, booking=booked["id"], key="cancel-1"),
        await answer(ask, JOIN_COURSE, guardian, course=course, whom=whom, key="joining-1"),
        await answer(ask, FEED, guardian, whom=whom),
    ]

    assert booked["__typename"] == "Booking"
    assert [each["reason"] for each in refused] == ["NOT_ALLOWED", "BOOKING_NOT_FOUND", "NOT_ALLOWED", "NOT_ALLOWED"]
    assert (await ask("{ viewer { wards { residentId } } }", guardian))["data"]["viewer"]["wards"] == []


async def test_a_leap_day_is_a_day_like_others_and_a_false_one_is_none(ask: Ask, desk: FrontDesk, clock: Clock) -> None:
    """Open on 29 February of a leap year and booked on it; of another year no such day can be named."""
    clock.forward(days=701)
    service = to_id("Service", desk.service_id)
    holder: Holder = await desk.register.resident()
    pattern = {"weekday": 2, "span": {"fromMinute": 540, "untilMinute": 600}, "capacity": 1, "onHolidays": True}
    week = [pattern, {**pattern, "span": {"fromMinute": 570, "untilMinute": 660}}]
    overlapping = await answer(ask, WEEK, desk.staff, service=service, patterns=week, **{"from": "2028-02-20"})

    changed = await answer(ask, WEEK, desk.staff, service=service, patterns=[pattern], **{"from": "2028-02-20"})
    (slot,) = (await ask(SLOTS, service=service))["data"]["slots"]["edges"]
    booked = await answer(ask, BOOK, await desk.register.viewer(holder), slot=slot["node"]["id"], key="booking-1")
    false = await ask(WEEK, desk.staff, service=service, patterns=[pattern], **{"from": "2027-02-29"})

    assert overlapping["reason"] == "OVERLAPS_ITSELF"
    assert changed["__typename"] == "TimetableChanged"
    assert slot["node"]["startsAt"] == "2028-02-29T01:00:00+00:00"
    assert booked["state"] == "BOOKED"
    assert "This is no Date." in false["errors"][0]["message"]
    past = await keep(ask, desk.staff, "retireService", serviceId=service, **{"from": "2028-02-09"})
    assert past["reason"] == "PAST"
