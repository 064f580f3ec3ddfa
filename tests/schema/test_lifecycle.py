"""The life of a card and the file of a resident over the schema: every mutation, its refusals, and plain words."""

from typing import Any

import asyncpg
import pytest

from domain.access import Viewer
from schema.identity import to_id
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.services.register import Clock, Holder, Register

STANDING = """__typename ... on CardStanding { residentId state maskedNumber validUntil application message
  appealTerm { level until message } } ... on CardRefused { reason message } """
APPEAL = "__typename ... on Appeal { level filedAt until outcome message } ... on AppealRefused { reason message }"
FILE = """edges { cursor node { id kind day writtenAt sentence text writtenBy { role roleName organisation }
  seenBy { at by { roleName } } } } pageInfo { hasNextPage endCursor }"""
RESIDENT_FILE = f"""
query ($whom: ID!, $kinds: [FileKind!], $after: String) {{ answer: residentFile(
    residentId: $whom, first: 50, kinds: $kinds, after: $after) {{
  __typename ... on FileEntryConnection {{ {FILE} }} ... on FileRefused {{ reason message }} }} }}
"""
MINE = f"""
query ($kinds: [FileKind!]) {{ viewer {{ standing {{ state message }} file(first: 20, kinds: $kinds) {{ {FILE} }} }} }}
"""
OPEN = """
mutation ($number: String!) { answer: openFile(number: $number) { __typename
  ... on FileOpened { maskedName standing { residentId } } ... on FileRefused { reason message } } }
"""
WRITE = """
mutation ($whom: ID!, $kind: FileKind!, $text: String!, $key: IdempotencyKey!) { answer: writeFileEntry(
    residentId: $whom, kind: $kind, text: $text, day: "2026-03-10", key: $key) {
  __typename ... on FileEntryWritten { id message } ... on FileRefused { reason message } } }
"""
_keys = iter(range(1_000))


def event(name: str, arguments: str = "") -> str:
    """The document of a mutation of a card's life for a resident."""
    return f"""
    mutation ($whom: ID!, $key: IdempotencyKey!) {{ answer: {name}(residentId: $whom, key: $key{arguments}) {{
      {STANDING} }} }}
    """


async def answer(ask: Ask, document: str, viewer: Viewer | None, **variables: object) -> dict[str, Any]:
    """The member of the union."""
    body = await ask(document, viewer, **variables)
    assert "errors" not in body, body
    told: dict[str, Any] = body["data"]["answer"]
    return told


class Desk:
    """A member of staff at a desk, who acts on one resident."""

    def __init__(self, ask: Ask, viewer: Viewer, whom: Holder) -> None:
        self._ask, self.viewer, self.whom = ask, viewer, to_id("Resident", whom.id)

    async def does(self, name: str, arguments: str = "") -> dict[str, Any]:
        """The answer to a mutation."""
        return await answer(
            self._ask, event(name, arguments), self.viewer, whom=self.whom, key=f"wish-{next(_keys)}-of-a-clerk"
        )


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A severe holder with a card in force."""
    return await register.resident()


@pytest.fixture
async def desks(ask: Ask, register: Register, holder: Holder) -> tuple[Desk, Desk]:
    """Two clerks of the district before the same resident."""
    viewers = [await register.viewer() for _ in range(2)]
    for viewer in viewers:
        await register.staff(viewer.account_id)
    first, second = (Desk(ask, viewer, holder) for viewer in viewers)
    return first, second


async def test_an_applicant_gets_a_card_from_two_people(
    desks: tuple[Desk, Desk], holder: Holder, database: DatabaseAddresses
) -> None:
    """Taken in, referred, assessed and issued, each told in plain words; one person alone is refused."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("DELETE FROM card WHERE id = $1", holder.card_id)
    await owner.close()
    first, second = desks

    applied = await first.does("applyForCard")
    referred = await first.does("referToAssessment", ', hospital: "区人民医院"')
    wrong = await first.does("recordAssessment", ", findings: [{ category: 9, grade: 1 }]")
    assessed = await first.does("recordAssessment", ", findings: [{ category: 1, grade: 2 }]")
    alone = await first.does("issueCard")
    issued = await second.does("issueCard", ', reason: "材料齐全"')

    assert (applied["state"], applied["message"]) == ("APPLIED", "您的申请已经受理，等待安排评定。")
    assert (referred["state"], wrong["reason"]) == ("UNDER_ASSESSMENT", "FINDINGS_INVALID")
    assert (assessed["application"], assessed["appealTerm"]["level"]) == ("ASSESSED", "CITY")
    assert "2026年3月25日" in assessed["appealTerm"]["message"]
    assert (alone["__typename"], alone["reason"]) == ("CardRefused", "SAME_PERSON")
    assert (issued["state"], issued["validUntil"]) == ("ACTIVE", "2036-03-10")
    assert issued["maskedNumber"].endswith("12")


async def test_a_card_is_lost_replaced_suspended_and_ended(desks: tuple[Desk, Desk]) -> None:
    """Every other event of its life, and nothing after death but taking it back."""
    first, second = desks
    answers = [
        await first.does("reportCardLost"),
        await second.does("reissueCard"),
        await first.does("suspendCard", ", cause: INQUIRY"),
        await first.does("resumeCard"),
        await first.does("recordMoveOut", ', day: "2026-03-01"'),
        await first.does("renewCard"),
        await first.does("reassessCard"),
        await second.does("rejectApplication"),
        await first.does("cancelCard", ", cause: WITHDRAWN"),
        await first.does("recordDeath", ', day: "2026-03-11"'),
        await first.does("applyForCard"),
        await first.does("retractDeath"),
        await first.does("retractDeath"),
    ]

    told = [answer.get("reason") or answer["state"] for answer in answers]
    assert told == [
        "LOST",
        "ACTIVE",
        "SUSPENDED",
        "ACTIVE",
        "ACTIVE",
        "NOT_RENEWABLE",
        "ACTIVE",
        "ACTIVE",
        "CANCELLED",
        "CANCELLED",
        "DECEASED",
        "CANCELLED",
        "NOT_DECEASED",
    ]
    assert answers[6]["message"] == "残疾人证正常，可以使用。换证或重新评定的申请已经受理。"


async def test_the_holder_reports_a_loss_and_sees_it_in_plain_words(
    ask: Ask, register: Register, holder: Holder
) -> None:
    """From her phone, without an id; her file tells it, and what she loses by it."""
    viewer = await register.viewer(holder)
    document = f"mutation ($key: IdempotencyKey!) {{ answer: reportCardLost(key: $key) {{ {STANDING} }} }}"

    lost = await answer(ask, document, viewer, key="lost-my-card")
    mine = (await ask(MINE, viewer))["data"]["viewer"]

    sentences = {edge["node"]["kind"]: edge["node"]["sentence"] for edge in mine["file"]["edges"]}
    assert lost["state"] == mine["standing"]["state"] == "LOST"
    assert mine["standing"]["message"] == "残疾人证已挂失，可以到乡镇残联补办。"
    assert sentences["CARD"] == "残疾人证挂失，原来的码已经失效。"
    assert "公交" in sentences["BENEFIT"]
    assert "由可以享受变为不能享受" in sentences["BENEFIT"]


async def test_whoever_is_tied_to_nobody_has_no_file(ask: Ask, register: Register) -> None:
    """Neither a standing nor entries; and a card of old stands without any event on record."""
    nobody = (await ask(MINE, await register.viewer()))["data"]["viewer"]
    of_old = (await ask(MINE, await register.viewer(await register.resident())))["data"]["viewer"]

    assert (nobody["standing"], nobody["file"]["edges"]) == (None, [])
    assert (of_old["standing"]["state"], of_old["file"]["edges"]) == ("ACTIVE", [])


async def test_an_appeal_goes_its_way(ask: Ask, register: Register, holder: Holder, desks: tuple[Desk, Desk]) -> None:
    """Filed by the holder, decided at the district's desk, told in sentences, and refused where it must be."""
    viewer, (first, _) = await register.viewer(holder), desks
    file = f"""
    mutation ($key: IdempotencyKey!) {{ answer: appealAssessment(key: $key, reason: "不认可等级") {{ {APPEAL} }} }}
    """
    decide = f"""
    mutation ($whom: ID!, $key: IdempotencyKey!) {{ answer: decideAppeal(
        residentId: $whom, key: $key, outcome: CHANGED, findings: [{{ category: 1, grade: 1 }}]) {{ {APPEAL} }} }}
    """
    nothing = await answer(ask, file, viewer, key="appeal-too-early")
    for name, arguments in [
        ("reassessCard", ""),
        ("referToAssessment", ', hospital: "区人民医院"'),
        ("recordAssessment", ", findings: [{ category: 1, grade: 3 }]"),
    ]:
        await first.does(name, arguments)

    filed = await answer(ask, file, viewer, key="appeal-in-time")
    decided = await answer(ask, decide, first.viewer, whom=first.whom, key="decision-1")
    again = await answer(ask, decide, first.viewer, whom=first.whom, key="decision-2")

    mine = (await ask(MINE, viewer, kinds=["ASSESSMENT"]))["data"]["viewer"]["file"]["edges"]
    assert (nothing["reason"], again["reason"]) == ("NOTHING_ASSESSED", "NOT_OPEN")
    assert (filed["level"], filed["until"], filed["message"]) == ("CITY", "2026-03-25", "向市残联申请了复评。")
    assert decided["message"] == "向市残联申请了复评。复评改变了原来的结果。"
    assert {edge["node"]["sentence"] for edge in mine} == {
        "登记了医院的评定结果。",
        "登记了复评结果。",
        "向市残联申请了复评。复评改变了原来的结果。",
    }


async def test_staff_find_read_and_write_a_file(
    ask: Ask, register: Register, holder: Holder, desks: tuple[Desk, Desk], clock: Clock
) -> None:
    """Found by number, written into, paged and filtered, with who has seen it; refused outside kind and area."""
    clerk, whom = desks[0].viewer, desks[0].whom
    elsewhere = await register.viewer()
    await register.staff(elsewhere.account_id, town="别处")
    slot = await register.slot(await register.service())
    viewer = await register.viewer(holder)
    book = """
    mutation ($slot: ID!) { answer: bookSlot(slotId: $slot, key: "booking-1") { ... on Booking { id } } }
    """
    booked = await answer(ask, book, viewer, slot=to_id("Slot", slot))
    clock.forward(minutes=1)

    opened = await answer(ask, OPEN, clerk, number=holder.card_number)
    unknown = await answer(ask, OPEN, clerk, number="x")
    written = await answer(ask, WRITE, clerk, whom=whom, kind="SCREENING", text="视力初筛", key="entry-one")
    refused = await answer(ask, WRITE, clerk, whom=whom, kind="BENEFIT", text="x", key="entry-two")
    file = await answer(ask, RESIDENT_FILE, clerk, whom=whom)
    rest = await answer(ask, RESIDENT_FILE, clerk, whom=whom, after=file["edges"][0]["cursor"])
    screenings = await answer(ask, RESIDENT_FILE, clerk, whom=whom, kinds=["SCREENING"])
    foreign = await answer(ask, RESIDENT_FILE, elsewhere, whom=whom)
    cancel = 'mutation ($id: ID!) { answer: cancelBooking(bookingId: $id, key: "cancel-1") { __typename } }'
    await answer(ask, cancel, viewer, id=booked["id"])
    cancelled = await answer(ask, RESIDENT_FILE, clerk, whom=whom, kinds=["SERVICE"])

    assert (opened["maskedName"], opened["standing"]["residentId"]) == ("王**", whom)
    assert (unknown["reason"], refused["reason"], foreign["reason"]) == ("NOT_FOUND", "KIND_NOT_ALLOWED", "NOT_ALLOWED")
    entries = [edge["node"] for edge in file["edges"]]
    assert [entry["kind"] for entry in entries] == ["SCREENING", "SERVICE"]
    assert (entries[0]["id"], entries[0]["text"], entries[0]["day"]) == (written["id"], "视力初筛", "2026-03-10")
    assert entries[0]["writtenBy"] == {"role": "DISTRICT", "roleName": "区残联经办人", "organisation": "区残联"}
    assert [sight["by"]["roleName"] for sight in entries[1]["seenBy"]] == ["区残联经办人"]
    assert (entries[1]["sentence"], entries[1]["writtenBy"]) == ("预约了康复训练。", None)
    assert [edge["node"]["id"] for edge in rest["edges"]] == [entries[1]["id"]]
    assert [edge["node"]["id"] for edge in screenings["edges"]] == [written["id"]]
    assert cancelled["edges"][0]["node"]["sentence"] == "预约过康复训练，已取消。"


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (event("issueCard"), {"whom": "x", "key": "wish-of-nobody"}),
        (
            f"""mutation {{ answer: appealAssessment(key: "appeal-of-nobody", reason: "x") {{ {APPEAL} }} }}""",
            {},
        ),
        (
            f"""mutation {{ answer: decideAppeal(residentId: "x", key: "appeal-of-nobody", outcome: UPHELD) {{
            {APPEAL} }} }}""",
            {},
        ),
        (OPEN, {"number": "x"}),
        (WRITE, {"whom": "x", "kind": "NOTE", "text": "x", "key": "entry-of-nobody"}),
        (RESIDENT_FILE, {"whom": "x"}),
    ],
)
async def test_nobody_does_nothing(ask: Ask, document: str, variables: dict[str, Any]) -> None:
    """Whoever is not signed in is told so in the union."""
    assert (await answer(ask, document, None, **variables))["__typename"] == "NotSignedIn"
