"""What one operator grants from a day on: data in the trust bundle, so that rules change without new software."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeVar

from card.canonical import decode, encode
from card.credential import CredentialKind
from card.refusal import CredentialRefused, RefusalReason
from card.rule import MAX_COMPANIONS, SHARE_UNIT, BearerRule, CompanionTerms, Outcome, TariffRule, is_cap
from card.window import DISTRICT_ZONE, MAX_NAME, WEEK, Opening, Place, PlaceKind, Window, local_day, require

__all__ = [
    "DISTRICT_ZONE",
    "MAX_COMPANIONS",
    "BearerRule",
    "CompanionTerms",
    "OutOfServiceRule",
    "Outcome",
    "Tariff",
    "TariffRule",
    "encode_tariff",
    "local_day",
    "read_tariff",
    "tariff_on",
]

MAX_TARIFF_BYTES: Final = 16 * 1024
MAX_RULES: Final = 64
MAX_OPENINGS: Final = 64
# A gate remembers admitted codes for longer than this, so that none can be shown twice within its window.
MAX_WINDOW_SECONDS: Final = 600
_DAY_SECONDS: Final = 86_400
_MAX_SECONDS: Final = 366 * _DAY_SECONDS
# The second format has what follows key 12, places and windows of rules, and when a bearer code is too stale.
_KEYS: Final = {1: frozenset(range(1, 13)), 2: frozenset(range(1, 15))}
_T = TypeVar("_T")


class OutOfServiceRule(StrEnum):
    """What a gate does that cannot write or does not know the time."""

    BOARD = "board"  # let people in, and count by hand
    REFUSE = "refuse"


@dataclass(frozen=True)
class Tariff:
    """The rules of one operator from a day in the district on; the first rule for a class that the person has applies.

    A presentation is fresh for `freshness_seconds`, clocks may differ by `skew_seconds`; together ten minutes at most.
    The same person is not admitted again within `pass_back_seconds` (a day at most), nor more often than `daily_cap` a
    day and `monthly_cap` a calendar month. Where `opening` names hours, nobody is admitted outside of them. Kinds of
    bearer code that `bearer` does not name are not taken. A bundle older than `stale_after_seconds` is warned of; after
    `refuse_after_seconds` (None: never) nobody is admitted by it.
    """

    operator: str
    effective: date
    rules: tuple[TariffRule, ...]
    freshness_seconds: int = 30
    skew_seconds: int = 10
    pass_back_seconds: int = 0
    daily_cap: int | None = None
    bearer: Mapping[CredentialKind, BearerRule] = field(default_factory=dict)
    stale_after_seconds: int = 86_400
    refuse_after_seconds: int | None = 7 * 86_400
    out_of_service: OutOfServiceRule = OutOfServiceRule.BOARD
    monthly_cap: int | None = None
    opening: tuple[Opening, ...] = ()

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        require(0 < len(self.operator) <= MAX_NAME, "an operator has 1 to 80 characters")
        require(len(self.rules) <= MAX_RULES, "a tariff has at most 64 rules")
        require(self.freshness_seconds > 0 and self.skew_seconds >= 0, "a presentation is fresh for at least a second")
        require(
            self.freshness_seconds + self.skew_seconds <= MAX_WINDOW_SECONDS, "codes are fresh for ten minutes at most"
        )
        require(0 <= self.pass_back_seconds <= _DAY_SECONDS, "the pass-back interval is a day at most")
        require(0 <= self.stale_after_seconds <= _MAX_SECONDS, "an age is a year at most")
        require(
            self.refuse_after_seconds is None or self.stale_after_seconds <= self.refuse_after_seconds <= _MAX_SECONDS,
            "a bundle is refused after it is warned of",
        )
        require(is_cap(self.daily_cap) and is_cap(self.monthly_cap), "a daily or monthly cap is 1 to 1,000")
        require(len(self.opening) <= MAX_OPENINGS, "a tariff has at most 64 opening hours")
        require(CredentialKind.PASS not in self.bearer, "a pass is no bearer code")

    # The same in the unit of the decision, worked out once: a gate needs them at every code.

    @cached_property
    def skew(self) -> timedelta:
        """By how much clocks may differ."""
        return timedelta(seconds=self.skew_seconds)

    @cached_property
    def window(self) -> timedelta:
        """The greatest age, by the gate's clock, of a presentation that is still taken."""
        return timedelta(seconds=self.freshness_seconds + self.skew_seconds)

    @cached_property
    def pass_back(self) -> timedelta:
        """How long after an admission the same person is not admitted again."""
        return timedelta(seconds=self.pass_back_seconds)

    @cached_property
    def stale_after(self) -> timedelta:
        """The age from which a bundle is warned of."""
        return timedelta(seconds=self.stale_after_seconds)

    @cached_property
    def refuse_after(self) -> timedelta | None:
        """The age from which nobody is admitted by a bundle; None: never."""
        return None if self.refuse_after_seconds is None else timedelta(seconds=self.refuse_after_seconds)

    def rule_for(self, access_classes: Collection[str], at: datetime | None = None) -> TariffRule | None:
        """The first rule, in the tariff's order, for one of these classes that holds at an instant; None for none.

        Rules of a place hold only in what `at_places` gives. At an unknown time (None) windows do not bind.
        """
        for rule in self.rules:
            if rule.access_class in access_classes and rule.holds(at):
                return rule
        return None

    def is_open(self, at: datetime | None) -> bool:
        """Whether people are admitted at an instant; at an unknown time (None) they are."""
        return not self.opening or at is None or any(each.window.covers(at) for each in self.opening)

    def at_places(self, places: Sequence[Place]) -> "Tariff":
        """The tariff as it is at one spot, which lies in `places`, the narrowest first: what a scanner there is given.

        Rules of a narrower place go before those of a wider one, and those for everywhere come last.
        """
        order = [*places, None]
        return replace(
            self,
            rules=tuple(replace(rule, place=None) for place in order for rule in self.rules if rule.place == place),
            opening=tuple(Opening(None, each.window) for each in self.opening if each.place in order),
        )

    @property
    def needs_second_format(self) -> bool:
        """Whether the first format cannot say it; where it can it is used, for scanners that know no other."""
        return (
            self.monthly_cap is not None
            or bool(self.opening)
            or any(not each.when_stale for each in self.bearer.values())
            or any(rule.place is not None or rule.window is not None for rule in self.rules)
        )


def tariff_on(tariffs: Iterable[Tariff], on: date) -> Tariff | None:
    """The newest of an operator's tariffs that is in force on a day; None before the first."""
    return max((each for each in tariffs if each.effective <= on), key=lambda each: each.effective, default=None)


def encode_tariff(tariff: Tariff) -> bytes:
    """The tariff as deterministic CBOR: a map with the keys 1 to 12 or 14, as docs/scanner.md lists them."""
    second = tariff.needs_second_format
    content = {
        1: 2 if second else 1,
        2: tariff.operator,
        3: tariff.effective.isoformat(),
        4: [_rule_content(rule, second=second) for rule in tariff.rules],
        5: tariff.freshness_seconds,
        6: tariff.skew_seconds,
        7: tariff.pass_back_seconds,
        8: tariff.daily_cap,
        9: {
            kind.value: [rule.daily_cap, rule.visual_check, *([rule.when_stale] if second else [])]
            for kind, rule in tariff.bearer.items()
        },
        10: tariff.stale_after_seconds,
        11: tariff.refuse_after_seconds,
        12: tariff.out_of_service.value,
    }
    if second:
        content |= {
            13: tariff.monthly_cap,
            14: [[_place_content(each.place), _window_content(each.window)] for each in tariff.opening],
        }
    return encode(content)


def _rule_content(rule: TariffRule, *, second: bool) -> list[Any]:
    content = [
        *(rule.access_class, rule.outcome.value, int(rule.price_share * SHARE_UNIT)),
        *(rule.companions, rule.companion_terms.value),
    ]
    return [*content, _place_content(rule.place), _window_content(rule.window)] if second else content


def _place_content(place: Place | None) -> list[Any] | None:
    return None if place is None else [place.kind.value, place.name]


def _window_content(window: Window | None) -> list[int] | None:
    if window is None:
        return None
    return [sum(1 << day - 1 for day in window.days), window.begins, window.ends]


def read_tariff(raw: bytes) -> Tariff:
    """The tariff of `encode_tariff`'s bytes.

    Raises:
        CredentialRefused: TOO_LARGE, NOT_CANONICAL, or MALFORMED for anything that no tariff is written as.
    """
    content = decode(raw, MAX_TARIFF_BYTES)
    try:
        tariff = _tariff(content)
        # One content has one encoding, also over the formats.
        require(encode_tariff(tariff) == raw, "another encoding than needed")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None
    return tariff


def _tariff(content: Any) -> Tariff:
    require(content.keys() == _KEYS[_typed(content[1], int)], "not a tariff of this format")
    effective = date.fromisoformat(_typed(content[3], str))
    require(effective.isoformat() == content[3], "another spelling of the day")
    return Tariff(
        operator=_typed(content[2], str),
        effective=effective,
        rules=tuple(_rule(*_typed(each, list)) for each in _typed(content[4], list)),
        freshness_seconds=_typed(content[5], int),
        skew_seconds=_typed(content[6], int),
        pass_back_seconds=_typed(content[7], int),
        daily_cap=_optional(content[8]),
        bearer={CredentialKind(kind): _bearer(*_typed(each, list)) for kind, each in content[9].items()},
        stale_after_seconds=_typed(content[10], int),
        refuse_after_seconds=_optional(content[11]),
        out_of_service=OutOfServiceRule(content[12]),
        monthly_cap=_optional(content.get(13)),
        opening=tuple(_opening(*_typed(each, list)) for each in _typed(content.get(14, []), list)),
    )


def _rule(
    access_class: Any, outcome: Any, share: Any, companions: Any, terms: Any, place: Any = None, window: Any = None
) -> TariffRule:
    return TariffRule(
        _typed(access_class, str),
        Outcome(outcome),
        Decimal(_typed(share, int)) / SHARE_UNIT,
        _typed(companions, int),
        CompanionTerms(terms),
        None if place is None else _place(*_typed(place, list)),
        None if window is None else _window(*_typed(window, list)),
    )


def _bearer(daily_cap: Any, visual_check: Any, when_stale: Any = True) -> BearerRule:  # noqa: FBT002 - on the wire
    return BearerRule(_optional(daily_cap), _typed(visual_check, bool), _typed(when_stale, bool))


def _opening(place: Any, window: Any) -> Opening:
    return Opening(None if place is None else _place(*_typed(place, list)), _window(*_typed(window, list)))


def _place(kind: Any, name: Any) -> Place:
    return Place(PlaceKind(kind), _typed(name, str))


def _window(days: Any, begins: Any, ends: Any) -> Window:
    require(0 < _typed(days, int) < 1 << len(WEEK), "days of the week are seven bits")
    return Window(frozenset(day for day in WEEK if days >> day - 1 & 1), _typed(begins, int), _typed(ends, int))


def _typed(value: Any, expected: type[_T]) -> _T:
    # Not isinstance: True is an int to Python, and must not be one here.
    if type(value) is not expected:
        raise TypeError(f"{expected.__name__} expected")
    return value


def _optional(value: Any) -> int | None:
    return None if value is None else _typed(value, int)
