"""Shows that a minor's guardian stops by herself at 18, that both hear of it ahead, once, and that passes end."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from domain.access import Act
from domain.dates import local_date
from services.binding import BindingRefusal, BindingRequest, bind_card
from services.credentials import new_line
from services.guardian_clock import Passing, advance
from services.resources import Resources
from services.vault import Sealed
from tests.services.register import Clock, FakeWechat, Holder, Register

BORN = date(2008, 5, 1)
# Ten in the evening of the day before the eighteenth birthday, in the district.
EVE = datetime(2026, 4, 30, 14, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def _nobody_else(owner: asyncpg.Connection) -> None:
    """No guardian of another test is due."""
    await owner.execute("UPDATE guardian SET ended_on = '2000-01-01'")


async def notices(owner: asyncpg.Connection, ward: Holder) -> list[tuple[str, str]]:
    """What the ward is to be told: kind and last day."""
    rows = await owner.fetch("SELECT * FROM card_notice WHERE resident_id = $1 ORDER BY created_at", ward.id)
    details = [json.loads(ward.key.open(Sealed.NOTICE, row["detail_sealed"])) for row in rows]
    return [(row["kind"], detail["last_day"]) for row, detail in zip(rows, details, strict=True)]


async def ended_on(owner: asyncpg.Connection, guardian_id: UUID) -> date | None:
    """The day from which a guardian counts no more."""
    day: date | None = await owner.fetchval("SELECT ended_on FROM guardian WHERE id = $1", guardian_id)
    return day


@pytest.mark.parametrize(
    ("born", "ground", "reached"),
    [
        (BORN, "minor", [True, False]),
        (BORN, "adult", [True, True]),
        (date(2008, 5, 2), "minor", [True, True]),
        # Who was born on 29 February is of age on 28 February of a common year.
        (date(2008, 2, 29), "minor", [False, False]),
    ],
)
async def test_a_ward_is_reached_to_the_eve_of_her_birthday(
    register: Register, clock: Clock, born: date, ground: str, reached: list[bool]
) -> None:
    """Nobody has to run anything for it: on the day itself she is a ward no more, unless a reason is on record."""
    ward, viewer = await register.resident(birth_date=born), await register.viewer()
    await register.guardian(ward, viewer.account_id, ground=ground)

    found = []
    for at in (EVE, EVE + timedelta(hours=3)):
        clock.at = at
        people = await register.people(viewer)
        found.append(people.reach(ward.id, Act.VIEW, local_date(at)) is not None)

    assert found == reached


async def test_people_loaded_yesterday_reach_no_ward_of_age(register: Register, clock: Clock) -> None:
    """The day of the act decides, not the day on which the people were read."""
    ward, viewer = await register.resident(birth_date=BORN), await register.viewer()
    await register.guardian(ward, viewer.account_id, ground="minor")
    clock.at = EVE

    people = await register.people(viewer)

    assert people.reach(ward.id, Act.VIEW, date(2026, 4, 30)) is not None
    assert people.reach(ward.id, Act.VIEW, date(2026, 5, 1)) is None


async def test_no_guardian_is_bound_to_a_ward_of_age(
    resources: Resources, register: Register, wechat: FakeWechat, clock: Clock
) -> None:
    """A phone that was proven for a minor binds nobody any more."""
    ward, viewer = await register.resident(birth_date=BORN), await register.viewer()
    await register.guardian(ward, ground="minor", name="李梅", phone="13712345678")
    clock.at = EVE + timedelta(hours=3)

    request = BindingRequest("李梅", ward.card_number, wechat.phone_code("13712345678"), None)
    answer = await bind_card(resources, viewer, request)

    assert answer is BindingRefusal.NOT_MATCHED


async def test_an_end_is_told_ahead_once_and_then_carried_out(
    resources: Resources, register: Register, owner: asyncpg.Connection, clock: Clock
) -> None:
    """90 days ahead a notice, no second one; after the last day another, and the passes of the ward end."""
    ward, viewer = await register.resident(birth_date=BORN), await register.viewer()
    guardian_id = await register.guardian(ward, viewer.account_id, ground="minor")
    clock.at = EVE - timedelta(days=91)
    told = []
    for days in (0, 1, 1, 89):
        clock.forward(days=days)
        told.append(dict(await advance(resources)))
    await new_line(owner, ward.id, bytes(32), clock.at, clock.at + timedelta(days=7))
    clock.forward(hours=3)

    ended = [await advance(resources), await advance(resources)]

    assert told == [{}, {Passing.TOLD: 1}, {}, {}]
    assert ended == [{Passing.ENDED: 1}, {}]
    assert await notices(owner, ward) == [("guardianship_ends", "2026-04-30"), ("guardianship_ended", "2026-04-30")]
    assert await ended_on(owner, guardian_id) == date(2026, 5, 1)
    assert await owner.fetchval("SELECT revoked_at FROM credential WHERE resident_id = $1", ward.id) == clock.at


async def test_a_guardian_without_codes_ends_none(
    resources: Resources, register: Register, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Who could only look held no pass, so the ward's own stays; a period over is an end like any other."""
    ward, viewer = await register.resident(), await register.viewer()
    await register.guardian(ward, viewer.account_id, scope="view", valid_until=local_date(clock.at))
    await new_line(owner, ward.id, bytes(32), clock.at, clock.at + timedelta(days=7))
    clock.forward(days=1)

    happened = await advance(resources)

    assert happened == {Passing.ENDED: 1}
    assert await owner.fetchval("SELECT revoked_at FROM credential WHERE resident_id = $1", ward.id) is None
