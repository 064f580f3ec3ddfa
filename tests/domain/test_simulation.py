"""Effects add up to what counting residents one by one gives."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import ColumnsBuilder, Groups, groups_by
from domain.register import Verdicts
from domain.rulebook import RuleBook
from domain.simulation import Dimension, Effect, UnknownParameter, effects, with_parameter

SIDE = st.tuples(st.sampled_from([-1, 0, 1]), st.sampled_from([0, 100, 12_345]))
RESIDENTS = st.lists(st.tuples(SIDE, SIDE, st.sampled_from(["甲镇", "乙镇"])), max_size=12)


def verdicts(programme: str, sides: list[tuple[int, int]]) -> Verdicts:
    """What one programme answers; who is not entitled gets nothing."""
    truths = np.array([[truth for truth, _ in sides]], np.int8)
    return Verdicts((programme,), truths, np.array([[fen for _, fen in sides]], np.int64) * (truths == 1))


def line(found: list[Effect], programme: str, dimension: Dimension, group: str) -> Effect:
    """The effect on one group."""
    (one,) = [each for each in found if (each.programme, each.dimension, each.group) == (programme, dimension, group)]
    return one


@given(RESIDENTS)
def test_effects_are_those_of_a_count_by_hand(residents: list[tuple[tuple[int, int], tuple[int, int], str]]) -> None:
    """Heads, yuan, gainers and losers of a programme, of all together and of each town."""
    before = verdicts("bus", [side for side, _, _ in residents])
    after = verdicts("bus", [side for _, side, _ in residents])
    towns = {Dimension.TOWN: Groups.of([town for _, _, town in residents])}

    found = list(effects(before, after, towns))

    for each in found:
        here = [
            ((was, fen * (was == 1)), (will, then * (will == 1)))
            for (was, fen), (will, then), town in residents
            if each.group in ("", town)
        ]
        assert each.heads_before == sum(was == 1 for (was, _), _ in here)
        assert each.heads_after == sum(will == 1 for _, (will, _) in here)
        assert each.yuan_before * 100 == sum(fen for (_, fen), _ in here)
        assert each.yuan_after * 100 == sum(fen for _, (_, fen) in here)
        assert each.gainers == sum((fen, was == 1) < (then, will == 1) for (was, fen), (will, then) in here)
        assert each.losers == sum((fen, was == 1) > (then, will == 1) for (was, fen), (will, then) in here)


def test_one_programme_for_another() -> None:
    """A programme that only one side has begins or ends; who changes over for the same neither gains nor loses."""
    found = list(effects(verdicts("old", [(1, 100), (1, 500)]), verdicts("new", [(1, 100), (0, 0)]), {}))

    assert line(found, "old", Dimension.ALL, "") == Effect("old", Dimension.ALL, "", 2, 0, Decimal(6), Decimal(0), 0, 2)
    assert line(found, "new", Dimension.ALL, "") == Effect("new", Dimension.ALL, "", 0, 1, Decimal(0), Decimal(1), 1, 0)
    assert line(found, "", Dimension.ALL, "") == Effect("", Dimension.ALL, "", 2, 1, Decimal(6), Decimal(1), 0, 1)


def test_a_figure_from_a_day_on(book: RuleBook) -> None:
    """The value counts from its day until the next, in place of one of the same day, and is an example."""
    other = with_parameter(book, "limit", Decimal(7), date(2026, 3, 1))
    limit = other.reference.parameters["limit"]

    before, on, earlier = (limit.on(day) for day in (date(2026, 2, 28), date(2026, 3, 1), date(2016, 12, 4)))
    assert before is not None
    assert before.value == 1000
    assert before == earlier
    assert on is not None
    assert on.value == 7
    assert on.illustrative
    assert len(limit.values) == 2
    assert other.reference.parameters["pension_age"] is book.reference.parameters["pension_age"]
    assert len(with_parameter(book, "limit", Decimal(7), date(2026, 4, 1)).reference.parameters["limit"].values) == 3


def test_an_unknown_figure(book: RuleBook) -> None:
    """The message lists those there are."""
    with pytest.raises(UnknownParameter, match=r"No parameter is called 'wage'. Use one of limit, pension_age\."):
        with_parameter(book, "wage", Decimal(7), date(2026, 3, 1))


def test_groups_by_a_fact(book: RuleBook) -> None:
    """Residents are grouped by the words of a fact, the last group being of those of whom it is not known."""
    builder = ColumnsBuilder(book.reference.vocabulary)
    for grade in (4, None, 1):
        builder.add({} if grade is None else {"card_grade": grade})

    groups = groups_by(builder.build(), "card_grade")

    assert groups.names == ("1", "2", "3", "4", "")
    assert groups.places.tolist() == [3, 4, 0]
