"""Writes what a batch changes set by set: by COPY into tables that end with the transaction, and from there at once."""

from datetime import date
from uuid import UUID

import asyncpg

from models.record import new_id
from services.judging import Judged

_STAGE = """
CREATE TEMPORARY TABLE staged_fact (id uuid, resident_id uuid, name text, value_sealed bytea, valid_from date,
                                    valid_until date) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_end (id uuid, fact_id uuid, valid_until date) ON COMMIT DROP
"""

_KEEP = """
INSERT INTO fact_replacement (id, batch_id, fact_id, valid_until)
SELECT e.id, $1, f.id, f.valid_until FROM staged_end e JOIN fact f ON f.id = e.fact_id
"""

_END = "UPDATE fact f SET valid_until = e.valid_until FROM staged_end e WHERE f.id = e.fact_id"

_INSERT = """
INSERT INTO fact (id, resident_id, name, source, value_sealed, valid_from, valid_until, recorded_on, batch_id)
SELECT id, resident_id, name, $2, value_sealed, valid_from, valid_until, $3, $1 FROM staged_fact
"""


async def apply_facts(
    connection: asyncpg.Connection, batch_id: UUID, department: str, judged: Judged, on: date
) -> None:
    """End the statements that are superseded, keeping their last days, and write the new ones."""
    await connection.execute(_STAGE)
    await connection.copy_records_to_table("staged_fact", records=judged.facts)
    ended = ((new_id(), each.id, each.valid_until) for each in judged.ended)
    await connection.copy_records_to_table("staged_end", records=ended)
    if judged.ended:
        await connection.execute("ANALYZE staged_end")
        await connection.execute(_KEEP, batch_id)
        await connection.execute(_END)
    await connection.execute(_INSERT, batch_id, department, on)
