"""What departments state about a resident, and what of it holds on a day."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

CENT = Decimal("0.01")  # the fen, the least amount of money there is

FactValue = bool | int | str | Decimal | date | tuple[int, ...]


class FactKind(StrEnum):
    """The type of a fact's value."""

    FLAG = "flag"  # bool
    CHOICE = "choice"  # str, one of the fact type's words
    CODE = "code"  # int, one of the fact type's words
    CODES = "codes"  # tuple of such codes, not empty
    MONEY = "money"  # Decimal yuan in whole fen, not negative
    DATE = "date"


class FactInvalid(ValueError):
    """A statement that no rule can read; the message names the fact and the remedy, never the value."""


@dataclass(frozen=True)
class Fact:
    """One statement of one department, true from `valid_from` to `valid_until`, both days included; None is open."""

    name: str
    value: FactValue
    source: str
    valid_from: date | None
    valid_until: date | None
    recorded_on: date

    def holds(self, on: date) -> bool:
        """Whether the statement covers a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


@dataclass(frozen=True)
class Reading:
    """What is known of one fact on a day: the statement that counts, and those of other sources that deny it.

    `fact` is None where one source contradicts itself, recorded on one day: nobody can tell which to believe.
    """

    fact: Fact | None
    contradicting: tuple[Fact, ...] = ()


@dataclass(frozen=True, eq=False)
class Facts:
    """All statements about one resident; order does not matter."""

    by_name: Mapping[str, tuple[Fact, ...]]

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> "Facts":
        """Sort statements by the fact they are about."""
        by_name: dict[str, tuple[Fact, ...]] = {}
        for fact in facts:
            by_name[fact.name] = (*by_name.get(fact.name, ()), fact)
        return cls(MappingProxyType(by_name))

    def about(self, names: Collection[str]) -> "Facts":
        """The statements about some facts alone."""
        return Facts({name: facts for name, facts in self.by_name.items() if name in names})

    def read(self, name: str, on: date, ranks: Mapping[str, int]) -> Reading | None:
        """What holds of a fact on a day; None where nobody states anything.

        Of two sources the one of lower rank counts and the other is shown as contradicting; of two statements
        of one source the later recorded replaces the earlier.
        """
        standing = [fact for fact in self.by_name.get(name, ()) if fact.holds(on)]
        if not standing:
            return None
        if len(standing) == 1:
            return Reading(standing[0])
        best = min(ranks[fact.source] for fact in standing)
        trusted = [fact for fact in standing if ranks[fact.source] == best]
        others = [fact for fact in standing if ranks[fact.source] != best]
        latest = max(fact.recorded_on for fact in trusted)
        counting = [fact for fact in trusted if fact.recorded_on == latest]
        if any(fact.value != counting[0].value for fact in counting):
            return Reading(None, (*counting, *others))
        return Reading(counting[0], tuple(fact for fact in others if fact.value != counting[0].value))

    def turning_days(self, name: str | None = None) -> Iterator[date]:
        """The days on which a statement begins to hold or first no longer holds; of one fact, or of all."""
        names = self.by_name if name is None else (name,)
        for each in names:
            for fact in self.by_name.get(each, ()):
                if fact.valid_from is not None:
                    yield fact.valid_from
                if fact.valid_until is not None and fact.valid_until < date.max:
                    yield fact.valid_until + timedelta(days=1)
