"""Shows that an appeal is taken within its term, goes to the city and then the province, and changes the findings."""

from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from domain.access import Viewer
from domain.appeal import AppealLevel, AppealOutcome, AppealRefusal
from domain.card import CardState
from domain.card_event import CardEvent, CardRefusal
from domain.standing import Findings
from services.card_appeals import Appeal, AppealTerm, AppealWish, appeal, appeal_term, decide_appeal
from tests.services.office import Office
from tests.services.register import Clock, Holder, Register

TOLD = datetime(2026, 9, 25, 2, tzinfo=UTC)
LAST = date(2026, 10, 15)
_keys = iter(range(1_000))


async def filed(office: Office, viewer: Viewer, whom: Holder | None = None, key: str = "") -> Appeal | AppealRefusal:
    """What comes of an appeal."""
    people = await office.register.people(viewer)
    wish = AppealWish(key or f"appeal-{next(_keys)}", whom.id if whom else None, "不认可等级")
    return await appeal(office.resources, viewer, people, wish)


async def decided(
    office: Office, viewer: Viewer, whom: Holder, outcome: AppealOutcome, *grades: tuple[int, int]
) -> Appeal | AppealRefusal:
    """What comes of a decision."""
    findings = Findings(grades) if grades else None
    wish = AppealWish(f"appeal-{next(_keys)}", whom.id, "市级复评", outcome, findings)
    return await decide_appeal(office.resources, viewer, await office.register.people(viewer), wish)


@pytest.fixture
async def district(office: Office) -> Viewer:
    """A clerk of the district."""
    return await office.clerk()


@pytest.fixture
async def holder(office: Office, register: Register, clock: Clock, district: Viewer) -> Holder:
    """A holder who was assessed again on 25 September 2026: from grade 1 to 3."""
    clock.at = TOLD
    person = await register.resident()
    await office.done(district, CardEvent.REASSESS, person.id)
    await office.done(district, CardEvent.REFER, person.id)
    await office.done(district, CardEvent.ASSESS, person.id, findings=Findings(((1, 3),)))
    return person


@pytest.mark.parametrize(("days", "in_time"), [(20, True), (21, False)])
async def test_the_last_day_is_in_time(
    office: Office, register: Register, holder: Holder, clock: Clock, days: int, *, in_time: bool
) -> None:
    """15 October, ten working days after 25 September 2026; the day after is late."""
    viewer = await register.viewer(holder)
    clock.forward(days=days)

    answer = await filed(office, viewer)

    expected = Appeal(AppealLevel.CITY, clock(), LAST, None) if in_time else AppealRefusal.TOO_LATE
    assert answer == expected


async def test_an_appeal_stops_the_issue_until_it_is_decided(
    office: Office, register: Register, holder: Holder, district: Viewer, owner: asyncpg.Connection
) -> None:
    """The city's findings take the place of the hospital's, and another person issues on them."""
    viewer, other = await register.viewer(holder), await office.clerk()
    term = await appeal_term(office.resources, holder.id)
    first = await filed(office, viewer, key="appeal-once")
    again = await filed(office, viewer, key="appeal-once")
    second = await filed(office, viewer)
    waiting = await office.ask(other, CardEvent.ISSUE, holder.id)

    answer = await decided(office, district, holder, AppealOutcome.CHANGED, (1, 2))
    issued = await office.done(other, CardEvent.ISSUE, holder.id)

    grade = await owner.fetchval("SELECT grade FROM card WHERE resident_id = $1 AND state = 'active'", holder.id)
    notices = await owner.fetch("SELECT kind FROM card_notice WHERE resident_id = $1 ORDER BY id", holder.id)
    assert term == AppealTerm(AppealLevel.CITY, LAST)
    assert first == again
    assert second is AppealRefusal.ALREADY_OPEN
    assert waiting is CardRefusal.APPEAL_OPEN
    assert isinstance(answer, Appeal)
    assert (answer.outcome, grade, issued.state) == (AppealOutcome.CHANGED, 2, CardState.ACTIVE)
    assert [row["kind"] for row in notices][-4:] == ["appeal_filed", "appeal_decided", "card_revise", "card_issue"]


async def test_the_province_is_the_last(
    office: Office, register: Register, holder: Holder, district: Viewer, clock: Clock
) -> None:
    """After the city's word the term runs anew; after the province's there is none."""
    viewer = await register.viewer(holder)
    await filed(office, viewer)
    clock.forward(days=30)
    await decided(office, district, holder, AppealOutcome.UPHELD)

    to_province = await filed(office, viewer)
    await decided(office, district, holder, AppealOutcome.CHANGED, (1, 1))
    final = await filed(office, viewer)

    assert isinstance(to_province, Appeal)
    assert (to_province.level, to_province.until) == (AppealLevel.PROVINCE, date(2026, 11, 6))
    assert final is AppealRefusal.FINAL
    assert await appeal_term(office.resources, holder.id) is None


async def test_a_year_that_is_not_announced_is_said_so(
    office: Office, register: Register, holder: Holder, clock: Clock, owner: asyncpg.Connection
) -> None:
    """An appeal in the first days is taken without a last day; later nobody can say."""
    told = datetime(2098, 12, 25, 2, tzinfo=UTC)
    viewer = await register.viewer(holder)
    await owner.execute("UPDATE card_application SET assessed_at = $2 WHERE resident_id = $1", holder.id, told)
    clock.at = told

    early = await filed(office, viewer)
    await owner.execute("DELETE FROM card_appeal WHERE resident_id = $1", holder.id)
    clock.forward(days=11)
    await owner.execute("UPDATE session SET expires_at = $1", datetime(2100, 1, 1, tzinfo=UTC))
    late = await filed(office, viewer)

    assert isinstance(early, Appeal)
    assert early.until is None
    assert late is AppealRefusal.YEAR_NOT_ANNOUNCED


async def test_only_the_district_writes_a_decision_down(
    office: Office, register: Register, holder: Holder, district: Viewer
) -> None:
    """Not a town, not a relative; nothing that is not open; and changed findings must be there and be possible."""
    viewer, town = await register.viewer(holder), await office.clerk(town="曹娥街道")
    own = await register.viewer()
    await register.staff(own.account_id)
    await register.guardian(holder, own.account_id)
    nothing_open = await decided(office, district, holder, AppealOutcome.UPHELD)
    await filed(office, viewer)

    answers = [
        await decided(office, town, holder, AppealOutcome.UPHELD),
        await decided(office, own, holder, AppealOutcome.UPHELD),
        await decided(office, district, holder, AppealOutcome.CHANGED),
        await decided(office, district, holder, AppealOutcome.CHANGED, (1, 9)),
        await decided(office, district, holder, AppealOutcome.UPHELD, (1, 1)),
    ]

    assert nothing_open is AppealRefusal.NOT_OPEN
    assert answers == [AppealRefusal.NOT_ALLOWED] * 2 + [AppealRefusal.FINDINGS_INVALID] * 3


async def test_an_appeal_needs_an_assessment_and_a_person_in_reach(
    office: Office, register: Register, holder: Holder
) -> None:
    """A card of old has none on record; a stranger and staff of another town reach nobody."""
    of_old = await register.resident()
    elsewhere = await office.clerk(town="别处")

    assert await filed(office, await register.viewer(of_old)) is AppealRefusal.NOTHING_ASSESSED
    assert await filed(office, await register.viewer(), holder) is AppealRefusal.NOT_ALLOWED
    assert await filed(office, elsewhere, holder) is AppealRefusal.NOT_ALLOWED
    assert await appeal_term(office.resources, of_old.id) is None


async def test_death_lets_an_appeal_lapse(
    office: Office, register: Register, holder: Holder, district: Viewer, owner: asyncpg.Connection
) -> None:
    """It is closed without an outcome."""
    await filed(office, await register.viewer(holder))

    await office.done(district, CardEvent.RECORD_DEATH, holder.id)

    row = await owner.fetchrow("SELECT outcome, decided_at FROM card_appeal WHERE resident_id = $1", holder.id)
    assert (row["outcome"], row["decided_at"]) == (None, office.resources.clock())


async def test_a_key_is_good_for_one_wish(office: Office, register: Register, holder: Holder) -> None:
    """The same key with other words is refused."""
    viewer = await register.viewer(holder)
    people: Any = await register.people(viewer)
    await filed(office, viewer, key="appeal-once")

    other = await appeal(office.resources, viewer, people, AppealWish("appeal-once", None, "别的理由"))

    assert other is AppealRefusal.KEY_REUSED
