"""Lays out what the demo district's providers offer: sites, people and rooms, prices, weeks and courses."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from cli.demo.people import district
from domain.calendar import HolidayCalendar
from domain.dates import local_date
from domain.timetable import Span, Timetable, WeeklyPattern, sessions
from models.record import new_id
from services.catalogue import Accessibility

Rows = dict[str, list[tuple[Any, ...]]]

COLUMNS: Final = {
    "provider": ("id", "name", "address"),
    "site": ("id", "provider_id", "name", "address", "town", *(feature.value for feature in Accessibility)),
    "resource": ("id", "provider_id", "kind", "name"),
    "service": (
        *("id", "provider_id", "site_id", "kind", "name", "programme", "minutes", "buffer_after_minutes"),
        *("lead_minutes", "cancel_minutes", "needs_confirmation", "documents"),
    ),
    "service_price": ("id", "service_id", "valid_from", "price"),
    "service_resource": ("id", "service_id", "resource_id", "on_request"),
    "weekly_pattern": (
        *("id", "service_id", "weekday", "from_minute", "until_minute", "capacity", "valid_from"),
        *("on_holidays", "on_makeup_days"),
    ),
    "course": ("id", "service_id", "name", "capacity"),
    "slot": ("id", "service_id", "course_id", "starts_at", "ends_at", "capacity", "taken"),
}
# A course begins when people have had time to hear of it.
_DAYS_BEFORE_COURSE = 14


def timetable_rows(at: datetime, holidays: HolidayCalendar) -> Rows:
    """The rows of `COLUMNS` for a district that opens at an instant; slots of its weeks are laid out from them."""
    rows: Rows = defaultdict(list)
    resource_ids: dict[str, UUID] = {}
    providers = [(new_id(), provider) for provider in district()["provider"]]
    for provider_id, provider in providers:
        rows["provider"].append((provider_id, provider["name"], provider["address"]))
        for resource in provider.get("resource", ()):
            resource_ids[resource["name"]] = new_id()
            identity = (resource_ids[resource["name"]], provider_id)
            rows["resource"].append((*identity, resource["kind"], resource["name"]))
    for provider_id, provider in providers:
        site_id = new_id()
        features = [feature in provider["accessibility"] for feature in Accessibility]
        rows["site"].append((site_id, provider_id, provider["name"], provider["address"], provider["town"], *features))
        for service in provider["service"]:
            _add_service(rows, service, provider_id, None if service.get("at_home") else site_id, resource_ids)
            _add_week(rows, service, local_date(at))
            _add_courses(rows, service, at, holidays)
    return rows


def _add_service(
    rows: Rows, service: dict[str, Any], provider_id: UUID, site_id: UUID | None, resource_ids: dict[str, UUID]
) -> None:
    service_id = new_id()
    rows["service"].append(
        (
            *(service_id, provider_id, site_id, service["kind"], service["name"], service.get("programme", "")),
            *(service["minutes"], service.get("gap", 0), service.get("lead_minutes", 0), service["cancel_minutes"]),
            *(service.get("needs_confirmation", False), "\n".join(service.get("documents", ()))),
        )
    )
    if "price" in service:
        rows["service_price"].append((new_id(), service_id, date(2016, 12, 4), Decimal(service["price"])))
    for names, on_request in ((service.get("resources", ()), False), (service.get("on_request", ()), True)):
        rows["service_resource"] += [(new_id(), service_id, resource_ids[name], on_request) for name in names]


def _add_week(rows: Rows, service: dict[str, Any], on: date) -> None:
    service_id = rows["service"][-1][0]
    for pattern in patterns(service, on):
        rows["weekly_pattern"].append(
            (
                *(new_id(), service_id, pattern.weekday, pattern.span.start, pattern.span.end, pattern.capacity),
                *(pattern.valid_from, pattern.on_holidays, pattern.on_makeup_days),
            )
        )


def patterns(service: dict[str, Any], on: date) -> Iterator[WeeklyPattern]:
    """The week of one service of the district file, from the day `on`."""
    for weekday in service.get("weekdays", ()):
        for hours in service["hours"]:
            makeup = service.get("on_makeup_weekday") == weekday
            yield WeeklyPattern(
                weekday, _span(hours), service["capacity"], on, None, service.get("on_holidays", False), makeup
            )


def _add_courses(rows: Rows, service: dict[str, Any], at: datetime, holidays: HolidayCalendar) -> None:
    service_id = rows["service"][-1][0]
    first = local_date(at) + timedelta(days=_DAYS_BEFORE_COURSE)
    for course in service.get("course", ()):
        course_id = new_id()
        rows["course"].append((course_id, service_id, course["name"], course["capacity"]))
        week = WeeklyPattern(course["weekday"], _span(course["hours"]), course["capacity"], first, on_holidays=True)
        last = first + timedelta(weeks=course["sessions"], days=-1)
        for session in sessions(Timetable(service["minutes"], 0, [week]), holidays, first, last).sessions:
            times = (session.starts_at, session.ends_at)
            rows["slot"].append((new_id(), service_id, course_id, *times, session.capacity, 0))


def _span(hours: str) -> Span:
    start, end = (time.fromisoformat(text) for text in hours.split("-"))
    return Span(start.hour * 60 + start.minute, end.hour * 60 + end.minute)
