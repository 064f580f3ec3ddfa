"""Messages that people agree to, and calendars that they subscribe to."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.notice import NoticeKind
from schema import messages
from schema.context import Info
from schema.identity import key_of
from schema.limits import LIST_SIZE
from schema.scalars import IdempotencyKey
from schema.session import NotSignedIn, signed_in
from services import consents, feeds
from services.consents import Agreement, ConsentRefusal
from services.feeds import FeedRefusal, Whose
from services.template import Lifetime

strawberry.enum(NoticeKind, name="NoticeKind", description="What a message tells of.")
strawberry.enum(Lifetime, name="TemplateLifetime", description="Whether WeChat takes an agreement for one message.")
strawberry.enum(ConsentRefusal, name="ConsentRefusalReason", description="Why an agreement was not counted.")
strawberry.enum(FeedRefusal, name="FeedRefusalReason", description="Why no calendar was made or revoked.")

Provided = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The provider at whose desk the viewer works; absent for a resident's calendar."),
]
Hers = Annotated[strawberry.ID | None, strawberry.argument(description="A ward's `residentId`; absent for the viewer.")]


@strawberry.type(description="A template of WeChat's `requestSubscribeMessage`, and what was agreed to.")
class MessageAgreement:
    """An agreement of the viewer."""

    kind: NoticeKind
    template_id: str
    lifetime: Lifetime
    remaining: int = strawberry.field(description="Messages that she agreed to and that were not sent yet.")

    @classmethod
    def of(cls, agreement: Agreement) -> "MessageAgreement":
        """The agreement of a loaded row."""
        return cls(
            kind=agreement.kind,
            template_id=agreement.template.id,
            lifetime=agreement.template.lifetime,
            remaining=agreement.remaining,
        )


@strawberry.type(description="What the viewer has agreed to by now.")
class MessageAgreements:
    """All of them."""

    agreements: list[MessageAgreement] = strawberry.field(metadata={LIST_SIZE: len(NoticeKind)})


@strawberry.type(description="The agreement was not counted.")
class ConsentRefused:
    """A typed refusal."""

    reason: ConsentRefusal
    message: str


@strawberry.type(description="A calendar's address, told this once. Whoever has it reads the calendar.")
class CalendarFeed:
    """A new address."""

    path: str = strawberry.field(description="To be put behind this server's own address.")


@strawberry.type(description="The address reads nothing any more.")
class CalendarFeedRevoked:
    """The end of an address."""

    revoked_at: datetime


@strawberry.type(description="The calendar was not made or not revoked.")
class CalendarFeedRefused:
    """A typed refusal."""

    reason: FeedRefusal
    message: str

    @classmethod
    def of(cls, reason: FeedRefusal) -> "CalendarFeedRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.FEED[reason])


ConsentResult = Annotated[MessageAgreements | ConsentRefused | NotSignedIn, strawberry.union("ConsentResult")]
FeedResult = Annotated[CalendarFeed | CalendarFeedRefused | NotSignedIn, strawberry.union("CalendarFeedResult")]
RevokeResult = Annotated[
    CalendarFeedRevoked | CalendarFeedRefused | NotSignedIn, strawberry.union("RevokeCalendarFeedResult")
]


@strawberry.type(description="What can be done about messages and calendars.")
class NoticeMutation:
    """The mutations about messages and calendars."""

    @strawberry.mutation(description="Count the templates that she accepted in one tap, three at most, as WeChat says.")
    async def accept_messages(
        self,
        info: Info,
        template_ids: list[str],
        key: Annotated[
            IdempotencyKey, strawberry.argument(description="The same key again counts nothing a second time.")
        ],
    ) -> ConsentResult:
        """What she has agreed to."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        agreed = await consents.agree(info.context.resources, signed.viewer, template_ids, key)
        if isinstance(agreed, ConsentRefusal):
            return ConsentRefused(reason=agreed, message=messages.CONSENT[agreed])
        return MessageAgreements(agreements=[MessageAgreement.of(each) for each in agreed])

    @strawberry.mutation(description="A new address for a calendar; the viewer's former one of it ends.")
    async def create_calendar_feed(
        self, info: Info, resident_id: Hers = None, provider_id: Provided = None
    ) -> FeedResult:
        """The address."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        made = await feeds.make_feed(
            info.context.resources, signed.viewer, signed.people, _whose(resident_id, provider_id)
        )
        if isinstance(made, FeedRefusal):
            return CalendarFeedRefused.of(made)
        return CalendarFeed(path=f"/calendar/{made}.ics")

    @strawberry.mutation(description="End the viewer's address of a calendar.")
    async def revoke_calendar_feed(
        self, info: Info, resident_id: Hers = None, provider_id: Provided = None
    ) -> RevokeResult:
        """The end of it."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        refusal = await feeds.revoke_feed(
            info.context.resources, signed.viewer, signed.people, _whose(resident_id, provider_id)
        )
        return CalendarFeedRefused.of(refusal) if refusal else CalendarFeedRevoked(revoked_at=info.context.at)


def _whose(resident_id: str | None, provider_id: str | None) -> Whose:
    return Whose(
        None if resident_id is None else key_of("Resident", resident_id),
        None if provider_id is None else key_of("Provider", provider_id),
    )
