"""A child without a card over GraphQL: registered, her guardian recorded, bound by a code, and shown."""

from typing import Any

from schema.identity import NOBODY, to_id
from tests.schema.conftest import Ask
from tests.services.register import Register

REGISTER = """
mutation ($input: NewResidentInput!) { answer: registerResident(input: $input) { __typename
  ... on OnRecord { residentId maskedName message } ... on RegistrationRefused { reason message } } }
"""
RECORD = """
mutation ($whom: ID!, $input: NewGuardianInput!) { answer: recordGuardian(residentId: $whom, input: $input) {
  __typename ... on OnRecord { residentId message } ... on RegistrationRefused { reason } } }
"""
CODE = """
mutation ($whom: ID, $number: String) { answer: issueBindingCode(residentId: $whom, cardNumber: $number) {
  __typename ... on BindingCode { code maskedName } ... on BindingCodeRefused { reason } } }
"""
BIND = """
mutation ($name: String!, $code: String!) { answer: bindWithCode(name: $name, code: $code) {
  __typename ... on CardBound { residentId asGuardian } ... on BindingRefused { reason } } }
"""
WARD = "{ viewer { wards { residentId card { state } entitlements { verdict criteria { sentence } } } } }"
CHILD = {
    "name": "王小宝",
    "birthDate": "2022-02-02",
    "identifiedBy": "BIRTH_CERTIFICATE",
    "number": "R123456789",
    "town": "曹娥街道",
    "village": "一村",
}
MOTHER = {
    "name": "李梅",
    "phone": "13712345678",
    "relation": "母亲",
    "ground": "MINOR",
    "acts": ["VIEW", "APPLY"],
    "provenBy": "出生医学证明",
}


async def test_a_child_without_a_card_and_her_mother(ask: Ask, register: Register) -> None:
    """Each step answers with what the next one needs, and her mother reads why there is nothing yet."""
    clerk, mother = await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id, town="曹娥街道")

    async def answer(*asked: Any, **variables: object) -> dict[str, Any]:
        told: dict[str, Any] = (await ask(*asked, **variables))["data"]["answer"]
        return told

    on_record = await answer(REGISTER, clerk, input=CHILD)
    again = await answer(REGISTER, clerk, input=CHILD)
    whom = on_record["residentId"]
    recorded = await answer(RECORD, clerk, whom=whom, input=MOTHER)
    refused = await answer(RECORD, clerk, whom=whom, input={**MOTHER, "acts": []})
    code = await answer(CODE, clerk, whom=whom)
    neither = await answer(CODE, clerk)
    bound = await answer(BIND, mother, name="李梅", code=code["code"])
    spent = await answer(BIND, await register.viewer(), name="李梅", code=code["code"])
    (ward,) = (await ask(WARD, mother))["data"]["viewer"]["wards"]

    assert (on_record["maskedName"], again["reason"]) == ("王**", "ALREADY_REGISTERED")
    assert (recorded["residentId"], refused["reason"]) == (whom, "ACTS_WRONG")
    assert (code["maskedName"], neither["reason"]) == ("王**", "NOT_FOUND")
    assert bound == {"__typename": "CardBound", "residentId": whom, "asGuardian": True}
    assert spent["reason"] == "NOT_MATCHED"
    assert (ward["residentId"], ward["card"]) == (whom, None)
    assert all(one["verdict"] != "ELIGIBLE" and one["criteria"] for one in ward["entitlements"])


async def test_nobody_is_asked_to_sign_in(ask: Ask) -> None:
    """Every mutation says so in its answer."""
    bodies = [
        await ask(REGISTER, None, input=CHILD),
        await ask(RECORD, None, whom=to_id("Resident", NOBODY), input=MOTHER),
        await ask(BIND, None, name="x", code="x"),
    ]

    assert [body["data"]["answer"]["__typename"] for body in bodies] == ["NotSignedIn"] * 3
