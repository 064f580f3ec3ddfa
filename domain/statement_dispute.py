"""Decides who may open, answer and settle a dispute on a line of a statement: it takes both sides."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_CHARACTERS: Final = 500


class Side(StrEnum):
    """On which side of a statement somebody stands."""

    OPERATOR = "operator"
    FEDERATION = "federation"


class StatementRefusal(StrEnum):
    """Why nothing was done about a statement. Another operator's and none at all are NOT_FOUND alike."""

    NOT_FOUND = "not_found"
    NOT_ALLOWED = "not_allowed"
    NOT_OVER = "not_over"
    NOT_NEXT = "not_next"
    WORDS = "words"
    NUMBER = "number"
    OPEN_ALREADY = "open_already"
    OWN_DISPUTE = "own_dispute"
    OTHERS_DISPUTE = "others_dispute"
    NOT_ANSWERED = "not_answered"
    SETTLED = "settled"


@dataclass(frozen=True)
class Dispute:
    """How a dispute stands: who opened it, the rides that the other side `offered`, and what both `agreed` on."""

    side: Side
    claimed: int
    offered: int | None
    agreed: int | None


def refuse_words(words: str, rides: int) -> StatementRefusal | None:
    """Why words and a number of rides are not taken; None: they are."""
    if not 1 <= len(words) <= MOST_CHARACTERS:
        return StatementRefusal.WORDS
    return StatementRefusal.NUMBER if rides < 0 else None


def refuse_answer(dispute: Dispute, side: Side) -> StatementRefusal | None:
    """Why a side may not answer; the other side may, and better its offer, until the dispute is settled."""
    if dispute.agreed is not None:
        return StatementRefusal.SETTLED
    return StatementRefusal.OWN_DISPUTE if side is dispute.side else None


def refuse_settling(dispute: Dispute, side: Side) -> StatementRefusal | None:
    """Why a side may not settle; whoever opened the dispute takes the other side's offer."""
    if dispute.agreed is not None:
        return StatementRefusal.SETTLED
    if side is not dispute.side:
        return StatementRefusal.OTHERS_DISPUTE
    return StatementRefusal.NOT_ANSWERED if dispute.offered is None else None
