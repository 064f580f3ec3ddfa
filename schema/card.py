"""The card as its holder sees it."""

from datetime import date

import strawberry

from domain.card import CardState, state_on
from schema.messages import CATEGORY, GRADE
from services.people import HeldCard

# Whoever shows a state takes it from here, where it has its name.
__all__ = ["Card", "CardState"]

strawberry.enum(CardState, name="CardState", description="Where a card is in its life.")


@strawberry.type(description="智能化残疾人证。The smart disability card.")
class Card:
    """A card with its number masked."""

    masked_number: str = strawberry.field(description="Area and last two characters; the rest is hidden.")
    category: int = strawberry.field(
        description="1 vision, 2 hearing, 3 speech, 4 physical, 5 intellectual, 6 mental, 7 multiple."
    )
    category_name: str = strawberry.field(description="The category in Chinese.")
    grade: int = strawberry.field(description="1 (profound) to 4 (mild).")
    grade_name: str = strawberry.field(description="The grade in Chinese.")
    state: CardState
    issued_on: date
    valid_until: date = strawberry.field(description="The last day on which the card is valid.")

    @classmethod
    def of(cls, card: HeldCard, on: date) -> "Card":
        """The card of a loaded person as it stands on a day."""
        record = card.on_record
        return cls(
            masked_number=card.masked_number,
            category=record.category,
            category_name=CATEGORY[record.category],
            grade=record.grade,
            grade_name=GRADE[record.grade],
            state=state_on(record, on),
            issued_on=record.issued_on,
            valid_until=record.valid_until,
        )
