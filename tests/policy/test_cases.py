"""Runs the cases beside this file: facts, a day, and what the rules must answer."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.card import CardState
from domain.entitlement import Benefit, Entitlement, Verdict, decide
from domain.fact import Fact, FactKind, Facts
from domain.rulebook import RuleBook

CASES = [
    (document["programme"], case)
    for file in sorted(Path(__file__).parent.glob("*.toml"))
    for document in [tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)]
    for case in document["case"]
]

ON = date(2026, 11, 25)


def stated(rules: RuleBook, written: Mapping[str, Any]) -> Facts:
    """The facts of a case, each stated by its keeper and true on every day."""
    vocabulary = rules.reference.vocabulary

    def fact(name: str, value: Any) -> Fact:
        kind = vocabulary.type_of(name)
        typed = {FactKind.MONEY: Decimal, FactKind.CODES: tuple}.get(kind.kind, lambda same: same)(value)
        return Fact(name, typed, kind.keeper, None, None, date(2016, 1, 1))

    return Facts.of(fact(name, value) for name, value in written.items())


def answer(rules: RuleBook, programme: str, facts: Facts, on: date) -> Entitlement:
    """What one programme answers."""
    (found,) = [each for each in decide(rules, facts, on) if each.programme == programme]
    return found


@pytest.mark.parametrize(("programme", "case"), CASES, ids=[f"{slug}: {case['name']}" for slug, case in CASES])
def test_case(rules: RuleBook, programme: str, case: Mapping[str, Any]) -> None:
    """Verdict, amounts, shares, services by title, access and missing facts are those of the case, and nothing else."""
    entitlement = answer(rules, programme, stated(rules, case["facts"]), case["on"])

    certain = [benefit for benefit in entitlement.benefits if benefit.certain]
    waiting = [benefit for benefit in entitlement.benefits if not benefit.certain]
    assert entitlement.verdict == case["expected"]
    assert [need.fact for need in entitlement.missing] == case.get("missing", [])
    for kind in ("monthly", "yearly", "once"):
        assert amounts(certain, kind) == case.get(kind, []), kind
    assert given(certain, "cost_share") == case.get("cost_share", [])
    assert given(certain, "access_class") == case.get("access", [])
    assert [benefit.title for benefit in certain if benefit.kind == "in_kind"] == case.get("in_kind", [])
    if "waiting" in case:
        assert [benefit.title for benefit in waiting] == case["waiting"]
    if "open" in case:
        assert given(waiting, "cost_share") == case["open"]


def amounts(benefits: list[Benefit], kind: str) -> list[Decimal | None]:
    """The amounts of one kind."""
    return [benefit.amount for benefit in benefits if benefit.kind == kind]


def given(benefits: list[Benefit], what: str) -> list[Any]:
    """One figure of each benefit that has it."""
    return [value for benefit in benefits if (value := getattr(benefit, what)) is not None]


def test_every_programme_has_each_kind_of_case(rules: RuleBook) -> None:
    """No programme is shipped without a case of each verdict, on the day before its rules begin and on the first."""
    for programme in rules.programmes:
        own = [case for slug, case in CASES if slug == programme.slug]
        first = programme.versions[0].effective
        assert {case["expected"] for case in own} == set(Verdict), programme.slug
        assert {(first - case["on"]).days for case in own} >= {0, 1}, programme.slug


def test_a_card_out_of_force_grants_nothing(rules: RuleBook) -> None:
    """Whoever is entitled with a card in force is not with one applied for, suspended, expired or cancelled."""
    for slug, case in CASES:
        if case["expected"] == Verdict.ELIGIBLE:
            for state in sorted(set(CardState) - {CardState.ACTIVE, CardState.LOST}):
                facts = stated(rules, case["facts"] | {"card_state": state.value})
                assert answer(rules, slug, facts, case["on"]).verdict is Verdict.NOT_ELIGIBLE, (case["name"], state)


def test_no_programme_is_granted_for_want_of_facts(rules: RuleBook) -> None:
    """A resident of whom nothing is known is undetermined everywhere, and told what to bring."""
    entitlements = decide(rules, Facts.of([]), ON)

    assert {entitlement.verdict for entitlement in entitlements} == {Verdict.UNDETERMINED}
    assert all(entitlement.missing for entitlement in entitlements)


# What the plan itself says of shares: all the cost, or half of it.
SHARES_OF_THE_PLAN = {
    "child-rehab": {Decimal(1)},
    "psychiatric-medication": {Decimal(1)},
    "rehab-training-relief": {Decimal(1), Decimal("0.5")},
}


def test_amounts_that_the_plan_does_not_give_are_marked(rules: RuleBook) -> None:
    """The plan names no yuan, and the share of a cost only here and there: whatever else shows one is an example."""
    parameters = rules.reference.parameters
    for programme in rules.programmes:
        for version in programme.versions:
            for term in version.benefits:
                given_by_plan = term.cost_share in SHARES_OF_THE_PLAN.get(programme.slug, ())
                shows_figure = term.amount is not None or term.cost_share is not None
                marked = term.is_illustrative_on(version.effective, parameters)
                assert marked == (shows_figure and not given_by_plan), (programme.slug, term.title)


def test_whoever_shows_an_example_says_so(rules: RuleBook) -> None:
    """A note beside every example tells the resident that the district's notice counts."""
    for programme in rules.programmes:
        for version in programme.versions:
            shows_example = any(term.illustrative for term in version.benefits)
            assert shows_example == any("是示例" in note for note in version.notes), programme.slug
