"""Counts how long cards and applications stay in each state, town by town: what supervision of issuing looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.database import Database

# A span ends with the next move of the same track; one that lasts still counts as current and has no length.
_TIMES = """
WITH move AS (
    SELECT id, resident_id, at, 'card' AS track, card_to AS state FROM card_event
    WHERE card_to IS DISTINCT FROM card_from
    UNION ALL
    SELECT id, resident_id, at, 'application', application_to FROM card_event
    WHERE application_to IS DISTINCT FROM application_from
), span AS (
    SELECT resident_id, track, state,
           extract(epoch FROM lead(at) OVER (PARTITION BY resident_id, track ORDER BY at, id) - at) / 86400 AS days
    FROM move
)
SELECT span.track, span.state, r.town, count(span.days) AS finished, count(*) - count(span.days) AS current,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY span.days) AS median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY span.days) AS ninety
FROM span JOIN resident r ON r.id = span.resident_id
WHERE span.state NOT IN ('cancelled', 'granted', 'rejected', 'closed')
GROUP BY GROUPING SETS ((span.track, span.state, r.town), (span.track, span.state))
ORDER BY span.track, span.state, r.town NULLS FIRST
"""


@dataclass(frozen=True)
class StateTime:
    """How long one state lasted in one town, or in the district (`town` None): days, from spans that have ended.

    `ninety_days` is what nine of ten did not exceed; both are None while nothing has left the state. `current` counts
    those in it now.
    """

    track: str
    state: str
    town: str | None
    finished: int
    current: int
    median_days: float | None
    ninety_days: float | None


async def card_times(database: Database) -> Sequence[StateTime]:
    """Every state of cards and applications that the history knows, the district before its towns."""
    return [
        StateTime(
            row["track"],
            row["state"],
            row["town"],
            row["finished"],
            row["current"],
            row["median"],
            row["ninety"],
        )
        for row in await database.fetch(_TIMES)
    ]
