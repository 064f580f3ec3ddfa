"""Shows that slots are laid out ahead as often as one likes, and that a place somebody holds is never touched."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from domain.calendar import HolidayCalendar
from domain.timetable import Closure, ExtraOpening, Span, TimetableRefusal, WeeklyPattern
from models.record import new_id
from services.bookings import HeldBooking, book_slot, bookings_of
from services.resources import Resources
from services.timetables import LaidOut, lay_out_all
from services.weeks import add_exception, replace_week
from tests.services.register import Clock, Register, open_all

TODAY = date(2026, 3, 11)  # a Wednesday
SLOTS = """
SELECT to_char(starts_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD HH24:MI') AS start, capacity, taken, state
FROM slot WHERE service_id = $1 ORDER BY starts_at
"""


async def lay_out(resources: Resources, service_id: UUID) -> LaidOut:
    """One night's run, seen from one service."""
    results = await lay_out_all(resources.database, resources.holidays, resources.clock())
    return next(each for each in results if each.service_id == service_id)


async def slots(owner: asyncpg.Connection, service_id: UUID) -> list[tuple[object, ...]]:
    """Every slot of a service: start in the district, capacity, taken, state."""
    return [tuple(row) for row in await owner.fetch(SLOTS, service_id)]


async def book(resources: Resources, register: Register, owner: asyncpg.Connection, service_id: UUID) -> UUID:
    """Somebody takes a place in the first slot of a service; her id."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    slot_id = await owner.fetchval("SELECT id FROM slot WHERE service_id = $1 ORDER BY starts_at LIMIT 1", service_id)
    held = await book_slot(resources, viewer, await register.people(viewer), slot_id, None, str(new_id()))
    assert isinstance(held, HeldBooking)
    return holder.id


def week(weekday: int, start: str, end: str, capacity: int = 2) -> list[WeeklyPattern]:
    """One opening."""
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (start, end)]
    return [WeeklyPattern(weekday, Span(*minutes), capacity, TODAY)]


@pytest.fixture
async def service_id(register: Register) -> UUID:
    """A service of an hour, on Friday mornings, bookable a week ahead."""
    service_id = await register.service(minutes=60, horizon_days=7)
    await register.pattern(service_id, 5, "09:00-11:00")
    return service_id


async def test_slots_are_laid_out_once(
    resources: Resources, service_id: UUID, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Running it again, twice at once, adds nothing; a week later comes what came into view."""
    first = await lay_out(resources, service_id)
    await open_all(resources)
    again = await asyncio.gather(*(lay_out(resources, service_id) for _ in range(2)))
    clock.forward(days=7)
    later = await lay_out(resources, service_id)

    assert first == LaidOut(service_id, 2, 0, 0, date(2026, 3, 18), stopped=False)
    assert [each.added for each in again] == [0, 0]
    assert later.added == 2
    assert await slots(owner, service_id) == [
        (f"03-{day} {hour}", 2, 0, "open") for day in (13, 20) for hour in ("09:00", "10:00")
    ]


async def test_what_has_begun_today_is_not_offered(resources: Resources, register: Register) -> None:
    """At ten o'clock the session of ten has begun; the next one can still be had."""
    service_id = await register.service(minutes=60, horizon_days=0)
    await register.pattern(service_id, 3, "09:00-12:00")

    laid_out = await lay_out(resources, service_id)

    assert laid_out.added == 1


async def test_a_year_without_announced_holidays_stops_the_slots(
    resources: Resources, register: Register, service_id: UUID
) -> None:
    """The run says up to which day it could go, and goes on where holidays make no difference."""
    always = await register.service(minutes=60, horizon_days=7)
    await register.pattern(always, 5, "09:00-11:00", on_holidays=True)
    calendar = HolidayCalendar(frozenset({2026}), {})
    at = datetime(2026, 12, 28, tzinfo=UTC)

    results = {each.service_id: each for each in await lay_out_all(resources.database, calendar, at)}

    assert (results[service_id].until, results[service_id].stopped) == (date(2026, 12, 31), True)
    assert (results[always].until, results[always].stopped, results[always].added) == (date(2027, 1, 4), False, 2)


async def test_a_retired_service_offers_nothing_from_that_day(resources: Resources, register: Register) -> None:
    """Its last slots are on the day before."""
    service_id = await register.service(minutes=60, horizon_days=7, retired_on=date(2026, 3, 14))
    for weekday in (5, 6):
        await register.pattern(service_id, weekday, "09:00-10:00")

    laid_out = await lay_out(resources, service_id)

    assert (laid_out.added, laid_out.until) == (1, date(2026, 3, 13))


async def test_a_new_week_moves_free_slots_and_flags_held_ones(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Nobody's slot is withdrawn, somebody's stays with her in it, flagged, and the new hours are offered."""
    await lay_out(resources, service_id)
    holder_id = await book(resources, register, owner, service_id)
    viewer = await register.viewer()
    await register.desk(viewer.account_id, service_id)

    # As her request reaches the database: the wall shows her none of the people who booked.
    request = resources.reaching(viewer.account_id, TODAY)
    changed = await replace_week(request, viewer, service_id, week(5, "14:00", "15:00"), TODAY)

    assert changed == LaidOut(service_id, 1, 1, 1, date(2026, 3, 18), stopped=False)
    assert await slots(owner, service_id) == [
        ("03-13 09:00", 2, 1, "flagged"),
        ("03-13 10:00", 2, 0, "withdrawn"),
        ("03-13 14:00", 2, 0, "open"),
    ]
    (held,) = await bookings_of(resources, [holder_id])
    assert (held.state, held.flag, held.slot.free) == ("booked", "slot_changed", 0)
    logged = await owner.fetchrow("SELECT actor, action FROM audit WHERE subject = $1", str(service_id))
    assert tuple(logged) == (f"account:{viewer.account_id}", "replace_week")


async def test_a_week_that_comes_back_takes_its_slots_up_again(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """The same hours find the same slots, with more places than before, and the flag is gone."""
    await lay_out(resources, service_id)
    holder_id = await book(resources, register, owner, service_id)
    viewer = await register.viewer()
    await register.desk(viewer.account_id, service_id)
    await replace_week(resources, viewer, service_id, week(5, "14:00", "15:00"), TODAY)

    await replace_week(resources, viewer, service_id, week(5, "09:00", "11:00", capacity=3), TODAY)

    assert await slots(owner, service_id) == [
        ("03-13 09:00", 3, 1, "open"),
        ("03-13 10:00", 3, 0, "open"),
        ("03-13 14:00", 2, 0, "withdrawn"),
    ]
    (held,) = await bookings_of(resources, [holder_id])
    assert held.flag is None


async def test_fewer_places_than_people_are_flagged(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Both keep their places though the week has one left, and nobody else gets in."""
    await lay_out(resources, service_id)
    for _ in range(2):
        await book(resources, register, owner, service_id)
    viewer = await register.viewer()
    await register.desk(viewer.account_id, service_id)

    await replace_week(resources, viewer, service_id, week(5, "09:00", "11:00", capacity=1), TODAY)

    assert await slots(owner, service_id) == [("03-13 09:00", 2, 2, "flagged"), ("03-13 10:00", 1, 0, "open")]


async def test_days_differ_from_the_week(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """A closed hour is withdrawn and an extra one offered, on that day alone."""
    viewer = await register.viewer()
    await register.desk(viewer.account_id, service_id)
    friday = date(2026, 3, 13)

    await add_exception(resources, viewer, service_id, Closure(friday, Span(540, 560)), "消防演练")
    await add_exception(resources, viewer, service_id, ExtraOpening(friday, Span(900, 960), 5), "加开一次")

    assert await slots(owner, service_id) == [("03-13 10:00", 2, 0, "open"), ("03-13 15:00", 5, 0, "open")]


async def test_a_change_that_cannot_be_is_refused(
    resources: Resources, register: Register, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """The past, a week that overlaps itself, hours that are none and a closure without a reason change nothing."""
    viewer = await register.viewer()
    await register.desk(viewer.account_id, service_id)
    twice = [*week(5, "09:00", "11:00"), *week(5, "10:00", "12:00")]
    backwards, whole = Closure(TODAY, Span(600, 540)), Closure(TODAY, Span(0, 1440))

    refusals = [
        await replace_week(resources, viewer, service_id, week(5, "09:00", "11:00"), date(2026, 3, 10)),
        await replace_week(resources, viewer, service_id, twice, TODAY),
        await add_exception(resources, viewer, service_id, backwards, "维修"),
        await add_exception(resources, viewer, service_id, whole, " "),
    ]

    assert refusals == [
        TimetableRefusal.PAST,
        TimetableRefusal.OVERLAPS_ITSELF,
        TimetableRefusal.NOT_A_SPAN,
        TimetableRefusal.REASON,
    ]
    assert await slots(owner, service_id) == []


async def test_only_the_providers_own_staff_change_its_week(
    resources: Resources, register: Register, service_id: UUID
) -> None:
    """A stranger, a colleague who left, the staff of another provider and an unknown service are refused alike."""
    stranger, former, other = [await register.viewer() for _ in range(3)]
    await register.desk(former.account_id, service_id, left_on=TODAY)
    await register.desk(other.account_id, await register.service())
    hours = week(5, "14:00", "15:00")

    refusals = {
        await replace_week(resources, viewer, target, hours, TODAY)
        for viewer, target in ((stranger, service_id), (former, service_id), (other, service_id), (other, new_id()))
    }

    assert refusals == {TimetableRefusal.NOT_ALLOWED}
