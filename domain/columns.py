"""The facts of many residents as columns of small integers, so that one comparison judges all of them at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from domain.fact import FactKind, FactValue
from domain.vocabulary import FactType, Vocabulary

FEN = 100  # in a yuan

Integers = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Column:
    """One fact of every resident, encoded as `encoder` does; where it is not `known` the value is 0."""

    values: Integers
    known: Flags

    def rows(self, rows: slice) -> "Column":
        """The same of some residents, without a copy."""
        return Column(self.values[rows], self.known[rows])


@dataclass(frozen=True, eq=False)
class Columns:
    """Every fact of a vocabulary, of `size` residents in one order."""

    vocabulary: Vocabulary
    size: int
    facts: Mapping[str, Column]

    def rows(self, rows: slice) -> "Columns":
        """The same of some residents, without a copy."""
        facts = {name: column.rows(rows) for name, column in self.facts.items()}
        return Columns(self.vocabulary, len(range(self.size)[rows]), facts)


@dataclass(frozen=True, eq=False)
class Groups:
    """Which of some groups each resident belongs to: `places` are indexes into `names`."""

    names: tuple[str, ...]
    places: Integers

    @classmethod
    def of(cls, names: Sequence[str]) -> "Groups":
        """The groups of residents by name, in the order of names."""
        known = {name: place for place, name in enumerate(sorted(set(names)))}
        return cls(tuple(known), np.fromiter((known[name] for name in names), np.int32, len(names)))


def groups_by(columns: Columns, name: str) -> Groups:
    """The residents by the words of a choice or a code; the last group, without a name, is of those not known."""
    column, words = columns.facts[name], tuple(columns.vocabulary.facts[name].words)
    return Groups((*words, ""), np.where(column.known, column.values, len(words)))


class ColumnsBuilder:
    """Takes residents one by one and keeps only what is known of each."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._encoders = {name: encoder(fact) for name, fact in vocabulary.facts.items()}
        self._rows: dict[str, list[int]] = {name: [] for name in vocabulary.facts}
        self._values: dict[str, list[int]] = {name: [] for name in vocabulary.facts}
        self._size = 0

    def add(self, values: Mapping[str, FactValue]) -> None:
        """The next resident, by the values of her facts as `Case.of` reads them."""
        for name, value in values.items():
            self._rows[name].append(self._size)
            self._values[name].append(self._encoders[name](value))
        self._size += 1

    def build(self) -> Columns:
        """The columns of all residents so far."""
        return Columns(
            self._vocabulary, self._size, {name: self._column(fact) for name, fact in self._vocabulary.facts.items()}
        )

    def _column(self, fact: FactType) -> Column:
        values: Integers = np.zeros(self._size, width_of(fact.kind))
        known = np.zeros(self._size, np.bool_)
        values[self._rows[fact.name]] = self._values[fact.name]
        known[self._rows[fact.name]] = True
        return Column(values, known)


def width_of(kind: FactKind) -> type[np.integer[Any]]:
    """The integer type of a column."""
    match kind:
        case FactKind.FLAG:
            return np.int8
        case FactKind.CHOICE | FactKind.CODE:
            return np.int16
        case FactKind.DATE:
            return np.int32
        case FactKind.MONEY | FactKind.CODES:
            return np.int64
        case _:
            assert_never(kind)


def encoder(fact: FactType) -> Callable[[Any], int]:
    """How a value of a fact becomes an integer.

    A flag as 0 or 1, a choice or code as its place among the words, codes as one bit for each, money in fen, a date as
    its day in the calendar.
    """
    match fact.kind:
        case FactKind.FLAG:
            return int
        case FactKind.CHOICE | FactKind.CODE:
            return {value: place for place, value in enumerate(finite_values(fact))}.__getitem__
        case FactKind.CODES:
            return bits_of(fact)
        case FactKind.MONEY:
            return lambda yuan: int(yuan * FEN)
        case FactKind.DATE:
            return date.toordinal
        case _:
            assert_never(fact.kind)


def finite_values(fact: FactType) -> tuple[FactValue, ...]:
    """The values that a flag, a choice or a code can have, in the order of their integers."""
    match fact.kind:
        case FactKind.FLAG:
            return False, True
        case FactKind.CODE:
            return tuple(int(word) for word in fact.words)
        case _:
            return tuple(fact.words)


def bits_of(fact: FactType) -> Callable[[Any], int]:
    """How codes become an integer with one bit for each."""
    bits = {int(word): 1 << place for place, word in enumerate(fact.words)}
    return lambda codes: sum({bits[code] for code in codes})
