"""A tariff as an operator's staff fill it in."""

from datetime import date
from decimal import Decimal

import strawberry

from card.credential import CredentialKind
from card.rule import BearerRule, CompanionTerms, Outcome, TariffRule
from card.tariff import MAX_OPENINGS, MAX_RULES, OutOfServiceRule, Tariff
from card.window import Opening, Place, PlaceKind, Window
from schema.identity import key_of

strawberry.enum(OutOfServiceRule, name="OutOfServiceRule", description="What a gate does that cannot write.")


@strawberry.input(description="Hours on days of the week: 1 is Monday; minutes after midnight, the last excluded.")
class WindowInput:
    """A window as it is filled in."""

    days: list[int]
    begins: int = 0
    ends: int = 1_440

    def window(self) -> Window:
        """The window; ValueError for none."""
        return Window(frozenset(self.days), self.begins, self.ends)


@strawberry.input(description="A line, a venue or a town: one of them.")
class PlaceInput:
    """A place as it is filled in."""

    line_id: strawberry.ID | None = None
    venue_id: strawberry.ID | None = None
    area: str | None = None

    def place(self) -> Place:
        """The place; ValueError unless one of the three is named."""
        named = {
            PlaceKind.LINE: None if self.line_id is None else str(key_of("Line", self.line_id)),
            PlaceKind.VENUE: None if self.venue_id is None else str(key_of("Venue", self.venue_id)),
            PlaceKind.AREA: self.area,
        }
        (only,) = [Place(kind, name) for kind, name in named.items() if name is not None]
        return only


@strawberry.input(description="What an access class gets, everywhere and always unless a place or a window is named.")
class TariffRuleInput:
    """A rule as it is filled in."""

    access_class: str
    outcome: Outcome
    price_share: Decimal = strawberry.field(description="The share of the price that is paid, 0 to 1.")
    companions: int = 0
    companion_terms: CompanionTerms = CompanionTerms.NONE
    place: PlaceInput | None = None
    window: WindowInput | None = None

    def rule(self) -> TariffRule:
        """The rule; ValueError for one that contradicts itself."""
        return TariffRule(
            *(self.access_class, self.outcome, self.price_share, self.companions, self.companion_terms),
            None if self.place is None else self.place.place(),
            None if self.window is None else self.window.window(),
        )


@strawberry.input(description="On which terms a code without a phone's key is taken.")
class BearerInput:
    """A bearer rule as it is filled in."""

    daily_cap: int | None = None
    visual_check: bool = True
    when_stale: bool = strawberry.field(default=True, description="Also by a bundle so old that it is warned of.")


@strawberry.input(description="Hours in which a venue is open.")
class OpeningInput:
    """Opening hours as they are filled in."""

    place: PlaceInput
    window: WindowInput


@strawberry.input(description="A tariff as a whole; a draft is replaced by it.")
class TariffInput:
    """What an operator grants."""

    rules: list[TariffRuleInput]
    opening: list[OpeningInput] = strawberry.field(default_factory=list)
    online: BearerInput | None = strawberry.field(default=None, description="Not taken when absent.")
    printed: BearerInput | None = strawberry.field(default=None, description="Not taken when absent.")
    daily_cap: int | None = None
    monthly_cap: int | None = None
    pass_back_seconds: int = 0
    freshness_seconds: int = 30
    skew_seconds: int = 10
    stale_after_seconds: int = 86_400
    refuse_after_seconds: int | None = 7 * 86_400
    out_of_service: OutOfServiceRule = OutOfServiceRule.BOARD

    def tariff(self, effective: date) -> Tariff | None:
        """The tariff, None for one that contradicts itself; the operator's name is the server's to write."""
        kinds = {CredentialKind.ONLINE: self.online, CredentialKind.PRINTED: self.printed}
        try:
            return Tariff(
                operator="-",
                effective=effective,
                rules=tuple(each.rule() for each in self.rules[: MAX_RULES + 1]),
                freshness_seconds=self.freshness_seconds,
                skew_seconds=self.skew_seconds,
                pass_back_seconds=self.pass_back_seconds,
                daily_cap=self.daily_cap,
                bearer={
                    kind: BearerRule(each.daily_cap, each.visual_check, each.when_stale)
                    for kind, each in kinds.items()
                    if each is not None
                },
                stale_after_seconds=self.stale_after_seconds,
                refuse_after_seconds=self.refuse_after_seconds,
                out_of_service=self.out_of_service,
                monthly_cap=self.monthly_cap,
                opening=tuple(
                    Opening(each.place.place(), each.window.window()) for each in self.opening[: MAX_OPENINGS + 1]
                ),
            )
        except ValueError:
            return None
