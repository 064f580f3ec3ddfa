"""A provider's desk: its day, what waits for its answer, and what a person has to look at."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from domain.attendance import DeskRefusal
from models.attendance import AttendanceMethod
from schema import messages
from schema.booking import Booking
from schema.catalogue import DeskCourse, DeskResource, DeskService, Site, WaitedSlot
from schema.context import Info
from schema.day_page import day_page
from schema.identity import from_id, key_of, to_id
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, page_of, time_cursor, time_place
from schema.referral import Referral
from services import accesses, desk_catalogue, desks, referrals, visits

strawberry.enum(DeskRefusal, name="DeskRefusalReason", description="Why a desk's request or an appeal was refused.")
strawberry.enum(AttendanceMethod, name="AttendanceMethod", description="What showed that she came, or did not.")

# As many as a sheet for one day may hold.
_SHEET = 500
_SITES = 3
_SERVICES = 10


@strawberry.type(description="A booking as a desk or the federation's staff sees it.")
class DeskBooking:
    """The booking with a masked name and what was written down of it."""

    masked_name: str
    booking: Booking
    method: AttendanceMethod | None
    recorded_at: datetime | None
    appeal: str | None = strawberry.field(description="Why, in her own words, a miss should be excused.")
    appealed_at: datetime | None
    appeal_upheld: bool | None

    @classmethod
    def of(cls, entry: desks.DeskBooking) -> "DeskBooking":
        """The entry of a loaded row."""
        return cls(
            masked_name=entry.masked_name,
            booking=Booking.of(entry.booking),
            method=entry.method,
            recorded_at=entry.recorded_at,
            appeal=entry.appeal,
            appealed_at=entry.appealed_at,
            appeal_upheld=entry.appeal_upheld,
        )


@strawberry.type(description="The desk's request, or the appeal, was refused.")
class DeskRefused:
    """A typed refusal."""

    reason: DeskRefusal
    message: str

    @classmethod
    def of(cls, reason: DeskRefusal) -> "DeskRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.DESK[reason])


@strawberry.type(description="Where a resident is visited. Show it, and keep it nowhere.")
class Visit:
    """An address and a number."""

    address: str
    phone: str | None = strawberry.field(description="Hers, or else a guardian's.")

    @classmethod
    def of(cls, visit: visits.Visit) -> "Visit":
        """The visit as it was opened."""
        return cls(address=visit.address, phone=visit.phone)


def desk_page(first: int, after: str | None) -> desks.Page:
    """Which part of a list is asked for, and one more, to know whether there is more."""
    return desks.Page(time_place("DeskBooking", after) if after is not None else None, first + 1)


def desk_bookings(rows: Sequence[desks.DeskBooking], first: int) -> Connection[DeskBooking]:
    """A page of bookings."""
    return page_of(
        rows, first, DeskBooking.of, lambda row: time_cursor("DeskBooking", row.booking.slot.starts_at, row.booking.id)
    )


async def _note(info: Info, resident_ids: Sequence[UUID]) -> None:
    viewer = info.context.viewer
    assert viewer is not None, "nobody has a desk without an account"
    await accesses.note_at_desk(info.context.resources, viewer, resident_ids, info.context.at)


@strawberry.type(description="A provider at whose desk the viewer works.")
class Desk:
    """One desk."""

    provider: strawberry.Private[desks.Desk]

    @strawberry.field(description="The provider's id.")
    def id(self) -> strawberry.ID:
        """The id by which mutations name it."""
        return to_id("Provider", self.provider.provider_id)

    @strawberry.field(description="The provider's name.")
    def name(self) -> str:
        """Its name."""
        return self.provider.name

    @strawberry.field(description="Where it serves, closed sites included.", metadata={LIST_SIZE: _SITES})
    async def sites(self, info: Info) -> list[Site]:
        """Its sites."""
        rows = await desk_catalogue.sites(info.context.resources, self.provider.provider_id)
        return [Site.of(row) for row in rows]

    @strawberry.field(description="What it offers, retired services included.", metadata={LIST_SIZE: _SERVICES})
    async def services(self, info: Info) -> list[DeskService]:
        """Its services."""
        rows = await desk_catalogue.services(info.context.resources, self.provider.provider_id)
        return [DeskService.of(row) for row in rows]

    @strawberry.field(description="Its rooms, staff and interpreters.", metadata={LIST_SIZE: _SERVICES})
    async def resources(self, info: Info) -> list[DeskResource]:
        """Its resources."""
        rows = await desk_catalogue.rooms_and_staff(info.context.resources, self.provider.provider_id)
        return [DeskResource.of(row) for row in rows]

    @strawberry.field(description="Its courses, the newest first, and who waits.", metadata={LIST_SIZE: _SERVICES})
    async def courses(self, info: Info) -> list[DeskCourse]:
        """Its courses."""
        rows = await desk_catalogue.courses(info.context.resources, self.provider.provider_id)
        return [DeskCourse.of(row) for row in rows]

    @strawberry.field(
        description="The slots to come for which somebody waits, in order of time.", metadata={LIST_SIZE: _SERVICES}
    )
    async def waited_for(self, info: Info) -> list[WaitedSlot]:
        """How many wait for what."""
        rows = await desk_catalogue.waited_for(info.context.resources, self.provider.provider_id)
        return [WaitedSlot.of(row) for row in rows]

    @strawberry.field(description="The bookings of a day, of one site where that is asked, in order of time.")
    async def day_list(
        self, info: Info, on: date, first: int, site_id: strawberry.ID | None = None, after: str | None = None
    ) -> Connection[DeskBooking]:
        """A page of the day."""
        site = None if site_id is None else key_of("Site", site_id)
        page = desk_page(first, after)
        rows = await desks.day_list(info.context.resources, self.provider.provider_id, on, site, page)
        await _note(info, [row.booking.resident_id for row in rows[:first]])
        return desk_bookings(rows, first)

    @strawberry.field(description="The day as a page to be printed, a whole HTML document of up to 500 bookings.")
    async def day_page(self, info: Info, on: date, site_id: strawberry.ID | None = None) -> str:
        """The sheet."""
        site = None if site_id is None else key_of("Site", site_id)
        page = desks.Page(None, _SHEET)
        rows = await desks.day_list(info.context.resources, self.provider.provider_id, on, site, page)
        await _note(info, [row.booking.resident_id for row in rows])
        return day_page(self.provider.name, on, rows)

    @strawberry.field(description="The requests that wait for the provider's answer, the earliest session first.")
    async def requests(self, info: Info, first: int, after: str | None = None) -> Connection[DeskBooking]:
        """A page of requests."""
        page = desk_page(first, after)
        rows = await desks.to_confirm(info.context.resources, self.provider.provider_id, page)
        await _note(info, [row.booking.resident_id for row in rows[:first]])
        return desk_bookings(rows, first)

    @strawberry.field(description="Coming bookings that a person has to look at, the earliest session first.")
    async def flagged(self, info: Info, first: int, after: str | None = None) -> Connection[DeskBooking]:
        """A page of flagged bookings."""
        page = desk_page(first, after)
        rows = await desks.flagged_at_desk(info.context.resources, self.provider.provider_id, page)
        await _note(info, [row.booking.resident_id for row in rows[:first]])
        return desk_bookings(rows, first)

    @strawberry.field(description="Residents who were sent here by another provider and consented.")
    async def referrals(self, info: Info, first: int, after: str | None = None) -> Connection[Referral]:
        """A page of referrals."""
        behind = None
        if after is not None:
            behind = from_id("Referral", after)
            if behind is None:
                raise CursorInvalid
        rows = await referrals.referrals_to(info.context.resources, self.provider.provider_id, behind, first + 1)
        await _note(info, [row.person.id for row in rows[:first]])
        return page_of(
            rows, first, lambda row: Referral.of(row, info.context.on), lambda row: to_id("Referral", row.id)
        )
