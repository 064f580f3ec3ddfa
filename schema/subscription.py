"""What can be followed live: a provider's day at its desk, and the places offered to somebody who waits.

Each answer is read anew under the rights that the viewer has then; what did not change is not sent again.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

import strawberry

from domain.access import Act, Viewer
from domain.dates import local_date
from schema import messages
from schema.context import Info
from schema.desk import DeskBooking
from schema.identity import key_of
from schema.limits import LIST_SIZE
from schema.waitlist import WaitlistEntry
from services import accesses, desks, wishes
from services.people import People, people_of
from services.resources import Resources

# Even without news, for what a crash kept untold and what only the clock changes.
_AGAIN_SECONDS: Final = 15.0
_MOST: Final = 500
_LONG: Final = {LIST_SIZE: 50}


@strawberry.type(description="A provider's day as it stands now, in order of time.")
class DayList:
    """The whole list, sent anew when anything in it changed."""

    day: date
    entries: list[DeskBooking] = strawberry.field(metadata=_LONG)


@strawberry.type(description="The places that are held for a resident who waited, as it stands now.")
class OpenOffers:
    """All of them, sent anew when one came or went."""

    entries: list[WaitlistEntry]


@strawberry.type(description="It is not the viewer's to follow, or not any more.")
class FollowRefused:
    """A typed refusal; nothing comes after it."""

    message: str


DayListResult = Annotated[DayList | FollowRefused, strawberry.union("DayListResult")]
OpenOffersResult = Annotated[OpenOffers | FollowRefused, strawberry.union("OpenOffersResult")]


@strawberry.type(
    description="What can be followed live: by WebSocket, protocol graphql-transport-ws, whose `connection_init` "
    'has the payload {"accessToken": …}. Closed with 4403, refresh the token and come back; with 1013, come back.'
)
class Subscription:
    """The root of all subscriptions."""

    @strawberry.subscription(description="For a provider's staff: everybody who is booked on a day, today when absent.")
    async def day_list(
        self, info: Info, provider_id: strawberry.ID, day: date | None = None
    ) -> AsyncGenerator[DayListResult, None]:
        """The day's list."""
        resources, provider = info.context.resources, key_of("Provider", provider_id)
        on = day or info.context.on
        page = desks.Page(None, _MOST)

        async def read(resources: Resources, people: People) -> Sequence[desks.DeskBooking] | FollowRefused:
            if people.desk is not None and people.proven_until is None:
                return FollowRefused(message=messages.SIGN_IN["second_factor"])
            works_at = {desk.provider_id for desk in await desks.desks_of(resources, _viewer(info))}
            if provider not in works_at:
                return FollowRefused(message=messages.NOT_YOUR_DESK)
            entries = await desks.day_list(resources, provider, on, None, page)
            shown = {entry.booking.resident_id for entry in entries}
            await accesses.note_at_desk(resources, _viewer(info), shown, resources.clock())
            return entries

        services = await desks.services_of(resources, provider)
        async with aclosing(_followed(info, services, read)) as lists:
            async for entries in lists:
                if isinstance(entries, FollowRefused):
                    yield entries
                    return
                yield DayList(day=on, entries=[DeskBooking.of(entry) for entry in entries])

    @strawberry.subscription(description="The places that are held for the viewer, or for a ward by id.")
    async def open_offers(
        self, info: Info, resident_id: strawberry.ID | None = None
    ) -> AsyncGenerator[OpenOffersResult, None]:
        """The open offers."""
        asked = None if resident_id is None else key_of("Resident", resident_id)

        async def read(resources: Resources, people: People) -> Sequence[wishes.HeldWish] | FollowRefused:
            person = people.reach(asked, Act.VIEW, local_date(resources.clock()))
            if person is None:
                return FollowRefused(message=messages.NOT_YOUR_WARD)
            held = await wishes.wishes_of(resources, [person.id])
            return [wish for wish in held if wish.offered_until is not None]

        people = await info.context.people()
        person = people.reach(asked, Act.VIEW, info.context.on)
        async with aclosing(_followed(info, [person.id] if person else [], read)) as lists:
            async for offers in lists:
                if isinstance(offers, FollowRefused):
                    yield offers
                    return
                yield OpenOffers(entries=[WaitlistEntry.of(wish) for wish in offers])


async def _followed(
    info: Info, ids: Sequence[UUID], read: Callable[[Resources, People], Awaitable[Any]]
) -> AsyncGenerator[Any, None]:
    """What `read` gives at first, and whenever it gives something else; listening begins before the first reading.

    Raises:
        SessionEnded: the viewer signed out.
        DatabaseUnavailable: nothing can be read, or news may have been missed.
    """
    resources = info.context.resources
    last: Any = None
    async with resources.news.follow(ids) as follower:
        while True:
            viewer, on = _viewer(info), local_date(resources.clock())
            today = resources.reaching(viewer.account_id, on)
            now = await read(today, await people_of(today, viewer, on))
            if now != last:
                yield now
                last = now
            await follower.next(_AGAIN_SECONDS)


def _viewer(info: Info) -> Viewer:
    """Whoever opened the WebSocket, which nobody does without a token."""
    viewer: Viewer | None = info.context.viewer
    assert viewer is not None
    return viewer
