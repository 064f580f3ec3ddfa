"""An operator's screens: what its staff see and do, each refusal in the union, and the public page of a venue."""

from datetime import timedelta
from typing import Any

import pytest

from schema.identity import to_id
from services.resources import Resources
from services.scanners import Spot
from tests.schema.conftest import Ask
from tests.schema.test_mutation import answer
from tests.services.bus import shown_code
from tests.services.company import Company, enrolled
from tests.services.register import Clock, Register

REFUSED = "... on FleetRefused { reason message }"
SCANNER = f"__typename ... on Scanner {{ id name place state stolenAt quarantined replacesId }} {REFUSED}"
REGISTERED = f"__typename ... on ScannerRegistered {{ code scanner {{ id place state codeExpiresAt }} }} {REFUSED}"
TARIFF = f"""__typename ... on TariffVersion {{ id effective publishedAt monthlyCap
  rules {{ accessClass sentence place {{ id area }} window {{ days begins ends }} }}
  findings {{ kind accessClass message place {{ area }} window {{ days }} }} }} {REFUSED}"""
SPOT = f"__typename ... on Spot {{ id kind name area venueId }} {REFUSED}"
OPERATOR = f"__typename ... on Operator {{ id name }} {REFUSED}"
DRAFT = f"""
mutation ($operator: ID!, $input: TariffInput!, $tariff: ID) {{
  answer: draftTariff(operatorId: $operator, input: $input, tariffId: $tariff) {{ {TARIFF} }} }}
"""
PUBLISH = f"""
mutation ($operator: ID!, $tariff: ID!, $on: Date!) {{
  answer: publishTariff(operatorId: $operator, tariffId: $tariff, effective: $on) {{ {TARIFF} }} }}
"""
SCREEN = """
query ($tariff: ID!, $venue: ID!, $after: String) { viewer { operators { id name spots { id kind name }
  scanners(first: 1, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } }
  tariffs(first: 5) { edges { node { id effective } } }
  preview(tariffId: $tariff) { __typename ... on TariffPreview { scans
    changes { scans before { outcome message } after { outcome priceShare } }
    examples { at place before { outcome } after { outcome companions } } } ... on FleetRefused { reason } }
  visitors(venueId: $venue, begins: "2026-03-01", ends: "2026-03-31") { __typename
    ... on VisitorCounts { days { day outcome visitors companions } } ... on FleetRefused { reason } } } } }
"""
PAGE = """
query ($id: ID!, $area: String) { venue(id: $id) { id name operator area address accessibility
    prices { title yuan } opening { days begins ends } forHolders { accessClass outcome sentence } }
  venues(first: 5, area: $area) { edges { node { id } } } }
"""
EVERY_DAY = {"days": [1, 2, 3, 4, 5, 6, 7], "begins": 480, "ends": 1080}


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """Who runs a bus and a park."""
    return await Company(resources, register).open()


def doing(name: str, fields: str, /, **types: str) -> str:
    """A mutation of an operator's staff with those arguments."""
    declared = "".join(f", ${each}: {type_}" for each, type_ in types.items())
    passed = "".join(f", {each}: ${each}" for each in types)
    return f"mutation ($operator: ID!{declared}) {{ answer: {name}(operatorId: $operator{passed}) {{ {fields} }} }}"


async def test_the_district_makes_and_staffs_an_operator(ask: Ask, company: Company, register: Register) -> None:
    """Through the API alone; whoever is not of the district is refused."""
    create = f"mutation ($name: String!) {{ answer: createOperator(name: $name) {{ {OPERATOR} }} }}"
    made = await answer(ask, create, company.clerk, name="东区客运")
    viewer = await register.viewer()
    whom = {"operator": made["id"], "accountId": to_id("Account", viewer.account_id)}

    appointed = await answer(ask, doing("appointOperatorStaff", OPERATOR, accountId="ID!"), company.clerk, **whom)
    await register.prove(viewer.account_id)
    line = await answer(ask, doing("addLine", SPOT, name="String!"), viewer, operator=made["id"], name="1 路")
    ended = await answer(ask, doing("endOperatorStaff", OPERATOR, accountId="ID!"), company.clerk, **whom)
    after = await answer(ask, doing("addLine", SPOT, name="String!"), viewer, operator=made["id"], name="2 路")

    assert made["name"] == "东区客运"
    assert made["id"] == appointed["id"] == ended["id"]
    assert (line["kind"], line["name"]) == ("LINE", "1 路")
    assert (after["reason"], after["message"]) == ("NOT_ALLOWED", "您没有这项权限。")
    assert (await answer(ask, create, viewer, name="西区客运"))["reason"] == "NOT_ALLOWED"


async def test_the_life_of_a_scanner(ask: Ask, company: Company, clock: Clock) -> None:
    """Vehicle and line, a code, another place, suspended, resumed, replaced, stolen, retired."""
    operator, staff = to_id("Operator", company.id), company.first

    async def act(name: str, /, **values: Any) -> dict[str, Any]:
        known = {"place": "ScannerPlaceInput!", "since": "DateTime!", "name": "String!"}
        types = {key: known.get(key, "ID!") for key in values}
        fields = REGISTERED if name in {"registerScanner", "replaceScanner"} else SCANNER
        return dict(await answer(ask, doing(name, fields, **types), staff, operator=operator, **values))

    vehicle = await answer(ask, doing("addVehicle", SPOT, name="String!"), staff, operator=operator, name="浙D·00001")
    line = to_id("Line", await company.line("6 路"))
    registered = await act("registerScanner", name="前门", place={"vehicleId": vehicle["id"]})
    scanner = registered["scanner"]["id"]
    bus = await enrolled(company.resources, registered["code"])
    steps = [
        await act("placeScanner", scannerId=scanner, place={"vehicleId": vehicle["id"], "lineId": line}),
        await act("renameScanner", scannerId=scanner, name="后门"),
        await act("suspendScanner", scannerId=scanner),
        await act("resumeScanner", scannerId=scanner),
    ]
    replacement = await act("replaceScanner", scannerId=scanner)
    stolen = await act("reportScannerStolen", scannerId=scanner, since=clock().isoformat())
    again = await act("suspendScanner", scannerId=scanner)
    retired = await act("retireScanner", scannerId=replacement["scanner"]["id"])

    assert registered["scanner"]["state"] == "AWAITED"
    assert steps[0]["place"] == "6 路 浙D·00001"
    assert [step["name"] for step in steps[1:]] == ["后门"] * 3
    assert [step["state"] for step in steps] == ["ACTIVE", "ACTIVE", "SUSPENDED", "ACTIVE"]
    assert (stolen["state"], stolen["quarantined"]) == ("STOLEN", 0)
    assert (again["reason"], again["message"]) == ("STATE", "设备现在的状态不能这样操作。")
    assert (retired["state"], retired["replacesId"]) == ("RETIRED", scanner)
    assert bus.device.operator_id == company.id


async def test_a_tariff_with_a_hole_is_mended_and_published_by_another(ask: Ask, company: Company) -> None:
    """Findings in the draft's answer; the author cannot publish; a value out of range is refused as a whole."""
    operator, line = to_id("Operator", company.id), to_id("Line", await company.line("1 路", "百官街道"))
    weekdays = {"accessClass": "ride", "outcome": "FREE", "priceShare": "0", "window": {"days": [1, 2, 3, 4, 5]}}
    rest = {**weekdays, "outcome": "REDUCED", "priceShare": "0.5", "window": {"days": [6, 7]}}
    placed = [{**rest, "place": {"lineId": line}}, {**rest, "place": {"area": "百官街道"}, "accessClass": "rides"}]

    holed = await answer(ask, DRAFT, company.first, operator=operator, input={"rules": [weekdays, *placed]})
    mended = {"rules": [weekdays, rest], "monthlyCap": 60, "printed": {"dailyCap": 4}}
    draft = await answer(ask, DRAFT, company.first, operator=operator, input=mended, tariff=holed["id"])
    alone, published = [
        await answer(ask, PUBLISH, viewer, operator=operator, tariff=draft["id"], on="2027-01-01")
        for viewer in (company.first, company.second)
    ]

    assert [finding["kind"] for finding in holed["findings"]][:3] == ["UNKNOWN_CLASS", "HOLE", "HOLE"]
    assert holed["rules"][1]["place"] == {"id": line, "area": None}
    assert holed["rules"][2]["place"] == {"id": None, "area": "百官街道"}
    assert (draft["findings"], draft["monthlyCap"]) == ([], 60)
    assert draft["rules"][1]["sentence"] == "持证人乘车，付票价的百分之50。"
    assert (alone["reason"], published["effective"]) == ("SAME_PERSON", "2027-01-01")
    both = {**weekdays, "place": {"area": "x", "lineId": line}}
    for bad in ({"rules": [weekdays], "dailyCap": 0}, {"rules": [both]}):
        refused = await answer(ask, DRAFT, company.first, operator=operator, input=bad)
        assert refused["reason"] == "TARIFF_INVALID"
    away = await answer(ask, DRAFT, company.first, operator=operator, input=mended)
    discard = doing("discardTariff", TARIFF, tariffId="ID!")
    assert (await answer(ask, discard, company.second, operator=operator, tariffId=away["id"]))["id"] == away["id"]
    assert (await answer(ask, discard, company.second, operator=operator, tariffId=away["id"]))["reason"] == "UNKNOWN"


async def test_an_operator_sees_previews_and_visitors(
    ask: Ask, company: Company, register: Register, clock: Clock
) -> None:
    """What a draft would have changed, and who came, by day and outcome: nobody is named."""
    venue = await company.venue()
    await company.publish()
    clock.forward(days=1)
    registered = await company.scanner(Spot(venue_id=venue))
    gate = await enrolled(company.resources, registered.code)
    holder, at = await register.resident(), clock()
    gate.scan(shown_code(company.resources, holder.id, at), at, companions=1)
    await gate.upload()
    operator = to_id("Operator", company.id)
    half = {"rules": [{"accessClass": "ride", "outcome": "REDUCED", "priceShare": "0.5"}]}
    draft = await answer(ask, DRAFT, company.first, operator=operator, input=half)
    asked = {"tariff": draft["id"], "venue": to_id("Venue", venue)}

    (screen,) = (await ask(SCREEN, company.second, **asked))["data"]["viewer"]["operators"]
    (nothing,) = (await ask(SCREEN, company.second, **{**asked, "tariff": "x"}))["data"]["viewer"]["operators"]
    after = {**asked, "after": screen["scanners"]["pageInfo"]["endCursor"]}
    (second_page,) = (await ask(SCREEN, company.second, **after))["data"]["viewer"]["operators"]

    assert screen["preview"]["scans"] == 1
    (change,) = screen["preview"]["changes"]
    assert (change["before"]["outcome"], change["after"]) == ("FREE", {"outcome": "REDUCED", "priceShare": "0.5"})
    assert screen["preview"]["examples"][0]["place"] == "城东公园"
    day = (clock() + timedelta(hours=8)).date().isoformat()
    assert screen["visitors"]["days"] == [{"day": day, "outcome": "free", "visitors": 1, "companions": 1}]
    assert screen["tariffs"]["edges"][0]["node"]["id"] == draft["id"]
    assert nothing["preview"]["reason"] == "UNKNOWN"
    assert second_page["scanners"]["edges"] == []
    assert (await ask(SCREEN, company.second, **{**asked, "after": "x"}))["errors"][0]["extensions"]["code"]


async def test_anybody_reads_the_page_of_a_venue(ask: Ask, company: Company, clock: Clock) -> None:
    """Address, prices, hours and what a card is worth, without signing in; an unknown one is null."""
    operator, town = to_id("Operator", company.id), f"镇{company.id.hex[-8:]}"
    details = {"name": "博物馆", "area": town, "address": "文化路 1 号", "accessibility": ["STEP_FREE"]}
    prices = [{"title": "成人", "yuan": "20.00"}]
    save = doing("saveVenue", SPOT, input="VenueInput!", venueId="ID")
    made = await answer(ask, save, company.first, operator=operator, input={**details, "prices": prices})
    await answer(ask, save, company.first, operator=operator, input={**details, "prices": prices}, venueId=made["id"])
    gate = doing("addGate", SPOT, venueId="ID!", name="String!")
    await answer(ask, gate, company.first, operator=operator, venueId=made["id"], name="南门")
    rule = {"accessClass": "venue", "outcome": "FREE", "priceShare": "0", "companions": 1, "companionTerms": "FREE"}
    opening = [{"place": {"venueId": made["id"]}, "window": EVERY_DAY}]
    draft = await answer(ask, DRAFT, company.first, operator=operator, input={"rules": [rule], "opening": opening})
    on = (clock() + timedelta(days=1, hours=8)).date().isoformat()
    await answer(ask, PUBLISH, company.second, operator=operator, tariff=draft["id"], on=on)
    clock.forward(days=1)

    told = (await ask(PAGE, None, id=made["id"], area=town))["data"]

    assert told["venue"]["prices"] == [{"title": "成人", "yuan": "20.00"}]
    assert (told["venue"]["accessibility"], told["venue"]["opening"]) == (["STEP_FREE"], [EVERY_DAY])
    (granted,) = told["venue"]["forHolders"]
    assert granted["sentence"] == "持证人入场，免费，可带1人，陪同的人免费。"
    assert [edge["node"]["id"] for edge in told["venues"]["edges"]] == [made["id"]]
    assert (await ask(PAGE, None, id="x"))["data"]["venue"] is None
    page = "query ($after: String) { venues(first: 1, after: $after) { pageInfo { endCursor } } }"
    assert (await ask(page, None, after=made["id"]))["data"]["venues"]
    assert (await ask(page, None, after="x"))["errors"]


async def test_nobody_without_an_account_does_anything(ask: Ask, company: Company) -> None:
    """Signed out, each mutation says so."""
    operator = to_id("Operator", company.id)

    told = await answer(ask, doing("addLine", SPOT, name="String!"), None, operator=operator, name="1 路")

    assert told["__typename"] == "NotSignedIn"
