"""The calendar as other programs read it: parsed by a library, free of what concerns nobody, and quiet when refused."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import icalendar
import pytest

from api.calendar import render
from models.booking import BookingState
from models.record import new_id
from models.service import ServiceKind
from services.bookings import HeldBooking, book_slot
from services.feeds import Entry, FeedRefusal, Whose, make_feed, revoke_feed
from services.resources import Resources
from tests.api.live import LiveServer
from tests.services.register import Register

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)
TELLING = ("残疾", "康复", "手语", "法律", "视力", "听力", "智力", "精神", "肢体", "辅具")


def entry(state: BookingState = BookingState.BOOKED, **changes: object) -> Entry:
    """A booking from ten to eleven in the district."""
    columns = {
        "booking_id": new_id(),
        "revision": 3,
        "state": state,
        "changed_at": AT - timedelta(days=2),
        "starts_at": AT,
        "ends_at": AT + timedelta(hours=1),
        "service": ServiceKind.REHAB_TRAINING,
        "place": "某路 3 号",
        **changes,
    }
    return Entry(**columns)  # type: ignore[arg-type] # as the tests give them


def events(text: bytes) -> list[icalendar.Event]:
    """What a calendar program finds."""
    return [each for each in icalendar.Calendar.from_ical(text).walk("VEVENT") if isinstance(each, icalendar.Event)]


def test_a_booking_is_an_event_in_the_districts_time() -> None:
    """Its key is the booking, its sequence the revision; the zone is described for programs that do not know it."""
    booking = entry()

    text = render([booking])

    (event,) = events(text)
    assert (UUID(str(event["UID"])), event["SEQUENCE"], event["STATUS"]) == (booking.booking_id, 3, "CONFIRMED")
    assert event.start == AT
    assert b"DTSTART;TZID=Asia/Shanghai:20260311T100000\r\n" in text
    assert b"BEGIN:VTIMEZONE\r\nTZID:Asia/Shanghai\r\n" in text
    assert event["LOCATION"] == "某路 3 号"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (BookingState.REQUESTED, "TENTATIVE"),
        (BookingState.CANCELLED, "CANCELLED"),
        (BookingState.ATTENDED, "CONFIRMED"),
        (BookingState.MISSED, "CONFIRMED"),
    ],
)
def test_the_status_says_whether_it_takes_place(state: BookingState, status: str) -> None:
    """A cancelled booking is told, since calendars would else keep it."""
    assert events(render([entry(state)]))[0]["STATUS"] == status


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_no_word_tells_of_a_disability(kind: ServiceKind) -> None:
    """Whatever the service is, the calendar's companies learn of an appointment and no more."""
    text = render([entry(service=kind, place="")]).decode()

    assert not any(word in text for word in TELLING)
    assert events(text.encode())[0]["LOCATION"] == "上门服务"


def test_the_same_bookings_give_the_same_bytes() -> None:
    """Else no ETag would ever hold; and an address with commas and line breaks stays one."""
    bookings = [entry(place="某路 3 号, 二楼; 东\r\nATTENDEE:x"), entry()]

    assert render(bookings) == render(bookings)
    assert "ATTENDEE" not in events(render(bookings))[0]


async def feed(resources: Resources, register: Register) -> tuple[str, HeldBooking]:
    """The token of a resident's calendar with one booking."""
    viewer = await register.viewer(await register.resident())
    people = await register.people(viewer)
    slot = await register.slot(await register.service(), hours=30)
    booking = await book_slot(resources, viewer, people, slot, None, str(new_id()))
    token = await make_feed(resources, viewer, people, Whose())
    assert isinstance(booking, HeldBooking)
    assert not isinstance(token, FeedRefusal)
    return token, booking


async def test_a_calendar_is_read_and_not_sent_twice(
    http: httpx.AsyncClient, resources: Resources, register: Register, live: LiveServer
) -> None:
    """With an ETag, for the holder alone, and without its address in the log."""
    token, booking = await feed(resources, register)

    first = await http.get(f"/calendar/{token}.ics")
    again = await http.get(f"/calendar/{token}.ics", headers={"If-None-Match": f'"x", W/{first.headers["ETag"]}'})

    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert [str(event["UID"]) for event in events(first.content)] == [str(booking.id)]
    assert (again.status_code, again.content) == (304, b"")
    assert token not in live.logged()


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 5_000, "%00" * 43, "..", "%F0%9F%98%80", "a/b"])
async def test_a_garbage_address_reads_nothing(http: httpx.AsyncClient, token: str) -> None:
    """404, whatever was typed."""
    answer = await http.get(f"/calendar/{token}.ics")

    assert answer.status_code == 404


async def test_a_revoked_address_is_answered_like_one_that_never_was(
    http: httpx.AsyncClient, resources: Resources, register: Register
) -> None:
    """Word for word."""
    viewer = await register.viewer(await register.resident())
    people = await register.people(viewer)
    token = await make_feed(resources, viewer, people, Whose())
    await revoke_feed(resources, viewer, people, Whose())

    revoked, never = await http.get(f"/calendar/{token}.ics"), await http.get(f"/calendar/{'x' * 43}.ics")

    assert revoked.status_code == never.status_code == 404
    assert revoked.content == never.content


async def test_an_address_that_is_read_too_often_is_told_to_wait(
    http: httpx.AsyncClient, resources: Resources, register: Register
) -> None:
    """With how long."""
    token, _ = await feed(resources, register)
    await http.get(f"/calendar/{token}.ics")
    await register.exhaust("calendar")

    answer = await http.get(f"/calendar/{token}.ics")

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
