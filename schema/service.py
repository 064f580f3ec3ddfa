"""Services and their slots, as residents find them."""

from datetime import datetime

import strawberry

from models.service import ServiceKind
from schema.identity import to_id
from schema.limits import LIST_SIZE
from schema.paging import time_cursor
from services.catalogue import Accessibility, FreeSlot, OfferedService, OfferedSlot

# A list that few services fill.
SHORT = {LIST_SIZE: 4}

strawberry.enum(ServiceKind, name="ServiceKind", description="What residents look for.")
strawberry.enum(Accessibility, name="Accessibility", description="What a site has for those who need it.")


@strawberry.type(description="What a provider offers.")
class Service:
    """A service and where it is given."""

    id: strawberry.ID
    name: str
    kind: ServiceKind
    programme: str = strawberry.field(description="The entitlement that pays for it; empty where none does.")
    provider: str
    site: str = strawberry.field(description="Empty where it is given at the resident's own place.")
    address: str
    town: str = strawberry.field(description="Empty where it is given in the whole district.")
    accessibility: list[Accessibility] = strawberry.field(metadata=SHORT)
    documents: list[str] = strawberry.field(description="What everybody is to bring, in Chinese.", metadata=SHORT)
    cancel_minutes: int = strawberry.field(
        description="Bookings can be cancelled until so many minutes before the start."
    )

    @classmethod
    def of(cls, service: OfferedService) -> "Service":
        """The service of a loaded row."""
        return cls(
            id=to_id("Service", service.id),
            name=service.name,
            kind=service.kind,
            programme=service.programme,
            provider=service.provider,
            site=service.site,
            address=service.address,
            town=service.town,
            accessibility=sorted(service.accessibility),
            documents=list(service.documents),
            cancel_minutes=int(service.cancel_before.total_seconds()) // 60,
        )


@strawberry.type(description="A time at which a service can be had.")
class Slot:
    """A time with places."""

    id: strawberry.ID
    starts_at: datetime
    ends_at: datetime
    capacity: int
    free: int = strawberry.field(description="Places that can still be had.")

    @classmethod
    def of(cls, slot: OfferedSlot) -> "Slot":
        """The slot of a loaded row."""
        return cls(
            id=to_id("Slot", slot.id),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            capacity=slot.capacity,
            free=slot.free,
        )


@strawberry.type(name="FreeSlot", description="A slot with a free place, and what it is for.")
class Found:
    """A slot that a search found."""

    slot: Slot
    service: Service

    @classmethod
    def of(cls, found: FreeSlot) -> "Found":
        """The slot of a loaded row."""
        return cls(slot=Slot.of(found.slot), service=Service.of(found.service))


def slot_cursor(slot: OfferedSlot) -> str:
    """The place of a slot in the order of time."""
    return time_cursor("Slot", slot.starts_at, slot.id)
