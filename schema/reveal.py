"""A full value in the place of a masked one, for a member of staff who says why."""

from datetime import datetime

import strawberry

from schema import messages
from services.reveals import Revealed as ShownValue
from services.reveals import RevealField, RevealReason, RevealRefusal

strawberry.enum(RevealField, name="RevealField", description="What can be shown in full.")
strawberry.enum(RevealReason, name="RevealReason", description="For what a full value is needed.")
strawberry.enum(RevealRefusal, name="RevealRefusalReason", description="Why no full value was shown.")


@strawberry.type(description="A full value, to be shown and not kept; the resident sees that it was.")
class Revealed:
    """The value."""

    value: str
    at: datetime

    @classmethod
    def of(cls, shown: ShownValue) -> "Revealed":
        """The value as it was opened."""
        return cls(value=shown.value, at=shown.at)


@strawberry.type(description="No full value was shown.")
class RevealRefused:
    """A typed refusal; NOT_FOUND tells nothing about other areas."""

    reason: RevealRefusal
    message: str

    @classmethod
    def of(cls, reason: RevealRefusal) -> "RevealRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.REVEAL[reason])
