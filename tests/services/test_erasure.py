"""Shows what an erasure leaves and what it ends, that it survives a crash, and that what is kept too long goes."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.retention import Kept
from models.record import new_id
from services.audit import verify_chain
from services.bootstrap import load_retention
from services.erasure import (
    FILE_NAME,
    Cause,
    ErasureListInvalid,
    erase_again,
    erase_for_good,
    erased_residents,
)
from services.people import people_of, residents_by_id
from services.resources import Resources
from services.retention import count_due, erase_due
from services.standings import find
from services.vault import Indexed, VaultRefused
from tests.conftest import DatabaseAddresses, fresh_database
from tests.services.everything import everything
from tests.services.register import Clock, Holder, Register

AT = datetime(2026, 3, 11, 2, tzinfo=UTC)


@pytest.fixture
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for each test, because retention is about all that is in it."""
    async with fresh_database(postgres, template) as made:
        yield made


# Payments and statistics without a name, and what goes with the resident.
LEFT = {"receipt", "data_export_subject", "claim", "attendance", "enrolment", "offer", "waitlist_entry"} | {
    "card_application",
    "card_event",
    "card_appeal",
}
GONE = {"file_entry", "card_notice", "notice", "calendar_feed", "reveal", "ride_dispute", "tap_finding"}


async def about(owner: asyncpg.Connection, holder: Holder) -> str:
    """Every row of every table that names a resident, as text."""
    tables = ("resident WHERE id", "card WHERE resident_id", "guardian WHERE ward_id", "fact WHERE resident_id")
    rows = [
        await owner.fetch(f"SELECT t.* FROM {table.replace(' WHERE', ' t WHERE')} = $1", holder.id)  # noqa: S608
        for table in tables
    ]
    return str(rows)


async def _rows(owner: asyncpg.Connection, table: str, holder: Holder) -> int:
    count: int = await owner.fetchval(f"SELECT count(*) FROM {table} WHERE resident_id = $1", holder.id)  # noqa: S608
    return count


async def test_an_erasure_leaves_nothing_that_names_or_finds_her(
    resources: Resources, register: Register, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """Neither sealed nor indexed, with her passes revoked, her places free, her account her own, and the log whole."""
    holder, viewer_of = await register.resident(), register.viewer
    viewer = await viewer_of(holder)
    await everything(register, holder)
    vault = resources.vault
    findable = [vault.index(Indexed.NAME, holder.name), vault.index(Indexed.CARD_NUMBER, holder.card_number)]
    before = await about(owner, holder)
    row = await owner.fetchrow("SELECT data_key, data_key_version FROM resident WHERE id = $1", holder.id)

    erased = await erase_for_good(owner, tmp_path, holder.id, Cause.REQUEST, AT)
    again = await erase_for_good(owner, tmp_path, holder.id, Cause.REQUEST, AT)

    after = await about(owner, holder)
    left = await owner.fetchrow("SELECT * FROM resident WHERE id = $1", holder.id)
    assert (erased, again) == (True, False)
    assert all(repr(index) in before and repr(index) not in after for index in findable)
    assert repr(row["data_key"]) not in after
    assert (left["birth_date"], left["village"], left["erased_at"]) == (date(1980, 1, 1), "", AT)
    with pytest.raises(VaultRefused):
        vault.data_key(holder.id, left["data_key"], left["data_key_version"])
    counts = "SELECT (SELECT count(*) FROM credential WHERE resident_id = $1 AND revoked_at IS NULL), "
    counts += "(SELECT count(*) FROM booking WHERE resident_id = $1 AND state = 'booked'), "
    counts += "(SELECT count(*) FROM tap WHERE resident_id = $1), (SELECT count(*) FROM fact WHERE resident_id = $1), "
    counts += "(SELECT count(*) FROM card WHERE resident_id = $1 AND state = 'active')"
    assert tuple(await owner.fetchrow(counts, holder.id)) == (0, 0, 0, 0, 0)
    assert {table: await _rows(owner, table, holder) for table in LEFT | GONE} == dict.fromkeys(LEFT, 1) | (
        dict.fromkeys(GONE, 0)
    )
    assert await owner.fetchval("SELECT count(*) FROM file_sight") == 0
    assert await residents_by_id(resources, [holder.id]) == []
    async with resources.database.transaction() as connection:
        assert await find(resources, connection, holder.id) is None
    assert (await people_of(resources, viewer, AT.date())).own is None
    assert await verify_chain(resources.database, {}) == 1


async def test_her_place_is_free_for_another(
    register: Register, owner: asyncpg.Connection, tmp_path: Path, clock: Clock
) -> None:
    """What she had booked to come is given back; what is past stays counted."""
    holder, service = await register.resident(), await register.service()
    for hours in (-48, 48):
        slot_id = await register.slot(service, hours=hours, taken=1)
        await owner.execute(
            "INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at) "
            "SELECT $1, id, $2, 'booked', starts_at, ends_at, starts_at FROM slot WHERE id = $3",
            *(new_id(), holder.id, slot_id),
        )

    await erase_for_good(owner, tmp_path, holder.id, Cause.REQUEST, clock())

    rows = await owner.fetch(
        "SELECT s.taken, b.state FROM slot s JOIN booking b ON b.slot_id = s.id WHERE b.resident_id = $1 "
        "ORDER BY s.starts_at",
        holder.id,
    )
    assert [tuple(row) for row in rows] == [(1, "booked"), (0, "cancelled")]


async def test_an_erasure_that_was_cut_short_is_remembered_and_repeated(
    register: Register, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """The list is written first, so a crash between the two loses no erasure; what stands in it twice is done once."""
    holder, kept = await register.resident(), await register.resident()
    await owner.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON audit EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(asyncpg.RaiseError):
        await erase_for_good(owner, tmp_path, holder.id, Cause.REQUEST, AT)
    await owner.execute("DROP TRIGGER refuse ON audit")
    untouched = await owner.fetchval("SELECT erased_at FROM resident WHERE id = $1", holder.id)

    listed = erased_residents(tmp_path)
    again = await erase_again(owner, [*listed, holder.id, UUID(int=1)], AT)

    assert untouched is None
    assert (listed, again) == ([holder.id], 1)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert await owner.fetchval("SELECT erased_at FROM resident WHERE id = $1", kept.id) is None


async def test_nobody_unknown_is_listed(owner: asyncpg.Connection, tmp_path: Path) -> None:
    """An id that the register does not have changes nothing and makes no list."""
    assert not await erase_for_good(owner, tmp_path, UUID(int=1), Cause.REQUEST, AT)
    assert erased_residents(tmp_path) == ()


@pytest.mark.parametrize("line", ["{}", '{"resident":"x","at":"2026-03-11T02:00:00Z"}', "half"])
def test_a_damaged_list_is_told(tmp_path: Path, line: str) -> None:
    """Whoever stands in a line that nobody can read would come back, so the restore stops there."""
    (tmp_path / FILE_NAME).write_text(line + "\n")

    with pytest.raises(ErasureListInvalid, match="Line 1 of"):
        erased_residents(tmp_path)


async def old_and_new(owner: asyncpg.Connection, register: Register, days: int, *, more: int) -> None:
    """A row of each kind that ended so many days ago, and one that ended `more` days later."""
    for ago in (days, days - more):
        ended = AT - timedelta(days=ago)
        viewer = await register.viewer()
        staff_id = await register.staff(viewer.account_id)
        holder = await register.resident()
        await owner.execute("UPDATE session SET revoked_at = $2 WHERE id = $1", viewer.session_id, ended)
        await owner.execute(
            "INSERT INTO refresh_token (id, session_id, token_hash) VALUES ($1, $2, $3)",
            *(new_id(), viewer.session_id, viewer.session_id.bytes),
        )
        await owner.execute(
            "INSERT INTO attempt VALUES ($1, 'bind:account', $2, $3, 1)",
            *(new_id(), viewer.account_id.bytes, ended.date()),
        )
        await owner.execute(
            "INSERT INTO idempotency_key (id, account_id, key, request_hash, created_at) VALUES ($1, $2, 'k', '', $3)",
            *(new_id(), viewer.account_id, ended),
        )
        await owner.execute(
            "INSERT INTO binding_code (id, resident_id, issued_by_id, code_hash, expires_at) "
            "VALUES ($1, $2, $3, '', $4)",
            *(new_id(), holder.id, staff_id, ended),
        )
        await owner.execute(
            "INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at) "
            "VALUES ($1, $2, '', $3, $4, $4)",
            *(new_id(), holder.id, ago, ended),
        )
        await owner.execute(
            "INSERT INTO tap VALUES ($1, '', 1, $2, $2, $2, NULL, 'free', NULL, 'free', NULL, 0, false, NULL, '')",
            *(uuid4(), ended),
        )
        await owner.execute("UPDATE resident SET deceased_on = $2 WHERE id = $1", holder.id, ended.date())  # fmt: skip


@pytest.mark.parametrize("what", Kept)
async def test_each_kind_goes_after_its_days_and_not_before(
    register: Register, owner: asyncpg.Connection, tmp_path: Path, what: Kept
) -> None:
    """What ended a day earlier than the period goes, what ended on its last day stays; a dry run changes nothing."""
    period = load_retention().period(what, AT.date())
    assert period is not None
    await old_and_new(owner, register, period.days + 1, more=1)

    planned = {due.what: due.count for due in await count_due(owner, load_retention(), AT)}
    still = {due.what: due.count for due in await count_due(owner, load_retention(), AT)}
    done = {due.what: due.count for due in await erase_due(owner, load_retention(), tmp_path, AT)}
    rest = {due.what: due.count for due in await count_due(owner, load_retention(), AT)}

    assert planned[what] == 1
    assert planned == still == done
    assert set(rest.values()) == {0}


async def test_what_retention_erased_is_logged_and_the_dead_are_listed(
    resources: Resources, register: Register, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """One entry with the counts, one for each resident; a day on which nothing was due leaves none."""
    holder = await register.resident()
    await owner.execute("UPDATE resident SET deceased_on = $2 WHERE id = $1", holder.id, date(2020, 1, 1))

    await erase_due(owner, load_retention(), tmp_path, AT)
    await erase_due(owner, load_retention(), tmp_path, AT)

    entries = await owner.fetch("SELECT actor, action, detail FROM audit ORDER BY sequence")
    assert [tuple(entry) for entry in entries] == [
        ("operator:erasure", "erase", "deceased"),
        ("operator:retention", "erase_due", "deceased_resident 1"),
    ]
    assert erased_residents(tmp_path) == [holder.id]
    assert await verify_chain(resources.database, {}) == 2


async def test_before_the_first_period_nothing_is_erased(owner: asyncpg.Connection, tmp_path: Path) -> None:
    """Rules that begin later say nothing about today."""
    due = await erase_due(owner, load_retention(), tmp_path, datetime(2025, 12, 30, tzinfo=UTC))

    assert {(each.days, each.since, each.count) for each in due} == {(None, None, 0)}
