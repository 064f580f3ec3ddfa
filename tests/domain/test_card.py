"""A card carries rights while it is issued, active and not past its last day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card import (
    CardOnRecord,
    CardState,
    birth_fact,
    card_facts,
    every_register_fact,
    is_usable,
    state_on,
)
from domain.fact import Facts

ISSUED, LAST = date(2020, 1, 1), date(2029, 12, 31)
CARD = CardOnRecord(CardState.ACTIVE, 7, (1, 5), 2, ISSUED, LAST)
RANKS = {"federation": 0}


@pytest.mark.parametrize(
    ("on", "usable", "state"),
    [
        (ISSUED - timedelta(days=1), False, CardState.ACTIVE),
        (ISSUED, True, CardState.ACTIVE),
        (LAST, True, CardState.ACTIVE),
        (LAST + timedelta(days=1), False, CardState.EXPIRED),
    ],
)
def test_an_active_card_expires_by_itself(on: date, usable: bool, state: CardState) -> None:  # noqa: FBT001 - the answer
    """Day before, first day, last day, day after."""
    assert is_usable(CARD, on) is usable
    assert state_on(CARD, on) is state


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.ACTIVE])
def test_no_other_state_is_usable(state: CardState) -> None:
    """A card in any other state carries no right, and stays what it is after its last day."""
    card = replace(CARD, state=state)

    assert not is_usable(card, ISSUED)
    assert state_on(card, LAST + timedelta(days=1)) is state


@given(st.sampled_from(CardState), st.dates(ISSUED, date(2035, 1, 1)))
def test_facts_say_what_the_card_says(state: CardState, on: date) -> None:
    """On every day since its issue the facts give the card's own state, category and grade."""
    card = replace(CARD, state=state)
    facts = Facts.of(card_facts(card))

    values = {}
    for name in ("card_state", "card_category", "card_categories", "card_grade"):
        reading = facts.read(name, on, RANKS)
        assert reading is not None
        assert reading.fact is not None
        values[name] = reading.fact.value

    assert values == {
        "card_state": state_on(card, on),
        "card_category": 7,
        "card_categories": (1, 5),
        "card_grade": 2,
    }


def test_nothing_is_known_before_the_issue() -> None:
    """A card states nothing about days before it was issued."""
    facts = Facts.of(card_facts(CARD))

    assert facts.read("card_state", ISSUED - timedelta(days=1), RANKS) is None


def test_a_card_without_end_never_expires() -> None:
    """The calendar's last day, by which databases mean "for ever", has no day after it."""
    facts = Facts.of(card_facts(replace(CARD, valid_until=date.max)))

    reading = facts.read("card_state", date.max, RANKS)
    assert reading is not None
    assert reading.fact is not None
    assert reading.fact.value == CardState.ACTIVE


def test_every_register_fact_covers_the_register() -> None:
    """Each category, grade and state occurs, so that a policy that lacks a word for one is refused at the start."""
    stated = {(fact.name, fact.value) for fact in every_register_fact()}

    assert {value for name, value in stated if name == "card_state"} == set(CardState)
    assert {value for name, value in stated if name == "card_category"} == set(range(1, 8))
    assert {value for name, value in stated if name == "card_grade"} == set(range(1, 5))
    assert ("card_categories", (1, 2, 3, 4, 5, 6)) in stated
    assert birth_fact(date(2020, 1, 1)).name in {name for name, _ in stated}
