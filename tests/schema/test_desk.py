"""A provider's desk as its screen meets it: lists, the sheet, and each refusal in the union."""

from typing import Any

import pytest

from domain.access import Viewer
from schema.identity import to_id
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.schema.test_mutation import BOOK, MALFORMED_ID, ONLINE, answer
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Register

ENTRY = "maskedName method appeal appealUpheld booking { id state flag }"
DESK_ANSWER = f"__typename ... on DeskBooking {{ {ENTRY} }} ... on DeskRefused {{ reason message }}"
CONFIRM, DECLINE, KEEP = [
    f"mutation ($booking: ID!) {{ answer: {name}(bookingId: $booking) {{ {DESK_ANSWER} }} }}"
    for name in ("confirmBooking", "declineBooking", "keepBooking")
]
CHECK_IN = f"""
mutation ($provider: ID!, $code: String!) {{ answer: checkIn(providerId: $provider, code: $code) {{ {DESK_ANSWER} }} }}
"""
RECORD = f"""
mutation ($booking: ID!, $came: Boolean!) {{ answer: recordAttendance(bookingId: $booking, came: $came) {{
  {DESK_ANSWER} }} }}
"""
APPEAL = """
mutation ($booking: ID!) { answer: appealMiss(bookingId: $booking, reason: "公交车坏了。") {
  __typename ... on Booking { id state } ... on DeskRefused { reason message } } }
"""
DECIDE = f"""
mutation ($booking: ID!, $upheld: Boolean!) {{ answer: decideMissAppeal(bookingId: $booking, upheld: $upheld) {{
  {DESK_ANSWER} }} }}
"""
DESK = f"""
query ($after: String) {{ viewer {{ desks {{ id name sites {{ id name }}
  dayList(on: "2026-03-11", first: 2, after: $after) {{ edges {{ node {{ {ENTRY} }} }}
    pageInfo {{ hasNextPage endCursor }} }}
  requests(first: 5) {{ edges {{ node {{ booking {{ id }} }} }} }}
  flagged(first: 5) {{ edges {{ node {{ booking {{ id }} }} }} }} }} }} }}
"""
STAFF = f"""
{{ viewer {{ staff {{ flaggedBookings(first: 5) {{ edges {{ node {{ booking {{ id flag }} }} }} }}
  appeals(first: 5) {{ edges {{ node {{ {ENTRY} }} }} }} }} }} }}
"""
SHEET = 'query ($site: ID) { viewer { desks { dayPage(on: "2026-03-11", siteId: $site) } } }'


@pytest.fixture
async def desk(resources: Resources, register: Register) -> FrontDesk:
    """A desk whose provider confirms each booking."""
    return await FrontDesk(resources, register).open(needs_confirmation=True)


async def book(ask: Ask, desk: FrontDesk, viewer: Viewer, hours: float) -> str:
    """A booking that a resident makes herself."""
    slot = await desk.register.slot(desk.service_id, hours=hours, capacity=3)
    booking = await answer(ask, BOOK, viewer, slot=to_id("Slot", slot), key=f"booking-{hours}")
    return str(booking["id"])


async def test_a_day_from_the_request_to_the_excuse(ask: Ask, desk: FrontDesk, clock: Clock) -> None:
    """Asked for, confirmed, missed, appealed against and excused, each side seeing its part."""
    resident, clerk = await desk.register.viewer(await desk.patient()), await desk.register.viewer()
    await desk.register.staff(clerk.account_id)
    booking = await book(ask, desk, resident, 1)
    (before,) = (await ask(DESK, desk.staff))["data"]["viewer"]["desks"]
    confirmed = await answer(ask, CONFIRM, desk.staff, booking=booking)
    early = await answer(ask, RECORD, desk.staff, booking=booking, came=False)
    clock.forward(hours=1, minutes=15)
    missed = await answer(ask, RECORD, desk.staff, booking=booking, came=False)
    appealed = await answer(ask, APPEAL, resident, booking=booking)
    (waiting,) = (await ask(STAFF, clerk))["data"]["viewer"]["staff"]["appeals"]["edges"]

    excused = await answer(ask, DECIDE, clerk, booking=booking, upheld=True)

    assert [each["node"]["booking"]["id"] for each in before["requests"]["edges"]] == [booking]
    assert [each["node"]["booking"]["state"] for each in before["dayList"]["edges"]] == ["REQUESTED"]
    assert (confirmed["booking"]["state"], early["reason"]) == ("BOOKED", "WITHIN_GRACE")
    assert (missed["booking"]["state"], missed["method"]) == ("MISSED", "DESK")
    assert (appealed["__typename"], appealed["state"]) == ("Booking", "MISSED")
    assert (waiting["node"]["appeal"], waiting["node"]["maskedName"]) == ("公交车坏了。", "王**")
    assert (excused["booking"]["state"], excused["appealUpheld"]) == ("EXCUSED", True)


async def test_the_code_checks_in(ask: Ask, desk: FrontDesk) -> None:
    """The text that the phone shows is all that the desk sends."""
    resident = await desk.register.viewer(await desk.patient())
    booking = await book(ask, desk, resident, 1)
    code, provider = await answer(ask, ONLINE, resident), to_id("Provider", desk.provider_id)

    checked_in = await answer(ask, CHECK_IN, desk.staff, provider=provider, code=code["text"])
    refused = await answer(ask, CHECK_IN, desk.staff, provider=provider, code="x")

    assert (checked_in["booking"]["id"], checked_in["booking"]["state"]) == (booking, "ATTENDED")
    assert (refused["reason"], refused["message"]) == ("CODE_INVALID", "这个码无法识别，请让本人重新出示。")


async def test_the_day_list_goes_on_behind_its_cursor(ask: Ask, desk: FrontDesk) -> None:
    """Three bookings in pages of two; a cursor of another list is refused."""
    booked = [await book(ask, desk, await desk.register.viewer(await desk.patient()), hours) for hours in (1, 2, 3)]

    (first,) = (await ask(DESK, desk.staff))["data"]["viewer"]["desks"]
    end = first["dayList"]["pageInfo"]["endCursor"]
    (second,) = (await ask(DESK, desk.staff, after=end))["data"]["viewer"]["desks"]
    invalid = await ask(DESK, desk.staff, after="1.x")

    listed = [each["node"]["booking"]["id"] for page in (first, second) for each in page["dayList"]["edges"]]
    assert listed == booked
    assert [page["dayList"]["pageInfo"]["hasNextPage"] for page in (first, second)] == [True, False]
    assert invalid["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_the_sheet_is_a_whole_page_with_masked_names(ask: Ask, desk: FrontDesk, register: Register) -> None:
    """Local times, what to mind, nothing that a service's name could break; one site where that is asked."""
    site = await register.site(desk.provider_id)
    risky = await register.service(provider_id=desk.provider_id, site_id=site, name="<b>按摩</b>")
    await register.resource(risky, kind="interpreter", on_request=True)
    resident = await register.viewer(await desk.patient(name="欧阳明"))
    await book(ask, desk, resident, 3)
    slot = to_id("Slot", await register.slot(risky, hours=1))
    document = BOOK.replace("slotId: $slot,", "slotId: $slot, interpreter: true,")
    await answer(ask, document, resident, slot=slot, key="booking-risky")

    (whole,) = (await ask(SHEET, desk.staff))["data"]["viewer"]["desks"]
    (part,) = (await ask(SHEET, desk.staff, site=to_id("Site", site)))["data"]["viewer"]["desks"]

    page = whole["dayPage"]
    assert page.startswith("<!doctype html>")
    assert "康复中心 2026年3月11日预约表" in page
    assert (
        "<td>11:00-12:00</td><td>&lt;b&gt;按摩&lt;/b&gt;</td><td>欧**</td><td>已预约</td><td>需要手语翻译</td>" in page
    )
    assert page.count("<tr>") == 3
    assert part["dayPage"].count("<tr>") == 2


async def test_flags_are_seen_and_settled(ask: Ask, desk: FrontDesk, resources: Resources) -> None:
    """By the desk and by the staff of the area; declined, the booking is gone from both lists."""
    clerk = await desk.register.viewer()
    await desk.register.staff(clerk.account_id)
    held = await desk.book(await desk.patient(), hours=48)
    booking = to_id("Booking", held.id)
    async with resources.database.transaction() as connection:
        await connection.execute("UPDATE booking SET flag = 'slot_changed', flagged_at = now() WHERE id = $1", held.id)
    (at_desk,) = (await ask(DESK, desk.staff))["data"]["viewer"]["desks"]
    kept = await answer(ask, KEEP, desk.staff, booking=booking)
    in_area = (await ask(STAFF, clerk))["data"]["viewer"]["staff"]["flaggedBookings"]["edges"]

    declined = await answer(ask, DECLINE, desk.staff, booking=booking)

    assert [each["node"]["booking"]["id"] for each in at_desk["flagged"]["edges"]] == [booking]
    assert (kept["reason"], [each["node"]["booking"]["flag"] for each in in_area]) == ("NOT_FLAGGED", ["SLOT_CHANGED"])
    assert declined["booking"]["state"] == "CANCELLED"
    assert (await ask(STAFF, clerk))["data"]["viewer"]["staff"]["flaggedBookings"]["edges"] == []


@pytest.mark.parametrize(
    ("document", "variables", "reason"),
    [
        (CONFIRM, {"booking": MALFORMED_ID}, "BOOKING_NOT_FOUND"),
        (DECLINE, {"booking": MALFORMED_ID}, "BOOKING_NOT_FOUND"),
        (KEEP, {"booking": MALFORMED_ID}, "BOOKING_NOT_FOUND"),
        (CHECK_IN, {"provider": MALFORMED_ID, "code": "x"}, "NOT_ALLOWED"),
        (RECORD, {"booking": MALFORMED_ID, "came": True}, "BOOKING_NOT_FOUND"),
        (APPEAL, {"booking": MALFORMED_ID}, "BOOKING_NOT_FOUND"),
        (DECIDE, {"booking": MALFORMED_ID, "upheld": True}, "NOT_ALLOWED"),
    ],
)
async def test_who_works_nowhere_is_refused_in_a_sentence(
    ask: Ask, register: Register, document: str, variables: dict[str, Any], reason: str
) -> None:
    """A resident has no desk; for nobody the union says that nobody is signed in."""
    viewer = await register.viewer(await register.resident())

    refused = await answer(ask, document, viewer, **variables)
    nobody = await answer(ask, document, **variables)

    assert (refused["__typename"], refused["reason"]) == ("DeskRefused", reason)
    assert refused["message"].endswith("。")
    assert nobody["__typename"] == "NotSignedIn"
    assert (await ask(DESK, viewer))["data"]["viewer"]["desks"] == []
