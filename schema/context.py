"""What every resolver may use: the resources, the viewer, and what was already loaded for this request."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import strawberry

from domain.access import Viewer
from domain.dates import local_date
from services import accesses, bookings, credentials, entitlements, rides, wishes
from services.people import People, Person, people_of
from services.resources import Resources

Loaded = TypeVar("Loaded")
Row_co = TypeVar("Row_co", covariant=True)


class _Load(Protocol[Row_co]):
    async def __call__(self, resources: Resources, resident_ids: Sequence[UUID], /) -> Sequence[Row_co]: ...


class Context:
    """One request: `at` is read once, so that all its answers speak of the same moment."""

    def __init__(self, resources: Resources, viewer: Viewer | None, *, token_refused: bool = False) -> None:
        self.viewer = viewer
        self.token_refused = token_refused
        self.at: datetime = resources.clock()
        self.on: date = local_date(self.at)
        # Narrowed here, once for all: PostgreSQL shows the services nobody else, whatever they ask for.
        self.resources = resources.reaching(viewer.account_id if viewer else None, self.on)
        self._loaded: dict[str, asyncio.Task[Any]] = {}

    async def people(self) -> People:
        """The viewer's people; nobody's are nobody."""
        viewer = self.viewer
        if viewer is None:
            return People(None, (), None)
        return await self._once("people", lambda: people_of(self.resources, viewer, self.on))

    async def facts(self, person: Person) -> entitlements.Facts:
        """What is known of one of the viewer's people."""
        return (await self._once("facts", self._facts))[person.id]

    async def bookings(self, person: Person) -> Sequence[bookings.HeldBooking]:
        """The bookings of one of the viewer's people."""
        rows = await self._once("bookings", self._of_everybody(bookings.bookings_of))
        return [row for row in rows if row.resident_id == person.id]

    async def waitlist(self, person: Person) -> Sequence[wishes.HeldWish]:
        """What one of the viewer's people waits for."""
        rows = await self._once("waitlist", self._of_everybody(wishes.wishes_of))
        return [row for row in rows if row.resident_id == person.id]

    async def credentials(self, person: Person) -> Sequence[credentials.CredentialLine]:
        """The credentials of one of the viewer's people."""
        rows = await self._once("credentials", self._of_everybody(credentials.credentials_of))
        return [row for row in rows if row.resident_id == person.id]

    async def rides(self, person: Person, first: int, before: datetime | None) -> Sequence[rides.RecordedRide]:
        """A person's rides; paged, so each list is a statement of its own."""
        return await rides.rides_of(self.resources, person.id, person.data_key, first, before)

    async def accesses(self, person: Person, first: int, before: int | None) -> Sequence[accesses.Access]:
        """What others saw and did of a person; paged, so each page is a statement of its own."""
        return await accesses.accesses_of(self.resources, person.id, first, before)

    async def _once(self, name: str, load: Callable[[], Coroutine[Any, Any, Loaded]]) -> Loaded:
        """What `load` gives, asked for once a request.

        One statement for all of the viewer's people, whom loading her has named already: fields of wards are resolved
        some turns of the event loop later than her own, so that batching by turns would ask twice.
        """
        task = self._loaded.get(name)
        if task is None:
            task = self._loaded[name] = asyncio.ensure_future(load())
        loaded: Loaded = await task
        return loaded

    async def _everybody(self) -> list[Person]:
        people = await self.people()
        own = [people.own] if people.own else []
        return [*own, *(ward.person for ward in people.wards)]

    def _of_everybody(self, load: _Load[Loaded]) -> Callable[[], Coroutine[Any, Any, Sequence[Loaded]]]:
        async def loading() -> Sequence[Loaded]:
            return await load(self.resources, [person.id for person in await self._everybody()])

        return loading

    async def _facts(self) -> dict[UUID, entitlements.Facts]:
        # A ward may be the viewer's own resident as well, or be hers twice over.
        persons = list({person.id: person for person in await self._everybody()}.values())
        facts = await entitlements.facts_of(self.resources, persons)
        return {person.id: known for person, known in zip(persons, facts, strict=True)}


Info = strawberry.Info[Context, None]
