"""Shows that a clerk gets a page to print over the API, and that ending it is told in plain words."""

from schema.identity import to_id
from tests.schema.conftest import Ask
from tests.services.register import Register

PRINT = "mutation ($whom: ID!) { answer: printCode(residentId: $whom) { ... on PrintedCode { maskedName page } } }"
END = """
mutation ($whom: ID!) { answer: revokePrintedCode(residentId: $whom) { ... on CodesEnded { codes message } } }
"""


async def test_a_clerk_prints_a_page_and_ends_it(ask: Ask, register: Register) -> None:
    """The page is complete in itself, with the symbol drawn in it."""
    holder, clerk = await register.resident(), await register.viewer()
    await register.staff(clerk.account_id)
    whom = to_id("Resident", holder.id)

    printed = (await ask(PRINT, clerk, whom=whom))["data"]["answer"]
    ended = (await ask(END, clerk, whom=whom))["data"]["answer"]

    assert printed["page"].startswith("<!doctype html>")
    assert "<svg" in printed["page"]
    assert printed["maskedName"] in printed["page"]
    assert ended == {"codes": 1, "message": "已经停用。闸机和车载机更新后就不再认这些码。"}
