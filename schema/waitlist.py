"""Wishes for a place in a full slot or course, and the places that are held open for those who waited."""

from datetime import datetime

import strawberry

from models.waitlist import WaitlistState
from schema.course import Course
from schema.identity import to_id
from schema.service import Service, Slot
from services.wishes import HeldWish

strawberry.enum(WaitlistState, name="WaitlistState", description="Where a wish is; an offered one has a place held.")


@strawberry.type(description="A resident's wish for a place in a full slot or course.")
class WaitlistEntry:
    """A wish, and until when it can be had."""

    id: strawberry.ID
    state: WaitlistState
    joined_at: datetime
    ended_at: datetime | None
    before: int = strawberry.field(description="How many are called before her, as it stands now.")
    offered_until: datetime | None = strawberry.field(
        description="Until when a place is held for her: accept it with `acceptOffer`; null while none is."
    )
    slot: Slot | None = strawberry.field(description="What she waits for; null where it is a course.")
    course: Course | None = strawberry.field(description="What she waits for; null where it is a slot.")
    service: Service

    @classmethod
    def of(cls, wish: HeldWish) -> "WaitlistEntry":
        """The wish of a loaded row."""
        return cls(
            id=to_id("WaitlistEntry", wish.id),
            state=wish.state,
            joined_at=wish.joined_at,
            ended_at=wish.ended_at,
            before=wish.before,
            offered_until=wish.offered_until,
            slot=Slot.of(wish.slot) if wish.slot else None,
            course=Course.of(wish.course) if wish.course else None,
            service=Service.of(wish.service),
        )
