"""What a provider's desk does with its catalogue: a part of all mutations."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from domain.catalogue import CatalogueRefusal
from models.service import ResourceKind
from schema.booking_mutation import Key
from schema.catalogue import (
    CatalogueRefused,
    DeskCourse,
    DeskResource,
    DeskService,
    ServiceInput,
    Site,
    SiteInput,
)
from schema.context import Info
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from services import course_plans, desk_catalogue, service_terms, sites, staff_and_rooms
from services.staff_and_rooms import ResourceUse

SiteResult = Annotated[Site | CatalogueRefused | NotSignedIn, strawberry.union("SiteResult")]
ServiceResult = Annotated[DeskService | CatalogueRefused | NotSignedIn, strawberry.union("ServiceResult")]
ResourceResult = Annotated[DeskResource | CatalogueRefused | NotSignedIn, strawberry.union("ResourceResult")]
CourseResult = Annotated[DeskCourse | CatalogueRefused | NotSignedIn, strawberry.union("CourseResult")]

Until = Annotated[
    date | None,
    strawberry.argument(name="from", description="The first day without it; absent, the end is taken back."),
]


async def _site(info: Info, answer: UUID | CatalogueRefusal) -> Site | CatalogueRefused:
    if isinstance(answer, CatalogueRefusal):
        return CatalogueRefused.of(answer)
    (row,) = await desk_catalogue.sites(info.context.resources, None, answer)
    return Site.of(row)


async def _service(info: Info, answer: UUID | CatalogueRefusal) -> DeskService | CatalogueRefused:
    if isinstance(answer, CatalogueRefusal):
        return CatalogueRefused.of(answer)
    (row,) = await desk_catalogue.services(info.context.resources, None, answer)
    return DeskService.of(row)


async def _resource(info: Info, answer: UUID | CatalogueRefusal) -> DeskResource | CatalogueRefused:
    if isinstance(answer, CatalogueRefusal):
        return CatalogueRefused.of(answer)
    (row,) = await desk_catalogue.rooms_and_staff(info.context.resources, None, answer)
    return DeskResource.of(row)


async def _course(info: Info, answer: UUID | CatalogueRefusal) -> DeskCourse | CatalogueRefused:
    if isinstance(answer, CatalogueRefusal):
        return CatalogueRefused.of(answer)
    (row,) = await desk_catalogue.courses(info.context.resources, None, answer)
    return DeskCourse.of(row)


@strawberry.type(description="What a desk can do with its catalogue; no booking is touched by it.")
class CatalogueMutation:
    """What is created carries a key; a change names the state it wants, and may be sent again."""

    @strawberry.mutation(description="For a provider's staff: a new site.")
    async def create_site(
        self,
        info: Info,
        provider_id: strawberry.ID,
        site: Annotated[SiteInput, strawberry.argument(name="input")],
        key: Key,
    ) -> SiteResult:
        """The site."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider = key_of("Provider", provider_id)
        made = await sites.create_site(info.context.resources, signed.viewer, provider, site.plan(), key)
        return await _site(info, made)

    @strawberry.mutation(description="For a provider's staff: describe a site anew.")
    async def change_site(
        self, info: Info, site_id: strawberry.ID, site: Annotated[SiteInput, strawberry.argument(name="input")]
    ) -> SiteResult:
        """The site."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Site", site_id)
        refusal = await sites.change_site(info.context.resources, signed.viewer, kept, site.plan())
        return await _site(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: close a site and end its services, or open it again.")
    async def close_site(self, info: Info, site_id: strawberry.ID, start: Until = None) -> SiteResult:
        """The site."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Site", site_id)
        refusal = await sites.close_site(info.context.resources, signed.viewer, kept, start)
        return await _site(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: a new service; `replaceWeek` or a course gives it slots.")
    async def create_service(
        self,
        info: Info,
        provider_id: strawberry.ID,
        service: Annotated[ServiceInput, strawberry.argument(name="input")],
        key: Key,
    ) -> ServiceResult:
        """The service."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider = key_of("Provider", provider_id)
        made = await service_terms.create_service(info.context.resources, signed.viewer, provider, service.plan(), key)
        return await _service(info, made)

    @strawberry.mutation(description="For a provider's staff: other terms; bookings keep what they were quoted.")
    async def change_service(
        self,
        info: Info,
        service_id: strawberry.ID,
        service: Annotated[ServiceInput, strawberry.argument(name="input")],
    ) -> ServiceResult:
        """The service."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Service", service_id)
        refusal = await service_terms.change_service(info.context.resources, signed.viewer, kept, service.plan())
        return await _service(info, refusal or kept)

    @strawberry.mutation(
        description="For a provider's staff: end a service. Slots nobody holds are withdrawn, the others are flagged."
    )
    async def retire_service(self, info: Info, service_id: strawberry.ID, start: Until = None) -> ServiceResult:
        """The service."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Service", service_id)
        refusal = await service_terms.retire_service(info.context.resources, signed.viewer, kept, start)
        return await _service(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: what one session costs from a day on, in yuan.")
    async def set_price(
        self,
        info: Info,
        service_id: strawberry.ID,
        start: Annotated[date, strawberry.argument(name="from")],
        price: Decimal,
    ) -> ServiceResult:
        """The service with its prices."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Service", service_id)
        refusal = await service_terms.set_price(info.context.resources, signed.viewer, kept, start, price)
        return await _service(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: a new room, member of staff or interpreter.")
    async def create_resource(
        self, info: Info, provider_id: strawberry.ID, kind: ResourceKind, name: str, key: Key
    ) -> ResourceResult:
        """The resource."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider = key_of("Provider", provider_id)
        made = await staff_and_rooms.create_resource(
            info.context.resources, signed.viewer, provider, kind, name.strip(), key
        )
        return await _resource(info, made)

    @strawberry.mutation(description="For a provider's staff: call a resource otherwise.")
    async def rename_resource(self, info: Info, resource_id: strawberry.ID, name: str) -> ResourceResult:
        """The resource."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Resource", resource_id)
        refusal = await staff_and_rooms.rename_resource(info.context.resources, signed.viewer, kept, name.strip())
        return await _resource(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: choose a resource no more; what it is held for stays.")
    async def retire_resource(self, info: Info, resource_id: strawberry.ID, start: Until = None) -> ResourceResult:
        """The resource."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Resource", resource_id)
        refusal = await staff_and_rooms.retire_resource(info.context.resources, signed.viewer, kept, start)
        return await _resource(info, refusal or kept)

    @strawberry.mutation(
        description="For a provider's staff: let a service hold a resource with every session, on request, or no more."
    )
    async def use_resource(
        self, info: Info, service_id: strawberry.ID, resource_id: strawberry.ID, use: ResourceUse
    ) -> ServiceResult:
        """The service with what it uses."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept, resource = key_of("Service", service_id), key_of("Resource", resource_id)
        refusal = await staff_and_rooms.use_resource(info.context.resources, signed.viewer, kept, resource, use)
        return await _service(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: a new course; each session lasts as the service's do.")
    async def create_course(
        self,
        info: Info,
        service_id: strawberry.ID,
        name: str,
        capacity: int,
        sessions: Annotated[list[datetime], strawberry.argument(description="When each session begins.")],
        key: Key,
    ) -> CourseResult:
        """The course."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        service = key_of("Service", service_id)
        made = await course_plans.create_course(
            info.context.resources, signed.viewer, service, name.strip(), capacity, sessions, key
        )
        return await _course(info, made)

    @strawberry.mutation(description="For a provider's staff: another name, or other places; new ones go to who waits.")
    async def change_course(self, info: Info, course_id: strawberry.ID, name: str, capacity: int) -> CourseResult:
        """The course."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Course", course_id)
        refusal = await course_plans.change_course(info.context.resources, signed.viewer, kept, name.strip(), capacity)
        return await _course(info, refusal or kept)

    @strawberry.mutation(description="For a provider's staff: let nobody join a course any more, or let them again.")
    async def close_course(self, info: Info, course_id: strawberry.ID, *, closed: bool) -> CourseResult:
        """The course."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        kept = key_of("Course", course_id)
        refusal = await course_plans.close_course(info.context.resources, signed.viewer, kept, closed=closed)
        return await _course(info, refusal or kept)
