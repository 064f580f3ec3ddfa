"""Shows that a search finds what can be booked now, all of it and nothing else, over many providers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models.service import ServiceKind
from services.catalogue import Accessibility, Wanted, free_slots
from services.resources import Resources
from tests.services.register import Register

EVERYTHING = frozenset(Accessibility)


@pytest.fixture(autouse=True)
async def nothing_else(owner: asyncpg.Connection) -> None:
    """Withdraw what other tests of this module offered."""
    await owner.execute("UPDATE slot SET state = 'withdrawn'")


async def offer(register: Register, hours: float = 24, site: dict[str, Any] | None = None, **service: Any) -> UUID:
    """A slot of a new service, at a new site if one is described."""
    provider_id = await register.provider()
    site_id = None if site is None else await register.site(provider_id, **site)
    service_id = await register.service(provider_id=provider_id, site_id=site_id, **service)
    return await register.slot(service_id, hours=hours)


async def found(resources: Resources, wanted: Wanted, days: float = 30) -> list[UUID]:
    """The slots that a search over these days gives."""
    now = resources.clock()
    return [
        each.slot.id for each in await free_slots(resources, wanted, now, now + timedelta(days=days), None, limit=100)
    ]


async def test_a_search_is_over_all_providers_in_order_of_time(resources: Resources, register: Register) -> None:
    """The earliest first, with the service, its site and what that has; the span's end is excluded."""
    site = {"step_free": True, "parking_bay": True}
    later, first = await offer(register, hours=48), await offer(register, site=site, documents="残疾人证")
    await offer(register, hours=72)

    now = resources.clock()
    slots = await free_slots(resources, Wanted(), now, now + timedelta(hours=72), None, 100)

    assert [each.slot.id for each in slots] == [first, later]
    service = slots[0].service
    assert (service.site, service.town, service.address) == ("城东站", "曹娥街道", "某路 3 号")
    assert service.accessibility == {Accessibility.STEP_FREE, Accessibility.PARKING_BAY}
    assert (service.documents, slots[1].service.address) == (("残疾人证",), "某路 2 号")


async def test_only_what_can_be_booked_is_found(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Full, withdrawn, begun, too near, too far and part of a course: none of them."""
    service_id = await register.service(lead_minutes=120, horizon_days=7)
    for hours in (-1, 1, 24 * 8):
        await register.slot(service_id, hours=hours)
    await register.slot(service_id, hours=30, capacity=2, taken=2)
    await register.course(service_id, hours=[31])
    withdrawn = await register.slot(service_id, hours=32)
    await owner.execute("UPDATE slot SET state = 'withdrawn' WHERE id = $1", withdrawn)
    there = [await register.slot(service_id, hours=hours) for hours in (2, 24 * 7)]

    assert await found(resources, Wanted()) == there


async def test_every_wish_must_fit(resources: Resources, register: Register) -> None:
    """Kind, programme, town and each feature narrow the search; a service that comes to people is in every town."""
    here = await offer(register, site=dict.fromkeys(Accessibility, True), kind="day_care", programme="child-rehab")
    there = await offer(register, hours=25, site={"town": "别处", "step_free": True})
    at_home = await offer(register, hours=26)

    assert await found(resources, Wanted()) == [here, there, at_home]
    assert await found(resources, Wanted(kind=ServiceKind.DAY_CARE)) == [here]
    assert await found(resources, Wanted(programme="child-rehab")) == [here]
    assert await found(resources, Wanted(town="别处")) == [there, at_home]
    assert await found(resources, Wanted(accessibility=frozenset({Accessibility.STEP_FREE}))) == [here, there]
    for feature in EVERYTHING - {Accessibility.STEP_FREE}:
        assert await found(resources, Wanted(accessibility=frozenset({feature}))) == [here]


async def test_a_search_is_paged(resources: Resources, register: Register) -> None:
    """Each slot once, also where two begin together."""
    expected = {await offer(register, hours=hours) for hours in (24, 24, 24, 25)}
    now = resources.clock()
    listed: list[UUID] = []
    after = None

    while page := await free_slots(resources, Wanted(), now, now + timedelta(days=2), after, 1):
        listed.append(page[0].slot.id)
        after = (page[0].slot.starts_at, page[0].slot.id)

    assert len(listed) == len(expected)
    assert set(listed) == expected
