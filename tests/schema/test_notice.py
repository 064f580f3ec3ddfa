"""Agreements and calendars through GraphQL: every refusal has its reason and its sentence."""

from models.notice import NoticeKind
from schema.identity import to_id
from tests.schema.conftest import Ask
from tests.services.register import Register

ACCEPT = """mutation ($t: [String!]!) { acceptMessages(templateIds: $t, key: "key-1234567890") {
    ... on MessageAgreements { agreements { kind templateId lifetime remaining } }
    ... on ConsentRefused { reason message } ... on NotSignedIn { message } } }"""
CREATE = """mutation ($r: ID, $p: ID) { createCalendarFeed(residentId: $r, providerId: $p) {
    ... on CalendarFeed { path } ... on CalendarFeedRefused { reason message } ... on NotSignedIn { message } } }"""
REVOKE = """mutation { revokeCalendarFeed {
    ... on CalendarFeedRevoked { revokedAt } ... on CalendarFeedRefused { reason message }
    ... on NotSignedIn { message } } }"""


async def test_what_a_tap_agreed_to_is_counted(ask: Ask, register: Register) -> None:
    """The answer holds every kind, so that the phone knows what to ask for next."""
    viewer = await register.viewer()

    answer = await ask(ACCEPT, viewer, t=["demo-reminder"])

    agreements = {each["kind"]: each for each in answer["data"]["acceptMessages"]["agreements"]}
    assert len(agreements) == len(NoticeKind)
    assert agreements["REMINDER"] == {
        "kind": "REMINDER",
        "templateId": "demo-reminder",
        "lifetime": "ONCE",
        "remaining": 1,
    }
    assert agreements["CHANGED"]["remaining"] == 0


async def test_an_unknown_template_is_refused(ask: Ask, register: Register) -> None:
    """With a sentence that says what to do."""
    answer = await ask(ACCEPT, await register.viewer(), t=["残"])

    assert answer["data"]["acceptMessages"] == {
        "reason": "TEMPLATE_UNKNOWN",
        "message": "没有这种消息，请刷新页面后再试。",
    }


async def test_a_calendar_is_made_and_revoked(ask: Ask, register: Register) -> None:
    """Its address is told once; the second revocation finds nothing."""
    viewer = await register.viewer(await register.resident())

    made = await ask(CREATE, viewer)
    revoked = [(await ask(REVOKE, viewer))["data"]["revokeCalendarFeed"] for _ in range(2)]

    path = made["data"]["createCalendarFeed"]["path"]
    assert path.startswith("/calendar/")
    assert path.endswith(".ics")
    assert "revokedAt" in revoked[0]
    assert revoked[1]["reason"] == "NOT_FOUND"


async def test_garbage_ids_make_no_calendar(ask: Ask, register: Register) -> None:
    """A stranger's, another type's, and none at all are refused alike."""
    viewer, other = await register.viewer(await register.resident()), await register.resident()
    ids: list[dict[str, str]] = [
        {"r": to_id("Resident", other.id)},
        {"r": "残"},
        {"p": to_id("Resident", other.id)},
        {"p": ""},
    ]

    reasons = [(await ask(CREATE, viewer, **each))["data"]["createCalendarFeed"]["reason"] for each in ids]

    assert reasons == ["NOT_ALLOWED"] * 4


async def test_nobody_signed_in_does_none_of_it(ask: Ask) -> None:
    """As everywhere."""
    answers = [await ask(ACCEPT, t=[]), await ask(CREATE), await ask(REVOKE)]

    assert [next(iter(each["data"].values())) for each in answers] == [{"message": "请先登录。"}] * 3
