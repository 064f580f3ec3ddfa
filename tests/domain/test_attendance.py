"""What a desk may write down, to the minute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.attendance import DeskRefusal, Presence, Session, refuse_appeal, refuse_came, refuse_missed, refuse_visit
from domain.dates import local_date, start_of

# Ten to eleven in the district, on a leap day.
START = datetime(2028, 2, 29, 2, tzinfo=UTC)
END = START + timedelta(hours=1)
BOOKED = Session(Presence.BOOKED, START, END, timedelta(minutes=15))
MINUTE = timedelta(minutes=1)


def test_who_came_is_written_down_from_the_morning_on_for_a_week() -> None:
    """Not on the evening before; up to the same minute of the week after, across the leap day."""
    midnight = datetime(2028, 2, 28, 16, tzinfo=UTC)

    assert refuse_came(BOOKED, midnight - MINUTE) is DeskRefusal.NOT_YET
    assert refuse_came(BOOKED, midnight) is None
    assert refuse_came(BOOKED, datetime(2028, 3, 7, 3, tzinfo=UTC)) is None
    assert refuse_came(BOOKED, datetime(2028, 3, 7, 3, 1, tzinfo=UTC)) is DeskRefusal.TOO_LATE


@pytest.mark.parametrize("presence", [each for each in Presence if each is not Presence.CANCELLED])
def test_a_miss_is_put_right(presence: Presence) -> None:
    """Whoever came came, whatever was written before; only what was cancelled has no session any more."""
    assert refuse_came(replace(BOOKED, presence=presence), END) is None
    assert refuse_came(replace(BOOKED, presence=Presence.CANCELLED), END) is DeskRefusal.CANCELLED


def test_nobody_has_missed_before_the_grace_is_over() -> None:
    """At a quarter past it may be written, a minute before not, and after a week no more."""
    assert refuse_missed(BOOKED, START + timedelta(minutes=14)) is DeskRefusal.WITHIN_GRACE
    assert refuse_missed(BOOKED, START + timedelta(minutes=15)) is None
    assert refuse_missed(BOOKED, END + timedelta(days=7)) is None
    assert refuse_missed(BOOKED, END + timedelta(days=7) + MINUTE) is DeskRefusal.TOO_LATE


@pytest.mark.parametrize(
    ("presence", "reason"),
    [
        (Presence.CANCELLED, DeskRefusal.CANCELLED),
        (Presence.ATTENDED, DeskRefusal.ATTENDED),
        (Presence.EXCUSED, DeskRefusal.ATTENDED),
        (Presence.REQUESTED, DeskRefusal.NOT_REQUESTED),
        (Presence.MISSED, None),
    ],
)
def test_a_miss_is_written_only_against_a_booking(presence: Presence, reason: DeskRefusal | None) -> None:
    """Never against a coming, an excuse, or what the provider had not confirmed; twice is no mistake."""
    assert refuse_missed(replace(BOOKED, presence=presence), END) is reason


def test_a_miss_can_be_appealed_against_for_thirty_days() -> None:
    """Through the whole of the last day; and only a miss can."""
    missed = replace(BOOKED, presence=Presence.MISSED)

    assert refuse_appeal(missed, datetime(2028, 3, 30, 15, 59, tzinfo=UTC)) is None
    assert refuse_appeal(missed, datetime(2028, 3, 30, 16, tzinfo=UTC)) is DeskRefusal.TOO_LATE
    assert refuse_appeal(BOOKED, END) is DeskRefusal.NOT_MISSED


def test_where_she_lives_is_told_on_the_eve_and_the_day() -> None:
    """From the midnight before the eve to the end of the day, of a session that is confirmed."""
    day = start_of(local_date(START))

    assert refuse_visit(BOOKED, day - timedelta(days=1)) is None
    assert refuse_visit(BOOKED, day + timedelta(days=1) - MINUTE) is None
    assert refuse_visit(BOOKED, day - timedelta(days=1) - MINUTE) is DeskRefusal.VISIT_TIME
    assert refuse_visit(BOOKED, day + timedelta(days=1)) is DeskRefusal.VISIT_TIME
    assert refuse_visit(replace(BOOKED, presence=Presence.REQUESTED), day) is DeskRefusal.UNCONFIRMED
    assert refuse_visit(replace(BOOKED, presence=Presence.CANCELLED), day) is DeskRefusal.CANCELLED
