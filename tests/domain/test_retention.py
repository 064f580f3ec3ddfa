"""Shows that periods change on their day, and that a mistake in the file is named with its remedy."""

from datetime import date
from pathlib import Path

import pytest

from domain.policy_file import PolicyInvalid
from domain.retention import FILE, Kept, parse_retention

SHIPPED = (Path(__file__).parents[2] / "policy" / FILE).read_text(encoding="utf-8")
LATER = """
[[keep]]
what = "session"
effective = 2027-01-01
days = 14
reason = "Shorter."
citation = "A later rule"
"""


def test_a_period_is_in_force_from_its_day() -> None:
    """The day before the first nothing is erased; each later one replaces the one before, in whatever order written."""
    retention = parse_retention(LATER + SHIPPED)

    days = [
        period and period.days
        for period in (
            retention.period(Kept.SESSION, on)
            for on in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1))
        )
    ]

    assert days == [None, 30, 30, 14]


def test_what_is_shipped_keeps_passes_longer_than_their_scans() -> None:
    """A scan is judged by the line of its pass, which must not be gone before it."""
    retention = parse_retention(SHIPPED)
    scan, credential = [retention.period(what, date(2026, 11, 25)) for what in (Kept.SCAN, Kept.CREDENTIAL)]

    assert scan is not None
    assert credential is not None
    assert credential.days >= scan.days + 8


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ('what = "session"', 'what = "sessions"', "keep[1].what", "'sessions' is nothing that is kept"),
        ('what = "session"', "", "keep[1].what", "missing"),
        ("days = 30", "days = 0", "keep[1].days", "0 found"),
        ("days = 30", "days = 36526", "keep[1].days", "36526 found"),
        ("days = 30", "days = 1.5", "keep[1].days", "1.5 found"),
        ("days = 30", "days = true", "keep[1].days", "bool found"),
        ("days = 30", 'days = "30"', "keep[1].days", "str found"),
        ("days = 30", "day = 30", "keep[1].day", "unknown key"),
        ("effective = 2026-01-01", "effective = 2026-01-01T00:00:00", "keep[1].effective", "date with a time found"),
        ("effective = 2026-01-01", "", "keep[1].effective", "missing"),
        ('what = "attempt"', 'what = "session"', "keep[2].effective", "a second period of session from the same day"),
        ('what = "scan"', 'what = "session"\nx = 1', "keep[5].x", "unknown key"),
        ("[[keep]]", "[[other]]\n[[keep]]", "other", "unknown key"),
        ("[[keep]]", "[[keep", "(file)", "not TOML"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, key: str, problem: str) -> None:
    """File, key, problem and remedy, for each mistake that an editor could make."""
    with pytest.raises(PolicyInvalid) as refused:
        parse_retention(SHIPPED.replace(old, new, 1))

    assert (refused.value.place.file, refused.value.key) == (FILE, key)
    assert refused.value.problem.startswith(problem)
    assert refused.value.remedy


def test_nothing_may_be_forgotten() -> None:
    """Each kind needs a period: what no entry names would be kept for ever without anybody having said so."""
    without = SHIPPED[: SHIPPED.rindex("[[keep]]")]

    with pytest.raises(PolicyInvalid, match="nothing says how long a deceased_resident is kept"):
        parse_retention(without)
