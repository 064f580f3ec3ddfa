"""How the district takes providers up and says who works at their desks: a part of all mutations."""

from typing import Annotated
from uuid import UUID

import strawberry

from domain.catalogue import CatalogueRefusal
from schema.booking_mutation import Key
from schema.catalogue import CatalogueRefused
from schema.context import Info
from schema.identity import key_of, to_id
from schema.session import NotSignedIn, signed_in
from services import providers


@strawberry.type(description="A provider, as it was kept; `viewer.desks` shows it to those at its desk.")
class ProviderKept:
    """The id by which it is named."""

    id: strawberry.ID


ProviderResult = Annotated[ProviderKept | CatalogueRefused | NotSignedIn, strawberry.union("ProviderResult")]


def _kept(answer: UUID | CatalogueRefusal) -> ProviderKept | CatalogueRefused:
    if isinstance(answer, CatalogueRefusal):
        return CatalogueRefused.of(answer)
    return ProviderKept(id=to_id("Provider", answer))


@strawberry.type(description="What can be done about providers.")
class ProviderMutation:
    """The mutations about providers and who works there."""

    @strawberry.mutation(description="For the district's clerks: take up a provider; nobody is at its desk yet.")
    async def create_provider(self, info: Info, name: str, address: str, key: Key) -> ProviderResult:
        """The provider."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        return _kept(
            await providers.create_provider(
                info.context.resources, signed.viewer, signed.people, name.strip(), address.strip(), key
            )
        )

    @strawberry.mutation(description="For the district's clerks and its own staff: another name or address.")
    async def change_provider(self, info: Info, provider_id: strawberry.ID, name: str, address: str) -> ProviderResult:
        """The provider."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider = key_of("Provider", provider_id)
        refusal = await providers.change_provider(
            info.context.resources, signed.viewer, signed.people, provider, name.strip(), address.strip()
        )
        return _kept(refusal or provider)

    @strawberry.mutation(
        description="For the district's clerks and its own staff: let an account, as its viewer reads it, work there."
    )
    async def appoint_at_desk(
        self, info: Info, provider_id: strawberry.ID, account_id: strawberry.ID
    ) -> ProviderResult:
        """The provider."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider, account = key_of("Provider", provider_id), key_of("Account", account_id)
        refusal = await providers.appoint_at_desk(
            info.context.resources, signed.viewer, signed.people, provider, account
        )
        return _kept(refusal or provider)

    @strawberry.mutation(description="For the district's clerks and its own staff: let an account work there no more.")
    async def end_at_desk(self, info: Info, provider_id: strawberry.ID, account_id: strawberry.ID) -> ProviderResult:
        """The provider."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        provider, account = key_of("Provider", provider_id), key_of("Account", account_id)
        refusal = await providers.end_at_desk(info.context.resources, signed.viewer, signed.people, provider, account)
        return _kept(refusal or provider)
