"""Shows which sessions a week comes to: within its hours, never overlapping, on the days that are open."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import load_calendar
from domain.dates import DISTRICT_ZONE, local_date
from domain.timetable import (
    Closure,
    ExtraOpening,
    Session,
    Span,
    Timetable,
    TimetableRefusal,
    WeeklyPattern,
    refuse_timetable,
    sessions,
)

CALENDAR = load_calendar("")
MORNING = Span(8 * 60 + 30, 11 * 60 + 30)
SATURDAY = WeeklyPattern(6, MORNING, 4, date(2020, 1, 1))
WEEK = [replace(SATURDAY, weekday=weekday) for weekday in range(1, 6)]

spans = st.tuples(st.integers(0, 1320), st.integers(60, 600)).map(lambda each: Span(each[0], min(sum(each), 1440)))
days = st.dates(date(2023, 12, 1), date(2026, 12, 31))
patterns = st.builds(
    WeeklyPattern,
    st.integers(1, 7),
    spans,
    st.integers(1, 9),
    days,
    st.none() | days,
    st.booleans(),
    st.booleans(),
)


def possible(timetable: Timetable) -> Timetable:
    """The same timetable with as many of its patterns as can stand beside each other."""
    kept: list[WeeklyPattern] = []
    for pattern in timetable.patterns:
        if refuse_timetable(replace(timetable, patterns=[*kept, pattern])) is None:
            kept.append(pattern)
    return replace(timetable, patterns=kept)


timetables = st.builds(
    Timetable,
    st.integers(10, 60),
    st.integers(0, 60),
    st.lists(patterns, min_size=1, max_size=6),
    st.lists(st.builds(Closure, days, spans), max_size=4),
    st.lists(st.builds(ExtraOpening, days, spans, st.integers(1, 5)), max_size=3),
).map(possible)


def local(session: Session) -> str:
    """When a session begins in the district."""
    return f"{session.starts_at.astimezone(DISTRICT_ZONE):%m-%d %H:%M}"


def test_a_morning_is_cut_into_sessions() -> None:
    """Sessions of an hour with a quarter between them begin at half past eight and at a quarter to ten, in UTC."""
    timetable = Timetable(60, 15, [SATURDAY])

    cut = sessions(timetable, CALENDAR, date(2026, 3, 14), date(2026, 3, 15))

    assert cut.until == date(2026, 3, 15)
    assert cut.sessions == (
        Session(datetime(2026, 3, 14, 0, 30, tzinfo=UTC), datetime(2026, 3, 14, 1, 30, tzinfo=UTC), 4),
        Session(datetime(2026, 3, 14, 1, 45, tzinfo=UTC), datetime(2026, 3, 14, 2, 45, tzinfo=UTC), 4),
    )


@given(timetable=timetables, first=days, length=st.integers(0, 60))
def test_sessions_never_overlap_and_keep_their_hours(timetable: Timetable, first: date, length: int) -> None:
    """Whatever the week: in order, apart by the gap, inside an opening of their day, and within the days asked for."""
    cut = sessions(timetable, CALENDAR, first, first + timedelta(days=length))

    gap = timedelta(minutes=timetable.gap)
    assert all(one.ends_at + gap <= two.starts_at for one, two in pairwise(cut.sessions))
    for session in cut.sessions:
        day = local_date(session.starts_at)
        start = session.starts_at.astimezone(DISTRICT_ZONE)
        span = Span(start.hour * 60 + start.minute, start.hour * 60 + start.minute + timetable.minutes)
        assert first <= day <= cut.until
        assert session.ends_at - session.starts_at == timedelta(minutes=timetable.minutes)
        openings = [each.span for each in timetable.patterns if each.is_valid(day)]
        openings += [each.span for each in timetable.extras if each.day == day]
        assert any(each.start <= span.start and span.end <= each.end for each in openings)


@given(timetable=timetables, first=days)
def test_a_span_is_the_sum_of_its_days(timetable: Timetable, first: date) -> None:
    """Generating day by day and all at once give the same sessions: a job may run at any hour of any day."""
    span = [first + timedelta(days=number) for number in range(10)]

    whole = sessions(timetable, CALENDAR, span[0], span[-1])

    assert whole.sessions == tuple(
        session for day in span for session in sessions(timetable, CALENDAR, day, day).sessions
    )


def test_leap_day_and_the_turn_of_a_year_are_days_like_others() -> None:
    """The 29th of February and the night of New Year's Eve, to midnight, have their sessions."""
    thursday = replace(SATURDAY, weekday=4, span=Span(22 * 60, 24 * 60))
    wednesday = replace(thursday, weekday=3, valid_until=date(2025, 12, 31))

    leap = sessions(Timetable(60, 0, [thursday]), CALENDAR, date(2024, 2, 28), date(2024, 3, 1))
    turn = sessions(Timetable(60, 0, [wednesday]), CALENDAR, date(2025, 12, 31), date(2026, 1, 7))

    assert [local(each) for each in leap.sessions] == ["02-29 22:00", "02-29 23:00"]
    assert [local(each) for each in turn.sessions] == ["12-31 22:00", "12-31 23:00"]
    assert turn.sessions[-1].ends_at == datetime(2025, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekdays", "changes", "open_days"),
    [
        ((3, 4, 5), {}, [30, 8, 9]),
        ((3, 4, 5), {"on_holidays": True}, [30, 1, 2, 7, 8, 9]),
        ((6,), {}, [10]),
        ((5,), {"on_makeup_days": True}, [9, 10]),
        ((5, 6), {"on_makeup_days": True}, [9, 10]),
    ],
)
def test_holidays_close_and_makeup_days_open(
    weekdays: tuple[int, ...], changes: dict[str, bool], open_days: list[int]
) -> None:
    """Around National Day 2026: who closes, who does not, and who works on the Saturday that makes up for it."""
    week = [replace(SATURDAY, weekday=weekday) for weekday in weekdays]
    week[0] = replace(week[0], **changes)  # type: ignore[arg-type] # the flags of a pattern
    week[1:] = [replace(each, on_holidays=week[0].on_holidays) for each in week[1:]]

    cut = sessions(Timetable(180, 0, week), CALENDAR, date(2026, 9, 30), date(2026, 10, 10))

    assert [each.starts_at.astimezone(DISTRICT_ZONE).day for each in cut.sessions] == open_days


def test_the_list_ends_with_the_last_announced_year() -> None:
    """Of a year that nobody has announced there are no sessions, unless holidays make no difference to the service."""
    last = max(CALENDAR.years)
    span = (date(last, 12, 20), date(last + 1, 1, 20))
    always = replace(SATURDAY, on_holidays=True)

    stopped = sessions(Timetable(60, 0, WEEK), CALENDAR, *span)
    whole = sessions(Timetable(60, 0, [always]), CALENDAR, *span)

    assert stopped.until == date(last, 12, 31)
    assert whole.until == date(last + 1, 1, 20)
    assert local_date(whole.sessions[-1].starts_at).year == last + 1


def test_a_day_differs_from_its_week() -> None:
    """A closure removes what it touches, and an extra opening adds what the week and other extras leave free."""
    day = date(2026, 3, 14)
    closures = [Closure(day, Span(600, 610)), Closure(date(2026, 3, 21), Span(0, 1440))]
    extras = [ExtraOpening(date(2026, 3, 15), MORNING, 2), ExtraOpening(day, Span(9 * 60, 16 * 60), 1)]

    cut = sessions(Timetable(60, 0, [SATURDAY], closures, extras), CALENDAR, day, date(2026, 3, 21))

    assert [(local(each)[6:], each.capacity) for each in cut.sessions if local_date(each.starts_at) == day] == [
        *(("08:30", 4), ("10:30", 4), ("12:00", 1), ("13:00", 1), ("14:00", 1), ("15:00", 1)),
    ]
    assert [local(each) for each in cut.sessions if each.capacity == 2] == ["03-15 08:30", "03-15 09:30", "03-15 10:30"]
    assert not [each for each in cut.sessions if local_date(each.starts_at) == date(2026, 3, 21)]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"span": Span(600, 600)}, TimetableRefusal.NOT_A_SPAN),
        ({"span": Span(1380, 60)}, TimetableRefusal.NOT_A_SPAN),
        ({"span": Span(-1, 600)}, TimetableRefusal.NOT_A_SPAN),
        ({"span": Span(1380, 1441)}, TimetableRefusal.NOT_A_SPAN),
        ({"weekday": 0}, TimetableRefusal.NOT_A_WEEKDAY),
        ({"weekday": 8}, TimetableRefusal.NOT_A_WEEKDAY),
        ({"capacity": 0}, TimetableRefusal.PLACES),
        ({"capacity": 1_001}, TimetableRefusal.PLACES),
        ({"span": Span(690, 749)}, TimetableRefusal.TOO_SHORT),
        ({"span": Span(600, 720)}, TimetableRefusal.OVERLAPS_ITSELF),
        ({"span": Span(699, 800)}, TimetableRefusal.OVERLAPS_ITSELF),
        ({"span": Span(700, 800)}, None),
        ({"span": Span(600, 720), "weekday": 7}, None),
        ({"span": Span(600, 720), "valid_until": date(2019, 12, 31), "valid_from": date(2019, 1, 1)}, None),
        ({"span": Span(600, 720), "valid_from": date(2027, 1, 1)}, TimetableRefusal.OVERLAPS_ITSELF),
        ({"span": Span(600, 720), "valid_until": date(2019, 12, 31)}, None),
    ],
)
def test_a_week_that_cannot_be_is_refused(changes: dict[str, object], refusal: TimetableRefusal | None) -> None:
    """A span that is none, a session that does not fit, and two openings that meet are each named."""
    other = replace(SATURDAY, **changes) if changes else replace(SATURDAY, weekday=7)  # type: ignore[arg-type]

    assert refuse_timetable(Timetable(60, 10, [SATURDAY, other])) is refusal


def test_openings_for_the_same_makeup_days_must_not_meet() -> None:
    """Two weekdays that both open on make-up days would overlap there."""
    week = [replace(SATURDAY, weekday=weekday, on_makeup_days=True) for weekday in (4, 5)]

    assert refuse_timetable(Timetable(60, 0, week)) is TimetableRefusal.OVERLAPS_ITSELF


def test_a_week_has_a_bounded_number_of_openings() -> None:
    """A hundred are judged, one more is refused before any is compared with the others."""
    week = [
        replace(SATURDAY, span=Span(minute, minute + 10), weekday=day) for day in (1, 2) for minute in range(0, 510, 10)
    ]

    assert refuse_timetable(Timetable(10, 0, week[:100])) is None
    assert refuse_timetable(Timetable(10, 0, week[:101])) is TimetableRefusal.TOO_MANY
