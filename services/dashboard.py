"""Reads what scanners of one operator, or of all, did on some days, and which of them have fallen silent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.dashboard import SILENT_AFTER, Delay, ScanGroup, SilentDevice, Tally, tally
from domain.dates import end_of, start_of
from domain.settlement import Verdict
from services.counted import PLACES
from services.resources import Resources

# Within what a request may take.
_SECONDS: Final = 2.5
_MOST_SILENT: Final = 200

# What was made on a day came then or later, and that is how the index finds it.
_GROUPS = f"""
SELECT (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day, coalesce(l.name, v.name, d.place) AS line,
       d.kind = 'venue' AS is_venue, t.device_admission AS verdict, coalesce(t.device_reason, '') AS reason,
       t.overridden, CASE WHEN t.received_at < t.at + interval '1 hour' THEN 'hour'
                          WHEN t.received_at < t.at + interval '1 day' THEN 'day'
                          WHEN t.received_at < t.at + interval '7 days' THEN 'week' ELSE 'longer' END AS delay,
       count(*) AS scans, sum(t.companions) AS companions
FROM tap t JOIN device d ON d.id = t.device_id
{PLACES}
WHERE t.received_at >= $1::timestamptz - interval '1 day' AND t.at >= $1 AND t.at < $2
    AND ($3::uuid IS NULL OR d.operator_id = $3)
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_SILENT = """
SELECT o.name AS operator, d.place, (SELECT max(received_at) FROM scan_chain c WHERE c.device_id = d.id) AS last_at
FROM device d JOIN operator o ON o.id = d.operator_id
WHERE d.enrolled_at < $1 AND d.retired_at IS NULL AND d.suspended_at IS NULL AND d.stolen_at IS NULL
    AND ($2::uuid IS NULL OR o.id = $2)
    AND NOT EXISTS (SELECT FROM scan_chain c WHERE c.device_id = d.id AND c.received_at >= $1)
ORDER BY last_at NULLS FIRST, d.place, d.id LIMIT $3
"""


@dataclass(frozen=True)
class Seen:
    """What was seen at the instant `at`, of an operator or of all."""

    since: date
    until: date
    at: datetime
    tally: Tally
    silent: Sequence[SilentDevice]


async def look(
    resources: Resources, operator_id: UUID | None, since: date, until: date, seconds: float = _SECONDS
) -> Seen:
    """What the scanners of an operator (None: of all) did from a day to another; numbers alone, and nobody's name.

    Raises:
        DatabaseUnavailable: see there; also where it took more than `seconds`.
    """
    at = resources.clock()
    async with resources.beyond_reach().database.transaction() as connection:
        # As in `services.counted.take_time`: a scan at a time would take for ever.
        await connection.execute(
            f"SET LOCAL statement_timeout = '{int(seconds * 1_000)}ms'; SET LOCAL enable_nestloop = off"
        )
        groups = await connection.fetch(_GROUPS, start_of(since), end_of(until), operator_id, timeout=seconds)
        silent = await connection.fetch(_SILENT, at - SILENT_AFTER, operator_id, _MOST_SILENT, timeout=seconds)
    return Seen(
        *(since, until, at),
        tally(map(_group, groups), since, until),
        [SilentDevice(row["operator"], row["place"], row["last_at"]) for row in silent],
    )


def _group(row: asyncpg.Record) -> ScanGroup:
    return ScanGroup(**{**dict(row), "verdict": Verdict(row["verdict"]), "delay": Delay(row["delay"])})
