"""A provider's catalogue as its desk keeps it: what it sends to create and change, and what it finds there."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.catalogue import CatalogueRefusal, Terms
from models.service import ResourceKind, ServiceKind
from schema import messages
from schema.identity import key_of, to_id
from schema.limits import LIST_SIZE
from schema.service import SHORT
from services.catalogue import Accessibility
from services.desk_catalogue import KeptCourse, KeptResource, KeptService, KeptSite, WaitedFor
from services.service_terms import ServicePlan
from services.sites import SitePlan
from services.staff_and_rooms import ResourceUse

strawberry.enum(CatalogueRefusal, name="CatalogueRefusalReason", description="Why a catalogue was left as it is.")
strawberry.enum(ResourceKind, name="ResourceKind", description="What a session takes beside the resident's time.")
strawberry.enum(ResourceUse, name="ResourceUse", description="How a service uses a resource.")

_SESSIONS = {LIST_SIZE: 16}


@strawberry.input(description="A site; the town is empty for the whole district.")
class SiteInput:
    """What a desk fills in."""

    name: str
    address: str
    town: str = ""
    accessibility: list[Accessibility] = strawberry.field(default_factory=list)

    def plan(self) -> SitePlan:
        """The same for the service."""
        return SitePlan(self.name.strip(), self.address.strip(), self.town.strip(), frozenset(self.accessibility))


@strawberry.input(description="A service; lengths are minutes unless they say days.")
class ServiceInput:
    """What a desk fills in."""

    kind: ServiceKind
    name: str
    site_id: strawberry.ID | None = strawberry.field(
        default=None, description="Absent where it is given at the resident's own place."
    )
    programme: str = strawberry.field(
        default="", description="The entitlement that pays for it; empty where none does."
    )
    minutes: int = 60
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    lead_minutes: int = strawberry.field(default=0, description="It can be booked until so long before the start.")
    horizon_days: int = strawberry.field(default=42, description="And from so many days before it.")
    cancel_minutes: int = strawberry.field(default=0, description="And cancelled until so long before it.")
    grace_minutes: int = strawberry.field(default=15, description="How long one who is late is awaited.")
    offer_minutes: int = strawberry.field(
        default=120, description="How long a freed place is kept for who is called; 0 calls nobody."
    )
    only_entitled: bool = strawberry.field(default=False, description="A plain no of the programme refuses a booking.")
    needs_confirmation: bool = False
    documents: list[str] = strawberry.field(default_factory=list, description="What to bring, in Chinese.")

    def plan(self) -> ServicePlan:
        """The same for the service."""
        terms = Terms(
            *(self.name.strip(), self.programme, self.minutes),
            *(self.buffer_before_minutes, self.buffer_after_minutes, self.lead_minutes, self.horizon_days),
            *(self.cancel_minutes, self.grace_minutes, self.offer_minutes),
            tuple(each.strip() for each in self.documents),
        )
        site_id = None if self.site_id is None else key_of("Site", self.site_id)
        return ServicePlan(self.kind, site_id, self.only_entitled, self.needs_confirmation, terms)


@strawberry.type(description="Where a provider serves.")
class Site:
    """One site."""

    id: strawberry.ID
    name: str
    address: str
    town: str = strawberry.field(description="Empty for the whole district.")
    accessibility: list[Accessibility] = strawberry.field(metadata=SHORT)
    closed_on: date | None = strawberry.field(description="From this day on nothing is given there.")

    @classmethod
    def of(cls, site: KeptSite) -> "Site":
        """The site of a loaded row."""
        return cls(
            id=to_id("Site", site.id),
            name=site.name,
            address=site.address,
            town=site.town,
            accessibility=sorted(site.accessibility),
            closed_on=site.retired_on,
        )


@strawberry.type(description="What one session costs, in yuan, from a day on.")
class ServicePrice:
    """One dated price."""

    start: date = strawberry.field(name="from")
    price: Decimal


@strawberry.type(description="A resource that a service uses.")
class ServiceUse:
    """One use."""

    resource_id: strawberry.ID
    use: ResourceUse


@strawberry.type(description="A service as its desk keeps it.")
class DeskService:
    """One service; lengths are minutes."""

    id: strawberry.ID
    kind: ServiceKind
    name: str
    site_id: strawberry.ID | None
    programme: str
    minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    lead_minutes: int
    horizon_days: int
    cancel_minutes: int
    grace_minutes: int
    offer_minutes: int
    only_entitled: bool
    needs_confirmation: bool
    documents: list[str] = strawberry.field(metadata=SHORT)
    retired_on: date | None = strawberry.field(description="From this day on it is not given.")
    prices: list[ServicePrice] = strawberry.field(metadata=SHORT)
    uses: list[ServiceUse] = strawberry.field(metadata=SHORT)

    @classmethod
    def of(cls, service: KeptService) -> "DeskService":
        """The service of a loaded row."""
        return cls(
            id=to_id("Service", service.id),
            kind=service.kind,
            name=service.name,
            site_id=to_id("Site", service.site_id) if service.site_id else None,
            programme=service.programme,
            minutes=service.minutes,
            buffer_before_minutes=service.buffer_before,
            buffer_after_minutes=service.buffer_after,
            lead_minutes=service.lead,
            horizon_days=service.horizon_days,
            cancel_minutes=service.cancel,
            grace_minutes=service.grace,
            offer_minutes=service.offer,
            only_entitled=service.only_entitled,
            needs_confirmation=service.needs_confirmation,
            documents=list(service.documents),
            retired_on=service.retired_on,
            prices=[ServicePrice(start=start, price=price) for start, price in service.prices],
            uses=[ServiceUse(resource_id=to_id("Resource", each), use=use) for each, use in service.uses],
        )


@strawberry.type(name="Resource", description="A room, a member of staff or an interpreter.")
class DeskResource:
    """One resource."""

    id: strawberry.ID
    kind: ResourceKind
    name: str
    retired_on: date | None = strawberry.field(description="From this day on it is chosen no more.")

    @classmethod
    def of(cls, resource: KeptResource) -> "DeskResource":
        """The resource of a loaded row."""
        return cls(
            id=to_id("Resource", resource.id), kind=resource.kind, name=resource.name, retired_on=resource.retired_on
        )


@strawberry.type(description="A course as its desk keeps it; who is in it stands on the lists of its days.")
class DeskCourse:
    """One course."""

    id: strawberry.ID
    service_id: strawberry.ID
    name: str
    capacity: int
    sessions: list[datetime] = strawberry.field(description="When each session begins.", metadata=_SESSIONS)
    enrolled: int
    waiting: int
    offered: int = strawberry.field(description="Places that are held for who was called.")
    closed_at: datetime | None = strawberry.field(description="Since when nobody can join it.")

    @classmethod
    def of(cls, course: KeptCourse) -> "DeskCourse":
        """The course of a loaded row."""
        return cls(
            id=to_id("Course", course.id),
            service_id=to_id("Service", course.service_id),
            name=course.name,
            capacity=course.capacity,
            sessions=list(course.sessions),
            enrolled=course.enrolled,
            waiting=course.waiting,
            offered=course.offered,
            closed_at=course.closed_at,
        )


@strawberry.type(description="A full slot for which somebody waits; who it is, is not told.")
class WaitedSlot:
    """One slot."""

    slot_id: strawberry.ID
    service_id: strawberry.ID
    service: str
    starts_at: datetime
    waiting: int
    offered: int

    @classmethod
    def of(cls, waited: WaitedFor) -> "WaitedSlot":
        """The slot of a loaded row."""
        return cls(
            slot_id=to_id("Slot", waited.slot_id),
            service_id=to_id("Service", waited.service_id),
            service=waited.service,
            starts_at=waited.starts_at,
            waiting=waited.waiting,
            offered=waited.offered,
        )


@strawberry.type(description="The catalogue was left as it is.")
class CatalogueRefused:
    """A typed refusal."""

    reason: CatalogueRefusal
    message: str

    @classmethod
    def of(cls, reason: CatalogueRefusal) -> "CatalogueRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.CATALOGUE[reason])
