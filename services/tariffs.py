"""Which tariffs a scanner has: those of its operator that were published, as they are at the place where it stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from card.tariff import Tariff, read_tariff, tariff_on
from card.window import Place, PlaceKind
from services.database import Database
from services.resources import Resources

_VERSIONS = """
SELECT t.operator_id, t.content, t.published_at FROM tariff t
WHERE t.operator_id = ANY($1) AND t.published_at IS NOT NULL
UNION ALL
SELECT o.id, o.tariff, NULL FROM operator o WHERE o.id = ANY($1) AND length(o.tariff) > 0
ORDER BY published_at NULLS FIRST
"""
_PLACEMENTS = """
SELECT p.device_id, p.since, p.line_id, p.venue_id, coalesce(l.area, v.area, '') AS area FROM placement p
LEFT JOIN line l ON l.id = p.line_id LEFT JOIN venue v ON v.id = p.venue_id
WHERE p.device_id = ANY($1) ORDER BY p.since
"""


@dataclass(frozen=True)
class Terms:
    """What one scanner was ever given: versions by when they were published, and places by since when it stood there.

    A version that is None of an instant was there from the beginning.
    """

    versions: Sequence[tuple[datetime | None, Tariff]]
    places: Sequence[tuple[datetime, Sequence[Place]]]
    _cut: dict[tuple[int, int], Sequence[Tariff]] = field(default_factory=dict, compare=False, repr=False)

    def held(self, at: datetime) -> Sequence[Tariff]:
        """The tariffs that a bundle of an instant had for this scanner."""
        published = sum(since is None or since <= at for since, _ in self.versions)
        # A scanner stood where it was put first from the beginning.
        stands = max(sum(since <= at for since, _ in self.places), 1)
        if (published, stands) not in self._cut:
            places = self.places[stands - 1][1] if self.places else ()
            self._cut[published, stands] = [tariff.at_places(places) for _, tariff in self.versions[:published]]
        return self._cut[published, stands]


async def terms_of(resources: Resources, scanners: Sequence[tuple[UUID, UUID]]) -> Sequence[Terms]:
    """The terms of scanners, each named behind its operator, for two queries whatever their number.

    Raises:
        DatabaseUnavailable: see there.
    """
    versions = await _versions(resources.database, {operator_id for operator_id, _ in scanners})
    places = await placements_of(resources.database, {device_id for _, device_id in scanners})
    return [Terms(versions.get(operator_id, ()), places.get(device_id, ())) for operator_id, device_id in scanners]


async def placements_of(
    database: Database, device_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[tuple[datetime, Sequence[Place]]]]:
    """Since when each of some scanners stood in which places, in order of time; none for one that was never placed."""
    found: dict[UUID, list[tuple[datetime, Sequence[Place]]]] = {}
    for row in await database.fetch(_PLACEMENTS, list(device_ids)):
        places = places_of(row["line_id"], row["venue_id"], row["area"])
        found.setdefault(row["device_id"], []).append((row["since"], places))
    return found


async def versions_of(database: Database, operator_id: UUID) -> Sequence[tuple[datetime | None, Tariff]]:
    """An operator's tariffs in the order in which they were published."""
    return (await _versions(database, {operator_id})).get(operator_id, ())


async def _versions(
    database: Database, operator_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[tuple[datetime | None, Tariff]]]:
    found: dict[UUID, list[tuple[datetime | None, Tariff]]] = {}
    for row in await database.fetch(_VERSIONS, list(operator_ids)):
        found.setdefault(row["operator_id"], []).append((row["published_at"], _tariff(row["content"])))
    return found


# What was published never changes.
_tariff = lru_cache(maxsize=256)(read_tariff)


def places_of(line_id: UUID | None, venue_id: UUID | None, area: str) -> Sequence[Place]:
    """The places in which a spot lies, the narrowest first."""
    named = [(PlaceKind.LINE, line_id), (PlaceKind.VENUE, venue_id), (PlaceKind.AREA, area or None)]
    return [Place(kind, str(name)) for kind, name in named if name is not None]


def current_and_coming(tariffs: Sequence[Tariff], on: date) -> Sequence[Tariff]:
    """Those that a scanner still needs on a day: the one in force and all that come after it, by their days."""
    now = tariff_on(tariffs, on)
    return sorted((each for each in tariffs if each is now or each.effective > on), key=lambda each: each.effective)
