"""Who asks, and for whom she may act."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
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


DISTRICT: Final = Area()


class Act(StrEnum):
    """What somebody wants to do for a resident: look, take places, show her code, ask for something about her card."""

    VIEW = "view"
    BOOK = "book"
    RIDE_CODE = "ride_code"
    APPLY = "apply"
