"""Lets time pass over guardianships: an end is told ahead, and carried out when the last day is over."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Act
from domain.dates import local_date
from domain.guardianship import NOTICE, latest_adult
from services import audit
from services.card_notices import tell_resident
from services.credentials import revoke_passes
from services.people import guardianship_of
from services.resources import Resources

_PAGE = 500
_DAY = timedelta(days=1)

# What may have come due; it is decided again, row by row and under the lock.
_CANDIDATES = """
SELECT g.id, g.ward_id FROM guardian g JOIN resident r ON r.id = g.ward_id
WHERE g.ended_on IS NULL AND ($4::uuid IS NULL OR g.id > $4)
  AND ((g.told_on IS NULL AND (g.valid_until <= $2 OR (g.ground = 'minor' AND r.birth_date <= $3)))
       OR g.valid_until < $1 OR (g.ground = 'minor' AND r.birth_date <= $5))
ORDER BY g.id LIMIT $6
"""

_WARD = "SELECT data_key, data_key_version, birth_date FROM resident WHERE id = $1 FOR NO KEY UPDATE"

_GUARDIAN = """
SELECT id, account_id, acts, ground, valid_from, valid_until, told_on FROM guardian
WHERE id = $1 AND ended_on IS NULL
"""


class Passing(StrEnum):
    """What the passing of time did to a guardianship."""

    TOLD = "guardianship_ends"
    ENDED = "guardianship_ended"


async def advance(resources: Resources) -> Counter[Passing]:
    """Tell and end whatever has come due by today, each in a transaction of its own; safe to repeat."""
    on = local_date(resources.clock())
    happened: Counter[Passing] = Counter()
    async for guardian_id, ward_id in _candidates(resources, on):
        async with resources.database.transaction() as connection:
            done = await _pass(resources, connection, guardian_id, ward_id, on)
        if done is not None:
            happened[done] += 1
    return happened


async def _candidates(resources: Resources, on: date) -> AsyncIterator[tuple[UUID, UUID]]:
    ahead = on + NOTICE
    last: UUID | None = None
    # Who is of age on the day behind it has her last day as a minor by then.
    days = (on, ahead, latest_adult(ahead + _DAY))
    while rows := await resources.database.fetch(_CANDIDATES, *days, last, latest_adult(on), _PAGE):
        for row in rows:
            yield row["id"], row["ward_id"]
        last = rows[-1]["id"]


async def _pass(
    resources: Resources, connection: asyncpg.Connection, guardian_id: UUID, ward_id: UUID, on: date
) -> Passing | None:
    ward = await connection.fetchrow(_WARD, ward_id)
    row = await connection.fetchrow(_GUARDIAN, guardian_id)
    if ward is None or row is None:
        return None
    held = guardianship_of(row)
    last = held.last_day(ward["birth_date"])
    if last is None or (last >= on and (row["told_on"] or not held.ends_soon(ward["birth_date"], on))):
        return None
    done = Passing.ENDED if last < on else Passing.TOLD
    at = resources.clock()
    if done is Passing.ENDED:
        await connection.execute("UPDATE guardian SET ended_on = $2 WHERE id = $1", guardian_id, last + _DAY)
        if row["account_id"] and Act.RIDE_CODE in held.acts:
            # Nobody can tell on whose phone a pass is; the other phones fetch theirs anew.
            await revoke_passes(connection, ward_id, at)
    else:
        await connection.execute("UPDATE guardian SET told_on = $2 WHERE id = $1", guardian_id, on)
    key = resources.vault.data_key(ward_id, ward["data_key"], ward["data_key_version"])
    detail = {"guardian": str(guardian_id), "last_day": last.isoformat(), "ground": held.ground}
    await tell_resident(connection, key, done, json.dumps(detail), at)
    await audit.record(connection, audit.Event("time", done, str(ward_id), str(guardian_id)), at)
    return done
