"""Until when and in how many words a ride can be disputed."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.ride_dispute import MOST_CHARACTERS, TERM, RideRefusal, refuse_dispute

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "words", "refusal"),
    [
        (timedelta(0), "没有乘车", None),
        (TERM, "没有乘车", None),
        (TERM + timedelta(seconds=1), "没有乘车", RideRefusal.TOO_LATE),
        (timedelta(0), "", RideRefusal.WORDS),
        (timedelta(0), "字" * MOST_CHARACTERS, None),
        (timedelta(0), "字" * (MOST_CHARACTERS + 1), RideRefusal.WORDS),
    ],
)
def test_a_dispute_is_taken_in_time_and_in_some_words(age: timedelta, words: str, refusal: RideRefusal | None) -> None:
    """The last moment counts, the next does not; no words and too many are refused."""
    assert refuse_dispute(AT - age, words, AT) is refusal
