"""District figures that change by notice, each value dated and with its source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter

from domain.policy_file import Section


@dataclass(frozen=True)
class ParameterValue:
    """A figure from a day on; `illustrative` where it stands in for one the district has yet to enter."""

    effective: date
    value: Decimal
    source: str
    illustrative: bool


@dataclass(frozen=True)
class Parameter:
    """A figure by name, its values in order of their days."""

    name: str
    title: str
    values: tuple[ParameterValue, ...]

    def on(self, day: date) -> ParameterValue | None:
        """The value in force on a day; None before the first."""
        return next((value for value in reversed(self.values) if value.effective <= day), None)

    def periods(self) -> Iterator[tuple[ParameterValue, date | None]]:
        """Each value with the last day on which it is in force, none for the newest."""
        ends = (following.effective - timedelta(days=1) for following in self.values[1:])
        yield from zip(self.values, [*ends, None], strict=True)

    def turning_days(self) -> Iterator[date]:
        """The days from which a value is in force."""
        return (value.effective for value in self.values)


@dataclass(frozen=True)
class Bound:
    """A limit in a rule: a fixed number, or a share of a parameter (then `factor` is the share)."""

    factor: Decimal
    parameter: str | None = None

    def on(self, day: date, parameters: Mapping[str, Parameter]) -> Decimal | None:
        """The limit on a day; None where its parameter has no value yet."""
        if self.parameter is None:
            return self.factor
        value = parameters[self.parameter].on(day)
        return None if value is None else self.factor * value.value

    def ever(self, parameters: Mapping[str, Parameter]) -> Iterator[Decimal]:
        """Every limit there was or will be, as far as its parameter is known."""
        if self.parameter is None:
            yield self.factor
        else:
            yield from (self.factor * value.value for value in parameters[self.parameter].values)

    def turning_days(self, parameters: Mapping[str, Parameter]) -> Iterator[date]:
        """The days on which the limit changes."""
        if self.parameter is not None:
            yield from parameters[self.parameter].turning_days()


def parse_parameters(section: Section) -> dict[str, Parameter]:
    """Read parameters.toml.

    Raises:
        PolicyInvalid: with the key and the remedy.
    """
    return {name: _parameter(name, section.section(name)) for name in section.content}


def _parameter(name: str, section: Section) -> Parameter:
    section.only("title", "values")
    values = tuple(sorted((_value(each) for each in section.sections("values")), key=attrgetter("effective")))
    days = [value.effective for value in values]
    if not days or len(set(days)) != len(days):
        raise section.wrong("values", "no value, or two from the same day", "Give one value for each effective day")
    return Parameter(name, section.text("title"), values)


def _value(section: Section) -> ParameterValue:
    section.only("effective", "value", "source", "illustrative")
    return ParameterValue(
        section.day("effective"), section.number("value"), section.text("source"), section.flag("illustrative")
    )


def parse_bound(section: Section, key: str) -> Bound | None:
    """Read a limit, where it is given: a number, or { parameter, share } with share 1 unless said.

    Raises:
        PolicyInvalid: neither of them.
    """
    if not isinstance(section.content.get(key), Mapping):
        number = section.optional_number(key)
        return None if number is None else Bound(number)
    scaled = section.section(key)
    scaled.only("parameter", "share")
    share = scaled.optional_number("share")
    return Bound(Decimal(1) if share is None else share, scaled.text("parameter"))
