"""The version in force on a day, and the days on which the book answers anew."""

from datetime import date, timedelta

import pytest

from domain.policy import load_rule_book
from domain.rulebook import Period, RuleBook

FIRST, LAST, NEXT = date(2016, 12, 4), date(2026, 8, 31), date(2026, 10, 1)


@pytest.mark.parametrize(
    ("on", "effective"),
    [
        (FIRST - timedelta(days=1), None),
        (FIRST, FIRST),
        (LAST, FIRST),
        (LAST + timedelta(days=1), None),
        (NEXT - timedelta(days=1), None),
        (NEXT, NEXT),
        (date.max, NEXT),
    ],
)
def test_the_version_in_force(book: RuleBook, on: date, effective: date | None) -> None:
    """Each boundary of both versions, the gap between them, and the far future."""
    version = book.programmes[0].on(on)

    assert (None if version is None else version.effective) == effective


@pytest.mark.parametrize(
    ("on", "turning"),
    [
        (date.min, FIRST),
        (FIRST, LAST + timedelta(days=1)),
        (LAST, LAST + timedelta(days=1)),
        (LAST + timedelta(days=1), NEXT),
        (NEXT, None),
    ],
)
def test_when_other_rules_apply(book: RuleBook, on: date, turning: date | None) -> None:
    """A version is replaced by the next, or by none from the day after its last."""
    assert book.programmes[0].replaced_on(on) == turning


def test_periods_leave_no_day_out(book: RuleBook) -> None:
    """Each version with its last day, and the gap between them as one of its own, so that a reader sees it."""
    programme = book.programmes[0]
    older, newer = programme.versions

    assert list(programme.periods()) == [
        Period(FIRST, LAST, older),
        Period(LAST + timedelta(days=1), NEXT - timedelta(days=1), None),
        Period(NEXT, None, newer),
    ]


def test_every_day_on_which_the_book_turns(book: RuleBook) -> None:
    """Figures, precedence and versions each contribute their days."""
    assert set(book.turning_days()) == {
        *(FIRST, LAST + timedelta(days=1), NEXT),
        *(date(2026, 3, 1), date(2026, 5, 1), date(2026, 7, 1)),
    }


def test_an_end_at_the_last_of_days_never_comes(policy: dict[str, str]) -> None:
    """A version that ends on the calendar's last day has no day after it."""
    policy["trial.toml"] = policy["trial.toml"].replace(
        "effective = 2026-10-01", "effective = 2026-10-01\nended = 9999-12-31"
    )

    programme = load_rule_book(policy).programmes[0]

    assert max(programme.turning_days()) == NEXT
