"""What other rules would do on a day: heads, cost, and who gains and loses, before anybody has to live with them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

import numpy as np

from domain.columns import FEN, Flags, Groups
from domain.parameter import Parameter, ParameterValue
from domain.register import MET, Amounts, Verdicts
from domain.rulebook import RuleBook


class Dimension(StrEnum):
    """By what residents are put together."""

    ALL = "all"
    GRADE = "grade"
    CATEGORY = "category"
    TOWN = "town"


@dataclass(frozen=True)
class Effect:
    """What changes for a group in a programme, or, where that is empty, in all programmes together.

    `heads` are the certainly entitled, `yuan` what they certainly get in a year, single amounts counted once. Who gains
    gets more yuan, or, of as many, more programmes; who loses gets less.
    """

    programme: str
    dimension: Dimension
    group: str
    heads_before: int
    heads_after: int
    yuan_before: Decimal
    yuan_after: Decimal
    gainers: int
    losers: int


class UnknownParameter(ValueError):
    """A figure that the rules do not have; the text lists those they have."""


def with_parameter(book: RuleBook, name: str, value: Decimal, on: date) -> RuleBook:
    """The same rules with another value of a parameter from a day on; later values stay.

    Raises:
        UnknownParameter: there is none of that name.
    """
    known = book.reference.parameters.get(name)
    if known is None:
        raise UnknownParameter(
            f"No parameter is called {name!r}. Use one of {', '.join(sorted(book.reference.parameters))}."
        )
    parameters = {**book.reference.parameters, name: _set(known, value, on)}
    return replace(book, reference=replace(book.reference, parameters=parameters))


def _set(parameter: Parameter, value: Decimal, on: date) -> Parameter:
    # A figure that nobody has decided is an example, like one that the district has yet to enter.
    supposed = ParameterValue(on, value, source="", illustrative=True)
    others = [each for each in parameter.values if each.effective != on]
    return replace(parameter, values=tuple(sorted([*others, supposed], key=lambda each: each.effective)))


@dataclass(frozen=True, eq=False)
class _Side:
    """What one set of rules gives each resident of one programme, or of all."""

    programmes: Amounts
    fen: Amounts

    @classmethod
    def of(cls, verdicts: Verdicts, programme: str) -> "_Side":
        assert verdicts.fen is not None
        if not programme:
            return cls((verdicts.truths == MET).sum(axis=0), verdicts.fen.sum(axis=0))
        if programme not in verdicts.programmes:
            nothing = np.zeros(verdicts.fen.shape[1], np.int64)
            return cls(nothing, nothing)
        place = verdicts.programmes.index(programme)
        return cls((verdicts.truths[place] == MET).astype(np.int64), verdicts.fen[place])

    def exceeds(self, other: "_Side") -> Flags:
        """Who has more here than there."""
        more: Flags = (self.fen > other.fen) | ((self.fen == other.fen) & (self.programmes > other.programmes))
        return more


def effects(before: Verdicts, after: Verdicts, groups: Mapping[Dimension, Groups]) -> Iterator[Effect]:
    """The effects by each dimension, of all programmes together and of each that either set of rules has.

    Both verdicts are of the same residents on the same day, with amounts.
    """
    everybody = Groups(("",), np.zeros(before.truths.shape[1], np.int32))
    for programme in ("", *sorted({*before.programmes, *after.programmes})):
        sides = _Side.of(before, programme), _Side.of(after, programme)
        for dimension, grouped in {Dimension.ALL: everybody, **groups}.items():
            yield from _effects(programme, dimension, grouped, *sides)


def _effects(programme: str, dimension: Dimension, groups: Groups, before: _Side, after: _Side) -> Iterator[Effect]:
    def count(chosen: Flags) -> list[int]:
        counts: list[int] = np.bincount(groups.places[chosen], minlength=len(groups.names)).tolist()
        return counts

    def cost(side: _Side) -> list[Decimal]:
        sums = np.zeros(len(groups.names), np.int64)
        np.add.at(sums, groups.places, side.fen)
        return [Decimal(fen) / FEN for fen in sums.tolist()]

    lines = zip(
        groups.names,
        count(before.programmes > 0),
        count(after.programmes > 0),
        cost(before),
        cost(after),
        count(after.exceeds(before)),
        count(before.exceeds(after)),
        strict=True,
    )
    for line in lines:
        yield Effect(programme, dimension, *line)
