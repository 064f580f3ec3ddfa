"""A ride or an entry as the resident sees it."""

from datetime import datetime

import strawberry

from schema import messages
from services.taps import RecordedRide


@strawberry.type(description="A code that was read at a bus or a venue, and what came of it.")
class Ride:
    """One scan of the resident's code."""

    at: datetime = strawberry.field(description="When, by the scanner's corrected clock.")
    operator: str
    place: str
    admitted: bool
    companions: int = strawberry.field(description="Companions who were let in with her.")
    outcome: str = strawberry.field(description="What the gate decided, in a word.")
    message: str = strawberry.field(description="The same as a sentence, with the reason of a refusal.")

    @classmethod
    def of(cls, ride: RecordedRide) -> "Ride":
        """The ride of a loaded row."""
        return cls(
            at=ride.at,
            operator=ride.operator,
            place=ride.place,
            admitted=ride.admitted,
            companions=ride.companions,
            outcome=ride.outcome,
            message=messages.ride(ride.outcome, ride.reason),
        )
