"""Coverage counts every resident once at most, and is held against the plan's promises exactly."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.columns import Groups
from domain.coverage import Coverage, Uptake, coverage, uptake
from domain.legal import LegalReference
from domain.register import Verdicts
from domain.target import Target

PLAN = LegalReference("规划", "2.3", "二(三)")


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.booleans(), st.sampled_from(["甲镇", "乙镇"])), max_size=20))
def test_counts_are_those_of_a_count_by_hand(residents: list[tuple[int, bool, str]]) -> None:
    """Each number is what counting residents one by one gives; without reports nobody receives."""
    truths, receives, towns = zip(*residents, strict=True) if residents else ((), (), ())
    verdicts = Verdicts(("bus", "other"), np.array([truths, truths], np.int8), None)

    lines = list(coverage(verdicts, {"bus": np.array(receives, np.bool_)}, Groups.of(towns)))

    for line in lines:
        here = [
            (truth, receives and line.programme == "bus")
            for truth, receives, town in residents
            if line.town in ("", town)
        ]
        assert line.receiving == here.count((1, True))
        assert line.missing_out == here.count((1, False))
        assert line.undetermined == here.count((0, True)) + here.count((0, False))
        assert line.not_entitled == here.count((-1, True))
        assert line.entitled == line.receiving + line.missing_out
    assert [line.programme for line in lines if not line.town] == ["bus", "other"]


def test_uptakes_do_not_overlap() -> None:
    """Of every truth with and without receipt, at most one uptake holds."""
    truths = np.array([1, 1, 0, 0, -1, -1], np.int8)
    receives = np.array([True, False] * 3)

    held = [uptake(truths, receives, kind) for kind in Uptake]

    assert np.sum(held, axis=0).tolist() == [1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize(
    ("receiving", "missing_out", "share", "reaches"),
    [
        (98, 2, "0.98", True),
        (97, 3, "0.98", False),
        (979_999, 20_001, "0.98", False),
        (1, 1, "1", False),
        (0, 0, "1", True),
    ],
)
def test_targets(receiving: int, missing_out: int, share: str, reaches: bool) -> None:  # noqa: FBT001 - the answer
    """A share is reached exactly at its figure; where nobody is entitled no promise is broken."""
    line = Coverage("bus", "", receiving, missing_out, undetermined=0, not_entitled=0)

    assert line.reaches(Target("bus", Decimal(share), PLAN)) is reaches


def test_share() -> None:
    """The share is of the entitled alone, and there is none of nobody."""
    assert Coverage("bus", "", 3, 1, undetermined=50, not_entitled=9).share == Decimal("0.75")
    assert Coverage("bus", "", 0, 0, undetermined=50, not_entitled=9).share is None
