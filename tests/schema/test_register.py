"""Staff see counts of their own area through the API, and nobody else sees any."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import pytest

from domain.access import Viewer
from services import desk
from tests.conftest import DatabaseAddresses
from tests.schema.conftest import Ask
from tests.services.register import Register

COVERAGE = """
query Coverage($on: Date, $programme: String, $town: String) { coverage(on: $on, programme: $programme, town: $town) {
    __typename ... on RegisterRefused { reason message } ... on NotSignedIn { message }
    ... on CoverageReport { on programmes { programme title targets { share reached clause { citation } }
        counts { entitled receiving missingOut undetermined receivingNotEntitled share }
        towns { town counts { entitled receiving missingOut undetermined receivingNotEntitled share } } } } } }
"""
SIMULATE = """
query Simulate($input: SimulationInput!) { simulate(input: $input) {
    __typename ... on RegisterRefused { reason message } ... on NotSignedIn { message }
    ... on SimulationReport { on whole { ...line } programmes { ...line } groups { ...line } } } }
fragment line on SimulationEffect {
    programme by group headsBefore headsAfter yuanBefore yuanAfter gainers losers illustrative }
"""


@pytest.fixture
async def staff(database: DatabaseAddresses, register: Register) -> Sequence[Viewer]:
    """One of the district and one of a town, in a register of two towns."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("TRUNCATE resident, account CASCADE")
    await owner.close()
    for town, income, receives in (("白鹭镇", "500", True), ("白鹭镇", "500", False), ("石桥镇", "9000", True)):
        holder = await register.resident(town=town)
        await register.fact(holder, "own_income", income)
        if receives:
            await register.receipt(holder, "living-subsidy")
    viewers = [await register.viewer(), await register.viewer()]
    for viewer, town in zip(viewers, ("", "白鹭镇"), strict=True):
        await register.staff(viewer.account_id, town=town)
    return viewers


async def test_coverage_of_the_district(ask: Ask, staff: Sequence[Viewer]) -> None:
    """A member of the district's staff sees every town, and each of the plan's targets with its clause."""
    answer = await ask(COVERAGE, staff[0], programme="living-subsidy", on="2026-03-11")

    (found,) = answer["data"]["coverage"]["programmes"]
    nobody = {"entitled": 0, "receiving": 0, "missingOut": 0, "undetermined": 0}
    assert found["title"] == "困难残疾人生活补贴"
    assert found["counts"] == {
        "entitled": 2,
        "receiving": 1,
        "missingOut": 1,
        "undetermined": 0,
        "receivingNotEntitled": 1,
        "share": "0.5000",
    }
    assert found["towns"][1] == {"town": "石桥镇", "counts": {**nobody, "receivingNotEntitled": 1, "share": None}}
    assert [(target["share"], target["reached"]) for target in found["targets"]] == [("0.99", False), ("0.98", False)]
    assert all(target["clause"]["citation"] for target in found["targets"])


async def test_town_staff_see_their_town(ask: Ask, staff: Sequence[Viewer]) -> None:
    """Without a town she gets her own; another is refused."""
    own = await ask(COVERAGE, staff[1])
    other = await ask(COVERAGE, staff[1], town="石桥镇")

    assert {town["town"] for each in own["data"]["coverage"]["programmes"] for town in each["towns"]} == {"白鹭镇"}
    assert own["data"]["coverage"]["on"] == "2026-03-11"
    assert other["data"]["coverage"]["reason"] == "OTHER_TOWN"
    assert other["data"]["coverage"]["message"] == "您只能查看自己负责的乡镇。"


@pytest.mark.usefixtures("staff")
async def test_a_commissioner_counts_her_village(ask: Ask, register: Register) -> None:
    """Nobody of the town's other villages is in it, whether she names the town or not; the log names the village."""
    holder = await register.resident(town="白鹭镇", village="荷塘村")
    await register.fact(holder, "own_income", "500")
    commissioner = await register.viewer()
    await register.staff(commissioner.account_id, role="commissioner", town="白鹭镇", village="荷塘村")

    answers = [
        await ask(COVERAGE, commissioner, programme="living-subsidy", on="2026-03-11", **town)
        for town in ({}, {"town": "白鹭镇"}, {"town": "石桥镇"})
    ]

    *hers, other = [answer["data"]["coverage"] for answer in answers]
    assert [found["programmes"][0]["counts"]["entitled"] for found in hers] == [1, 1]
    assert other["reason"] == "OTHER_TOWN"
    subjects = await register._owner.fetch(
        "SELECT subject FROM audit WHERE action = 'read_register' ORDER BY sequence DESC"
    )
    assert [row["subject"] for row in subjects][:2] == ["白鹭镇/荷塘村"] * 2


@pytest.mark.usefixtures("staff")
async def test_others_see_nothing(ask: Ask, register: Register) -> None:
    """Who is no staff is refused by type, who is not signed in is told so, before anything is looked up."""
    holder = await register.viewer(await register.resident())
    figure = {"figures": [{"name": "nonsense", "value": "1"}]}

    assert (await ask(COVERAGE, holder, programme="nonsense"))["data"]["coverage"]["reason"] == "NOT_STAFF"
    assert (await ask(SIMULATE, holder, input=figure))["data"]["simulate"]["reason"] == "NOT_STAFF"
    assert (await ask(COVERAGE))["data"]["coverage"]["__typename"] == "NotSignedIn"
    assert (await ask(SIMULATE, input=figure))["data"]["simulate"]["__typename"] == "NotSignedIn"


@pytest.mark.parametrize(
    ("variables", "reason"),
    [({"programme": "nonsense"}, "PROGRAMME_UNKNOWN"), ({"town": "无名镇"}, "NOBODY")],
)
async def test_questions_that_have_no_answer(
    ask: Ask, staff: Sequence[Viewer], variables: dict[str, Any], reason: str
) -> None:
    """An unknown programme and a place without residents are told apart."""
    assert (await ask(COVERAGE, staff[0], **variables))["data"]["coverage"]["reason"] == reason


async def test_another_figure(ask: Ask, staff: Sequence[Viewer]) -> None:
    """Heads and yuan of all together, of each programme and group; amounts that are examples say so."""
    supposed = {"figures": [{"name": "minimum_living_standard", "value": "6000"}], "on": "2026-03-11"}
    answer = await ask(SIMULATE, staff[0], input=supposed)

    found = answer["data"]["simulate"]
    (living,) = [line for line in found["programmes"] if line["programme"] == "living-subsidy"]
    (town,) = [line for line in found["groups"] if line["group"] == "石桥镇"]
    assert found["on"] == "2026-03-11"
    assert (living["headsBefore"], living["headsAfter"]) == (2, 3)
    assert (living["yuanBefore"], living["yuanAfter"]) == ("7776", "64800")
    assert (living["gainers"], living["losers"], living["illustrative"]) == (3, 0, True)
    assert (found["whole"]["programme"], found["whole"]["by"], found["whole"]["illustrative"]) == (None, "ALL", True)
    assert (town["by"], town["gainers"]) == ("TOWN", 1)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ([], "FIGURE_INVALID"),
        ([{"name": "minimum_wage", "value": "-1"}], "FIGURE_INVALID"),
        ([{"name": "nonsense", "value": "1"}], "FIGURE_UNKNOWN"),
    ],
)
async def test_figures_that_mean_nothing(
    ask: Ask, staff: Sequence[Viewer], figures: list[dict[str, str]], reason: str
) -> None:
    """No figure, a negative one and an unknown one are refused by type."""
    assert (await ask(SIMULATE, staff[0], input={"figures": figures}))["data"]["simulate"]["reason"] == reason


async def test_other_rules_for_another_town(ask: Ask, staff: Sequence[Viewer]) -> None:
    """A simulation is held to the asker's town as well."""
    supposed = {"figures": [{"name": "minimum_wage", "value": "1"}], "town": "石桥镇"}

    assert (await ask(SIMULATE, staff[1], input=supposed))["data"]["simulate"]["reason"] == "OTHER_TOWN"


async def test_a_long_reading(ask: Ask, staff: Sequence[Viewer], monkeypatch: pytest.MonkeyPatch) -> None:
    """While the register is being read she is asked to come back, for either question."""
    monkeypatch.setattr(desk, "PATIENCE_SECONDS", 0)
    supposed = {"figures": [{"name": "minimum_wage", "value": "1"}]}

    assert (await ask(COVERAGE, staff[0], on=str(date(2025, 1, 1))))["data"]["coverage"]["reason"] == "PREPARING"
    assert (await ask(SIMULATE, staff[0], input=supposed))["data"]["simulate"]["reason"] == "PREPARING"


async def test_each_use_is_logged(ask: Ask, staff: Sequence[Viewer], database: DatabaseAddresses) -> None:
    """Also a question that is answered from what was read before leaves its entry: who, what for, how many."""
    for _ in range(2):
        await ask(COVERAGE, staff[1])

    owner = await asyncpg.connect(database.owner_url)
    rows = await owner.fetch("SELECT * FROM audit ORDER BY sequence DESC LIMIT 2")
    await owner.close()
    assert {(row["action"], row["subject"], row["detail"]) for row in rows} == {
        ("read_register", "白鹭镇", "coverage on 2026-03-11: 2 residents")
    }
    assert all(row["actor"].startswith("staff:") for row in rows)
