"""Every mutation with its refusals, as a client meets them: in the union, with a reason and a sentence."""

from typing import Any
from uuid import UUID

import pytest

from card.cose import SigningKey
from card.credential import CredentialKind, prove, verify_credential
from card.presentation import decode_text
from domain.access import Viewer
from schema.credential import from_text, to_text
from schema.identity import to_id
from services.resources import Resources
from services.wechat import WechatRateLimited, WechatRefusal, WechatRisky, WechatUnavailable
from tests.schema.conftest import Ask
from tests.services.register import Clock, FakeWechat, Register

SESSION = "__typename ... on Session { accessToken refreshToken expiresAt }"
SIGN_IN = f"""
mutation ($code: String!) {{ answer: signInWithWechat(code: $code) {{
  {SESSION} ... on WechatRefused {{ reason message }} }} }}
"""
REFRESH = f"""
mutation ($token: String!, $key: IdempotencyKey!) {{ answer: refreshSession(refreshToken: $token, key: $key) {{
  {SESSION} ... on RefreshRefused {{ reason message }} }} }}
"""
BIND = """
mutation ($input: BindCardInput!) { answer: bindCard(input: $input) { __typename
  ... on CardBound { residentId asGuardian } ... on BindingRefused { reason message }
  ... on WechatRefused { wechatReason: reason message } ... on NotSignedIn { message } } }
"""
CODE = """
mutation ($number: String!) { answer: issueBindingCode(cardNumber: $number) { __typename
  ... on BindingCode { code maskedName expiresAt } ... on BindingCodeRefused { reason message } } }
"""
BOOK = """
mutation ($slot: ID!, $key: IdempotencyKey!, $whom: ID) { answer: bookSlot(
    slotId: $slot, key: $key, residentId: $whom) {
  __typename ... on Booking { id state cancelledAt slot { id free } service { id cancelMinutes address programme } }
  ... on BookingRefused { reason message } } }
"""
CANCEL = """
mutation ($booking: ID!, $key: IdempotencyKey!) { answer: cancelBooking(bookingId: $booking, key: $key) {
  __typename ... on Booking { id state cancelledAt slot { free } } ... on BookingRefused { reason message } } }
"""
TERMS = """
mutation ($slot: ID!, $key: IdempotencyKey!) { answer: bookSlot(slotId: $slot, key: $key, interpreter: true) {
  __typename ... on Booking { price verdict costShare toBring interpreter flag courseBookingId }
  ... on BookingRefused { reason message } } }
"""
ENROL = """
mutation ($course: ID!, $key: IdempotencyKey!) { answer: bookCourse(courseId: $course, key: $key) {
  __typename ... on CourseBooking { id name cancelledAt bookings { courseBookingId state slot { startsAt } } }
  ... on BookingRefused { reason message } } }
"""
LEAVE = """
mutation ($place: ID!, $key: IdempotencyKey!) { answer: cancelCourse(courseBookingId: $place, key: $key) {
  __typename ... on CourseBooking { cancelledAt bookings { state } } ... on BookingRefused { reason message } } }
"""
CHANGED = """__typename ... on TimetableChanged { added withdrawn flagged laidOutUntil holidaysMissing }
  ... on TimetableRefused { reason message }"""
WEEK = f"""
mutation ($service: ID!, $from: Date!, $patterns: [WeeklyPatternInput!]!) {{
  answer: replaceWeek(serviceId: $service, from: $from, patterns: $patterns) {{ {CHANGED} }} }}
"""
EXCEPTION = f"""
mutation ($service: ID!, $exception: DayExceptionInput!) {{
  answer: addDayException(serviceId: $service, exception: $exception) {{ {CHANGED} }} }}
"""
CLOSED = {"span": {"fromMinute": 0, "untilMinute": 1440}, "reason": "设备检修"}
ISSUE = """
mutation ($holder: String!, $challenge: String!, $proof: String!, $whom: ID) { answer: issueCredential(
    holderKey: $holder, challenge: $challenge, proof: $proof, residentId: $whom) {
  __typename ... on CredentialIssued { pass credential { id } } ... on CredentialRefused { reason message } } }
"""
ONLINE = """
mutation ($whom: ID) { answer: onlineCode(residentId: $whom) {
  __typename ... on OnlineCode { text svg expiresAt } ... on CredentialRefused { reason message } } }
"""
REVEAL = """
mutation ($whom: ID!, $note: String!) { answer: reveal(residentId: $whom, field: PHONE, reason: CONTACT, note: $note) {
  __typename ... on Revealed { value at } ... on RevealRefused { reason message } ... on NotSignedIn { message } } }
"""
MALFORMED_ID = "bm9ib2R5"


async def answer(ask: Ask, document: str, viewer: Viewer | None = None, **variables: object) -> dict[str, Any]:
    """The member of the mutation's union."""
    body = await ask(document, viewer, **variables)
    assert "errors" not in body, body
    told: dict[str, Any] = body["data"]["answer"]
    return told


async def test_a_code_signs_in_and_a_refresh_goes_on(ask: Ask, wechat: FakeWechat) -> None:
    """The refresh token is exchanged; a retry with the same key gets the same, another use ends the session."""
    session = await answer(ask, SIGN_IN, code=wechat.login_code("o-1"))

    first = await answer(ask, REFRESH, token=session["refreshToken"], key="refresh-1")
    retry = await answer(ask, REFRESH, token=session["refreshToken"], key="refresh-1")
    theft = await answer(ask, REFRESH, token=session["refreshToken"], key="refresh-2")
    unknown = await answer(ask, REFRESH, token="unknown", key="refresh-3")

    assert first["refreshToken"] == retry["refreshToken"] != session["refreshToken"]
    assert (theft["__typename"], theft["reason"]) == ("RefreshRefused", "REUSED")
    assert unknown["reason"] == "UNKNOWN"


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [(WechatRateLimited(), "RATE_LIMITED"), (WechatRisky(), "RISKY"), (WechatUnavailable(), "UNAVAILABLE")],
)
async def test_what_wechat_refuses_is_told_by_its_kind(
    ask: Ask,
    wechat: FakeWechat,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    refusal: WechatRefusal,
    reason: str,
) -> None:
    """At sign-in and at the phone's proof alike, with a sentence."""

    async def refuse(_: str) -> str:
        raise refusal

    monkeypatch.setattr(wechat, "openid", refuse)
    monkeypatch.setattr(wechat, "phone_number", refuse)
    holder = await register.resident()
    wish = {"name": holder.name, "cardNumber": holder.card_number, "phoneCode": "x"}

    signed_in = await answer(ask, SIGN_IN, code="x")
    bound = await answer(ask, BIND, await register.viewer(), input=wish)

    assert (signed_in["__typename"], signed_in["reason"]) == ("WechatRefused", reason)
    assert (bound["__typename"], bound["wechatReason"]) == ("WechatRefused", reason)
    assert signed_in["message"].endswith("。")


async def test_an_unknown_login_code_is_refused(ask: Ask) -> None:
    """The commonest refusal of all."""
    assert (await answer(ask, SIGN_IN, code="unknown"))["reason"] == "CODE_INVALID"


async def test_a_card_is_bound_by_phone_and_by_a_clerks_code(ask: Ask, wechat: FakeWechat, register: Register) -> None:
    """Both proofs lead to the same answer; a wrong name leads to the one refusal that tells nothing."""
    clerk = await register.viewer()
    await register.staff(clerk.account_id)
    first, second = await register.resident(), await register.resident()

    by_phone = {"name": first.name, "cardNumber": first.card_number, "phoneCode": wechat.phone_code(first.phone or "")}
    bound = await answer(ask, BIND, await register.viewer(), input=by_phone)
    code = await answer(ask, CODE, clerk, number=second.card_number)
    by_clerk = {"name": second.name, "cardNumber": second.card_number, "clerkCode": code["code"]}
    stranger = await answer(ask, BIND, await register.viewer(), input={**by_clerk, "name": "别人"})
    bound_by_clerk = await answer(ask, BIND, await register.viewer(), input=by_clerk)

    assert bound == {"__typename": "CardBound", "residentId": to_id("Resident", first.id), "asGuardian": False}
    assert bound_by_clerk["residentId"] == to_id("Resident", second.id)
    assert (stranger["__typename"], stranger["reason"]) == ("BindingRefused", "NOT_MATCHED")
    assert code["maskedName"] == "王**"


async def test_only_clerks_make_codes(ask: Ask, register: Register) -> None:
    """Others are told so, and a clerk is told of a card that she does not find."""
    clerk, other = await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id, town="别处")
    holder = await register.resident()

    refused = await answer(ask, CODE, other, number=holder.card_number)
    elsewhere = await answer(ask, CODE, clerk, number=holder.card_number)

    assert (refused["reason"], elsewhere["reason"]) == ("NOT_STAFF", "NOT_FOUND")


async def test_a_place_is_booked_once_and_given_back(ask: Ask, register: Register) -> None:
    """A repetition with the same key gets the first answer, and the key is good for nothing else."""
    viewer = await register.viewer(await register.resident())
    service = await register.service()
    slot = to_id("Slot", await register.slot(service))
    other = to_id("Slot", await register.slot(service, hours=48))

    booked = await answer(ask, BOOK, viewer, slot=slot, key="booking-1")
    again = await answer(ask, BOOK, viewer, slot=slot, key="booking-1")
    reused = await answer(ask, BOOK, viewer, slot=other, key="booking-1")
    twice = await answer(ask, BOOK, viewer, slot=slot, key="booking-2")
    cancelled = await answer(ask, CANCEL, viewer, booking=booked["id"], key="cancel-1")
    too_late = await answer(ask, CANCEL, viewer, booking=booked["id"], key="cancel-2")

    assert booked == again
    assert (booked["state"], booked["slot"]["free"], booked["service"]["cancelMinutes"]) == ("BOOKED", 0, 120)
    assert (reused["reason"], twice["reason"]) == ("KEY_REUSED", "ALREADY_BOOKED")
    assert (cancelled["state"], cancelled["slot"]["free"]) == ("CANCELLED", 1)
    assert (too_late["__typename"], too_late["reason"]) == ("BookingRefused", "CANCELLED_ALREADY")


async def test_a_booking_tells_its_terms(ask: Ask, register: Register) -> None:
    """Price, verdict, what to bring and the interpreter; where none is offered, the refusal says so."""
    viewer = await register.viewer(await register.resident())
    service = await register.service()
    await register.price(service, "80")
    plain = to_id("Slot", await register.slot(service))
    refused = await answer(ask, TERMS, viewer, slot=plain, key="booking-1")
    await register.resource(service, kind="interpreter", on_request=True)

    booked = await answer(ask, TERMS, viewer, slot=plain, key="booking-2")

    assert (refused["__typename"], refused["reason"]) == ("BookingRefused", "NO_INTERPRETER")
    assert booked.pop("toBring")
    assert booked == {
        "__typename": "Booking",
        "price": "80.00",
        "verdict": "UNDETERMINED",
        "costShare": None,
        "interpreter": True,
        "flag": None,
        "courseBookingId": None,
    }


async def test_a_course_is_booked_and_given_back(ask: Ask, register: Register) -> None:
    """As one, with a booking for each session; a second place is refused."""
    viewer = await register.viewer(await register.resident())
    course = to_id("Course", await register.course(await register.service(), hours=[24, 48]))

    place = await answer(ask, ENROL, viewer, course=course, key="course-01")
    twice = await answer(ask, ENROL, viewer, course=course, key="course-02")
    left = await answer(ask, LEAVE, viewer, place=place["id"], key="course-03")
    again = await answer(ask, LEAVE, viewer, place=place["id"], key="course-04")

    assert (place["name"], place["cancelledAt"]) == ("电脑入门", None)
    assert [(each["courseBookingId"], each["state"]) for each in place["bookings"]] == [(place["id"], "BOOKED")] * 2
    assert (twice["reason"], again["reason"]) == ("ALREADY_BOOKED", "CANCELLED_ALREADY")
    assert [each["state"] for each in left["bookings"]] == ["CANCELLED"] * 2


async def test_a_providers_staff_change_its_week(ask: Ask, register: Register) -> None:
    """The slots follow at once; a closed day and an extra opening are told like a new week, and refusals by reason."""
    viewer, stranger = await register.viewer(), await register.viewer()
    service_id = await register.service(minutes=60, horizon_days=7)
    await register.desk(viewer.account_id, service_id)
    service, friday = to_id("Service", service_id), "2026-03-13"
    pattern = {"weekday": 5, "span": {"fromMinute": 540, "untilMinute": 660}, "capacity": 3}
    week: dict[str, Any] = {"service": service, "from": "2026-03-11", "patterns": [pattern]}
    extra = {"day": friday, "span": {"fromMinute": 900, "untilMinute": 960}, "capacity": 2, "reason": "加开一次"}

    laid_out = await answer(ask, WEEK, viewer, **week)
    closed = await answer(ask, EXCEPTION, viewer, service=service, exception={**CLOSED, "day": friday})
    opened = await answer(ask, EXCEPTION, viewer, service=service, exception=extra)
    overlaps = await answer(ask, WEEK, viewer, **{**week, "patterns": [pattern, pattern]})
    foreign = await answer(ask, EXCEPTION, stranger, service=service, exception=extra)

    assert (laid_out["added"], laid_out["laidOutUntil"], laid_out["holidaysMissing"]) == (2, "2026-03-18", False)
    assert (closed["withdrawn"], closed["flagged"], opened["added"]) == (2, 0, 1)
    assert (overlaps["__typename"], overlaps["reason"]) == ("TimetableRefused", "OVERLAPS_ITSELF")
    assert foreign["reason"] == "NOT_ALLOWED"
    assert foreign["message"].endswith("。")


async def test_a_guardian_books_for_her_ward_and_a_stranger_does_not(ask: Ask, register: Register) -> None:
    """A ward is named by id; anybody else's id is answered like a malformed one."""
    ward = await register.resident()
    guardian, stranger = await register.viewer(), await register.viewer(await register.resident())
    await register.guardian(ward, guardian.account_id)
    slot = to_id("Slot", await register.slot(await register.service(), capacity=5))
    whom = to_id("Resident", ward.id)

    booked = await answer(ask, BOOK, guardian, slot=slot, key="booking-1", whom=whom)
    refused = await answer(ask, BOOK, stranger, slot=slot, key="booking-1", whom=whom)
    malformed = await answer(ask, BOOK, stranger, slot=slot, key="booking-2", whom=MALFORMED_ID)
    foreign = await answer(ask, CANCEL, stranger, booking=booked["id"], key="cancel-1")

    assert booked["__typename"] == "Booking"
    assert refused["reason"] == malformed["reason"] == "NOT_ALLOWED"
    assert foreign["reason"] == "BOOKING_NOT_FOUND"


@pytest.mark.parametrize("identity", [MALFORMED_ID, "", to_id("Slot", UUID(int=1)), to_id("Booking", UUID(int=1))])
async def test_ids_of_nothing_are_refused_in_the_union(ask: Ask, register: Register, identity: str) -> None:
    """Malformed, of another type, or unknown: the same answer, and no error."""
    viewer = await register.viewer(await register.resident())

    booked = await answer(ask, BOOK, viewer, slot=identity, key="booking-1")
    cancelled = await answer(ask, CANCEL, viewer, booking=identity, key="cancel-1")

    assert (booked["reason"], cancelled["reason"]) == ("SLOT_NOT_FOUND", "BOOKING_NOT_FOUND")


async def proven(ask: Ask, viewer: Viewer, key: SigningKey) -> dict[str, str]:
    """What a phone sends to be given a pass."""
    told = await answer(ask, "mutation { answer: credentialChallenge { ... on Challenge { challenge } } }", viewer)
    proof = prove(from_text(told["challenge"]), key)
    return {"holder": to_text(key.verifying_key.public), "challenge": told["challenge"], "proof": to_text(proof)}


async def test_a_phone_that_proves_its_key_gets_a_pass(ask: Ask, register: Register) -> None:
    """The pass is bytes that decode; a renewal keeps the line."""
    viewer, key = await register.viewer(await register.resident(grade=1)), SigningKey.generate()

    first = await answer(ask, ISSUE, viewer, **await proven(ask, viewer, key))
    second = await answer(ask, ISSUE, viewer, **await proven(ask, viewer, key))

    assert first["__typename"] == second["__typename"] == "CredentialIssued"
    assert len(from_text(first["pass"])) > 64
    assert first["credential"] == second["credential"]


async def test_a_pass_is_refused_with_its_reason(ask: Ask, register: Register, clock: Clock) -> None:
    """A foreign key, a changed or stale challenge, bytes that are none, and a person one may not act for."""
    viewer, key = await register.viewer(await register.resident(grade=1)), SigningKey.generate()
    wish = await proven(ask, viewer, key)

    stranger = to_text(SigningKey.generate().verifying_key.public)
    foreign_key = await answer(ask, ISSUE, viewer, **{**wish, "holder": stranger})
    nonsense = await answer(ask, ISSUE, viewer, **{**wish, "challenge": "中文!"})
    no_proof = await answer(ask, ISSUE, viewer, **{**wish, "proof": "A"})
    other_person = await answer(ask, ISSUE, viewer, **wish, whom=MALFORMED_ID)
    clock.forward(minutes=6)
    stale = await answer(ask, ISSUE, viewer, **wish)

    reasons = [told["reason"] for told in (foreign_key, nonsense, no_proof, other_person, stale)]
    assert reasons == ["PROOF_INVALID", "CHALLENGE_INVALID", "PROOF_INVALID", "NOT_ALLOWED", "CHALLENGE_INVALID"]


async def test_an_online_code_is_text_and_picture(ask: Ask, register: Register, resources: Resources) -> None:
    """It is a bearer code by its own claims, and the picture is SVG."""
    viewer = await register.viewer(await register.resident(grade=1))

    code = await answer(ask, ONLINE, viewer)
    refused = await answer(ask, ONLINE, viewer, whom=MALFORMED_ID)

    keys = {resources.keys.issuer.kid: resources.keys.issuer.verifying_key}
    assert verify_credential(decode_text(code["text"]), keys).claims.kind is CredentialKind.ONLINE
    assert "<svg" in code["svg"]
    assert refused["reason"] == "NOT_ALLOWED"


MUTATIONS_FOR_THE_SIGNED_IN = [
    ("mutation { answer: signOut { __typename } }", {}),
    (BIND, {"input": {"name": "x", "cardNumber": "x"}}),
    (CODE, {"number": "x"}),
    (BOOK, {"slot": "x", "key": "booking-1"}),
    (CANCEL, {"booking": "x", "key": "booking-1"}),
    (ENROL, {"course": "x", "key": "booking-1"}),
    (LEAVE, {"place": "x", "key": "booking-1"}),
    (WEEK, {"service": "x", "from": "2026-03-11", "patterns": []}),
    (EXCEPTION, {"service": "x", "exception": {**CLOSED, "day": "2026-03-13"}}),
    ("mutation { answer: credentialChallenge { __typename } }", {}),
    (ISSUE, {"holder": "x", "challenge": "x", "proof": "x"}),
    (ONLINE, {}),
]


@pytest.mark.parametrize(("document", "variables"), MUTATIONS_FOR_THE_SIGNED_IN)
async def test_nobody_does_nothing(ask: Ask, document: str, variables: dict[str, Any]) -> None:
    """Every mutation of a signed-in viewer says so in its union."""
    assert (await answer(ask, document, **variables))["__typename"] == "NotSignedIn"


async def test_signing_out_ends_the_session_at_once(ask: Ask, register: Register) -> None:
    """The access token is worth nothing afterwards, although its time has not come."""
    viewer = await register.viewer()
    document = "mutation { answer: signOut { __typename ... on SignedOut { message } } }"

    assert await answer(ask, document, viewer) == {"__typename": "SignedOut", "message": "已退出登录。"}
    assert (await answer(ask, document, viewer))["__typename"] == "NotSignedIn"


async def test_a_full_value_is_shown_to_staff_or_refused_with_a_sentence(ask: Ask, register: Register) -> None:
    """Whoever is no staff, names nobody, or says no purpose hears so; nobody signed in is told to sign in."""
    holder, clerk = await register.resident(), await register.viewer()
    await register.staff(clerk.account_id)
    resident_id = to_id("Resident", holder.id)

    shown = await answer(ask, REVEAL, clerk, whom=resident_id, note="约评定时间")
    refused = [
        await answer(ask, REVEAL, await register.viewer(holder), whom=resident_id, note="看看"),
        await answer(ask, REVEAL, clerk, whom=MALFORMED_ID, note="看看"),
        await answer(ask, REVEAL, clerk, whom=resident_id, note=" "),
    ]
    nobody = await answer(ask, REVEAL, None, whom=resident_id, note="看看")

    assert shown["value"] == holder.phone
    assert [one["reason"] for one in refused] == ["NOT_STAFF", "NOT_FOUND", "NOTE_NEEDED"]
    assert refused[0]["message"] == "只有工作人员可以查看完整信息。"
    assert nobody["__typename"] == "NotSignedIn"
