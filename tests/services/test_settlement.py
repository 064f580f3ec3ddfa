"""Shows that each ride is paid once: what a statement counts, what waits for the next, what both sides can prove."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from card.merkle import root_of
from card.proof import read_proof
from models.record import new_id
from services.resources import Resources
from services.settlement import CloseRefusal, close
from services.statements import (
    ClosedStatement,
    Flaw,
    lines_of,
    prove,
    statement,
    statement_of,
    statements_of,
    verify,
)
from tests.conftest import DatabaseAddresses
from tests.services.fleet import Fleet
from tests.services.register import Clock

FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)
# Ten o'clock in the district on the tenth of a month.
IN_FEBRUARY, IN_MARCH, IN_APRIL = (datetime(2026, month, 10, 2, tzinfo=UTC) for month in (2, 3, 4))


@pytest.fixture
async def fleet(owner: asyncpg.Connection) -> Fleet:
    """A new operator."""
    return await Fleet(owner).open()


@pytest.fixture
def clock() -> Clock:
    """The first of May: March and April are over."""
    return Clock(datetime(2026, 5, 1, 2, tzinfo=UTC))


async def closed(resources: Resources, fleet: Fleet, month: date) -> ClosedStatement:
    """The statement of a month, closed now."""
    statement_id = await close(resources, fleet.operator_id, month, "staff:1")
    assert isinstance(statement_id, UUID), statement_id
    found = await statement(resources.database, statement_id)
    assert found is not None
    return found


async def rides(resources: Resources, made: ClosedStatement) -> list[tuple[str, date, str, str, int]]:
    """The lines of a statement."""
    lines = await lines_of(resources.database, made.id)
    return [(each.line, each.day, each.verdict, each.evidence, each.rides) for each in lines]


async def test_a_month_is_summed_by_line_day_class_and_evidence(resources: Resources, fleet: Fleet) -> None:
    """Each scan that counts is in one line, companions are lines of their own, and the signed totals say the same."""
    late_in_the_day = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)  # already the eleventh in the district
    moved = IN_MARCH + timedelta(hours=1)
    await fleet.stand("1 路", IN_FEBRUARY)
    await fleet.stand("2 路", moved)
    await fleet.tap(IN_MARCH, companions=1)
    await fleet.tap(IN_MARCH, kind="online")
    await fleet.tap(moved, kind=None, admission="reduced", device_admission="reduced", mark="late")
    await fleet.tap(late_in_the_day)
    await fleet.tap(IN_MARCH, overridden=True, admission="refused", device_admission="refused", reason="expired")

    made = await closed(resources, fleet, MARCH)

    day, next_day = date(2026, 3, 10), date(2026, 3, 11)
    assert await rides(resources, made) == [
        ("1 路", day, "free", "bearer", 1),
        ("1 路", day, "free", "companion", 1),
        ("1 路", day, "free", "holder_signed", 1),
        ("1 路", day, "refused", "override", 1),
        ("2 路", day, "reduced", "bearer", 1),
        ("2 路", next_day, "free", "holder_signed", 1),
    ]
    content = made.content(resources.keys.root)
    assert content.rides == {"holder_signed": 2, "bearer": 2, "override": 1, "companion": 1}
    assert (content.taps, content.month, content.operator_id) == (5, MARCH, fleet.operator_id)
    assert not await verify(resources.database, resources.keys.root, made)


async def test_what_waits_for_a_person_or_was_no_ride_is_not_counted(
    resources: Resources, fleet: Fleet, owner: asyncpg.Connection
) -> None:
    """Quarantined scans, refusals, verdicts that the server does not share, and conflicting records pay nothing."""
    await fleet.tap(IN_MARCH, mark="clock")
    await fleet.tap(IN_MARCH, mark="very_late")
    await fleet.tap(IN_MARCH, mark="a doubt that is not known yet")
    await fleet.tap(IN_MARCH, device_admission="refused", device_reason="replayed")
    await fleet.tap(IN_MARCH, admission="refused", reason="bad_signature")
    await owner.execute(
        "INSERT INTO tap_conflict (device_id, epoch, sequence, record, received_at) VALUES ($1, $2, 1, 'other', $3)",
        *(fleet.device_id, fleet.epoch, IN_MARCH),
    )

    made = await closed(resources, fleet, MARCH)

    assert await rides(resources, made) == []
    assert made.content(resources.keys.root).root == root_of([])


async def test_a_late_upload_is_in_the_next_statement(resources: Resources, fleet: Fleet) -> None:
    """It keeps its own day, the closed statement stays as it is, and nothing is counted twice."""
    await fleet.tap(IN_MARCH)
    await fleet.tap(IN_APRIL)
    march = await closed(resources, fleet, MARCH)
    before = await rides(resources, march)
    await fleet.tap(IN_MARCH, received_at=resources.clock(), mark="late")

    april = await closed(resources, fleet, APRIL)

    assert await rides(resources, march) == before == [("1 路", IN_MARCH.date(), "free", "holder_signed", 1)]
    assert await rides(resources, april) == [
        ("1 路", IN_MARCH.date(), "free", "holder_signed", 1),
        ("1 路", IN_APRIL.date(), "free", "holder_signed", 1),
    ]
    assert not await verify(resources.database, resources.keys.root, march)
    assert not await verify(resources.database, resources.keys.root, april)


async def test_an_upload_that_commits_while_a_month_is_closed_is_not_lost(
    resources: Resources, fleet: Fleet, database: DatabaseAddresses, clock: Clock
) -> None:
    """Whoever began before and ended after the closing is counted by the next, whatever order the numbers have."""
    hidden = await asyncpg.connect(database.owner_url)
    transaction = hidden.transaction()
    await transaction.start()
    await fleet.tap(IN_MARCH, hidden, received_at=clock())
    await fleet.tap(IN_MARCH)
    march = await closed(resources, fleet, MARCH)

    await transaction.commit()
    april = await closed(resources, fleet, APRIL)

    await hidden.close()
    assert march.content(resources.keys.root).taps == 1
    assert april.content(resources.keys.root).taps == 1
    assert [await counted_in(resources, fleet, number) for number in (1, 2)] == [april.id, march.id]


async def counted_in(resources: Resources, fleet: Fleet, sequence: int) -> UUID:
    """The statement that is proven to count one of a fleet's taps."""
    proof = await prove(resources.database, fleet.device_id, fleet.epoch, sequence)
    assert proof is not None
    return read_proof(proof, resources.keys.root).statement.id


async def test_two_who_close_at_once_get_one_statement(
    resources: Resources, fleet: Fleet, owner: asyncpg.Connection
) -> None:
    """The same id for all, one row, and each scan counted once."""
    await fleet.tap(IN_MARCH)

    answers = await asyncio.gather(*(close(resources, fleet.operator_id, MARCH, "staff:1") for _ in range(4)))

    assert len(set(answers)) == 1
    assert await owner.fetchval("SELECT count(*) FROM statement WHERE operator_id = $1", fleet.operator_id) == 1
    assert await owner.fetchval("SELECT count(*) FROM tap_counted WHERE device_id = $1", fleet.device_id) == 1


async def test_months_are_closed_in_order_and_when_they_are_over(resources: Resources, fleet: Fleet) -> None:
    """A month that runs, one behind a gap, and an operator that nobody knows are refused."""
    await closed(resources, fleet, FEBRUARY)

    assert await close(resources, fleet.operator_id, APRIL, "staff:1") is CloseRefusal.NOT_NEXT
    assert await close(resources, fleet.operator_id, date(2026, 1, 1), "staff:1") is CloseRefusal.NOT_NEXT
    assert await close(resources, fleet.operator_id, date(2026, 5, 1), "staff:1") is CloseRefusal.NOT_OVER
    assert await close(resources, new_id(), MARCH, "staff:1") is CloseRefusal.OPERATOR_UNKNOWN


async def test_the_first_statement_counts_what_was_before_it(resources: Resources, fleet: Fleet) -> None:
    """Nothing of the months before the first closing is lost."""
    await fleet.tap(IN_FEBRUARY)
    await fleet.tap(IN_MARCH)

    made = await closed(resources, fleet, MARCH)

    assert made.content(resources.keys.root).taps == 2
    assert await statement_of(resources.database, fleet.operator_id, date(2026, 3, 31)) == made
    assert await statements_of(resources.database, fleet.operator_id, None, 5) == [made]
    assert await statement_of(resources.database, fleet.operator_id, FEBRUARY) is None


async def test_both_sides_can_prove_a_scan(resources: Resources, fleet: Fleet) -> None:
    """The record's path leads to the signed root, over devices and epochs; what is not counted has no proof."""
    for minute in range(5):
        await fleet.tap(IN_MARCH + timedelta(minutes=minute))
    await fleet.tap(IN_MARCH, mark="clock")
    await fleet.device(place="2 路")
    await fleet.tap(IN_MARCH)
    made = await closed(resources, fleet, MARCH)

    proof = await prove(resources.database, fleet.device_id, fleet.epoch, 1)

    assert proof is not None
    proven = read_proof(proof, resources.keys.root)
    assert proven.statement == made.content(resources.keys.root)
    assert proven.record == f"record {fleet.device_id} 1".encode()
    assert await prove(resources.database, fleet.device_id, fleet.epoch, 2) is None


async def test_an_altered_statement_or_scan_is_found(
    resources: Resources, fleet: Fleet, owner: asyncpg.Connection
) -> None:
    """A changed line, a changed scan, a scan that is gone and a changed signature are told apart."""
    for minute in range(3):
        await fleet.tap(IN_MARCH + timedelta(minutes=minute))
    made = await closed(resources, fleet, MARCH)

    async def flaws() -> set[Flaw]:
        found = await statement(resources.database, made.id)
        assert found is not None
        return {each.flaw for each in await verify(resources.database, resources.keys.root, found)}

    changes = {
        "UPDATE tap SET record = 'another' WHERE device_id = $1 AND sequence = 2": {Flaw.ROOT},
        "UPDATE device SET place = '9 路' WHERE id = $1": {Flaw.LINE},
        "UPDATE tap SET mark = 'clock' WHERE device_id = $1 AND sequence = 2": {Flaw.LINE, Flaw.SCANS, Flaw.ROOT},
        "UPDATE statement_line SET rides = 4 WHERE statement_id = (SELECT statement_id FROM tap_counted "
        "WHERE device_id = $1)": {Flaw.LINES, Flaw.TOTALS, Flaw.LINE},
        "UPDATE statement SET taps = 4 FROM tap_counted c WHERE c.statement_id = id AND c.device_id = $1": {Flaw.HEAD},
        "UPDATE statement SET signed = set_byte(signed, 100, 0) FROM tap_counted c "
        "WHERE c.statement_id = id AND c.device_id = $1": {Flaw.SIGNATURE},
    }
    for change, expected in changes.items():
        await owner.execute(change, fleet.device_id)

        assert await flaws() == expected, change

        await _undo(owner, fleet, made)


async def _undo(owner: asyncpg.Connection, fleet: Fleet, made: ClosedStatement) -> None:
    """Put everything back as it was."""
    await owner.execute(
        "UPDATE tap SET mark = NULL, record = convert_to('record ' || device_id || ' ' || sequence, 'UTF8') "
        "WHERE device_id = $1",
        fleet.device_id,
    )
    await owner.execute("UPDATE device SET place = '1 路' WHERE id = $1", fleet.device_id)
    await owner.execute("UPDATE statement_line SET rides = 3 WHERE statement_id = $1", made.id)
    await owner.execute("UPDATE statement SET taps = 3, signed = $2 WHERE id = $1", made.id, made.signed)


async def test_the_servers_role_changes_no_statement(
    resources: Resources, fleet: Fleet, database: DatabaseAddresses
) -> None:
    """What is closed can be added to and read by the server, never changed or taken away."""
    await fleet.tap(IN_MARCH)
    await closed(resources, fleet, MARCH)
    connection = await asyncpg.connect(database.app_url)

    for statement_text in ("UPDATE statement SET taps = 0", "DELETE FROM statement_line", "DELETE FROM tap_counted"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement_text)

    await connection.close()
