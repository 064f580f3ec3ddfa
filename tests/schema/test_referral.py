"""Referrals as both desks and the resident meet them: in the union, with a reason and a sentence."""

from typing import Any

import pytest

from schema.identity import to_id
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.schema.test_mutation import MALFORMED_ID, answer
from tests.services.frontdesk import FrontDesk
from tests.services.register import Register

REFERRAL = "id state note maskedName fromProvider toProvider validUntil card { maskedNumber grade }"
PROPOSE = f"""
mutation ($booking: ID!, $provider: ID!) {{ answer: proposeReferral(
    bookingId: $booking, providerId: $provider, note: "继续训练。") {{
  __typename ... on Referral {{ {REFERRAL} }} ... on DeskRefused {{ reason message }} }} }}
"""
ANSWER = f"""
mutation ($referral: ID!) {{ answer: answerReferral(referralId: $referral, consents: true) {{
  __typename ... on Referral {{ {REFERRAL} }} ... on DeskRefused {{ reason message }} }} }}
"""
BOOK = """
mutation ($referral: ID!, $slot: ID!, $key: IdempotencyKey!) { answer: bookReferred(
    referralId: $referral, slotId: $slot, key: $key) {
  __typename ... on Booking { id state } ... on BookingRefused { reason message } } }
"""
OWN = f"{{ viewer {{ referrals {{ {REFERRAL} }} }} }}"
DESK = f"""
query ($after: String) {{ viewer {{ desks {{
  referrals(first: 1, after: $after) {{ edges {{ node {{ {REFERRAL} }} cursor }} pageInfo {{ hasNextPage }} }} }} }} }}
"""


async def test_a_resident_is_sent_on_with_her_consent(ask: Ask, resources: Resources, register: Register) -> None:
    """She reads the note, consents, and the other desk sees her masked record and books."""
    first, second = [await FrontDesk(resources, register).open() for _ in range(2)]
    holder = await first.patient()
    booking, resident = await first.book(holder), await register.viewer(holder)
    slot = to_id("Slot", await register.slot(second.service_id, hours=48))
    provider = to_id("Provider", second.provider_id)
    proposed = await answer(ask, PROPOSE, first.staff, booking=to_id("Booking", booking.id), provider=provider)
    (own,) = (await ask(OWN, resident))["data"]["viewer"]["referrals"]
    consented = await answer(ask, ANSWER, resident, referral=own["id"])
    (desk,) = (await ask(DESK, second.staff))["data"]["viewer"]["desks"]
    (edge,) = desk["referrals"]["edges"]

    booked = await answer(ask, BOOK, second.staff, referral=edge["node"]["id"], slot=slot, key="referred-1")

    assert (proposed["state"], own["note"], consented["state"]) == ("PROPOSED", "继续训练。", "CONSENTED")
    assert (edge["node"]["maskedName"], edge["node"]["card"]["grade"]) == ("王**", 1)
    assert (booked["__typename"], booked["state"]) == ("Booking", "BOOKED")
    (behind,) = (await ask(DESK, second.staff, after=edge["cursor"]))["data"]["viewer"]["desks"]
    assert behind["referrals"]["edges"] == []
    invalid = await ask(DESK, second.staff, after="x")
    assert invalid["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


@pytest.mark.parametrize(
    ("document", "variables", "kind", "reason"),
    [
        (PROPOSE, {"booking": MALFORMED_ID, "provider": MALFORMED_ID}, "DeskRefused", "BOOKING_NOT_FOUND"),
        (ANSWER, {"referral": MALFORMED_ID}, "DeskRefused", "REFERRAL_NOT_FOUND"),
        (
            BOOK,
            {"referral": MALFORMED_ID, "slot": MALFORMED_ID, "key": "referred-1"},
            "BookingRefused",
            "NOT_ALLOWED",
        ),
    ],
)
async def test_what_is_not_there_is_refused_in_a_sentence(
    ask: Ask, register: Register, document: str, variables: dict[str, Any], kind: str, reason: str
) -> None:
    """Each with its reason; for nobody the union says that nobody is signed in."""
    viewer = await register.viewer()

    refused = await answer(ask, document, viewer, **variables)
    nobody = await answer(ask, document, **variables)

    assert (refused["__typename"], refused["reason"]) == (kind, reason)
    assert refused["message"].endswith("。")
    assert nobody["__typename"] == "NotSignedIn"
    assert (await ask(OWN, viewer))["data"]["viewer"]["referrals"] == []
