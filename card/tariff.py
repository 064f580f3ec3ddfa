"""What one operator grants from a day on: data in the trust bundle, so that rules change without new software."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeVar

from card.canonical import decode, encode
from card.credential import CredentialKind
from card.refusal import CredentialRefused, RefusalReason

# China has kept one time all year since 1992, so a device needs no time zone data.
DISTRICT_ZONE: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
MAX_TARIFF_BYTES: Final = 16 * 1024
MAX_RULES: Final = 64
MAX_COMPANIONS: Final = 9
_MAX_TEXT: Final = 80
# A gate remembers admitted codes for longer than this, so that none can be shown twice within its window.
MAX_WINDOW_SECONDS: Final = 600
_DAY_SECONDS: Final = 86_400
_MAX_SECONDS: Final = 366 * _DAY_SECONDS
_MAX_CAP: Final = 1_000
_SHARE_UNIT: Final = 10_000
_FORMAT: Final = 1
_KEYS: Final = frozenset(range(1, 13))
_T = TypeVar("_T")


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


class OutOfServiceRule(StrEnum):
    """What a gate does that cannot write or does not know the time."""

    BOARD = "board"  # let people in, and count by hand
    REFUSE = "refuse"


@dataclass(frozen=True)
class TariffRule:
    """What one access class gets. `price_share` is the share of the price that is paid, 0 to 1 in steps of 0.0001."""

    access_class: str
    outcome: Outcome
    price_share: Decimal
    companions: int = 0
    companion_terms: CompanionTerms = CompanionTerms.NONE

    def __post_init__(self) -> None:
        """Refuse a rule that contradicts itself."""
        _require(0 < len(self.access_class) <= _MAX_TEXT, "an access class has 1 to 80 characters")
        _require(0 <= self.companions <= MAX_COMPANIONS, "companions are 0 to 9")
        alone = self.companion_terms is CompanionTerms.NONE
        _require(alone == (self.companions == 0), "companion terms go with companions")
        _require(0 <= self.price_share <= 1, "a price share is 0 to 1")
        _require(self.price_share * _SHARE_UNIT % 1 == 0, "a price share has at most four decimal places")
        expected = {Outcome.FREE: self.price_share == 0, Outcome.REDUCED: 0 < self.price_share < 1}
        _require(expected.get(self.outcome, self.price_share == 1), "the price share contradicts the outcome")


@dataclass(frozen=True)
class BearerRule:
    """On which terms a code without a phone's key is taken.

    It is taken while the person's rides of the day, with whatever code, are below `daily_cap` (None: no cap of its
    own); with `visual_check` the masked name is shown, to be compared with a document.
    """

    daily_cap: int | None = None
    visual_check: bool = True

    def __post_init__(self) -> None:
        """Refuse a cap out of range."""
        _require(_is_cap(self.daily_cap), "a daily cap is 1 to 1,000")


@dataclass(frozen=True)
class Tariff:
    """The rules of one operator from a day in the district on; the first rule for a class that the person has applies.

    A presentation is fresh for `freshness_seconds`, clocks may differ by `skew_seconds`; together ten minutes at most.
    The same person is not admitted again within `pass_back_seconds` (a day at most), nor more often than `daily_cap` a
    day. Kinds of bearer code that `bearer` does not name are not taken. A bundle older than `stale_after_seconds` is
    warned of; after `refuse_after_seconds` (None: never) nobody is admitted by it.
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

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        _require(0 < len(self.operator) <= _MAX_TEXT, "an operator has 1 to 80 characters")
        _require(len(self.rules) <= MAX_RULES, "a tariff has at most 64 rules")
        _require(self.freshness_seconds > 0 and self.skew_seconds >= 0, "a presentation is fresh for at least a second")
        _require(
            self.freshness_seconds + self.skew_seconds <= MAX_WINDOW_SECONDS, "codes are fresh for ten minutes at most"
        )
        _require(0 <= self.pass_back_seconds <= _DAY_SECONDS, "the pass-back interval is a day at most")
        _require(0 <= self.stale_after_seconds <= _MAX_SECONDS, "an age is a year at most")
        _require(
            self.refuse_after_seconds is None or self.stale_after_seconds <= self.refuse_after_seconds <= _MAX_SECONDS,
            "a bundle is refused after it is warned of",
        )
        _require(_is_cap(self.daily_cap), "a daily cap is 1 to 1,000")
        _require(CredentialKind.PASS not in self.bearer, "a pass is no bearer code")

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

    def rule_for(self, access_classes: Collection[str]) -> TariffRule | None:
        """The first rule, in the tariff's order, for one of these classes; None if it knows none of them."""
        for rule in self.rules:
            if rule.access_class in access_classes:
                return rule
        return None


def local_day(at: datetime) -> date:
    """The day it is in the district at an aware instant."""
    return at.astimezone(DISTRICT_ZONE).date()


def tariff_on(tariffs: Iterable[Tariff], on: date) -> Tariff | None:
    """The newest of an operator's tariffs that is in force on a day; None before the first."""
    return max((each for each in tariffs if each.effective <= on), key=lambda each: each.effective, default=None)


def encode_tariff(tariff: Tariff) -> bytes:
    """The tariff as deterministic CBOR: a map with the keys 1 to 12, as docs/scanner.md lists them."""
    return encode(
        {
            1: _FORMAT,
            2: tariff.operator,
            3: tariff.effective.isoformat(),
            4: [
                [
                    rule.access_class,
                    rule.outcome.value,
                    int(rule.price_share * _SHARE_UNIT),
                    rule.companions,
                    rule.companion_terms.value,
                ]
                for rule in tariff.rules
            ],
            5: tariff.freshness_seconds,
            6: tariff.skew_seconds,
            7: tariff.pass_back_seconds,
            8: tariff.daily_cap,
            9: {kind.value: [rule.daily_cap, rule.visual_check] for kind, rule in tariff.bearer.items()},
            10: tariff.stale_after_seconds,
            11: tariff.refuse_after_seconds,
            12: tariff.out_of_service.value,
        }
    )


def read_tariff(raw: bytes) -> Tariff:
    """The tariff of `encode_tariff`'s bytes.

    Raises:
        CredentialRefused: TOO_LARGE, NOT_CANONICAL, or MALFORMED for anything that no tariff is written as.
    """
    content = decode(raw, MAX_TARIFF_BYTES)
    try:
        return _tariff(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CredentialRefused(RefusalReason.MALFORMED) from None


def _tariff(content: Any) -> Tariff:
    _require(content.keys() == _KEYS and _typed(content[1], int) == _FORMAT, "not a tariff of this format")
    effective = date.fromisoformat(_typed(content[3], str))
    _require(effective.isoformat() == content[3], "another spelling of the day")
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
    )


def _rule(access_class: Any, outcome: Any, share: Any, companions: Any, terms: Any) -> TariffRule:
    return TariffRule(
        _typed(access_class, str),
        Outcome(outcome),
        Decimal(_typed(share, int)) / _SHARE_UNIT,
        _typed(companions, int),
        CompanionTerms(terms),
    )


def _bearer(daily_cap: Any, visual_check: Any) -> BearerRule:
    return BearerRule(_optional(daily_cap), _typed(visual_check, bool))


def _typed(value: Any, expected: type[_T]) -> _T:
    # Not isinstance: True is an int to Python, and must not be one here.
    if type(value) is not expected:
        raise TypeError(f"{expected.__name__} expected")
    return value


def _optional(value: Any) -> int | None:
    return None if value is None else _typed(value, int)


def _is_cap(value: int | None) -> bool:
    return value is None or 0 < value <= _MAX_CAP


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not condition:
        raise ValueError(message)
