"""Referrals from one provider to another, as the resident and the receiving desk see them."""

from datetime import date, datetime

import strawberry

from models.referral import ReferralState
from schema.card import Card
from schema.identity import to_id
from services.referrals import HeldReferral

strawberry.enum(ReferralState, name="ReferralState", description="What became of a referral.")


@strawberry.type(description="A proposal to be served by another provider; that one sees it only after a consent.")
class Referral:
    """A referral."""

    id: strawberry.ID
    from_provider: str
    to_provider: str
    note: str = strawberry.field(description="What the first desk wrote for the second, in Chinese.")
    state: ReferralState
    proposed_at: datetime
    answered_at: datetime | None
    valid_until: date = strawberry.field(description="The last day on which it can be used.")
    masked_name: str
    card: Card | None

    @classmethod
    def of(cls, referral: HeldReferral, on: date) -> "Referral":
        """The referral of a loaded row, with the card as it stands on a day."""
        return cls(
            id=to_id("Referral", referral.id),
            from_provider=referral.from_provider,
            to_provider=referral.to_provider,
            note=referral.note,
            state=referral.state,
            proposed_at=referral.proposed_at,
            answered_at=referral.answered_at,
            valid_until=referral.valid_until,
            masked_name=referral.person.masked_name,
            card=Card.of(referral.person.card, on) if referral.person.card else None,
        )
