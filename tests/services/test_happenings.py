"""Proves that deaths and moves in the file of the police end and freeze cards, passes and rights."""

from datetime import date, timedelta

import asyncpg
import pytest

from domain.card_event import CardEvent
from domain.exchange import RowResult
from services.import_undo import undo
from services.imports import BatchFault, BatchRefused
from services.resources import Resources
from tests.services.department import POLICE, Department, csv_file, person
from tests.services.register import Register


@pytest.fixture
def police(resources: Resources) -> Department:
    """The police."""
    return Department(resources, "police")


async def test_a_death_ends_card_and_passes(
    register: Register, owner: asyncpg.Connection, resources: Resources, police: Department
) -> None:
    """A dry run foresees it; applied, card and passes end in one transaction; a repetition finds nothing to do."""
    holder = await register.resident()
    at = resources.clock()
    await owner.execute(
        "INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at) "
        "VALUES (gen_random_uuid(), $1, $2, 7, $3, $4)",
        *(holder.id, bytes(32), at, at + timedelta(days=7)),
    )
    content = csv_file(POLICE, (*person(holder), "2026-03-02", "", "农业"))

    seen = await police.look(content, "deaths")
    alive = await owner.fetchval("SELECT state FROM card WHERE id = $1", holder.card_id)
    done = await police.apply(content, "deaths")
    foreseen = await police.look(content, "deaths again")
    again = await police.apply(content, "deaths again")

    assert alive == "active"
    assert seen.outcomes == done.outcomes
    assert done.outcomes[0].events == (CardEvent.RECORD_DEATH,)
    assert done.outcomes[0].columns == ("户籍地",)
    card = await owner.fetchrow("SELECT state, cause FROM card WHERE id = $1", holder.card_id)
    assert tuple(card) == ("cancelled", "deceased")
    assert await owner.fetchval("SELECT revoked_at FROM credential WHERE resident_id = $1", holder.id) == at
    assert again.outcomes[0].result is RowResult.UNCHANGED
    assert foreseen.outcomes == again.outcomes
    actors = await owner.fetch("SELECT actor FROM audit WHERE action = 'card_record_death'")
    assert [row["actor"] for row in actors] == ["police:deaths"]


@pytest.mark.parametrize(
    ("moved_on", "events", "state"),
    [
        ("2026-02-01", (CardEvent.MOVE_OUT,), "active"),
        ("2025-08-01", (CardEvent.MOVE_OUT, CardEvent.SUSPEND), "suspended"),
        ("2025-03-01", (CardEvent.MOVE_OUT, CardEvent.CANCEL), "cancelled"),
    ],
)
async def test_a_move_freezes_and_ends_by_its_day(
    moved_on: str,
    events: tuple[CardEvent, ...],
    state: str,
    register: Register,
    owner: asyncpg.Connection,
    police: Department,
) -> None:
    """A recent move is noted, one of more than half a year freezes the card, and one of more than a year ends it."""
    holder = await register.resident()

    content = csv_file(POLICE, (*person(holder), "", moved_on, ""))
    seen = await police.look(content, moved_on)

    done = await police.apply(content, moved_on)

    assert seen.outcomes == done.outcomes
    assert done.outcomes[0].events == events
    assert done.tally.events == dict.fromkeys(events, 1)
    assert await owner.fetchval("SELECT state FROM card WHERE id = $1", holder.card_id) == state


@pytest.mark.parametrize(
    ("moved_on", "until"), [("2025-03-01", date(2026, 3, 31)), ("2025-08-01", None), ("2026-02-01", None)]
)
async def test_what_is_received_ends_with_the_month_in_which_a_move_ends_the_card(
    moved_on: str, until: date | None, register: Register, owner: asyncpg.Connection, police: Department
) -> None:
    """The whole month is due, later months are not; what ended before stays as it ended, and a freeze ends nothing."""
    holder = await register.resident()
    await register.receipt(holder, "free-bus")
    await owner.execute(
        "INSERT INTO receipt (id, resident_id, programme, valid_from, valid_until, source) "
        "VALUES (gen_random_uuid(), $1, 'living-subsidy', '2025-01-01', '2025-12-31', 'civil_affairs')",
        holder.id,
    )

    await police.apply(csv_file(POLICE, (*person(holder), "", moved_on, "")), f"{moved_on}-receipts")

    rows = await owner.fetch("SELECT programme, valid_until FROM receipt WHERE resident_id = $1", holder.id)
    assert {row["programme"]: row["valid_until"] for row in rows} == {
        "free-bus": until,
        "living-subsidy": date(2025, 12, 31),
    }


async def test_a_batch_that_moved_cards_is_not_undone(
    register: Register, resources: Resources, police: Department
) -> None:
    """What people put right one by one is not turned back by a command."""
    holder = await register.resident()
    await police.apply(csv_file(POLICE, (*person(holder), "2026-03-02", "", "")), "final")

    with pytest.raises(BatchRefused) as refused:
        await undo(resources, "police", "final", "clerk:li")

    assert refused.value.fault is BatchFault.CARDS_MOVED
