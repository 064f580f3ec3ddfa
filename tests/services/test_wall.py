"""Shows the second wall: what PostgreSQL gives a service that forgets whose rows it may read."""

from collections.abc import AsyncIterator
from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from models.record import new_id
from services.bookings import cancel_booking
from services.confirmation import decline_booking
from services.database import Database, DatabaseLimits, open_database
from services.rescheduling import reschedule_booking
from services.resources import Resources
from services.settings import Settings
from services.waitlist import join_waitlist
from services.wishes import HeldWish
from tests.conftest import DatabaseAddresses
from tests.services.everything import everything
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Holder, Register

TODAY = date(2026, 3, 11)
WALLED = {
    "resident": "id",
    "card": "resident_id",
    "guardian": "ward_id",
    "fact": "resident_id",
    "receipt": "resident_id",
    "booking": "resident_id",
    "enrolment": "resident_id",
    "waitlist_entry": "resident_id",
    "offer": "resident_id",
    "notice": "resident_id",
    "calendar_feed": "resident_id",
    "attendance": "resident_id",
    "claim": "resident_id",
    "referral": "resident_id",
    "credential": "resident_id",
    "tap": "resident_id",
    "tap_finding": "resident_id",
    "card_application": "resident_id",
    "card_event": "resident_id",
    "card_appeal": "resident_id",
    "card_notice": "resident_id",
    "file_entry": "resident_id",
    "reveal": "resident_id",
    "data_export_subject": "resident_id",
}
# Whose account it is and for whom a code was made, by keys alone: signing in and binding start from there.
BEFORE_THE_WALL = {"account", "binding_code"}


async def seen(database: Database, table: str) -> set[UUID]:
    """Whose rows a service gets that asks for all of a table."""
    rows = await database.fetch(f"SELECT {WALLED[table]} AS resident_id FROM {table}")  # noqa: S608 - named above
    return {row["resident_id"] for row in rows}


def narrowed(resources: Resources, viewer: Viewer | None) -> Database:
    """The database as a request of the viewer has it."""
    return resources.database.reaching(viewer.account_id if viewer else None, TODAY)


@pytest.mark.parametrize("table", WALLED)
async def test_a_service_that_forgets_to_scope_gets_the_viewers_people(
    resources: Resources, register: Register, table: str
) -> None:
    """Her own rows and her ward's, of every table, and not a stranger's; an account tied to nobody gets none."""
    own, ward, stranger = [await register.resident() for _ in range(3)]
    for holder in (own, ward, stranger):
        await everything(register, holder)
    viewer, outsider = await register.viewer(own), await register.viewer()
    await register.guardian(ward, viewer.account_id)

    assert await seen(narrowed(resources, viewer), table) == {own.id, ward.id}
    assert await seen(narrowed(resources, outsider), table) == set()
    assert await seen(narrowed(resources, None), table) == set()
    assert await seen(resources.database, table) >= {own.id, ward.id, stranger.id}


async def test_a_connection_that_says_nothing_sees_nobody(database: DatabaseAddresses, register: Register) -> None:
    """The wall is closed by default, also for whoever holds the server's password."""
    await everything(register, await register.resident())
    connection = await asyncpg.connect(database.app_url)

    counts = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in WALLED]  # noqa: S608 - named above

    await connection.close()
    assert counts == [0] * len(WALLED)


@pytest.mark.parametrize("table", WALLED)
async def test_a_round_reaches_whom_it_names(resources: Resources, register: Register, table: str) -> None:
    """Work for several requests at once sees the rows of exactly their residents, and of nobody without any."""
    named, other, stranger = [await register.resident() for _ in range(3)]
    for holder in (named, other, stranger):
        await everything(register, holder)

    assert await seen(resources.database.reaching_only([named.id, other.id, named.id]), table) == {named.id, other.id}
    assert await seen(resources.database.reaching_only([]), table) == set()


async def test_a_guardianship_reaches_as_long_as_it_lasts(resources: Resources, register: Register) -> None:
    """The first and the last day count, the day before and the day after do not."""
    ward, viewer = await register.resident(), await register.viewer()
    await register.guardian(ward, viewer.account_id, valid_from=date(2026, 3, 10), valid_until=date(2026, 3, 12))

    reached = [
        await seen(resources.database.reaching(viewer.account_id, date(2026, 3, day)), "resident")
        for day in (9, 10, 12, 13)
    ]

    assert reached == [set(), {ward.id}, {ward.id}, set()]


async def test_a_guardianship_that_ended_reaches_nobody(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A minor's ends with her eighteenth birthday, an adult's does not, and one that was ended is over at once."""
    viewer = await register.viewer()
    born = date(2008, 3, 12)
    minor, adult, ended = [await register.resident(birth_date=born) for _ in range(3)]
    for ward in (minor, adult, ended):
        await register.guardian(ward, viewer.account_id)
    await owner.execute("UPDATE guardian SET ground = 'minor' WHERE ward_id = $1", minor.id)
    await owner.execute("UPDATE guardian SET ended_on = '2026-03-01' WHERE ward_id = $1", ended.id)

    before, after = [
        await seen(resources.database.reaching(viewer.account_id, date(2026, 3, day)), "resident") for day in (11, 12)
    ]

    assert (before, after) == ({minor.id, adult.id}, {adult.id})


@pytest.mark.parametrize("table", WALLED)
async def test_staff_see_their_area(resources: Resources, register: Register, table: str) -> None:
    """A town's clerk gets the town, a district's everybody, and one who left nobody."""
    near, far = await register.resident(town="百官街道"), await register.resident(town="曹娥街道")
    for holder in (near, far):
        await everything(register, holder)
    clerk, district, former = [await register.viewer() for _ in range(3)]
    await register.staff(clerk.account_id, town="百官街道")
    await register.staff(district.account_id)
    await register.staff(former.account_id, left_on=TODAY)

    area = await seen(narrowed(resources, clerk), table)

    assert near.id in area
    assert far.id not in area
    assert await seen(narrowed(resources, district), table) >= {near.id, far.id}
    assert await seen(narrowed(resources, former), table) == set()


async def test_what_a_batch_replaced_is_seen_with_the_statement(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """The days that a file ended name no resident themselves, and stand behind the wall of the statement."""
    own, stranger = await register.resident(), await register.resident()
    batch_id = await register._insert(
        *("import_batch",),
        source="civil-affairs",
        department="civil_affairs",
        batch="2026-03",
        content_hash=b"",
        residents=b"",
        result=b"",
        actor="operator:li",
        applied_at=resources.clock(),
    )
    for holder in (own, stranger):
        await register.fact(holder, "monthly_income", "100")
        fact_id = await owner.fetchval("SELECT id FROM fact WHERE resident_id = $1", holder.id)
        await register._insert("fact_replacement", batch_id=batch_id, fact_id=fact_id)
    viewer = await register.viewer(own)

    rows = await narrowed(resources, viewer).fetch("SELECT fact_id FROM fact_replacement")

    hers = await owner.fetchval("SELECT id FROM fact WHERE resident_id = $1", own.id)
    assert [row["fact_id"] for row in rows] == [hers]


async def test_an_objection_is_seen_with_the_guardian(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """It names no resident itself: the ward sees her own, and nobody else's."""
    own, stranger = await register.resident(), await register.resident()
    for holder in (own, stranger):
        await everything(register, holder)

    rows = await narrowed(resources, await register.viewer(own)).fetch("SELECT guardian_id FROM guardian_objection")

    hers = await owner.fetchval("SELECT id FROM guardian WHERE ward_id = $1", own.id)
    assert [row["guardian_id"] for row in rows] == [hers]


@pytest.mark.parametrize("table", WALLED)
async def test_a_commissioner_sees_her_village_and_an_administrator_nobody(
    resources: Resources, register: Register, table: str
) -> None:
    """The village of a town, and no other village; whoever looks after staff accounts reaches no resident at all."""
    resident = await register.resident(town="百官街道")
    await everything(register, resident)
    hers, others, administrator = [await register.viewer() for _ in range(3)]
    await register.staff(hers.account_id, role="commissioner", town="百官街道", village="一村")
    await register.staff(others.account_id, role="commissioner", town="百官街道", village="别的村")
    await register.staff(administrator.account_id, role="administrator")

    reached = [await seen(narrowed(resources, viewer), table) for viewer in (hers, others, administrator)]

    assert resident.id in reached[0]
    assert resident.id not in reached[1]
    assert reached[2] == set()


async def test_another_residents_rows_cannot_be_written_either(resources: Resources, register: Register) -> None:
    """A change finds nothing to change, and an addition is refused."""
    stranger, viewer = await register.resident(), await register.viewer(await register.resident())

    async with narrowed(resources, viewer).transaction() as connection:
        changed = await connection.fetch("UPDATE card SET grade = 4 WHERE resident_id = $1 RETURNING id", stranger.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with narrowed(resources, viewer).transaction() as connection:
            await connection.execute(
                "INSERT INTO fact (id, resident_id, name, source, value_sealed, valid_from, recorded_on) "
                "VALUES ($1, $2, 'monthly_income', 'civil_affairs', '', $3, $3)",
                *(new_id(), stranger.id, TODAY),
            )

    assert changed == []


@pytest.fixture
async def single(settings: Settings) -> AsyncIterator[Database]:
    """A pool of one connection, so that each statement finds what the one before left."""
    assert settings.database_url is not None
    async with open_database(settings.database_url.get_secret_value(), DatabaseLimits(pool_size=1)) as opened:
        yield opened


async def test_a_reach_ends_with_its_statement_or_transaction(single: Database) -> None:
    """The next who gets the connection finds the wall closed."""
    setting = "SELECT coalesce(current_setting('sdc.reach', true), '')"

    await single.ping()
    async with single._client.acquire_connection() as connection:
        after_statement = await connection.fetchval(setting)
    async with single.transaction():
        pass
    async with single._client.acquire_connection() as connection:
        after_transaction = await connection.fetchval(setting)

    assert (after_statement, after_transaction) == ("", "")


async def test_a_partition_cannot_be_asked_past_its_wall(database: DatabaseAddresses) -> None:
    """Policies belong to the table of all months, so its parts answer the server's role nothing at all."""
    connection = await asyncpg.connect(database.app_url)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("SELECT * FROM tap_default")

    await connection.close()


async def test_every_table_about_a_resident_is_behind_the_wall(owner: asyncpg.Connection) -> None:
    """A table that names a resident has a policy, or stands in the list of those that need none."""
    rows = await owner.fetch(
        "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace "
        "AND (a.attname IN ('resident_id', 'ward_id') OR c.relname = 'resident') AND NOT c.relrowsecurity"
    )

    assert {row["relname"] for row in rows} == BEFORE_THE_WALL


async def test_a_statement_keeps_its_order_and_its_values(resources: Resources, clock: Clock) -> None:
    """What is bound to a reach answers as it would alone: order, limit, repeated names and null values."""
    rows = await resources.database.reaching(None, clock().date()).fetch(
        "SELECT n, n AS same, NULL AS none, $1::text AS said FROM generate_series(1, 5) n ORDER BY n DESC LIMIT 2", "x"
    )

    assert [tuple(row.values()) for row in rows] == [(5, 5, None, "x"), (4, 4, None, "x")]


async def wish(register: Register, holder: Holder, slot_id: UUID) -> UUID:
    """Let a resident wait for a slot."""
    at = register._resources.clock()
    return await register._insert(
        "waitlist_entry", slot_id=slot_id, resident_id=holder.id, state="waiting", priority=0, joined_at=at
    )


@pytest.mark.parametrize("leaves", ["cancel", "move", "decline"])
async def test_a_place_passes_the_wall_to_the_next(
    resources: Resources, register: Register, owner: asyncpg.Connection, leaves: str
) -> None:
    """Whoever leaves within her own request cannot see who waits, and yet the place is offered and the next is told."""
    desk = await FrontDesk(resources, register).open(offer_minutes=60)
    first, second = await desk.patient(), await desk.patient()
    viewer = await register.viewer(first)
    held = await desk.book_as(viewer, first)
    entry = await wish(register, second, held.slot.id)
    request, people = resources.reaching(viewer.account_id, TODAY), await register.people(viewer)

    if leaves == "cancel":
        left: object = await cancel_booking(request, viewer, people, held.id, "leave")
    elif leaves == "move":
        other = await register.slot(desk.service_id, hours=48)
        left = await reschedule_booking(request, viewer, people, held.id, other, "leave")
    else:
        await owner.execute("UPDATE booking SET state = 'requested' WHERE id = $1", held.id)
        left = await decline_booking(resources.reaching(desk.staff.account_id, TODAY), desk.staff, held.id)

    assert not isinstance(left, StrEnum)
    assert await owner.fetchval("SELECT state FROM offer WHERE entry_id = $1", entry) == "open"
    told = await owner.fetch("SELECT kind FROM notice WHERE resident_id = $1", second.id)
    assert [row["kind"] for row in told] == ["offered"]


async def test_how_many_wait_before_her_is_counted_past_the_wall(resources: Resources, register: Register) -> None:
    """She learns the number, and nothing of the others."""
    viewer = await register.viewer(await register.resident())
    slot = await register.slot(await register.service(), capacity=1, taken=1)
    await wish(register, await register.resident(), slot)
    request = resources.reaching(viewer.account_id, TODAY)

    joined = await join_waitlist(request, viewer, await register.people(viewer), slot, None, "join")

    assert isinstance(joined, HeldWish)
    assert joined.before == 1
