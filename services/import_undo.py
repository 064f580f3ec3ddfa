"""Takes a batch back: what stood before stands again, and nothing is deleted."""

from collections.abc import Sequence

import asyncpg

from domain.exchange import Tally
from services import audit
from services.imports import BatchFault, BatchRefused, long_transaction, take_turn, unpacked
from services.resources import Resources

_BATCH = "SELECT * FROM import_batch WHERE source = $1 AND batch = $2 FOR UPDATE"

_LATER = """
SELECT batch, source, residents FROM import_batch
WHERE department = $1 AND applied_at > $2 AND undone_at IS NULL ORDER BY applied_at DESC
"""

_GIVE_BACK = """
UPDATE fact f SET valid_until = r.valid_until FROM fact_replacement r WHERE r.batch_id = $1 AND f.id = r.fact_id
"""

# A statement that ends before it begins holds on no day.
_WITHDRAW = "UPDATE fact SET valid_until = valid_from - 1 WHERE batch_id = $1"

_ID_BYTES = 16


async def undo(resources: Resources, source: str, batch: str, actor: str) -> Tally:
    """Take a batch back; what it had changed.

    Raises:
        BatchRefused: there is no such batch, it was undone, a later one says something of the same people, or cards
            moved by it: those are put right one by one, by people. Nothing was changed.
    """
    at = resources.clock()
    async with long_transaction(resources) as connection:
        await take_turn(connection)
        row = await connection.fetchrow(_BATCH, source, batch)
        if row is None:
            raise BatchRefused(BatchFault.UNKNOWN)
        if row["undone_at"] is not None:
            raise BatchRefused(BatchFault.UNDONE)
        tally = Tally.of(unpacked(row["result"]))
        if tally.events:
            raise BatchRefused(BatchFault.CARDS_MOVED)
        later = await connection.fetch(_LATER, row["department"], row["applied_at"])
        _refuse_built_upon(row["residents"], later)
        await connection.execute(_WITHDRAW, row["id"])
        await connection.execute(_GIVE_BACK, row["id"])
        await connection.execute("UPDATE import_batch SET undone_at = $2 WHERE id = $1", row["id"], at)
        event = audit.Event(actor, "import_undo", f"{source}:{batch}", f"{tally.changed} rows taken back")
        await audit.record(connection, event, at)
    return tally


def _refuse_built_upon(residents: bytes, later: Sequence[asyncpg.Record]) -> None:
    mine = _ids(residents)
    for row in later:
        if not mine.isdisjoint(_ids(row["residents"])):
            raise BatchRefused(BatchFault.BUILT_UPON, detail=f"{row['source']}:{row['batch']}")


def _ids(residents: bytes) -> set[bytes]:
    return {residents[start : start + _ID_BYTES] for start in range(0, len(residents), _ID_BYTES)}
