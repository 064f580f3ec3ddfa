"""Who asks, and for whom she may act."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True)
class Viewer:
    """Whoever sent the request: proven by an access token, from a network address (empty when unknown)."""

    account_id: UUID
    session_id: UUID
    address: str


@dataclass(frozen=True)
class Area:
    """Where a member of staff works: a village of a town, a whole town, or with neither the whole district."""

    town: str = ""
    village: str = ""

    def covers(self, town: str, village: str) -> bool:
        """Whether residents of a village are in it."""
        return self.town in {"", town} and self.village in {"", village}


class Act(StrEnum):
    """What somebody wants to do with a resident's record."""

    VIEW = "view"
    BOOK = "book"
    RIDE_CODE = "ride_code"
    CARD = "card"


class Scope(StrEnum):
    """How far a guardian may act for a ward."""

    VIEW = "view"
    FULL = "full"


def guardian_may(scope: Scope, act: Act, *, valid_from: date, valid_until: date | None, on: date) -> bool:
    """Whether a guardian of that scope may do `act` on that day; both ends of the period count."""
    in_force = valid_from <= on and (valid_until is None or on <= valid_until)
    return in_force and (scope is Scope.FULL or act is Act.VIEW)
