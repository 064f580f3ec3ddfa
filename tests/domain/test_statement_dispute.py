"""A dispute on a line takes both sides: one opens, the other offers, the first takes it."""

import pytest

from domain.statement_dispute import (
    MOST_CHARACTERS,
    Dispute,
    Side,
    StatementRefusal,
    refuse_answer,
    refuse_settling,
    refuse_words,
)

OPERATOR, FEDERATION = Side.OPERATOR, Side.FEDERATION
OPENED = Dispute(OPERATOR, claimed=12, offered=None, agreed=None)
ANSWERED = Dispute(OPERATOR, claimed=12, offered=11, agreed=None)
SETTLED = Dispute(OPERATOR, claimed=12, offered=11, agreed=11)


@pytest.mark.parametrize(
    ("dispute", "side", "refusal"),
    [
        (OPENED, FEDERATION, None),
        (ANSWERED, FEDERATION, None),
        (OPENED, OPERATOR, StatementRefusal.OWN_DISPUTE),
        (SETTLED, FEDERATION, StatementRefusal.SETTLED),
    ],
)
def test_the_other_side_answers(dispute: Dispute, side: Side, refusal: StatementRefusal | None) -> None:
    """Also again, to better its offer, until the dispute is settled."""
    assert refuse_answer(dispute, side) is refusal


@pytest.mark.parametrize(
    ("dispute", "side", "refusal"),
    [
        (ANSWERED, OPERATOR, None),
        (OPENED, OPERATOR, StatementRefusal.NOT_ANSWERED),
        (ANSWERED, FEDERATION, StatementRefusal.OTHERS_DISPUTE),
        (SETTLED, OPERATOR, StatementRefusal.SETTLED),
    ],
)
def test_whoever_opened_takes_the_offer(dispute: Dispute, side: Side, refusal: StatementRefusal | None) -> None:
    """Nobody settles alone: there must be an offer of the other side."""
    assert refuse_settling(dispute, side) is refusal


@pytest.mark.parametrize(
    ("words", "rides", "refusal"),
    [
        ("少算了一班车", 0, None),
        ("", 1, StatementRefusal.WORDS),
        ("字" * (MOST_CHARACTERS + 1), 1, StatementRefusal.WORDS),
        ("少算了一班车", -1, StatementRefusal.NUMBER),
    ],
)
def test_a_side_says_how_many_and_why(words: str, rides: int, refusal: StatementRefusal | None) -> None:
    """Neither without words nor with a number that is none."""
    assert refuse_words(words, rides) is refusal
