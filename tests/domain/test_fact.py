"""Of several statements about one fact, the right one counts, and the others are not hidden."""

from datetime import date, timedelta

import pytest

from domain.fact import Fact, Facts, FactValue, Reading

DAY = date(2026, 6, 1)
RANKS = {"police": 0, "federation": 1}


def stated(value: FactValue, source: str = "police", recorded: date = DAY, **period: date) -> Fact:
    """A statement about one fact."""
    return Fact("helped", value, source, period.get("first"), period.get("last"), recorded)


def read(*statements: Fact) -> Reading | None:
    """What is known of the fact."""
    return Facts.of(statements).read("helped", DAY, RANKS)


def test_nobody_states_anything() -> None:
    """A fact without statements is unknown."""
    assert read() is None


@pytest.mark.parametrize(
    ("on", "holds"),
    [
        (DAY - timedelta(days=1), False),
        (DAY, True),
        (DAY + timedelta(days=1), True),
        (DAY + timedelta(days=2), False),
    ],
)
def test_a_statement_holds_in_its_period(on: date, holds: bool) -> None:  # noqa: FBT001 - the expected answer itself
    """Day before, first day, last day, day after."""
    facts = Facts.of([stated(value=True, first=DAY, last=DAY + timedelta(days=1))])

    assert (facts.read("helped", on, RANKS) is not None) is holds


def test_the_more_trusted_source_counts_and_the_other_is_shown() -> None:
    """Who is believed less is shown as contradicting, however late she speaks."""
    trusted, other = stated(value=True), stated(value=False, source="federation", recorded=DAY + timedelta(days=9))

    assert read(other, trusted) == Reading(trusted, (other,))


def test_an_agreeing_source_contradicts_nothing() -> None:
    """Two sources that say the same are no conflict."""
    trusted, other = stated(value=True), stated(value=True, source="federation")

    assert read(trusted, other) == Reading(trusted)


def test_a_later_record_of_one_source_replaces_the_earlier() -> None:
    """A source corrects itself without contradicting itself."""
    earlier, later = stated(value=True), stated(value=False, recorded=DAY + timedelta(days=1))

    assert read(earlier, later) == Reading(later)


def test_a_source_at_odds_with_itself_is_not_believed() -> None:
    """Two answers of one source from one day leave the fact unknown, with both shown, and another source too."""
    yes, no, other = stated(value=True), stated(value=False), stated(value=True, source="federation")

    assert read(yes, other, no) == Reading(None, (yes, no, other))


def test_turning_days_are_first_days() -> None:
    """A period turns on its first day and on the day after its last; an open end and the last of days never turn."""
    facts = Facts.of(
        [
            stated(value=True, first=DAY, last=DAY + timedelta(days=1)),
            stated(value=True),
            Fact("other", value=True, source="police", valid_from=DAY, valid_until=date.max, recorded_on=DAY),
        ]
    )

    assert sorted(facts.turning_days()) == [DAY, DAY, DAY + timedelta(days=2)]
    assert sorted(facts.turning_days("helped")) == [DAY, DAY + timedelta(days=2)]
    assert list(facts.turning_days("unheard of")) == []
