"""What one access class, and a code without a phone's key, get by a tariff."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from card.window import MAX_NAME, Place, Window, require

MAX_COMPANIONS: Final = 9
SHARE_UNIT: Final = 10_000
_MAX_CAP: Final = 1_000


class Outcome(StrEnum):
    """What the bearer of a code is told."""

    FREE = "free"
    REDUCED = "reduced"
    FULL = "full"
    REFUSED = "refused"


class CompanionTerms(StrEnum):
    """Whether somebody comes along, and who pays for that person."""

    NONE = "none"
    FREE = "free"
    PAYING = "paying"
    REQUIRED = "required"  # may not ride alone; the companion rides free
    REQUIRED_PAYING = "required_paying"  # may not ride alone; the companion pays


@dataclass(frozen=True)
class TariffRule:
    """What one access class gets, everywhere and always or at one place and in one window of the week.

    `price_share` is the share of the price that is paid, 0 to 1 in steps of 0.0001.
    """

    access_class: str
    outcome: Outcome
    price_share: Decimal
    companions: int = 0
    companion_terms: CompanionTerms = CompanionTerms.NONE
    place: Place | None = None
    window: Window | None = None

    def __post_init__(self) -> None:
        """Refuse a rule that contradicts itself."""
        require(0 < len(self.access_class) <= MAX_NAME, "an access class has 1 to 80 characters")
        require(0 <= self.companions <= MAX_COMPANIONS, "companions are 0 to 9")
        alone = self.companion_terms is CompanionTerms.NONE
        require(alone == (self.companions == 0), "companion terms go with companions")
        require(0 <= self.price_share <= 1, "a price share is 0 to 1")
        require(self.price_share * SHARE_UNIT % 1 == 0, "a price share has at most four decimal places")
        expected = {Outcome.FREE: self.price_share == 0, Outcome.REDUCED: 0 < self.price_share < 1}
        require(expected.get(self.outcome, self.price_share == 1), "the price share contradicts the outcome")

    def holds(self, at: datetime | None) -> bool:
        """Whether it holds here at an instant; at an unknown time (None) its window does not bind."""
        return self.place is None and (self.window is None or at is None or self.window.covers(at))


@dataclass(frozen=True)
class BearerRule:
    """On which terms a code without a phone's key is taken.

    It is taken while the person's rides of the day, with whatever code, are below `daily_cap` (None: no cap of its
    own); with `visual_check` the masked name is shown, to be compared with a document; `when_stale` is whether it is
    also taken by a bundle so old that it is warned of, which cannot know what was revoked since.
    """

    daily_cap: int | None = None
    visual_check: bool = True
    when_stale: bool = True

    def __post_init__(self) -> None:
        """Refuse a cap out of range."""
        require(is_cap(self.daily_cap), "a daily cap is 1 to 1,000")


def is_cap(value: int | None) -> bool:
    """Whether a number can be a cap; None is none."""
    return value is None or 0 < value <= _MAX_CAP
