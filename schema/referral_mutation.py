"""How a resident is sent on to another provider: a part of all mutations."""

from typing import Annotated

import strawberry

from domain.attendance import DeskRefusal
from domain.booking import BookingRefusal
from schema.booking import Booking, BookingRefused
from schema.booking_mutation import BookingResult, Key
from schema.context import Info
from schema.desk import DeskRefused
from schema.identity import key_of
from schema.referral import Referral
from schema.session import NotSignedIn, signed_in
from services import referrals

ReferralResult = Annotated[Referral | DeskRefused | NotSignedIn, strawberry.union("ReferralResult")]


@strawberry.type(description="What can be done about referrals.")
class ReferralMutation:
    """The mutations about referrals."""

    @strawberry.mutation(
        description="For a provider's staff: propose to send on who has a booking here, with a note for the other."
    )
    async def propose_referral(
        self, info: Info, booking_id: strawberry.ID, provider_id: strawberry.ID, note: str
    ) -> ReferralResult:
        """The referral, which waits for her consent."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        booking, provider = key_of("Booking", booking_id), key_of("Provider", provider_id)
        held = await referrals.propose_referral(info.context.resources, signed.viewer, booking, provider, note)
        return DeskRefused.of(held) if isinstance(held, DeskRefusal) else Referral.of(held, info.context.on)

    @strawberry.mutation(description="For the resident or her guardian: consent, refuse, or take a consent back.")
    async def answer_referral(self, info: Info, referral_id: strawberry.ID, *, consents: bool) -> ReferralResult:
        """The referral, answered."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        key = key_of("Referral", referral_id)
        held = await referrals.answer_referral(
            info.context.resources, signed.viewer, signed.people, key, consents=consents
        )
        return DeskRefused.of(held) if isinstance(held, DeskRefusal) else Referral.of(held, info.context.on)

    @strawberry.mutation(description="For the receiving provider's staff: book for one who was sent and consented.")
    async def book_referred(
        self, info: Info, referral_id: strawberry.ID, slot_id: strawberry.ID, key: Key, *, interpreter: bool = False
    ) -> BookingResult:
        """The booking."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        referral, slot = key_of("Referral", referral_id), key_of("Slot", slot_id)
        held = await referrals.book_referred(
            info.context.resources, signed.viewer, referral, slot, key, interpreter=interpreter
        )
        return BookingRefused.of(held) if isinstance(held, BookingRefusal) else Booking.of(held)
