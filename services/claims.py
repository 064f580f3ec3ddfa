"""What programmes owe providers for the sessions of a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.database import Database

_SUMS = """
SELECT c.provider_id, p.name, c.programme, count(*) AS sessions, sum(c.amount) AS amount
FROM claim c JOIN provider p ON p.id = c.provider_id
WHERE c.session_on >= $1 AND c.session_on < $2 AND c.state = 'open'
GROUP BY c.provider_id, p.name, c.programme ORDER BY p.name, c.provider_id, c.programme
"""


@dataclass(frozen=True)
class ClaimSum:
    """So many attended sessions, and the yuan that a programme bears of them."""

    provider_id: UUID
    provider: str
    programme: str
    sessions: int
    amount: Decimal


async def claims_of(database: Database, month: date) -> Sequence[ClaimSum]:
    """The open claims of the month in which a day lies, summed by provider and programme."""
    first = month.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    rows = await database.fetch(_SUMS, first, following)
    return [ClaimSum(row["provider_id"], row["name"], row["programme"], row["sessions"], row["amount"]) for row in rows]
