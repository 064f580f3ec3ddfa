"""Findings and troubled chains as a screen of the federation meets them, with each refusal in the union."""

from datetime import timedelta

import asyncpg
import pytest

from schema.identity import to_id
from services import findings
from services.resources import Resources
from services.scanners import Spot
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.services.bus import enrolled_bus, shown_code
from tests.services.company import Company
from tests.services.register import Clock, Register

FOUND = """
query ($after: String, $state: TapFindingState) { answer: tapFindings(first: 1, after: $after, state: $state) {
  __typename ... on TapFindingConnection { edges { node { id residentId suspicion message state decidedAt
      evidence { deviceId sequence at place } } } pageInfo { hasNextPage endCursor } }
  ... on TapRefused { reason message } } }
"""
DECIDE = """
mutation ($id: ID!, $note: String!) { answer: decideTapFinding(findingId: $id, note: $note, upheld: true) {
  __typename ... on TapFinding { id state } ... on TapRefused { reason message } } }
"""
CHAINS = """
query ($after: String, $operator: ID) { answer: scanChains(first: 1, after: $after, operatorId: $operator) {
  __typename ... on ScanChainConnection { edges { node { deviceId operator place epoch state wholeUntil signedUntil
      conflicts clockOffsetSeconds receivedAt message } } pageInfo { hasNextPage endCursor } }
  ... on TapRefused { reason message } } }
"""
OWN = """
{ viewer { operators { id
    scanChains(first: 1) { edges { node { deviceId state } } pageInfo { hasNextPage } }
    findings(first: 1, state: OPEN) { edges { node { id suspicion message elsewhere state
        sightings { scannerId scanner at place } } } pageInfo { endCursor } } } } }
"""
JUDGE = """
mutation ($operator: ID!, $id: ID!) { answer: judgeScannerFinding(
    operatorId: $operator, findingId: $id, note: "同一辆车两台机器。", upheld: false) {
  __typename ... on ScannerFinding { id state } ... on FleetRefused { reason message } } }
"""


@pytest.fixture
async def owner(database: DatabaseAddresses) -> asyncpg.Connection:
    """A connection as the database's owner; no search has been made, as each test's clock begins anew."""
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute("DELETE FROM tap_search")
    return connection


async def test_a_finding_from_the_list_to_the_judgement(
    ask: Ask, resources: Resources, register: Register, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Two pages of findings, one decided once, and nothing for whoever is not staff."""
    officer, stranger = await register.viewer(), await register.viewer()
    await register.staff(officer.account_id)
    buses = [await enrolled_bus(resources, owner) for _ in range(2)]
    for _ in range(2):
        holder, at = await register.resident(), resources.clock()
        code = shown_code(resources, holder.id, at)
        for bus in buses:
            bus.scan(code, at)
        clock.forward(minutes=1)
    for bus in buses:
        await bus.upload(at=resources.clock())
    clock.forward(minutes=5)
    await findings.search(resources)

    first = (await ask(FOUND, officer))["data"]["answer"]
    second = (await ask(FOUND, officer, after=first["pageInfo"]["endCursor"]))["data"]["answer"]
    (node,) = [edge["node"] for edge in first["edges"]]
    none = (await ask(DECIDE, officer, id=node["id"], note=" "))["data"]["answer"]
    decided = (await ask(DECIDE, officer, id=node["id"], note="核实过。"))["data"]["answer"]
    again = (await ask(DECIDE, officer, id=node["id"], note="核实过。"))["data"]["answer"]
    still_open = (await ask(FOUND, officer, state="OPEN"))["data"]["answer"]
    refused = [(await ask(FOUND, who))["data"]["answer"]["__typename"] for who in (stranger, None)]
    by_stranger = [(await ask(DECIDE, who, id=node["id"], note="x"))["data"]["answer"] for who in (stranger, None)]

    assert (node["suspicion"], node["state"], len(node["evidence"])) == ("SAME_CODE", "OPEN", 2)
    assert node["evidence"][0]["deviceId"] in {to_id("Device", bus.device.id) for bus in buses}
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert none["reason"] == "NOTE"
    assert (decided["state"], again["reason"]) == ("UPHELD", "DECIDED")
    assert [edge["node"]["id"] for edge in still_open["edges"]] == [second["edges"][0]["node"]["id"]]
    assert refused == ["TapRefused", "NotSignedIn"]
    assert (by_stranger[0]["reason"], by_stranger[1]["__typename"]) == ("NOT_STAFF", "NotSignedIn")
    await owner.close()


async def test_troubled_chains_are_listed_for_staff(
    ask: Ask, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A gap with its ends and the clock's difference, of all operators or of one."""
    officer, stranger = await register.viewer(), await register.viewer()
    await register.staff(officer.account_id)
    buses = [await enrolled_bus(resources, owner) for _ in range(2)]
    for bus in buses:
        for number in range(2):
            bus.scan(f"SDC1:{number}", resources.clock())
        await bus.upload(bus.records[1], at=resources.clock() - timedelta(seconds=90))

    first = (await ask(CHAINS, officer))["data"]["answer"]
    second = (await ask(CHAINS, officer, after=first["pageInfo"]["endCursor"]))["data"]["answer"]
    of_one = (await ask(CHAINS, officer, operator=to_id("Operator", buses[0].device.operator_id)))["data"]["answer"]
    refused = [(await ask(CHAINS, who))["data"]["answer"]["__typename"] for who in (stranger, None)]

    node = of_one["edges"][0]["node"]
    assert node["deviceId"] == to_id("Device", buses[0].device.id)
    assert (node["state"], node["wholeUntil"], node["signedUntil"]) == ("GAP", "0", "2")
    assert (node["clockOffsetSeconds"], node["conflicts"]) == (90.0, 0)
    assert first["edges"][0]["node"]["deviceId"] != second["edges"][0]["node"]["deviceId"]
    assert refused == ["TapRefused", "NotSignedIn"]
    await owner.close()


async def test_an_operator_meets_both_on_its_own_screen(
    ask: Ask, resources: Resources, register: Register, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Its scanners' gaps and findings, judged once; nobody who works elsewhere may."""
    company, stranger = await Company(resources, register).open(), await register.viewer()
    line = Spot(line_id=await company.line())
    buses = [await company.bus(line) for _ in range(2)]
    holder, at = await register.resident(), resources.clock()
    code = shown_code(resources, holder.id, at)
    for bus in buses:
        bus.scan("SDC1:NOT HANDED IN", at)
        bus.scan(code, at)
        await bus.upload(bus.records[1])
    clock.forward(minutes=5)
    await findings.search(resources)

    (mine,) = (await ask(OWN, company.first))["data"]["viewer"]["operators"]
    (finding,) = [edge["node"] for edge in mine["findings"]["edges"]]
    answers = [
        (await ask(JUDGE, who, operator=mine["id"], id=finding["id"]))["data"]["answer"]
        for who in (None, stranger, company.first, company.second)
    ]

    scanners = {to_id("Scanner", bus.device.id) for bus in buses}
    assert {each["scannerId"] for each in finding["sightings"]} == scanners
    assert (finding["suspicion"], finding["elsewhere"]) == ("SAME_CODE", 0)
    assert mine["scanChains"]["edges"][0]["node"]["state"] == "GAP"
    assert mine["scanChains"]["pageInfo"]["hasNextPage"]
    assert [each["__typename"] for each in answers[:1]] == ["NotSignedIn"]
    assert [each.get("reason") for each in answers[1:]] == ["NOT_ALLOWED", None, "FINDING_DECIDED"]
    assert answers[2]["state"] == "DISMISSED"
    await owner.close()
