"""Decides whether a resident may still dispute a ride or a refusal."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# As long as scans are answered from the tables; a dispute of older ones has no evidence at hand.
TERM: Final = timedelta(days=90)
MOST_CHARACTERS: Final = 500


class RideRefusal(StrEnum):
    """Why a dispute was not taken, or not answered. A stranger's ride and none at all are NOT_FOUND alike."""

    NOT_FOUND = "not_found"
    WORDS = "words"
    TOO_LATE = "too_late"
    NOT_ALLOWED = "not_allowed"
    ANSWERED = "answered"


def refuse_dispute(ridden_at: datetime, words: str, at: datetime) -> RideRefusal | None:
    """Why words about a scan of an instant are not taken; None: they are."""
    if not 1 <= len(words) <= MOST_CHARACTERS:
        return RideRefusal.WORDS
    return RideRefusal.TOO_LATE if at - ridden_at > TERM else None
