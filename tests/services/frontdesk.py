"""Plays a provider's desk and its residents in tests: one service, whoever books with it, and who works there."""

from typing import Any
from uuid import UUID

from domain.access import Viewer
from models.record import new_id
from services.bookings import HeldBooking, book_slot
from services.resources import Resources
from tests.services.register import Holder, Register


class FrontDesk:
    """A provider with one service and one member of staff."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self.resources = resources
        self.register = register

    async def open(self, *, price: str = "80", **service: Any) -> "FrontDesk":
        """Make the provider."""
        self.provider_id = await self.register.provider()
        self.service_id = await self.register.service(provider_id=self.provider_id, **service)
        await self.register.price(self.service_id, price)
        self.staff = await self.register.viewer()
        await self.register.desk(self.staff.account_id, self.service_id)
        return self

    async def patient(self, **resident: Any) -> Holder:
        """A resident whose training the programme bears in full: she trains at the centre, and is poor."""
        holder = await self.register.resident(**resident)
        await self.register.fact(holder, "trains_at_rehab_centre", value=True, source="rehab_centre")
        await self.register.fact(holder, "household_hardship", "living_guarantee")
        return holder

    async def book(self, holder: Holder, *, hours: float = 24, slot_id: UUID | None = None) -> HeldBooking:
        """A booking that a guardian makes for her."""
        return await self.book_as(await self.register.viewer(), holder, hours=hours, slot_id=slot_id)

    async def book_as(
        self, viewer: Viewer, holder: Holder, *, hours: float = 24, slot_id: UUID | None = None
    ) -> HeldBooking:
        """A booking that the viewer makes as her guardian."""
        await self.register.guardian(holder, viewer.account_id)
        slot_id = slot_id or await self.register.slot(self.service_id, hours=hours, capacity=3)
        people = await self.register.people(viewer)
        held = await book_slot(self.resources, viewer, people, slot_id, holder.id, str(new_id()))
        assert isinstance(held, HeldBooking), held
        return held
