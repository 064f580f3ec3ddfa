"""Makes the months ahead in which taps are kept, so that none of them lands among the absurd."""

from domain.dates import local_date
from models.migrate import MONTHS_AHEAD, month_before
from services.resources import Resources


async def make_ahead(resources: Resources) -> int:
    """Make the partitions that are missing, from the month before this one; returns how many were made."""
    first = month_before(local_date(resources.clock()))
    async with resources.database.transaction() as connection:
        made: int = await connection.fetchval("SELECT make_tap_partitions($1, $2)", first, MONTHS_AHEAD)
        return made
