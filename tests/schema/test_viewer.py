"""What a resident, a guardian, a clerk and nobody see under `viewer`, and how few statements it takes."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from card.cose import SigningKey
from card.credential import prove
from domain.dates import local_date
from domain.translation import CHINESE
from schema.context import Context
from schema.credential import from_text, to_text
from schema.identity import to_id
from services import sessions
from services.bookings import book_slot
from services.database import Database
from services.resources import Resources
from services.reviews import review_bookings
from tests.schema.conftest import Ask
from tests.services.register import Clock, Register

HOME = """
{ viewer { residentId maskedName
    card { maskedNumber category categoryName grade gradeName state issuedOn validUntil }
    entitlements { programme title verdict criteria { outcome sentence clause { citation } } benefits { title } }
    comingUp { programme on verdict }
    bookings(first: 6) { edges { node { id state slot { startsAt } service { name provider } } } }
    credentials { id expiresAt revokedAt }
    wards { residentId maskedName relation acts endsOn ending card { state } entitlements { verdict }
            bookings(first: 6) { edges { node { id } } } credentials { id } }
    staff { role } } }
"""
BOOKINGS = """
query ($first: Int!, $after: String) { viewer { bookings(first: $first, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } }
"""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that goes to the database from now on."""
    sent: list[str] = []
    fetch = Database.fetch

    async def counted(self: Database, sql: str, *values: object) -> Sequence[Any]:
        sent.append(sql)
        return await fetch(self, sql, *values)

    monkeypatch.setattr(Database, "fetch", counted)
    return sent


async def test_the_home_screen_takes_four_statements(
    ask: Ask, register: Register, resources: Resources, statements: list[str]
) -> None:
    """Person with card, facts, bookings, credentials: one each, wards included."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    for _ in range(2):
        await register.guardian(await register.resident(), viewer.account_id)
    statements.clear()

    body = await ask(HOME, viewer)

    home = body["data"]["viewer"]
    assert "errors" not in body
    assert len(home["wards"]) == 2
    assert len(home["entitlements"]) == len(resources.rules.chinese.programmes) == len(home["wards"][1]["entitlements"])
    assert len(statements) == 4
    assert all(sql.lstrip().startswith(("SELECT", "WITH")) for sql in statements)


async def test_a_resident_sees_herself_masked(ask: Ask, register: Register) -> None:
    """Name and number are hidden, the card is told in numbers and in words."""
    holder = await register.resident(name="欧阳小明", category=4, grade=2)

    home = (await ask(HOME, await register.viewer(holder)))["data"]["viewer"]

    assert (home["residentId"], home["maskedName"]) == (to_id("Resident", holder.id), "欧***")
    assert home["card"] == {
        "maskedNumber": f"{holder.card_number[:6]}************{holder.card_number[-2:]}",
        "category": 4,
        "categoryName": "肢体残疾",
        "grade": 2,
        "gradeName": "二级",
        "state": "ACTIVE",
        "issuedOn": "2020-01-01",
        "validUntil": "2029-12-31",
    }
    assert (home["wards"], home["staff"], home["bookings"]["edges"], home["credentials"]) == ([], None, [], [])
    assert holder.card_number not in str(home)


async def test_an_account_without_a_card_is_empty(ask: Ask, register: Register) -> None:
    """Signed in, but tied to nobody: every field is there, none says anything."""
    body = await ask("{ viewer { residentId maskedName card { state } entitlements { title } credentials { id } "
                     "comingUp { on } rides(first: 1) { at } "
                     "bookings(first: 1) { edges { cursor } } wards { acts } } }",
                     await register.viewer())  # fmt: skip

    assert body["data"]["viewer"] == {
        "residentId": None,
        "maskedName": None,
        "card": None,
        "entitlements": [],
        "credentials": [],
        "rides": [],
        "comingUp": [],
        "bookings": {"edges": []},
        "wards": [],
    }


async def test_what_is_coming_up(ask: Ask, register: Register, clock: Clock) -> None:
    """The seventh birthday ends a programme within the year: told beforehand, with the reason, in both languages."""
    today = local_date(clock())
    viewer = await register.viewer(await register.resident(birth_date=date(today.year - 7, 12, 1)))
    fields = "programme title on before verdict because"

    body = await ask(
        f'{{ viewer {{ soon: comingUp {{ {fields} }} later: comingUp(on: "{today.year}-12-01") {{ programme }} '
        "english: comingUp(language: ENGLISH) { because } } }",
        viewer,
    )

    told = body["data"]["viewer"]
    assert [each for each in told["soon"] if each["programme"] == "child-rehab"] == [
        {
            "programme": "child-rehab",
            "title": "残疾儿童基本康复",
            "on": f"{today.year}-12-01",
            "before": "UNDETERMINED",
            "verdict": "NOT_ELIGIBLE",
            "because": [f"从{today.year}年12月1日起,不再符合这一条:0至6周岁。"],
        }
    ]
    assert "child-rehab" not in {each["programme"] for each in told["later"]}
    assert not CHINESE.search(str(told["english"]))


async def test_a_guardian_sees_her_wards(ask: Ask, register: Register) -> None:
    """With the relation and the scope, and the ward's own card."""
    ward = await register.resident(name="王小宝", grade=1)
    viewer = await register.viewer()
    await register.guardian(ward, viewer.account_id, scope="view")

    home = (await ask(HOME, viewer))["data"]["viewer"]

    assert home["maskedName"] is None
    (seen,) = home["wards"]
    assert (seen["maskedName"], seen["relation"], seen["acts"]) == ("王**", "母亲", ["VIEW"])
    assert seen["card"] == {"state": "ACTIVE"}
    assert (seen["endsOn"], seen["ending"]) == (None, None)


@pytest.mark.parametrize(
    ("period", "ends_on", "told"),
    [
        ({"ground": "minor"}, "2026-04-30", "被监护人到2026年5月1日年满十八周岁。从这一天起由本人办理，您不再代办。"),
        ({"valid_until": date(2026, 4, 1)}, "2026-04-01", "您的代办期限到2026年4月1日为止。"),
    ],
)
async def test_a_guardian_is_told_how_long_she_acts(
    ask: Ask, register: Register, period: dict[str, Any], ends_on: str, told: str
) -> None:
    """The last day, and a sentence that says why and what to do."""
    viewer = await register.viewer()
    await register.guardian(await register.resident(birth_date=date(2008, 5, 1)), viewer.account_id, **period)

    (seen,) = (await ask(HOME, viewer))["data"]["viewer"]["wards"]

    assert seen["endsOn"] == ends_on
    assert seen["ending"].startswith(told)


async def test_a_clerk_sees_her_role(ask: Ask, register: Register) -> None:
    """Staff is what the account is, beside what it is tied to."""
    viewer = await register.viewer()
    await register.staff(viewer.account_id, town="曹娥街道")

    body = await ask("{ viewer { staff { role town organisation } } }", viewer)

    assert body["data"]["viewer"]["staff"] == {"role": "CLERK", "town": "曹娥街道", "organisation": "区残联"}


async def test_entitlements_are_told_in_english_too(ask: Ask, register: Register) -> None:
    """The same verdicts in the same order, with nothing left in Chinese; Chinese is what one gets unasked."""
    document = """
    query ($language: Language!) { viewer { unasked: entitlements { title }
      entitlements(language: $language) { verdict title runBy notes
                                            criteria { sentence clause { document citation } } } } }
    """
    viewer = await register.viewer(await register.resident())

    chinese, english = [
        (await ask(document, viewer, language=language))["data"]["viewer"] for language in ("CHINESE", "ENGLISH")
    ]

    assert [one["verdict"] for one in english["entitlements"]] == [one["verdict"] for one in chinese["entitlements"]]
    assert [one["title"] for one in chinese["entitlements"]] == [one["title"] for one in chinese["unasked"]]
    assert CHINESE.search(str(chinese["entitlements"]))
    assert not CHINESE.search(str(english["entitlements"]))


async def test_entitlements_are_those_of_the_day_that_is_asked(ask: Ask, register: Register) -> None:
    """Another day, another answer: before the card was issued there is nothing to be entitled to."""
    viewer = await register.viewer(await register.resident(grade=1))
    document = "query ($on: Date) { viewer { entitlements(on: $on) { programme verdict } } }"

    def of(body: dict[str, Any]) -> dict[str, str]:
        return {one["programme"]: one["verdict"] for one in body["data"]["viewer"]["entitlements"]}

    today, before = await ask(document, viewer), await ask(document, viewer, on="2019-12-31")

    assert of(today)["free-bus"] == "ELIGIBLE"
    assert of(before)["free-bus"] != "ELIGIBLE"


async def test_bookings_are_paged_by_cursor(ask: Ask, register: Register) -> None:
    """Each page goes on behind the last, and the end is told."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    service = await register.service()
    book = "mutation ($slot: ID!, $key: IdempotencyKey!) { bookSlot(slotId: $slot, key: $key) { __typename } }"
    for hours in (24, 48, 72):
        slot = to_id("Slot", await register.slot(service, hours=hours))
        assert (await ask(book, viewer, slot=slot, key=f"booking-{hours}"))["data"]["bookSlot"][
            "__typename"
        ] == "Booking"

    first = (await ask(BOOKINGS, viewer, first=2))["data"]["viewer"]["bookings"]
    second = (await ask(BOOKINGS, viewer, first=2, after=first["pageInfo"]["endCursor"]))["data"]["viewer"]["bookings"]

    assert (len(first["edges"]), first["pageInfo"]["hasNextPage"]) == (2, True)
    assert (len(second["edges"]), second["pageInfo"]["hasNextPage"]) == (1, False)
    assert len({edge["node"]["id"] for edge in first["edges"] + second["edges"]}) == 3


@pytest.mark.parametrize("cursor", ["x", "", to_id("Booking", UUID(int=1))])
async def test_a_foreign_cursor_is_refused_by_its_code(ask: Ask, register: Register, cursor: str) -> None:
    """Neither nonsense nor another list's cursor silently begins anew."""
    body = await ask(BOOKINGS, await register.viewer(await register.resident()), first=2, after=cursor)

    assert body["data"] == {"viewer": None}
    assert body["errors"][0]["extensions"] == {"code": "CURSOR_INVALID"}


async def test_a_session_that_was_ended_shows_nothing(ask: Ask, register: Register, resources: Resources) -> None:
    """The access token still holds, the session behind it does not."""
    viewer = await register.viewer(await register.resident())
    await sessions.sign_out(resources, viewer)

    body = await ask(HOME, viewer)

    assert body["data"] == {"viewer": None}
    assert body["errors"][0]["extensions"] == {"code": "NOT_SIGNED_IN"}
    assert body["errors"][0]["message"] == "登录已失效，请重新登录。"


async def test_credentials_are_listed(ask: Ask, register: Register, clock: Clock) -> None:
    """A phone that was given a pass appears with its dates, without its key."""
    viewer = await register.viewer(await register.resident(grade=1))
    await issue(ask, viewer)

    (line,) = (await ask("{ viewer { credentials { id issuedAt expiresAt revokedAt } } }", viewer))["data"]["viewer"][
        "credentials"
    ]

    assert line["revokedAt"] is None
    assert line["issuedAt"] == clock.at.isoformat()
    assert line["expiresAt"] <= (clock.at + timedelta(days=7)).isoformat()


async def issue(ask: Ask, viewer: Any) -> dict[str, Any]:
    """A pass for a fresh phone."""
    key = SigningKey.generate()
    challenge = (await ask("mutation { credentialChallenge { ... on Challenge { challenge } } }", viewer))["data"][
        "credentialChallenge"
    ]["challenge"]
    answer = await ask(
        "mutation ($key: String!, $challenge: String!, $proof: String!) { issueCredential(holderKey: $key, "
        "challenge: $challenge, proof: $proof) { __typename ... on CredentialIssued { pass credential { id } } "
        "... on CredentialRefused { reason message } } }",
        viewer,
        key=to_text(key.verifying_key.public),
        challenge=challenge,
        proof=to_text(prove(from_text(challenge), key)),
    )
    issued: dict[str, Any] = answer["data"]["issueCredential"]
    return issued


FLAGGED = """
query ($after: String) { viewer { staff { flaggedBookings(first: 1, after: $after) {
  edges { node { residentId booking { id flag state } } } pageInfo { hasNextPage endCursor } } } } }
"""


async def test_staff_see_the_flagged_bookings_of_their_area(ask: Ask, register: Register, resources: Resources) -> None:
    """Page by page, with the resident of each; a cursor of another list is refused."""
    clerk = await register.viewer()
    await register.staff(clerk.account_id, town="梅坞镇")
    holders = [await register.resident(town="梅坞镇", valid_until=date(2026, 3, 12)) for _ in range(2)]
    for holder in holders:
        own, slot_id = await register.viewer(holder), await register.slot(await register.service(), hours=72)
        await book_slot(resources, own, await register.people(own), slot_id, None, "key")
    await review_bookings(resources)

    first = (await ask(FLAGGED, clerk))["data"]["viewer"]["staff"]["flaggedBookings"]
    second = (await ask(FLAGGED, clerk, after=first["pageInfo"]["endCursor"]))["data"]["viewer"]["staff"]
    refused = await ask(FLAGGED, clerk, after="x")

    nodes = [page["edges"][0]["node"] for page in (first, second["flaggedBookings"])]
    assert [node["residentId"] for node in nodes] == [to_id("Resident", holder.id) for holder in holders]
    assert [(node["booking"]["flag"], node["booking"]["state"]) for node in nodes] == [
        ("CARD_NOT_USABLE", "BOOKED")
    ] * 2
    assert not second["flaggedBookings"]["pageInfo"]["hasNextPage"]
    assert refused["errors"][0]["extensions"] == {"code": "CURSOR_INVALID"}


async def test_what_answers_a_request_is_shown_nobody_else(register: Register, resources: Resources) -> None:
    """The resources of a request reach the viewer alone, so a service that forgot to ask for her alone gets no more."""
    own, _stranger = await register.resident(), await register.resident()
    viewer = await register.viewer(own)
    everybody = "SELECT id FROM resident"

    hers = await Context(resources, viewer).resources.database.fetch(everybody)
    nobodys = await Context(resources, None).resources.database.fetch(everybody)

    assert [row["id"] for row in hers] == [own.id]
    assert nobodys == []
