"""Proves that a resident takes along everything about herself, a guardian with full scope her ward's, nobody else's."""

import json
import re
from datetime import date

from domain.access import Viewer
from schema.identity import to_id
from services.own_data import _PERSON
from services.own_data_parts import PARTS
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.services.department import CIVIL, Department, csv_file, person
from tests.services.everything import everything
from tests.services.register import Register
from tests.services.test_wall import WALLED

TAKE = """
mutation ($whom: ID) { answer: takeMyData(residentId: $whom) { __typename
  ... on MyData { madeAt json } ... on MyDataRefused { reason message } ... on NotSignedIn { message } } }
"""


async def taken(ask: Ask, viewer: Viewer | None, whom: str | None = None) -> dict[str, str]:
    """The answer."""
    body = await ask(TAKE, viewer, whom=whom)
    assert "errors" not in body, body
    answer: dict[str, str] = body["data"]["answer"]
    return answer


async def test_a_resident_takes_all_her_data(register: Register, resources: Resources, ask: Ask) -> None:
    """Person, card, guardians, facts with their source and who looked are there, and the taking is on record."""
    holder = await register.resident()
    await register.guardian(holder, name="李梅")
    await Department(resources, "civil-affairs").apply(csv_file(CIVIL, (*person(holder), "", "", "低保", "1200")))
    viewer = await register.viewer(holder)

    first = json.loads((await taken(ask, viewer))["json"])
    second = json.loads((await taken(ask, viewer))["json"])

    assert first["person"]["id_number"] == holder.card_number[:18]
    assert first["person"]["name"] == holder.name
    assert first["cards"][0]["number"] == holder.card_number
    assert [(each["name"], each["value"], each["source"], each["batch"]) for each in first["facts"]] == [
        ("household_hardship", "living_guarantee", "civil_affairs", "2026-03"),
        ("own_income", "1200", "civil_affairs", "2026-03"),
    ]
    assert first["guardians"][0]["name"] == "李梅"
    assert (first["rides"], first["exports"]) == ([], [])
    assert second["exports"][0]["purpose"] == "own data"
    assert second["accesses"][-1]["action"] == "export_own"


async def test_nothing_is_left_out(register: Register, ask: Ask) -> None:
    """Of every kind of row about her there is one in the answer, save notes among staff about how to help."""
    holder = await register.resident()
    await everything(register, holder)

    told = json.loads((await taken(ask, await register.viewer(holder)))["json"])

    statements = [_PERSON, *(sql for sql, _ in PARTS.values())]
    assert {name for name, rows in told.items() if rows == []} == {"file", "accesses"}
    assert [table for table in WALLED if not any(re.search(rf"\b{table}\b", sql) for sql in statements)] == []


async def test_only_a_guardian_with_full_scope_takes_a_wards_data(register: Register, ask: Ask) -> None:
    """Looking after a ward is not enough, another's data is refused, and so are a stranger and staff."""
    ward, other = await register.resident(birth_date=date(2015, 5, 1)), await register.resident()
    full, view, clerk = await register.viewer(other), await register.viewer(), await register.viewer()
    await register.guardian(ward, full.account_id)
    await register.guardian(ward, view.account_id, scope="view")
    await register.staff(clerk.account_id)
    whom = to_id("Resident", ward.id)

    answers = [await taken(ask, viewer, whom) for viewer in (full, view, clerk, await register.viewer(), None)]

    assert [each["__typename"] for each in answers] == ["MyData", *["MyDataRefused"] * 3, "NotSignedIn"]
    assert json.loads(answers[0]["json"])["person"]["name"] == ward.name
    assert answers[1]["reason"] == "NOT_ALLOWED"
    assert "本人" in answers[1]["message"]
