"""What a resident sees of herself, and a guardian of a ward: the same fields for both."""

from datetime import date, datetime

import strawberry

from domain.language import Language
from schema.access import Access, access_cursor, access_place
from schema.booking import Booking, Quote
from schema.card import Card
from schema.context import Info
from schema.credential import Credential
from schema.entitlement import ComingChange, Entitlement
from schema.file import FileEntry, FirstDay, Kinds, LastDay, filter_of, page_of_file
from schema.guardian import Guardian
from schema.identity import key_of, to_id
from schema.lifecycle import CardStanding
from schema.limits import LIST_SIZE
from schema.paging import Connection, CursorInvalid, PageInfo, page_of
from schema.referral import Referral
from schema.ride import Ride
from schema.session import Signed, signed_in
from schema.waitlist import WaitlistEntry
from services import cards, entitlements, objections, quotes, referrals
from services.people import Person

strawberry.enum(Language, description="In which language the rules are told.")

# As many as the district's plan has; a year may change each of them.
_PROGRAMMES = 35
_USUAL_GUARDIANS = 2


@strawberry.interface(description="A person in the register, as she herself or her guardian sees her.")
class Holder:
    """Fields over one loaded person; everything is empty where the viewer is tied to nobody."""

    person: strawberry.Private[Person | None]

    @strawberry.field(description="The id by which mutations name this resident.")
    def resident_id(self) -> strawberry.ID | None:
        """The person's id."""
        return to_id("Resident", self.person.id) if self.person else None

    @strawberry.field(description="The name, masked: 王**.")
    def masked_name(self) -> str | None:
        """The person's name."""
        return self.person.masked_name if self.person else None

    @strawberry.field(description="The newest card.")
    def card(self, info: Info) -> Card | None:
        """The person's card."""
        return Card.of(self.person.card, info.context.on) if self.person and self.person.card else None

    @strawberry.field(
        description="Every programme: whether she is entitled to it on a day (today when not given), and why.",
        metadata={LIST_SIZE: _PROGRAMMES},
    )
    async def entitlements(
        self, info: Info, on: date | None = None, language: Language = Language.CHINESE
    ) -> list[Entitlement]:
        """The decisions for the person."""
        if self.person is None:
            return []
        facts = await info.context.facts(self.person)
        decided = entitlements.decide_for(info.context.resources, facts, on or info.context.on, language)
        return [Entitlement.of(one) for one in decided]

    @strawberry.field(
        description="What time alone will change in the twelve months after a day (today when not given).",
        metadata={LIST_SIZE: _PROGRAMMES},
    )
    async def coming_up(
        self, info: Info, on: date | None = None, language: Language = Language.CHINESE
    ) -> list[ComingChange]:
        """The changes that are coming to the person."""
        if self.person is None:
            return []
        facts = await info.context.facts(self.person)
        changes = entitlements.coming_up_for(info.context.resources, facts, on or info.context.on, language)
        return [ComingChange.of(one) for one in changes]

    @strawberry.field(description="Bookings to come and of the last 30 days, the latest first.")
    async def bookings(self, info: Info, first: int, after: str | None = None) -> Connection[Booking]:
        """The person's bookings."""
        rows = await info.context.bookings(self.person) if self.person else []
        start = 0
        if after is not None:
            start = next((n + 1 for n, row in enumerate(rows) if to_id("Booking", row.id) == after), -1)
            if start < 0:
                raise CursorInvalid
        return page_of(rows[start : start + first + 1], first, Booking.of, lambda row: to_id("Booking", row.id))

    @strawberry.field(
        description="The full slots and courses for which she waits, or is offered a place, the earliest first."
    )
    async def waitlist(self, info: Info) -> list[WaitlistEntry]:
        """The person's wishes."""
        if self.person is None:
            return []
        return [WaitlistEntry.of(wish) for wish in await info.context.waitlist(self.person)]

    @strawberry.field(description="What a slot would cost her; null where there is no such slot.")
    async def quote(self, info: Info, slot_id: strawberry.ID) -> Quote | None:
        """The quote for the person."""
        if self.person is None:
            return None
        estimate = await quotes.quote_for(info.context.resources, self.person, key_of("Slot", slot_id))
        return Quote.of(estimate) if estimate else None

    @strawberry.field(description="Referrals that wait for her answer, or to which she consented, the newest first.")
    async def referrals(self, info: Info) -> list[Referral]:
        """The person's referrals."""
        if self.person is None:
            return []
        rows = await referrals.referrals_of(info.context.resources, self.person)
        return [Referral.of(row, info.context.on) for row in rows]

    @strawberry.field(description="The phones that show or showed passes, the newest first.")
    async def credentials(self, info: Info) -> list[Credential]:
        """The person's credentials."""
        if self.person is None:
            return []
        return [Credential.of(line) for line in await info.context.credentials(self.person)]

    @strawberry.field(description="Rides and entries, refusals included, the latest first.")
    async def rides(self, info: Info, first: int, before: datetime | None = None) -> list[Ride]:
        """The person's rides."""
        if self.person is None:
            return []
        rows = await info.context.rides(self.person, first, before)
        return [Ride.of(row) for row in rows]

    @strawberry.field(description="How her card stands, with an application that may run beside it.")
    async def standing(self, info: Info) -> CardStanding | None:
        """The person's standing."""
        if self.person is None:
            return None
        return CardStanding.of(await cards.standing_of(info.context.resources, self.person.id))

    @strawberry.field(description="Who acts for her, the longest first.", metadata={LIST_SIZE: _USUAL_GUARDIANS})
    async def guardians(self, info: Info) -> list[Guardian]:
        """The person's guardians."""
        if self.person is None:
            return []
        rows = await objections.guardians_of(info.context.resources, self.person, info.context.on)
        return [Guardian.of(row) for row in rows]

    @strawberry.field(description="Her file: card, assessments, services and benefits, the newest entry first.")
    async def file(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        kinds: Kinds = None,
        since: FirstDay = None,
        until: LastDay = None,
    ) -> Connection[FileEntry]:
        """A page of the person's file."""
        signed = await signed_in(info)
        if self.person is not None and isinstance(signed, Signed):
            asked = filter_of(kinds, since, until)
            page = await page_of_file(info, signed, self.person.id, asked, first, after)
            if isinstance(page, Connection):
                return page
        return Connection(edges=[], page_info=PageInfo(has_next_page=False, end_cursor=None))

    @strawberry.field(description="Who else saw or changed what the register has of her, the latest first.")
    async def accesses(self, info: Info, first: int, after: str | None = None) -> Connection[Access]:
        """What others saw and did of the person."""
        before = None if after is None else access_place(after)
        rows = await info.context.accesses(self.person, first + 1, before) if self.person else []
        return page_of(rows, first, Access.of, access_cursor)
