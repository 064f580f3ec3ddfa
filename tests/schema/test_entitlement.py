"""Entitlements leave the API with every reason, money as text, and an example marked as one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.entitlement import decide
from domain.fact import Fact, Facts
from schema.entitlement import Entitlement
from schema.scalars import SCALARS
from services.bootstrap import load_rules

ON = date(2026, 11, 25)
CARD = CardOnRecord(CardState.ACTIVE, 1, (1,), 1, date(2020, 1, 1), date(2029, 12, 31))
INCOME = Fact("own_income", Decimal(820), "civil_affairs", date(2026, 1, 1), date(2026, 12, 31), date(2026, 1, 5))
FACTS = Facts.of(
    [
        *card_facts(CARD),
        birth_fact(date(1980, 5, 5)),
        INCOME,
        replace(INCOME, value=Decimal(900), source="federation"),
        Fact("trains_at_rehab_centre", True, "rehab_centre", None, None, ON),  # noqa: FBT003 - the stated value
    ]
)

DOCUMENT = """
{ entitlements {
  programme title runBy verdict effective documents notes
  clauses { document citation }
  missing { label department }
  criteria {
    outcome sentence source recordedOn contradictions
    clause { citation } missing { label department } change { on outcome sentence }
  }
  benefits { kind title certain monthly costShare accessClass illustrative clause { citation } because { sentence } }
} }
"""


@strawberry.type
class Query:
    """A schema around nothing but entitlements."""

    @strawberry.field
    def entitlements(self) -> list[Entitlement]:
        """What the shipped rules answer for one resident."""
        return [Entitlement.of(each) for each in decide(load_rules().chinese, FACTS, ON)]


def answered() -> dict[str, Any]:
    """The answers by programme, as a client gets them."""
    result = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS)).execute_sync(DOCUMENT)
    assert result.errors is None
    assert result.data is not None
    return {each["programme"]: each for each in result.data["entitlements"]}


def test_an_amount_of_money() -> None:
    """Yuan come as text with their cents, marked as an example, with the clause they rest on."""
    living = answered()["living-subsidy"]

    assert (living["title"], living["runBy"], living["verdict"]) == ("困难残疾人生活补贴", "民政局", "ELIGIBLE")
    assert living["effective"] == "2016-12-04"
    assert living["clauses"][0] == {"document": "残疾人事业发展“十三五”规划", "citation": "三(一)第2点"}
    assert living["benefits"] == [
        {
            "kind": "MONTHLY",
            "title": "每月生活补贴",
            "certain": True,
            "monthly": "324.00",
            "costShare": None,
            "accessClass": None,
            "illustrative": True,
            "clause": {"citation": "三(一)第2点"},
            "because": [],
        }
    ]


def test_a_criterion_with_everything_about_it() -> None:
    """Outcome, own value, source, day of record, contradiction and what time will change are all there."""
    income = answered()["living-subsidy"]["criteria"][2]

    assert income == {
        "outcome": "MET",
        "sentence": "本人月收入:820元。要求:收入不超过1620元,就是低保标准的百分之一百五十。",
        "source": "民政局",
        "recordedOn": "2026-01-05",
        "contradictions": ["说法不一:残联在2026年1月5日登记的“本人月收入”是900元。"],
        "clause": {"citation": "三(一)第2点"},
        "missing": None,
        "change": {
            "on": "2027-01-01",
            "outcome": "UNKNOWN",
            "sentence": "从2027年1月1日起,“本人月收入”需要重新确认。",
        },
    }


def test_what_is_missing() -> None:
    """An undetermined programme names what to bring and who has it; nothing of it is certain."""
    nursing = answered()["nursing-subsidy"]

    assert nursing["verdict"] == "UNDETERMINED"
    assert nursing["missing"] == [{"label": "生活自理情况", "department": "残联"}]
    assert {benefit["certain"] for benefit in nursing["benefits"]} == {False}
    assert nursing["criteria"][3]["missing"] == {"label": "生活自理情况", "department": "残联"}


def test_a_share_and_an_access_class() -> None:
    """A share is a decimal as text, open while its own condition is; an access class is a neutral word."""
    answers = answered()

    relief = [(each["costShare"], each["certain"]) for each in answers["rehab-training-relief"]["benefits"]]
    assert relief == [("1", False), ("0.5", False)]
    assert len(answers["rehab-training-relief"]["benefits"][0]["because"]) == 1
    assert [each["accessClass"] for each in answers["free-bus"]["benefits"]] == ["ride-accompanied"]
