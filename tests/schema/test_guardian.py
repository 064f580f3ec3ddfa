"""What a ward and the staff of her area see and do over GraphQL about those who act for her."""

from schema.identity import to_id
from tests.schema.conftest import Ask
from tests.services.register import Register

GUARDIANS = "{ viewer { guardians { id maskedName relation acts since endsOn objectionIsOpen } } }"
OBJECT = """
mutation ($guardian: ID!, $reason: String!) { objectToGuardian(guardianId: $guardian, reason: $reason) {
  __typename ... on ObjectionTaken { message } ... on ObjectionRefused { reason message } } }
"""
LIST = """
query ($after: String) { guardianObjections(first: 1, after: $after) { __typename
  ... on ObjectionList { objections { edges { cursor node { id residentId wardName guardianName acts reason } }
    pageInfo { hasNextPage } } }
  ... on ObjectionRefused { reason message } ... on NotSignedIn { message } } }
"""
DECIDE = """
mutation ($id: ID!, $outcome: ObjectionOutcome!, $acts: [GuardianAct!]) {
  decideGuardianObjection(objectionId: $id, outcome: $outcome, acts: $acts, reason: "已核实") {
  __typename ... on ObjectionDecided { outcome message } ... on ObjectionRefused { reason message }
  ... on NotSignedIn { message } } }
"""


async def test_a_ward_objects_and_an_office_narrows(ask: Ask, register: Register) -> None:
    """From her list of guardians to the decision, each answer with its sentence."""
    ward = await register.resident(town="谢塘镇")
    own, clerk = await register.viewer(ward), await register.viewer()
    for viewer in (await register.viewer(), await register.viewer()):
        await register.guardian(ward, viewer.account_id)
    await register.staff(clerk.account_id, town="谢塘镇")
    first, second = (await ask(GUARDIANS, own))["data"]["viewer"]["guardians"]

    taken = [await ask(OBJECT, own, guardian=one["id"], reason="我想自己约") for one in (first, second, first)]
    page = (await ask(LIST, clerk))["data"]["guardianObjections"]["objections"]
    rest = (await ask(LIST, clerk, after=page["edges"][0]["cursor"]))["data"]["guardianObjections"]["objections"]
    node = page["edges"][0]["node"]
    narrowed = await ask(DECIDE, clerk, id=node["id"], outcome="NARROW", acts=["VIEW"])

    assert first["acts"] == ["VIEW", "BOOK", "RIDE_CODE", "APPLY"]
    assert [body["data"]["objectToGuardian"].get("reason") for body in taken] == [None, None, "ALREADY_OPEN"]
    assert (node["residentId"], node["wardName"], node["reason"]) == (to_id("Resident", ward.id), "王**", "我想自己约")
    assert [page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]] == [True, False]
    assert narrowed["data"]["decideGuardianObjection"]["message"] == "已登记：代办范围已缩小。系统会告知双方。"
    after = (await ask(GUARDIANS, own))["data"]["viewer"]["guardians"]
    assert [(one["acts"], one["objectionIsOpen"]) for one in after] == [(["VIEW"], False), (first["acts"], True)]


async def test_strangers_and_nobody_get_typed_answers(ask: Ask, register: Register) -> None:
    """Nobody is asked to sign in, others are refused, and a foreign cursor is an error of its own."""
    stranger, clerk = await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id)
    objection = to_id("GuardianObjection", (await register.resident()).id)

    bodies = [
        await ask(OBJECT, None, guardian="x", reason="x"),
        await ask(OBJECT, stranger, guardian="x", reason="x"),
        await ask(LIST),
        await ask(LIST, stranger),
        await ask(DECIDE, None, id=objection, outcome="END"),
        await ask(DECIDE, clerk, id=objection, outcome="END"),
    ]
    cursor = await ask(LIST, clerk, after="x")
    empty = await ask(GUARDIANS, stranger)

    answers = [next(iter(body["data"].values())) for body in bodies]
    assert [answer.get("reason", answer["__typename"]) for answer in answers] == [
        "NotSignedIn",
        "NO_GUARDIAN",
        "NotSignedIn",
        "NOT_ALLOWED",
        "NotSignedIn",
        "NO_OBJECTION",
    ]
    assert cursor["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"
    assert empty["data"]["viewer"]["guardians"] == []
