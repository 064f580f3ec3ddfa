"""What every resolver may use: the resources, the viewer, and what was already loaded for this request."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from domain.access import Viewer
from domain.dates import local_date
from services import bookings, credentials, entitlements, taps
from services.people import People, Person, people_of
from services.resources import Resources

if TYPE_CHECKING:
    from collections.abc import Callable


class Context:
    """One request: `at` is read once, so that all its answers speak of the same moment."""

    def __init__(self, resources: Resources, viewer: Viewer | None, *, token_refused: bool = False) -> None:
        self.resources = resources
        self.viewer = viewer
        self.token_refused = token_refused
        self.at: datetime = resources.clock()
        self.on: date = local_date(self.at)
        self._people: asyncio.Task[People] | None = None
        self.bookings = self._by_resident(bookings.bookings_of)
        self.credentials = self._by_resident(credentials.credentials_of)
        self.facts: DataLoader[Person, entitlements.Facts] = DataLoader(self._load_facts, cache_key_fn=_person_key)

    async def people(self) -> People:
        """The viewer's people, loaded once; call it only for a viewer who is signed in."""
        if self.viewer is None:
            return People(None, (), None)
        if self._people is None:
            self._people = asyncio.ensure_future(people_of(self.resources, self.viewer, self.on))
        return await self._people

    async def rides(self, resident_id: UUID, first: int, before: datetime | None) -> Sequence[taps.RecordedRide]:
        """A person's rides; paged, so each list is a statement of its own."""
        return await taps.rides_of(self.resources, resident_id, first, before)

    def _by_resident(self, load: "Callable[..., Any]") -> DataLoader[UUID, Sequence[Any]]:
        async def batch(keys: list[UUID]) -> list[Sequence[Any]]:
            rows = await load(self.resources, keys)
            return [[row for row in rows if row.resident_id == key] for key in keys]

        return DataLoader(batch)

    async def _load_facts(self, persons: list[Person]) -> list[entitlements.Facts]:
        return list(await entitlements.facts_of(self.resources, persons))


Info = strawberry.Info[Context, None]


def _person_key(person: Person) -> UUID:
    return person.id
