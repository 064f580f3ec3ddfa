"""The life of a card as clients see it: how it stands, what may be asked of it, and appeals against an assessment."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain.appeal import AppealLevel, AppealOutcome, AppealRefusal
from domain.card_event import CardRefusal
from domain.standing import ApplicationState, Cause, Findings
from schema import messages
from schema.card import CardState
from schema.context import Info
from schema.identity import to_id
from schema.session import NotSignedIn
from services import card_appeals, cards

strawberry.enum(CardRefusal, name="CardRefusalReason", description="Why an event of a card did not happen.")
strawberry.enum(Cause, name="CardCause", description="Why a card is suspended or cancelled.")
strawberry.enum(ApplicationState, name="CardApplicationState", description="How far an application has come.")
strawberry.enum(AppealLevel, name="AppealLevel", description="Who decides on an appeal.")
strawberry.enum(AppealOutcome, name="AppealOutcome", description="What came of an appeal.")
strawberry.enum(AppealRefusal, name="AppealRefusalReason", description="Why an appeal was not taken or not decided.")


@strawberry.input(description="One category that was found, with its grade.")
class FindingInput:
    """A line of the hospital's report."""

    category: int = strawberry.field(description="1 vision, 2 hearing, 3 speech, 4 physical, 5 intellectual, 6 mental.")
    grade: int = strawberry.field(description="1 (profound) to 4 (mild).")


def findings_of(lines: list[FindingInput]) -> Findings:
    """The lines as one finding; none: no disability."""
    return Findings(tuple((line.category, line.grade) for line in lines))


@strawberry.type(description="Until when an appeal against the assessment can be filed, and to whom it goes.")
class AppealTerm:
    """An open term."""

    level: AppealLevel
    until: date | None = strawberry.field(
        description="The last day; null where the holidays of that year are not announced yet."
    )
    message: str

    @classmethod
    def of(cls, term: card_appeals.AppealTerm) -> "AppealTerm":
        """The term in words."""
        return cls(level=term.level, until=term.until, message=messages.appeal_term(term.level, term.until))


@strawberry.type(description="How a resident stands: her card, and an application that may run beside it.")
class CardStanding:
    """A standing after an event, or as it is."""

    key: strawberry.Private[UUID]
    state: CardState | None
    masked_number: str | None
    valid_until: date | None
    application: ApplicationState | None = strawberry.field(description="The application that is open.")
    message: str = strawberry.field(description="The same in plain words.")

    @classmethod
    def of(cls, standing: cards.CardStanding) -> "CardStanding":
        """The standing in words."""
        return cls(
            key=standing.resident_id,
            state=standing.state,
            masked_number=standing.masked_number,
            valid_until=standing.valid_until,
            application=standing.application,
            message=messages.standing(standing.state, standing.application),
        )

    @strawberry.field(description="The id by which mutations name this resident.")
    def resident_id(self) -> strawberry.ID:
        """The resident's id."""
        return to_id("Resident", self.key)

    @strawberry.field(description="Whether an appeal can be filed today; null when it cannot.")
    async def appeal_term(self, info: Info) -> AppealTerm | None:
        """The open term, if any."""
        term = await card_appeals.appeal_term(info.context.resources, self.key)
        return AppealTerm.of(term) if term else None


@strawberry.type(description="The event did not happen.")
class CardRefused:
    """A typed refusal."""

    reason: CardRefusal
    message: str

    @classmethod
    def of(cls, reason: CardRefusal) -> "CardRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.CARD[reason])


@strawberry.type(description="An appeal against an assessment.")
class Appeal:
    """An appeal as it stands."""

    level: AppealLevel
    filed_at: datetime
    until: date | None = strawberry.field(description="The last day on which it could be filed, as in AppealTerm.")
    outcome: AppealOutcome | None
    message: str

    @classmethod
    def of(cls, appeal: card_appeals.Appeal) -> "Appeal":
        """The appeal in words."""
        return cls(
            level=appeal.level,
            filed_at=appeal.filed_at,
            until=appeal.until,
            outcome=appeal.outcome,
            message=messages.appeal_filed(appeal.level, appeal.outcome),
        )


@strawberry.type(description="The appeal was not taken, or not decided.")
class AppealRefused:
    """A typed refusal."""

    reason: AppealRefusal
    message: str

    @classmethod
    def of(cls, reason: AppealRefusal) -> "AppealRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.APPEAL[reason])


CardEventResult = Annotated[CardStanding | CardRefused | NotSignedIn, strawberry.union("CardEventResult")]
AppealResult = Annotated[Appeal | AppealRefused | NotSignedIn, strawberry.union("AppealResult")]
