"""A guardian acts within her scope and her period."""

from datetime import date

import pytest

from domain.access import Act, Scope, guardian_may

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize("act", Act)
def test_full_scope_allows_every_act(act: Act) -> None:
    """Who may act in full may do everything."""
    assert guardian_may(Scope.FULL, act, valid_from=FIRST, valid_until=None, on=FIRST)


@pytest.mark.parametrize("act", Act)
def test_view_scope_allows_viewing_only(act: Act) -> None:
    """Who may view may do nothing else."""
    assert guardian_may(Scope.VIEW, act, valid_from=FIRST, valid_until=None, on=FIRST) is (act is Act.VIEW)


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_both_ends_of_the_period_count(on: date, allowed: bool) -> None:  # noqa: FBT001 - the expected answer itself
    """Day before, first day, last day, day after."""
    assert guardian_may(Scope.FULL, Act.BOOK, valid_from=FIRST, valid_until=LAST, on=on) is allowed
