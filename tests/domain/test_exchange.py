"""Proves how a department's new statement meets what stands, day by day."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card_event import CardEvent
from domain.exchange import Conflict, Ended, Held, Outcome, RowResult, Tally, conflict_of, supersede
from domain.fact import Fact
from domain.intake import Statement
from domain.intake_fault import RowFault

FIRST = date(2026, 1, 1)
ROW = UUID(int=1)
RANKS = {"civil_affairs": -1, "police": 1, "tax": 7}


def day(number: int) -> date:
    """A day counted from the first of the year."""
    return FIRST + timedelta(days=number)


def fact(value: int, begins: int | None, ends: int | None, source: str = "civil_affairs") -> Fact:
    """A statement on an income between two days."""
    since = None if begins is None else day(begins)
    return Fact("own_income", Decimal(value), source, since, None if ends is None else day(ends), FIRST)


def new(value: int, begins: int, ends: int | None) -> Statement:
    """The department's new statement."""
    return Statement("own_income", Decimal(value), day(begins), None if ends is None else day(ends))


@pytest.mark.parametrize(
    ("stands", "states", "ended"),
    [
        (fact(1, 0, None), new(2, 10, None), (Ended(ROW, day(9)),)),
        (fact(1, None, None), new(2, 10, None), (Ended(ROW, day(9)),)),
        (fact(1, 10, 20), new(2, 10, None), (Ended(ROW, day(9)),)),
        (fact(1, 15, 20), new(2, 10, None), (Ended(ROW, day(14)),)),
        (fact(1, 0, 9), new(2, 10, None), ()),
        (fact(1, 21, None), new(2, 10, 20), ()),
        (fact(1, 5, 4), new(2, 0, None), ()),
        (fact(1, 0, None), new(1, 10, None), None),
        (fact(1, None, None), new(1, 10, None), None),
        (fact(1, 0, None), new(1, 10, 20), (Ended(ROW, day(9)),)),
        (fact(1, 15, None), new(1, 10, None), (Ended(ROW, day(14)),)),
    ],
)
def test_a_new_statement_ends_what_it_overlaps(
    stands: Fact, states: Statement, ended: tuple[Ended, ...] | None
) -> None:
    """What began before ends the day before, what begins later before it begins; the same again changes nothing."""
    assert supersede(states, [Held(ROW, stands)]) == ended


def test_saying_the_same_beside_a_contradiction_settles_it() -> None:
    """Where two statements overlap already, the new one ends both."""
    both = [Held(UUID(int=1), fact(1, 0, None)), Held(UUID(int=2), fact(2, 5, None))]

    assert supersede(new(1, 10, None), both) == (Ended(UUID(int=1), day(9)), Ended(UUID(int=2), day(9)))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.none() | st.integers(0, 30)), max_size=6),
)
def test_one_department_never_contradicts_itself(files: list[tuple[int, int, int | None]]) -> None:
    """Whatever it sends, each day has one statement at most, and the newest file's days have its own."""
    stands: dict[UUID, Fact] = {}
    for number, (value, begins, length) in enumerate(files):
        states = new(value, begins, None if length is None else begins + length)
        ended = supersede(states, [Held(key, each) for key, each in stands.items()])
        for each in ended or ():
            was = stands[each.id]
            stands[each.id] = Fact(was.name, was.value, was.source, was.valid_from, each.valid_until, was.recorded_on)
        if ended is not None:
            stands[UUID(int=number)] = fact(value, begins, None if length is None else begins + length)
        for on in map(day, range(70)):
            holding = [each for each in stands.values() if each.holds(on)]
            assert len(holding) <= 1
            if states.valid_from <= on and (states.valid_until is None or on <= states.valid_until):
                assert [each.value for each in holding] == [states.value]


@pytest.mark.parametrize(
    ("others", "conflict"),
    [
        ([], None),
        ([fact(1, 0, None)], None),
        ([fact(2, 0, 4)], None),
        ([fact(2, 0, None)], Conflict("收入", "civil_affairs", "civil_affairs")),
        ([fact(2, 0, None, "tax")], Conflict("收入", "tax", "police")),
        ([fact(2, 0, None, "tax"), fact(3, 0, None)], Conflict("收入", "civil_affairs", "civil_affairs")),
    ],
)
def test_another_department_that_states_otherwise_is_named(others: list[Fact], conflict: Conflict | None) -> None:
    """The best believed of those who differ on the day is told, with whoever counts."""
    assert conflict_of(new(1, 0, None), "收入", "police", others, RANKS, day(10)) == conflict


def test_the_past_is_in_no_conflict() -> None:
    """A statement about days gone by contradicts nothing today, and one about days to come is judged on its first."""
    others = [fact(2, 0, None)]

    assert conflict_of(new(1, 0, 5), "收入", "police", others, RANKS, day(10)) is None
    assert conflict_of(new(1, 20, None), "收入", "police", [fact(2, 0, 19)], RANKS, day(10)) is None


def test_outcomes_are_counted() -> None:
    """Rows by result, conflicts by row, events by kind."""
    outcomes = [
        Outcome(2, RowResult.CHANGED, ("收入",), (Conflict("收入", "tax", "tax"), Conflict("收入", "tax", "tax"))),
        Outcome(3, RowResult.UNCHANGED),
        Outcome(4, RowResult.REFUSED, fault=RowFault.TWICE),
        Outcome(5, RowResult.CHANGED, events=(CardEvent.MOVE_OUT, CardEvent.SUSPEND)),
    ]

    assert Tally.of(outcomes) == Tally(4, 2, 1, 1, 1, {CardEvent.MOVE_OUT: 1, CardEvent.SUSPEND: 1})
