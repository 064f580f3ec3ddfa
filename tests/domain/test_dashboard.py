"""What scanners did is summed by day, line, class, reason and delay."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.dashboard import MOST_DAYS, DayCount, Delay, ScanGroup, is_span, tally
from domain.settlement import Verdict

MONDAY = date(2026, 3, 9)
FREE, REFUSED = Verdict.FREE, Verdict.REFUSED


def group(**changes: Any) -> ScanGroup:
    """Two free rides on a Monday, or something else."""
    values: dict[str, Any] = {
        "day": MONDAY,
        "line": "1 路",
        "is_venue": False,
        "verdict": FREE,
        "reason": "",
        "overridden": False,
        "delay": Delay.HOUR,
        "scans": 2,
        "companions": 1,
    }
    return ScanGroup(**(values | changes))


def test_scans_are_summed() -> None:
    """Rides and entries apart, overridden refusals as rides, and a day without scans with zeros."""
    groups = [
        group(),
        group(is_venue=True, line="人民公园", scans=3, verdict=Verdict.REDUCED, companions=0),
        group(verdict=REFUSED, reason="expired", scans=4, delay=Delay.WEEK, companions=0),
        group(verdict=REFUSED, reason="stale", overridden=True, scans=1, companions=0),
    ]

    seen = tally(groups, MONDAY, MONDAY + timedelta(days=1))

    assert seen.days == [DayCount(MONDAY, 3, 3, 1, 4), DayCount(MONDAY + timedelta(days=1), 0, 0, 0, 0)]
    assert seen.lines == [("1 路", 3), ("人民公园", 3)]
    assert seen.classes == [(Verdict.REDUCED, 3), (FREE, 2), (REFUSED, 1)]
    assert seen.refusals == [("expired", 4)]
    assert seen.delays == [(Delay.HOUR, 6), (Delay.DAY, 0), (Delay.WEEK, 4), (Delay.LONGER, 0)]


@pytest.mark.parametrize(("days", "shown"), [(-1, False), (0, True), (MOST_DAYS - 1, True), (MOST_DAYS, False)])
def test_a_span_is_a_month_at_most(days: int, shown: bool) -> None:  # noqa: FBT001 - a column of the table above
    """One day is a span, too; an end before its beginning is none."""
    assert is_span(MONDAY, MONDAY + timedelta(days=days)) is shown
