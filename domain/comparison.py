"""How a criterion compares a fact: each comparison is data, bound once a day to plain limits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.birthday import birthday, latest_born
from domain.fact import FactKind, FactValue
from domain.parameter import Bound, Parameter, parse_bound
from domain.policy_file import Section
from domain.vocabulary import FactType

# A fact's type is checked before any comparison sees its value, so the limits need not check again.
Comparing = Callable[[Any], bool | None]

KEYS = ("is", "one_of", "includes_any", "at_least", "at_most", "age_from", "age_to")


@dataclass(frozen=True)
class OneOf:
    """The value is among these."""

    values: frozenset[FactValue]

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return {}

    def bind(self, _on: date, _parameters: Mapping[str, Parameter]) -> Comparing:
        """The comparison on a day."""
        return self.values.__contains__


@dataclass(frozen=True)
class IncludesAny:
    """At least one of the codes is among these."""

    codes: frozenset[int]

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return {}

    def bind(self, _on: date, _parameters: Mapping[str, Parameter]) -> Comparing:
        """The comparison on a day."""
        codes = self.codes
        return lambda value: not codes.isdisjoint(value)


@dataclass(frozen=True)
class Range:
    """The number lies between the limits, both included; None is no limit."""

    at_least: Bound | None
    at_most: Bound | None

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return _given(at_least=self.at_least, at_most=self.at_most)

    def bind(self, on: date, parameters: Mapping[str, Parameter]) -> Comparing:
        """The comparison on a day."""
        limits = _limits_on((self.at_least, self.at_most), on, parameters)
        if limits is None:
            return _undecidable
        low, high = limits
        if low is None:
            return lambda value: value <= high
        if high is None:
            return lambda value: value >= low
        return lambda value: low <= value <= high


@dataclass(frozen=True)
class AgeRange:
    """The age in full years lies between the limits, both included: from one birthday until the day before another."""

    age_from: Bound | None
    age_to: Bound | None

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return _given(age_from=self.age_from, age_to=self.age_to)

    def bind(self, on: date, parameters: Mapping[str, Parameter]) -> Comparing:
        """The comparison on a day."""
        limits = _limits_on((self.age_from, self.age_to), on, parameters)
        if limits is None:
            return _undecidable
        low, high = limits
        youngest = date.max if low is None else latest_born(int(low), on)
        too_old = None if high is None else latest_born(int(high) + 1, on)
        if youngest is None:
            return lambda _born: False
        if too_old is None:
            return lambda born: born <= youngest
        return lambda born: too_old < born <= youngest

    def turning_days(self, born: date, parameters: Mapping[str, Parameter]) -> Iterator[date]:
        """The birthdays at which the answer can change, by any limit there was or will be."""
        for bound, further in ((self.age_from, 0), (self.age_to, 1)):
            for limit in () if bound is None else bound.ever(parameters):
                turning = birthday(born, int(limit) + further)
                if turning is not None:
                    yield turning


Comparison = OneOf | IncludesAny | Range | AgeRange


def _given(**bounds: Bound | None) -> dict[str, Bound]:
    return {key: bound for key, bound in bounds.items() if bound is not None}


def _limits_on(
    bounds: tuple[Bound | None, Bound | None], on: date, parameters: Mapping[str, Parameter]
) -> tuple[Decimal | None, Decimal | None] | None:
    """Both limits on a day; None where a limit is wanted whose parameter has no value yet."""
    low, high = (None if bound is None else bound.on(on, parameters) for bound in bounds)
    missing = any(bound is not None and limit is None for bound, limit in zip(bounds, (low, high), strict=True))
    return None if missing else (low, high)


def _undecidable(_value: object) -> bool | None:
    return None


def parse_comparison(section: Section, fact: FactType) -> Comparison:
    """Read how a criterion compares its fact.

    Raises:
        PolicyInvalid: a comparison that does not fit the fact's kind, or a value it never has.
    """
    used = {key for key in KEYS if key in section.content}
    match fact.kind:
        case FactKind.FLAG | FactKind.CHOICE:
            fitting: tuple[set[str], ...] = ({"is"}, {"one_of"})
        case FactKind.CODE:
            fitting = ({"is"}, {"one_of"}, {"at_least"}, {"at_most"}, {"at_least", "at_most"})
        case FactKind.CODES:
            fitting = ({"includes_any"},)
        case FactKind.MONEY:
            fitting = ({"at_least"}, {"at_most"}, {"at_least", "at_most"})
        case FactKind.DATE:
            fitting = ({"age_from"}, {"age_to"}, {"age_from", "age_to"})
    if used not in fitting:
        allowed = " or ".join(" with ".join(sorted(keys)) for keys in fitting)
        raise section.wrong("fact", f"a {fact.kind} is not compared like this", f"Use {allowed}")
    if used & {"at_least", "at_most"}:
        return Range(parse_bound(section, "at_least"), parse_bound(section, "at_most"))
    if used & {"age_from", "age_to"}:
        return AgeRange(parse_bound(section, "age_from"), parse_bound(section, "age_to"))
    return _membership(section, fact, used.pop())


def _membership(section: Section, fact: FactType, key: str) -> OneOf | IncludesAny:
    written: Any = section.content[key]
    values: list[Any] = [written] if key == "is" else written if isinstance(written, list) else []
    is_list = fact.kind is FactKind.CODES
    if not values or not all(fact.accepts((value,) if is_list else value) for value in values):
        known = ", ".join(fact.words) if fact.words else "true, false"
        raise section.wrong(key, f"a value that {fact.name} never has", f"Use one of {known}")
    return IncludesAny(frozenset(values)) if is_list else OneOf(frozenset(values))
