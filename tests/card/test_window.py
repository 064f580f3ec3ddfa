"""Hours of the week: which instants they cover, and that minutes and windows are two spellings of one thing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card.window import DAY_MINUTES, Place, PlaceKind, Window, minutes_of, windows_of

# Tuesday, 12:00 in the district.
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "covered"),
    [
        (Window(frozenset({2}), 720, 721), True),
        (Window(frozenset({2}), 0, 720), False),
        (Window(frozenset({2}), 721), False),
        (Window(frozenset({1, 3})), False),
        (Window(frozenset({2})), True),
    ],
)
def test_a_window_begins_with_its_first_minute_and_ends_before_its_last(window: Window, *, covered: bool) -> None:
    """In the district's time, on its days only."""
    assert window.covers(NOON) is covered


def test_midnight_belongs_to_the_day_that_begins() -> None:
    """A Wednesday begins at 16:00 UTC on Tuesday."""
    midnight = datetime(2026, 11, 24, 16, tzinfo=UTC)

    assert Window(frozenset({3}), 0, 1).covers(midnight)
    assert not Window(frozenset({2})).covers(midnight)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"days": frozenset()}, "has days"),
        ({"days": frozenset({0})}, "has days"),
        ({"days": frozenset({8})}, "has days"),
        ({"begins": -1}, "within one day"),
        ({"begins": 60, "ends": 60}, "within one day"),
        ({"ends": 1_441}, "within one day"),
    ],
)
def test_an_impossible_window_is_refused(fields: dict[str, Any], message: str) -> None:
    """No ninth day, no hour that ends before it begins."""
    with pytest.raises(ValueError, match=message):
        Window(**({"days": frozenset({1})} | fields))


@pytest.mark.parametrize("name", ["", "x" * 81])
def test_a_place_has_a_name_of_some_length(name: str) -> None:
    """A place without a name would be everywhere."""
    with pytest.raises(ValueError, match="1 to 80"):
        Place(PlaceKind.LINE, name)


windows = st.builds(
    lambda days, edges: Window(days, min(edges), max(edges)),
    st.frozensets(st.integers(1, 7), min_size=1),
    st.lists(st.integers(0, DAY_MINUTES), min_size=2, max_size=2, unique=True),
)


@given(st.lists(windows, max_size=4))
def test_minutes_and_windows_say_the_same(some: list[Window]) -> None:
    """What several windows cover together comes back as windows of single days that neither touch nor overlap."""
    minutes = 0
    for window in some:
        minutes |= minutes_of(window)

    found = windows_of(minutes)

    assert sum(minutes_of(window) for window in found) == minutes
    assert all(len(window.days) == 1 for window in found)


def test_no_window_is_all_of_them() -> None:
    """A rule without a window holds at every minute of the week."""
    assert windows_of(minutes_of(None)) == [Window(frozenset({day})) for day in range(1, 8)]
