"""A guardian acts within her acts and her period, and a minor's guardian until the ward comes of age."""

from datetime import date, timedelta

import pytest

from domain.access import Act
from domain.guardianship import Ground, Guardianship, ObjectionOutcome, acts_after, is_adult, read_acts, write_acts

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BORN = date(2008, 5, 1)
DAY = timedelta(days=1)


def minor(valid_until: date | None = None) -> Guardianship:
    """The guardianship of a minor, with every act."""
    return Guardianship(frozenset(Act), Ground.MINOR, FIRST, valid_until)


@pytest.mark.parametrize("act", Act)
def test_an_act_is_allowed_where_it_is_listed(act: Act) -> None:
    """Each by itself allows itself and no other."""
    held = Guardianship(frozenset({act}), Ground.ADULT, FIRST)

    assert {each for each in Act if held.allows(each, BORN, FIRST)} == {act}


@pytest.mark.parametrize(
    ("on", "allowed"),
    [(FIRST - DAY, False), (FIRST, True), (LAST, True), (LAST + DAY, False)],
)
def test_both_ends_of_the_period_count(on: date, *, allowed: bool) -> None:
    """Day before, first day, last day, day after."""
    held = Guardianship(frozenset(Act), Ground.ADULT, FIRST, LAST)

    assert held.allows(Act.BOOK, BORN, on) is allowed


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        (BORN, date(2026, 5, 1)),
        # 18 years later is never a leap year: complete on 28 February.
        (date(2008, 2, 29), date(2026, 2, 28)),
        (date(2008, 3, 1), date(2026, 3, 1)),
    ],
)
def test_a_minors_guardian_acts_to_the_day_before_the_birthday(born: date, of_age: date) -> None:
    """The last day is the day before the eighteenth birthday, also for who was born on 29 February."""
    held = minor()

    assert held.last_day(born) == of_age - DAY
    assert [held.is_in_force(born, of_age + n * DAY) for n in (-1, 0, 1)] == [True, False, False]
    assert [is_adult(born, of_age + n * DAY) for n in (-1, 0, 1)] == [False, True, True]


def test_a_recorded_reason_outlives_the_birthday() -> None:
    """Where the ground is an adult's, coming of age changes nothing."""
    held = Guardianship(frozenset(Act), Ground.ADULT, FIRST)

    assert held.last_day(BORN) is None
    assert held.is_in_force(BORN, date(2060, 1, 1))
    assert not held.ends_soon(BORN, date(2060, 1, 1))


@pytest.mark.parametrize(
    ("valid_until", "last"), [(date(2026, 3, 1), date(2026, 3, 1)), (LAST, BORN.replace(year=2026) - DAY)]
)
def test_the_earlier_end_counts(valid_until: date, last: date) -> None:
    """A period that ends before the birthday ends it, one that goes on does not prolong it."""
    assert minor(valid_until).last_day(BORN) == last


@pytest.mark.parametrize(("days", "soon"), [(91, False), (90, True), (0, True)])
def test_an_end_is_told_ninety_days_ahead(days: int, *, soon: bool) -> None:
    """Not a day earlier, and still on the last."""
    last = date(2026, 4, 30)

    assert minor().ends_soon(BORN, last - days * DAY) is soon


def test_acts_are_written_in_one_order() -> None:
    """What the column holds is read back, and none is none."""
    acts = frozenset({Act.APPLY, Act.VIEW})

    assert write_acts(acts) == "view,apply"
    assert read_acts("view,apply") == acts
    assert read_acts("") == frozenset()


VIEW, BOTH = frozenset({Act.VIEW}), frozenset({Act.VIEW, Act.BOOK})


@pytest.mark.parametrize(
    ("outcome", "named", "after"),
    [
        (ObjectionOutcome.KEEP, frozenset(), BOTH),
        (ObjectionOutcome.KEEP, VIEW, None),
        (ObjectionOutcome.NARROW, VIEW, VIEW),
        (ObjectionOutcome.NARROW, frozenset(), None),
        (ObjectionOutcome.NARROW, BOTH, None),
        (ObjectionOutcome.NARROW, frozenset({Act.APPLY}), None),
        (ObjectionOutcome.END, frozenset(), frozenset()),
        (ObjectionOutcome.END, VIEW, None),
    ],
)
def test_a_decision_keeps_narrows_or_ends(
    outcome: ObjectionOutcome, named: frozenset[Act], after: frozenset[Act] | None
) -> None:
    """Narrowing leaves some acts and fewer than before; nothing else names any."""
    assert acts_after(BOTH, outcome, named) == after
