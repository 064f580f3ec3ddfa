"""Takes the files of other departments into the register: looked at first, applied as a whole, and each batch once."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from domain.card_event import CardEvent
from domain.dates import local_date
from domain.exchange import Outcome, RowResult, Tally
from domain.intake import Reader, Refused, Row, settle
from domain.intake_fault import RowFault
from domain.source import Source
from models.record import new_id
from services import audit
from services.happenings import bring_about, foresee
from services.judging import Judge, Judged, check_id
from services.resources import Resources
from services.staging import apply_facts
from services.tables import Table, read_table

# Any constant: one import at a time changes the register, or two would end each other's statements unseen.
_IMPORT_LOCK = 0x53444349
_CHUNK = 2_000


class BatchFault(StrEnum):
    """Why a batch is not applied or undone, though its file can be read."""

    REUSED = "reused"
    UNDONE = "undone"
    BUSY = "busy"
    NOTHING_USABLE = "nothing_usable"
    KEY_GONE = "key_gone"
    UNKNOWN = "unknown"
    BUILT_UPON = "built_upon"
    CARDS_MOVED = "cards_moved"


class BatchRefused(Exception):
    """Nothing was changed; `report` tells what came of each row, `detail` names another batch, where there is one."""

    def __init__(self, fault: BatchFault, report: "Report | None" = None, detail: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.report = report
        self.detail = detail


@dataclass(frozen=True)
class Delivery:
    """A file as it came: from which source, under which name, and who answers for taking it in."""

    source: Source
    content: bytes = field(repr=False)
    batch: str
    actor: str

    @property
    def name(self) -> str:
        """What the audit log calls it."""
        return f"{self.source.slug}:{self.batch}"

    @property
    def content_hash(self) -> bytes:
        """What tells whether the same file came before."""
        return hashlib.sha256(self.content).digest()


@dataclass(frozen=True)
class Report:
    """What comes of each row; `applied_at` is None of a dry run, and earlier than now of a batch that came before."""

    table: Table
    outcomes: Sequence[Outcome]
    applied_at: datetime | None = None
    repeated: bool = False

    @property
    def tally(self) -> Tally:
        """How many rows came to what."""
        return Tally.of(self.outcomes)


# Told how many rows are judged, and of how many.
Advance = Callable[[int, int], None]


async def look(resources: Resources, delivery: Delivery, advance: Advance) -> Report:
    """A dry run: what applying the file would do.

    Raises:
        FileRefused: the file cannot be read as what it is said to be.
        BatchRefused: the batch was undone, or is the name of another file.
    """
    table, rows = _read(delivery, resources)
    async with long_transaction(resources) as connection:
        first = await _first(connection, delivery, table)
        if first is not None:
            return first
        judged = await _judge(resources, connection, delivery.source, rows, advance)
        events = await foresee(resources, connection, judged.happenings)
    return Report(table, _with_events(judged.outcomes, events))


async def apply(resources: Resources, delivery: Delivery, advance: Advance) -> Report:
    """Apply the rows that can be taken, all of them or none; the same batch again changes nothing and answers as then.

    Raises:
        FileRefused: the file cannot be read as what it is said to be.
        BatchRefused: see `BatchFault`; nothing was changed.
    """
    at = resources.clock()
    table, rows = _read(delivery, resources)
    async with long_transaction(resources) as connection:
        await take_turn(connection)
        first = await _first(connection, delivery, table)
        if first is not None:
            return first
        judged = await _judge(resources, connection, delivery.source, rows, advance)
        _refuse(judged, table)
        batch_id = new_id()
        await _insert_batch(connection, batch_id, delivery, judged, at)
        await apply_facts(connection, batch_id, delivery.source.department, judged, local_date(at))
        events, entries = await bring_about(resources, connection, judged.happenings, delivery.name)
        report = Report(table, _with_events(judged.outcomes, events), at)
        await connection.execute(
            "UPDATE import_batch SET result = $2 WHERE id = $1", batch_id, _packed(report.outcomes)
        )
        for entry in entries:
            await audit.record(connection, entry, at)
        await audit.record(connection, audit.Event(delivery.actor, "import", delivery.name, _told(report.tally)), at)
    return report


async def take_turn(connection: asyncpg.Connection) -> None:
    """Hold the one turn to change the register by batches until the transaction ends.

    Raises:
        BatchRefused: another has it.
    """
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _IMPORT_LOCK):
        raise BatchRefused(BatchFault.BUSY)


@asynccontextmanager
async def long_transaction(resources: Resources) -> AsyncIterator[asyncpg.Connection]:
    """A transaction that may pause while rows are judged, which a request's may not."""
    async with resources.database.transaction() as connection:
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def _read(delivery: Delivery, resources: Resources) -> tuple[Table, Sequence[Row | Refused]]:
    table = read_table(delivery.content, delivery.source)
    reader = Reader(delivery.source, table.headers, check_id, local_date(resources.clock()))
    return table, settle(delivery.source, [reader.read(number, cells) for number, cells in table.rows])


async def _first(connection: asyncpg.Connection, delivery: Delivery, table: Table) -> Report | None:
    """What came of the batch when it was applied; None if it never was."""
    row = await connection.fetchrow(
        "SELECT content_hash, result, applied_at, undone_at FROM import_batch WHERE source = $1 AND batch = $2",
        delivery.source.slug,
        delivery.batch,
    )
    if row is None:
        return None
    if row["content_hash"] != delivery.content_hash:
        raise BatchRefused(BatchFault.REUSED)
    if row["undone_at"] is not None:
        raise BatchRefused(BatchFault.UNDONE)
    return Report(table, unpacked(row["result"]), row["applied_at"], repeated=True)


async def _judge(
    resources: Resources,
    connection: asyncpg.Connection,
    source: Source,
    rows: Sequence[Row | Refused],
    advance: Advance,
) -> Judged:
    on = local_date(resources.clock())
    judge = Judge(resources.vault, resources.rules.chinese.reference.vocabulary, source, on)
    whole = Judged()
    for start in range(0, len(rows), _CHUNK):
        part = await judge.judge(connection, rows[start : start + _CHUNK])
        whole.add(part)
        advance(len(whole.outcomes), len(rows))
    return whole


def _refuse(judged: Judged, table: Table) -> None:
    report = Report(table, judged.outcomes)
    if any(outcome.fault is RowFault.KEY_GONE for outcome in judged.outcomes):
        raise BatchRefused(BatchFault.KEY_GONE, report)
    if all(outcome.result is RowResult.REFUSED for outcome in judged.outcomes):
        raise BatchRefused(BatchFault.NOTHING_USABLE, report)


async def _insert_batch(
    connection: asyncpg.Connection, batch_id: UUID, delivery: Delivery, judged: Judged, at: datetime
) -> None:
    await connection.execute(
        "INSERT INTO import_batch (id, source, department, batch, content_hash, residents, result, actor, applied_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        batch_id,
        delivery.source.slug,
        delivery.source.department,
        delivery.batch,
        delivery.content_hash,
        b"".join(resident_id.bytes for resident_id in judged.residents),
        b"",
        delivery.actor,
        at,
    )


def _with_events(outcomes: Sequence[Outcome], events: Mapping[int, tuple[CardEvent, ...]]) -> Sequence[Outcome]:
    return [
        replace(outcome, result=RowResult.CHANGED, events=events[outcome.row]) if outcome.row in events else outcome
        for outcome in outcomes
    ]


def _packed(outcomes: Sequence[Outcome]) -> bytes:
    return zlib.compress(msgspec.json.encode(outcomes))


def unpacked(result: bytes) -> Sequence[Outcome]:
    """What came of each row of a batch, as it is kept."""
    return msgspec.json.decode(zlib.decompress(result), type=list[Outcome])


def _told(tally: Tally) -> str:
    events = "".join(f", {count} {event}" for event, count in sorted(tally.events.items()))
    return f"{tally.rows} rows, {tally.changed} changed, {tally.unchanged} unchanged, {tally.refused} refused{events}"
