"""Proves that the demo's slots follow their weekly pattern and the district's clock."""

from datetime import date, timedelta

from cli.demo.people import district
from cli.demo.timetable import WEEKS, slots
from domain.dates import local_date

PATTERN = {"weekdays": [2, 4], "times": ["09:00", "14:30"], "minutes": 90, "capacity": 4}


def test_slots_fall_on_the_patterns_days_and_times_of_the_district() -> None:
    """Each is on a Tuesday or Thursday at local time, as long and as large as the pattern says."""
    made = list(slots(PATTERN, date(2026, 11, 25)))

    assert {slot.starts_at.isoweekday() for slot in made} == {2, 4}
    assert {f"{slot.starts_at:%H:%M %z}" for slot in made} == {"09:00 +0800", "14:30 +0800"}
    assert {(slot.ends_at - slot.starts_at, slot.capacity) for slot in made} == {(timedelta(minutes=90), 4)}


def test_slots_cover_whole_weeks_from_the_next_day() -> None:
    """Nothing on the day itself, which may be over, and the last one within the weeks laid out."""
    on = date(2026, 11, 24)
    made = list(slots(PATTERN, on))

    assert local_date(made[0].starts_at) == date(2026, 11, 26)
    assert len(made) == WEEKS * 2 * 2
    assert local_date(made[-1].starts_at) <= on + timedelta(weeks=WEEKS)


def test_a_leap_day_has_slots() -> None:
    """29 February is a day like any other: here a Tuesday."""
    days = {local_date(slot.starts_at) for slot in slots(PATTERN, date(2028, 2, 20))}

    assert date(2028, 2, 29) in days


def test_every_service_of_the_district_offers_slots() -> None:
    """The district file names no pattern that never comes true."""
    services = [service for provider in district()["provider"] for service in provider["service"]]

    assert services
    assert all(list(slots(service, date(2026, 11, 25))) for service in services)
