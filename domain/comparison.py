"""How a criterion compares a fact: each comparison is data, bound once a day to plain limits."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, floor
from typing import Any, assert_never

from domain.birthday import birthday, latest_born
from domain.fact import FactKind, FactValue
from domain.logic import Holds, Truth
from domain.parameter import Bound, Parameter, parse_bound
from domain.policy_file import Section
from domain.vocabulary import FactType

KEYS = ("is", "one_of", "includes_any", "at_least", "at_most", "age_from", "age_to")


@dataclass(frozen=True)
class OneOf:
    """The value is among these."""

    values: frozenset[FactValue]

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return {}

    def test(self, _on: date, _parameters: Mapping[str, Parameter]) -> Holds:
        """The test of a value on a day."""
        return self.values.__contains__


@dataclass(frozen=True)
class IncludesAny:
    """At least one of the codes is among these."""

    codes: frozenset[int]

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return {}

    def test(self, _on: date, _parameters: Mapping[str, Parameter]) -> Holds:
        """The test of a value on a day."""
        codes = self.codes
        return lambda value: not codes.isdisjoint(value)


@dataclass(frozen=True)
class Range:
    """The number lies between the limits, both included; None is no limit. `whole` numbers compare as integers."""

    at_least: Bound | None
    at_most: Bound | None
    whole: bool

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return _given(at_least=self.at_least, at_most=self.at_most)

    def test(self, on: date, parameters: Mapping[str, Parameter]) -> Holds:
        """The test of a value on a day."""
        interval = self.interval(on, parameters)
        if interval is None:
            return _undecidable
        lowest: Any
        highest: Any
        lowest, highest = interval
        if self.whole:
            lowest, highest = ceil(max(lowest, 0)), floor(min(highest, sys.maxsize))

        return lambda value: lowest <= value <= highest

    def interval(self, on: date, parameters: Mapping[str, Parameter]) -> tuple[Decimal, Decimal] | None:
        """The least and the greatest number on a day; None where a limit is wanted whose parameter has no value yet."""
        limits = _limits_on((self.at_least, self.at_most), on, parameters)
        if limits is None:
            return None
        low, high = limits
        return Decimal("-Infinity") if low is None else low, Decimal("Infinity") if high is None else high


@dataclass(frozen=True)
class AgeRange:
    """The age in full years lies between the limits, both included: from one birthday until the day before another."""

    age_from: Bound | None
    age_to: Bound | None

    def limits(self) -> dict[str, Bound]:
        """The limits by the key they are written under."""
        return _given(age_from=self.age_from, age_to=self.age_to)

    def test(self, on: date, parameters: Mapping[str, Parameter]) -> Holds:
        """The test of a value on a day."""
        born_between = self.born_between(on, parameters)
        if born_between is None:
            return _undecidable
        first, last = born_between

        return lambda born: first <= born <= last

    def born_between(self, on: date, parameters: Mapping[str, Parameter]) -> tuple[date, date] | None:
        """The first and the last birth date within the limits on a day; None where a limit has no value yet.

        Who is not born yet has no age. The last comes before the first where nobody has lived that long.
        """
        limits = _limits_on((self.age_from, self.age_to), on, parameters)
        if limits is None:
            return None
        low, high = limits
        youngest = latest_born(0 if low is None else int(low), on)
        too_old = None if high is None else latest_born(int(high) + 1, on)
        if youngest is None:
            return date.max, date.min
        return date.min if too_old is None else too_old + timedelta(days=1), youngest

    def turning_days(self, born: date, parameters: Mapping[str, Parameter]) -> Iterator[date]:
        """The birthdays at which the answer can change, by any limit there was or will be, or that of birth itself."""
        if self.age_from is None:
            yield born
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


def _undecidable(_value: object) -> Truth:
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
        case _:
            assert_never(fact.kind)
    if used not in fitting:
        allowed = " or ".join(" with ".join(sorted(keys)) for keys in fitting)
        raise section.wrong("fact", f"a {fact.kind} is not compared like this", f"Use {allowed}")
    if used & {"at_least", "at_most"}:
        return Range(
            parse_bound(section, "at_least"), parse_bound(section, "at_most"), whole=fact.kind is FactKind.CODE
        )
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
