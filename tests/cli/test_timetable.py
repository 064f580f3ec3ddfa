"""Proves that what the demo's providers offer is whole, open at the district's hours, and has a course to join."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from cli.demo.people import district
from cli.demo.timetable import COLUMNS, patterns, timetable_rows
from domain.dates import local_date
from domain.timetable import Span, Timetable, refuse_timetable
from models.service import ResourceKind, ServiceKind
from services.bootstrap import load_holidays

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)
SERVICE = {"weekdays": [2, 4], "hours": ["09:00-10:30", "14:30-16:00"], "minutes": 90, "capacity": 4}


def test_a_week_follows_the_districts_file() -> None:
    """Each pattern is on a Tuesday or Thursday at those hours, from the day of the load on."""
    made = list(patterns(SERVICE, date(2026, 11, 25)))

    assert {each.weekday for each in made} == {2, 4}
    assert {each.span for each in made} == {Span(540, 630), Span(870, 960)}
    assert {(each.capacity, each.valid_from, each.on_holidays) for each in made} == {(4, date(2026, 11, 25), False)}


def test_every_service_of_the_district_can_be_had() -> None:
    """Its kind is known, its week is one that the rules allow, and without a week it has a course."""
    services = [service for provider in district()["provider"] for service in provider["service"]]

    assert {service["kind"] for service in services} == set(ServiceKind)
    for service in services:
        week = list(patterns(service, date(2026, 11, 25)))
        assert week or service["course"]
        assert refuse_timetable(Timetable(service["minutes"], service.get("gap", 0), week)) is None


def test_rows_fit_their_columns_and_name_each_other() -> None:
    """Every row is as wide as its table, and every resource that a service uses is there."""
    rows = timetable_rows(AT, load_holidays())

    assert set(rows) == set(COLUMNS)
    assert all(len(row) == len(COLUMNS[table]) for table, each in rows.items() for row in each)
    assert {row[2] for row in rows["resource"]} == set(ResourceKind)
    assert {row[2] for row in rows["service_resource"]} <= {row[0] for row in rows["resource"]}


def test_the_course_meets_week_after_week() -> None:
    """Six Wednesday evenings, the first at least a fortnight after the load, whether or not holidays fall on them."""
    sessions = timetable_rows(AT, load_holidays())["slot"]

    starts = [session[3] for session in sessions]
    assert [after - before for before, after in pairwise(starts)] == [timedelta(weeks=1)] * 5
    assert starts[0].isoweekday() == 3
    assert local_date(starts[0]) >= local_date(AT) + timedelta(days=14)
