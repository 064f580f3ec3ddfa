"""What anybody may know of a venue, what a card is worth there, and how many came, of whom nobody is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg
import msgspec

from card.tariff import Tariff, TariffRule, local_day, tariff_on
from card.window import Window
from domain.access import Viewer
from domain.dates import end_of, start_of
from domain.scanner import FleetRefusal
from services.catalogue import Accessibility
from services.fleet import Price
from services.operators import Acting, acting_for
from services.resources import Resources
from services.tariffs import Terms, places_of, versions_of

MAX_DAYS = 366
_VENUES = """
SELECT v.*, o.name AS operator FROM venue v JOIN operator o ON o.id = v.operator_id
WHERE ($1::uuid IS NULL OR v.id = $1) AND ($2::uuid IS NULL OR v.id > $2) AND ($3::text IS NULL OR v.area = $3)
ORDER BY v.id LIMIT $4
"""
# By where a scanner stood at the time; what waits for a person is not counted.
_VISITORS = """
SELECT (t.at AT TIME ZONE 'Asia/Shanghai')::date AS day, t.device_admission AS outcome,
       count(*) AS visitors, sum(t.companions) AS companions
FROM placement p JOIN venue v ON v.id = p.venue_id
JOIN tap t ON t.device_id = p.device_id AND t.at >= p.since AND (p.until IS NULL OR t.at < p.until)
WHERE v.id = $1 AND v.operator_id = $2 AND t.at >= $3 AND t.at < $4
AND (t.device_admission <> 'refused' OR t.overridden) AND coalesce(t.mark, 'late') = 'late'
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Venue:
    """A venue's public page; `rules` and `opening` are those of the tariff in force, None while there is none."""

    id: UUID
    name: str
    operator: str
    area: str
    address: str
    accessibility: frozenset[Accessibility]
    prices: tuple[Price, ...]
    tariff: Tariff | None

    @property
    def opening(self) -> Sequence[Window]:
        """When it is open; empty where the tariff names no hours."""
        return [] if self.tariff is None else [each.window for each in self.tariff.opening]

    @property
    def rules(self) -> Sequence[TariffRule]:
        """What card holders get, by their class."""
        return [] if self.tariff is None else self.tariff.rules


@dataclass(frozen=True)
class Visitors:
    """How many were let in on a day on one outcome, and how many came along with them."""

    day: date
    outcome: str
    visitors: int
    companions: int


async def venues(resources: Resources, first: int, after: UUID | None, area: str | None) -> Sequence[Venue]:
    """Venues behind one of them, `first` at most; of one town where that is asked."""
    rows = await resources.database.fetch(_VENUES, None, after, area, first)
    versions = {key: await versions_of(resources.database, key) for key in {row["operator_id"] for row in rows}}
    return [_venue(row, versions[row["operator_id"]], resources.clock()) for row in rows]


async def venue(resources: Resources, venue_id: UUID) -> Venue | None:
    """One venue."""
    rows = await resources.database.fetch(_VENUES, venue_id, None, None, 1)
    if not rows:
        return None
    return _venue(rows[0], await versions_of(resources.database, rows[0]["operator_id"]), resources.clock())


async def visitors(
    resources: Resources, viewer: Viewer, operator_id: UUID, venue_id: UUID, begins: date, ends: date
) -> Sequence[Visitors] | FleetRefusal:
    """For an operator's staff: who was let in on days of a year at most, by day and outcome."""
    if not 0 <= (ends - begins).days < MAX_DAYS:
        return FleetRefusal.TIME_INVALID

    async def work(acting: Acting) -> Sequence[Visitors] | FleetRefusal:
        span = start_of(begins), end_of(ends)
        rows = await acting.connection.fetch(_VISITORS, venue_id, operator_id, *span)
        return [Visitors(*row) for row in rows]

    # Counts of everybody, of whom nobody is told.
    return await acting_for(resources.beyond_reach(), viewer, operator_id, work)


def _venue(row: asyncpg.Record, versions: Sequence[tuple[datetime | None, Tariff]], at: datetime) -> Venue:
    terms = Terms(versions, [(at, places_of(None, row["id"], row["area"]))])
    return Venue(
        id=row["id"],
        name=row["name"],
        operator=row["operator"],
        area=row["area"],
        address=row["address"],
        accessibility=frozenset(each for each in Accessibility if row[each.value]),
        prices=tuple(Price(title, Decimal(yuan)) for title, yuan in msgspec.json.decode(row["prices"])),
        tariff=tariff_on(terms.held(at), local_day(at)),
    )
