"""The shipped rules say by columns, of every resident of the demo, what they say of her alone."""

from collections.abc import Sequence
from datetime import date

import pytest

from cli.demo.people import residents
from cli.demo.receipts import statements_of
from domain.columns import ColumnsBuilder
from domain.compiled import compile_book
from domain.entitlement import decide, decide_one
from domain.explanation import Case
from domain.fact import Facts
from domain.register import MET, NOT_MET, UNKNOWN, judge_register
from domain.rulebook import RuleBook

ON = date(2026, 11, 25)
RESIDENTS = 30_000
EXPLAINED_EVERY = 100
TRUTHS = {"eligible": MET, "undetermined": UNKNOWN, "not_eligible": NOT_MET}


@pytest.fixture(scope="module")
def everybody(rules: RuleBook) -> Sequence[Facts]:
    """The residents of the demo as `make run` makes them."""
    return [statements_of(person, rules.reference.vocabulary) for person in residents(RESIDENTS, ON)]


@pytest.mark.parametrize("on", [ON, date(2024, 2, 29)])
def test_the_register_says_what_the_rules_say_of_each(rules: RuleBook, everybody: Sequence[Facts], on: date) -> None:
    """All 30,000 come out as the compiled rules judge them one by one, and every hundredth as `decide` explains it."""
    compiled = compile_book(rules, on)
    builder = ColumnsBuilder(rules.reference.vocabulary)
    alone = []
    for facts in everybody:
        values = Case.of(compiled, rules.reference, facts).values
        builder.add(values)
        alone.append(compiled.outcomes(values))

    verdicts = judge_register(rules, builder.build(), on)

    truths = {True: MET, None: UNKNOWN, False: NOT_MET}
    for programme, row in zip(verdicts.programmes, verdicts.truths, strict=True):
        assert row.tolist() == [truths[each.get(programme, False)] for each in alone], programme
    for place in range(0, RESIDENTS, EXPLAINED_EVERY):
        explained = decide(rules, everybody[place], on)
        assert [TRUTHS[each.verdict] for each in explained] == verdicts.truths[:, place].tolist()
        assert [decide_one(rules, everybody[place], each.programme, on) for each in explained] == list(explained)
