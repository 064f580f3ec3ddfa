"""Shows settlement and dashboards through the API: who sees what, disputes of two sides, and pages that name nobody."""

import base64
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from openpyxl import load_workbook

from domain.access import Viewer
from models.record import new_id
from schema.identity import to_id
from services import closing, jobs
from services.resources import Resources
from services.settlement import close
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.services.fleet import Fleet
from tests.services.register import Clock, Register

FEBRUARY = date(2026, 2, 1)
IN_FEBRUARY = datetime(2026, 2, 10, 2, tzinfo=UTC)
LINE = "number line day rideClass evidence rides"
DISPUTE = f"id side claimed words offered answer agreed line {{ {LINE} }}"
SETTLEMENTS = f"""{{ viewer {{ settlements {{ operatorId operator side statements(first: 5) {{ edges {{ node {{
  id month scans totals {{ evidence name rides }} lines(first: 1) {{ edges {{ cursor node {{ {LINE} }} }}
  pageInfo {{ hasNextPage endCursor }} }} disputes {{ {DISPUTE} }} }} }} }} }} }} }}"""
CLOSE = """mutation ($operator: ID!, $month: Date!) { done: closeStatement(operatorId: $operator, month: $month) {
  ... on ClosingOrdered { message } ... on StatementRefused { reason message } } }"""
OPEN = f"""mutation ($statement: ID!, $number: Int!, $rides: Int!, $reason: String!) {{ done: openLineDispute(
  statementId: $statement, lineNumber: $number, rides: $rides, reason: $reason) {{
  ... on LineDispute {{ {DISPUTE} }} ... on StatementRefused {{ reason message }} }} }}"""
ANSWER = f"""mutation ($dispute: ID!, $rides: Int!, $answer: String!) {{ done: answerLineDispute(
  disputeId: $dispute, rides: $rides, answer: $answer) {{
  ... on LineDispute {{ {DISPUTE} }} ... on StatementRefused {{ reason message }} }} }}"""
SETTLE = f"""mutation ($dispute: ID!) {{ done: settleLineDispute(disputeId: $dispute) {{
  ... on LineDispute {{ {DISPUTE} }} ... on StatementRefused {{ reason message }} }} }}"""
BOARD = """days { day rides entries companions refused } lines { name number } classes { name number }
  refusals { name number } delays { name number } silent { operator place lastAt }"""


@pytest.fixture
async def owner(database: DatabaseAddresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the tables."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def fleet(owner: asyncpg.Connection) -> Fleet:
    """An operator with two rides in February, one of them with a companion."""
    made = await Fleet(owner).open()
    await made.tap(IN_FEBRUARY, companions=1)
    await made.tap(IN_FEBRUARY + timedelta(minutes=1), kind="printed")
    return made


@pytest.fixture
async def clerk(register: Register) -> Viewer:
    """Somebody of the federation's district."""
    viewer = await register.viewer()
    await register.staff(viewer.account_id)
    return viewer


@pytest.fixture
async def bookkeeper(register: Register, fleet: Fleet) -> Viewer:
    """Somebody of the operator."""
    return await of_operator(register, fleet)


async def of_operator(register: Register, fleet: Fleet) -> Viewer:
    """A new member of an operator's staff."""
    viewer = await register.viewer()
    await register.operator_staff(viewer.account_id, fleet.operator_id)
    return viewer


async def closed(resources: Resources, fleet: Fleet) -> UUID:
    """February's statement."""
    made = await close(resources, fleet.operator_id, FEBRUARY, "operator:settle")
    assert isinstance(made, UUID)
    return made


async def test_a_statement_is_ordered_by_the_district_and_made_by_a_worker(
    ask: Ask, resources: Resources, fleet: Fleet, clerk: Viewer, bookkeeper: Viewer, owner: asyncpg.Connection
) -> None:
    """Only the district orders it; ordered twice it waits once, and the operator then sees lines and totals."""
    await owner.execute("DELETE FROM pgqueuer")
    order = {"operator": to_id("Operator", fleet.operator_id), "month": "2026-02-01"}

    refused = await ask(CLOSE, bookkeeper, **order)
    ordered = [await ask(CLOSE, clerk, **order) for _ in range(2)]
    (payload,) = await owner.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", jobs.CLOSE)
    await closing.carry_out(resources, payload["payload"])
    seen = await ask(SETTLEMENTS, bookkeeper)

    assert refused["data"]["done"]["reason"] == "NOT_ALLOWED"
    assert [answer["data"]["done"]["message"] for answer in ordered] == ["已经开始结算，几分钟后可以看到结算单。"] * 2
    (settlement,) = seen["data"]["viewer"]["settlements"]
    assert settlement["side"] == "OPERATOR"
    (statement,) = [edge["node"] for edge in settlement["statements"]["edges"]]
    assert (statement["month"], statement["scans"]) == ("2026-02-01", 2)
    assert {each["evidence"]: each["rides"] for each in statement["totals"]} == {
        "HOLDER_SIGNED": 1,
        "BEARER": 1,
        "OVERRIDE": 0,
        "COMPANION": 1,
    }
    page = statement["lines"]
    assert page["edges"][0]["node"]["evidence"] == "BEARER"
    assert page["pageInfo"] == {"hasNextPage": True, "endCursor": "StatementLine.1"}
    assert statement["disputes"] == []


async def test_an_order_that_cannot_be_carried_out_is_refused(
    ask: Ask, resources: Resources, fleet: Fleet, clerk: Viewer
) -> None:
    """No operator, a month that runs, and a gap in the months."""
    await closed(resources, fleet)
    operator = to_id("Operator", fleet.operator_id)

    reasons = [
        (await ask(CLOSE, clerk, operator=whom, month=month))["data"]["done"]["reason"]
        for whom, month in (
            (to_id("Operator", new_id()), "2026-02-01"),
            (operator, "2026-03-01"),
        )
    ]

    assert reasons == ["NOT_FOUND", "NOT_OVER"]


async def test_months_are_ordered_without_a_gap(
    ask: Ask, resources: Resources, fleet: Fleet, clerk: Viewer, clock: Clock
) -> None:
    """April waits for March."""
    await closed(resources, fleet)
    clock.at = datetime(2026, 5, 1, 2, tzinfo=UTC)

    answer = await ask(CLOSE, clerk, operator=to_id("Operator", fleet.operator_id), month="2026-04-01")

    assert answer["data"]["done"]["reason"] == "NOT_NEXT"


async def test_a_dispute_takes_two_sides(
    ask: Ask, resources: Resources, fleet: Fleet, clerk: Viewer, bookkeeper: Viewer, owner: asyncpg.Connection
) -> None:
    """The operator claims, the federation offers, the operator takes it; each step is in the log, the line stays."""
    statement = to_id("OperatorStatement", await closed(resources, fleet))
    claim = {"statement": statement, "number": 1, "rides": 3, "reason": "少算了两次"}

    opened = (await ask(OPEN, bookkeeper, **claim))["data"]["done"]
    again = (await ask(OPEN, clerk, **claim))["data"]["done"]
    own = (await ask(ANSWER, bookkeeper, dispute=opened["id"], rides=3, answer="对"))["data"]["done"]
    early = (await ask(SETTLE, bookkeeper, dispute=opened["id"]))["data"]["done"]
    wordless = (await ask(ANSWER, clerk, dispute=opened["id"], rides=2, answer=" "))["data"]["done"]
    offered = (await ask(ANSWER, clerk, dispute=opened["id"], rides=2, answer="核对后是两次"))["data"]["done"]
    settled = (await ask(SETTLE, bookkeeper, dispute=opened["id"]))["data"]["done"]

    assert (opened["side"], opened["claimed"], opened["line"]["rides"]) == ("OPERATOR", 3, 1)
    refusals = [each["reason"] for each in (again, own, early, wordless)]
    assert refusals == ["OPEN_ALREADY", "OWN_DISPUTE", "NOT_ANSWERED", "WORDS"]
    assert (offered["offered"], offered["agreed"]) == (2, None)
    assert (settled["agreed"], settled["line"]["rides"]) == (2, 1)
    actions = await owner.fetch("SELECT action FROM audit WHERE action LIKE '%statement_dispute' ORDER BY sequence")
    assert [row["action"] for row in actions] == [
        "open_statement_dispute",
        "answer_statement_dispute",
        "settle_statement_dispute",
    ]


async def test_a_stranger_disputes_nothing(
    ask: Ask, resources: Resources, fleet: Fleet, register: Register, owner: asyncpg.Connection, clerk: Viewer
) -> None:
    """Another operator's staff, a town's clerk and a resident see no settlement, and no line is there for them."""
    statement = to_id("OperatorStatement", await closed(resources, fleet))
    claim = {"statement": statement, "number": 1, "rides": 3, "reason": "少算了"}
    dispute = (await ask(OPEN, clerk, **claim))["data"]["done"]["id"]
    rival, town = await of_operator(register, await Fleet(owner).open()), await register.viewer()
    await register.staff(town.account_id, town="百官街道")
    resident = await register.viewer(await register.resident())

    for viewer in (rival, town, resident):
        seen = (await ask(SETTLEMENTS, viewer))["data"]["viewer"]["settlements"]
        answers = [
            (await ask(OPEN, viewer, **claim))["data"]["done"]["reason"],
            (await ask(SETTLE, viewer, dispute=dispute))["data"]["done"]["reason"],
            (await ask(ANSWER, viewer, dispute=to_id("LineDispute", new_id()), rides=1, answer="对"))["data"]["done"][
                "reason"
            ],
        ]

        assert fleet.operator_id not in {each["operatorId"] for each in seen}
        assert all(each["operatorId"] != to_id("Operator", fleet.operator_id) for each in seen)
        assert answers == ["NOT_FOUND"] * 3

    unknown = (await ask(OPEN, clerk, **(claim | {"number": 99})))["data"]["done"]
    assert unknown["reason"] == "NOT_FOUND"
    nobody = [
        (await ask(document, None, **values))["data"]["done"]
        for document, values in (
            (OPEN, claim),
            (ANSWER, {"dispute": dispute, "rides": 1, "answer": "对"}),
            (SETTLE, {"dispute": dispute}),
            (CLOSE, {"operator": to_id("Operator", fleet.operator_id), "month": "2026-02-01"}),
        )
    ]
    assert nobody == [{}] * 4


@pytest.mark.parametrize("argument", ['after: "StatementLine.x"', 'after: "Other.1"', 'after: ""'])
async def test_a_cursor_of_another_list_is_refused(
    ask: Ask, resources: Resources, fleet: Fleet, bookkeeper: Viewer, argument: str
) -> None:
    """Of lines and of statements."""
    await closed(resources, fleet)

    lines = await ask(
        f"{{ viewer {{ settlements {{ statements(first: 1) {{ edges {{ node {{ lines(first: 1, {argument}) "
        "{ edges { cursor } } } } } } } }",
        bookkeeper,
    )
    months = await ask(
        f"{{ viewer {{ settlements {{ statements(first: 1, {argument}) {{ edges {{ cursor }} }} }} }} }}", bookkeeper
    )

    assert lines["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"
    assert months["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_pages_go_on_behind_a_cursor(ask: Ask, resources: Resources, fleet: Fleet, bookkeeper: Viewer) -> None:
    """The second line comes behind the first, and no statement is older than the first."""
    await closed(resources, fleet)

    body = await ask(
        '{ viewer { settlements { statements(first: 1) { edges { node { lines(first: 5, after: "StatementLine.1") '
        "{ edges { node { number } } } } } } "
        'older: statements(first: 1, after: "2026-02-01") { edges { cursor } } } } }',
        bookkeeper,
    )

    (settlement,) = body["data"]["viewer"]["settlements"]
    lines = settlement["statements"]["edges"][0]["node"]["lines"]["edges"]
    assert [edge["node"]["number"] for edge in lines] == [2, 3]
    assert settlement["older"]["edges"] == []


async def test_totals_are_those_that_were_signed(
    ask: Ask, resources: Resources, fleet: Fleet, bookkeeper: Viewer, owner: asyncpg.Connection
) -> None:
    """A statement whose signature does not hold tells no totals."""
    made = await closed(resources, fleet)
    await owner.execute("UPDATE statement SET signed = set_byte(signed, 90, 0) WHERE id = $1", made)

    body = await ask(SETTLEMENTS, bookkeeper)

    (settlement,) = body["data"]["viewer"]["settlements"]
    assert settlement["statements"]["edges"][0]["node"]["totals"] is None


async def test_an_operator_sees_its_own_dashboard(ask: Ask, fleet: Fleet, bookkeeper: Viewer) -> None:
    """By day, line, class, reason and delay, with the scanners that fell silent."""
    await fleet.tap(IN_FEBRUARY, admission="refused", device_admission="refused", device_reason="expired")
    await fleet.device("venue", "人民公园东门", enrolled_at=IN_FEBRUARY)
    await fleet.tap(IN_FEBRUARY, device_admission="reduced", received_at=IN_FEBRUARY + timedelta(days=2))

    body = await ask(
        f'{{ viewer {{ settlements {{ dashboard(since: "2026-02-10", until: "2026-02-11") {{ {BOARD} }} }} }} }}',
        bookkeeper,
    )

    (settlement,) = body["data"]["viewer"]["settlements"]
    board = settlement["dashboard"]
    assert board["days"] == [
        {"day": "2026-02-10", "rides": 2, "entries": 1, "companions": 1, "refused": 1},
        {"day": "2026-02-11", "rides": 0, "entries": 0, "companions": 0, "refused": 0},
    ]
    assert board["lines"] == [{"name": "1 路", "number": 2}, {"name": "人民公园东门", "number": 1}]
    assert board["classes"] == [{"name": "免费", "number": 2}, {"name": "优惠", "number": 1}]
    assert board["refusals"] == [{"name": "码已过期", "number": 1}]
    assert [each["number"] for each in board["delays"]] == [3, 0, 1, 0]
    assert [(each["place"], each["lastAt"]) for each in board["silent"]] == [("人民公园东门", None)]


async def test_the_page_has_a_table_for_each_chart_and_files_to_take(
    ask: Ask, fleet: Fleet, bookkeeper: Viewer
) -> None:
    """It needs no script, hides the charts from who listens, and holds the same numbers as CSV and XLSX."""
    await fleet.stand("=<b>1 路</b>", IN_FEBRUARY + timedelta(hours=1))
    await fleet.tap(IN_FEBRUARY + timedelta(hours=2))

    body = await ask(
        '{ viewer { settlements { dashboard(since: "2026-02-10", until: "2026-02-10") '
        "{ page tables { title csv xlsx } } } } }",
        bookkeeper,
    )

    board = body["data"]["viewer"]["settlements"][0]["dashboard"]
    page = board["page"]
    assert "<script" not in page
    assert "&lt;b&gt;1 路" in page
    assert page.count("<svg") == page.count('aria-hidden="true"') == 4
    assert page.count("<table>") == 4
    assert "这段时间没有记录。" in page
    assert "所有设备都正常上传。" in page
    links = re.findall(r'download="lines\.xlsx" href="data:[^,]+;base64,([^"]+)"', page)
    (table,) = [each for each in board["tables"] if each["title"] == "按线路和场馆"]
    for encoded in (links[0], table["xlsx"]):
        cells = [[cell.value for cell in row] for row in load_workbook(io.BytesIO(base64.b64decode(encoded))).active]
        assert cells == [["线路或场馆", "次数"], ["1 路", 2], ["=<b>1 路</b>", 1]]
    assert "'=<b>1 路</b>,1" in table["csv"]


@pytest.mark.usefixtures("fleet")
async def test_the_district_sees_all_and_a_town_none(ask: Ask, clerk: Viewer, register: Register) -> None:
    """All operators at once are for the district's staff; each span is checked."""
    town = await register.viewer()
    await register.staff(town.account_id, town="百官街道")
    document = '{{ viewer {{ staff {{ dashboard(since: "2026-02-10", until: "{until}") {{ days {{ rides }} }} }} }} }}'

    everything = await ask(document.format(until="2026-02-10"), clerk)
    nothing = await ask(document.format(until="2026-02-10"), town)
    endless = await ask(document.format(until="2026-04-10"), clerk)

    assert everything["data"]["viewer"]["staff"]["dashboard"]["days"][0]["rides"] >= 2
    assert nothing["data"]["viewer"]["staff"]["dashboard"] is None
    assert endless["errors"][0]["message"] == "请选起止日期，最多三十一天。"
