"""Services and slots: pages that go on where the last ended, and cursors of another list refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schema.identity import to_id
from tests.schema.conftest import START, Ask
from tests.services.register import Register

SERVICES = """
query ($first: Int!, $after: String) { services(first: $first, after: $after) {
  edges { cursor node { id name provider address programme cancelMinutes } } pageInfo { hasNextPage endCursor } } }
"""
SLOTS = """
query ($service: ID!, $from: DateTime!, $until: DateTime!, $first: Int!, $after: String) {
  slots(serviceId: $service, from: $from, until: $until, first: $first, after: $after) {
    edges { cursor node { id startsAt endsAt capacity free } } pageInfo { hasNextPage endCursor } } }
"""

FREE = """
query ($from: DateTime!, $until: DateTime!, $first: Int!, $after: String, $town: String, $has: [Accessibility!]) {
  freeSlots(from: $from, until: $until, first: $first, after: $after, kind: REHAB_TRAINING, town: $town,
            programme: "rehab-training-relief", accessibility: $has) {
    edges { cursor node { slot { id free } service { name site town accessibility documents } } }
    pageInfo { hasNextPage endCursor } } }
"""
COURSES = """
query ($first: Int!, $after: String) { courses(first: $first, after: $after) {
  edges { cursor node { id name capacity free sessions firstAt lastAt service { kind } } }
  pageInfo { hasNextPage endCursor } } }
"""


async def test_services_are_paged(ask: Ask, register: Register) -> None:
    """Every service comes exactly once."""
    made = {to_id("Service", await register.service(name=f"服务{number}")) for number in range(3)}
    seen: list[str] = []
    after = None

    while True:
        page = (await ask(SERVICES, first=1, after=after))["data"]["services"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert made <= set(seen)
    assert len(seen) == len(set(seen))


async def test_slots_are_paged_in_order_of_time(ask: Ask, register: Register) -> None:
    """Two that begin together are told apart, the span's end is excluded, the past is left out."""
    service = await register.service()
    for hours in (-1, 24, 24, 48):
        await register.slot(service, hours=hours, capacity=5, taken=2)
    span = {"from": START.isoformat(), "until": (START + timedelta(hours=48)).isoformat()}
    asked: dict[str, Any] = {"service": to_id("Service", service), "first": 1, **span}

    first = (await ask(SLOTS, **asked))["data"]["slots"]
    second = (await ask(SLOTS, **asked, after=first["pageInfo"]["endCursor"]))["data"]["slots"]

    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    (one,), (other,) = first["edges"], second["edges"]
    assert one["node"]["startsAt"] == other["node"]["startsAt"] == (START + timedelta(hours=24)).isoformat()
    assert one["node"]["id"] != other["node"]["id"]
    assert (one["node"]["capacity"], one["node"]["free"]) == (5, 3)


@pytest.mark.parametrize("service", ["x", to_id("Slot", UUID(int=1))])
async def test_an_unknown_service_has_no_slots(ask: Ask, service: str) -> None:
    """A list of nothing is no error."""
    page = await ask(SLOTS, **{"service": service, "from": START.isoformat(), "until": START.isoformat(), "first": 1})

    assert page["data"]["slots"] == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


@pytest.mark.parametrize("cursor", ["", "x", "1.x", "x.U2xvdDoAAA", f"{10**30}.{to_id('Slot', UUID(int=1))}"])
async def test_cursors_that_were_not_given_are_refused(ask: Ask, cursor: str) -> None:
    """By a code, in every list."""
    span: dict[str, Any] = {"from": START.isoformat(), "until": START.isoformat(), "first": 1, "service": "x"}

    services = await ask(SERVICES, first=1, after=cursor)
    courses = await ask(COURSES, first=1, after=cursor)
    slots = await ask(SLOTS, **span, after=cursor)
    del span["service"]
    free = await ask(FREE, **span, after=cursor)

    for refused in (services, courses, slots, free):
        assert refused["errors"][0]["extensions"] == {"code": "CURSOR_INVALID"}


async def test_free_slots_are_found_over_all_providers(ask: Ask, register: Register) -> None:
    """By town and by what the site has, page by page, each with its service."""
    provider = await register.provider()
    site = await register.site(provider, town="竹溪乡", step_free=True, hearing_loop=True)
    service = await register.service(provider_id=provider, site_id=site, documents="病历")
    made = [to_id("Slot", await register.slot(service, hours=hours, capacity=2)) for hours in (24, 25)]
    asked: dict[str, Any] = {
        "from": START.isoformat(),
        "until": (START + timedelta(days=30)).isoformat(),
        "first": 1,
        "has": ["HEARING_LOOP"],
    }

    first = (await ask(FREE, **asked, town="竹溪乡"))["data"]["freeSlots"]
    second = (await ask(FREE, **asked, after=first["pageInfo"]["endCursor"]))["data"]["freeSlots"]

    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [page["edges"][0]["node"]["slot"] for page in (first, second)] == [{"id": each, "free": 2} for each in made]
    assert first["edges"][0]["node"]["service"] == {
        "name": "康复训练",
        "site": "城东站",
        "town": "竹溪乡",
        "accessibility": ["HEARING_LOOP", "STEP_FREE"],
        "documents": ["病历"],
    }


async def test_courses_are_listed(ask: Ask, register: Register) -> None:
    """With their places, sessions and days."""
    service = await register.service(kind="vocational_course")
    course = to_id("Course", await register.course(service, hours=[24, 48], capacity=8))

    page = (await ask(COURSES, first=100))["data"]["courses"]

    (found,) = [edge["node"] for edge in page["edges"] if edge["node"]["id"] == course]
    assert (found["name"], found["capacity"], found["free"], found["sessions"]) == ("电脑入门", 8, 8, 2)
    assert found["firstAt"] == (START + timedelta(hours=24)).isoformat()
    assert found["lastAt"] == (START + timedelta(hours=49)).isoformat()
    assert found["service"] == {"kind": "VOCATIONAL_COURSE"}
