"""Every programme for a whole register on a day, from the same rule data as `decide`, by columns instead of residents.

A truth is +1 met, 0 unknown, -1 not met: so ordered, the least, the greatest and the negation are Kleene's logic.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from math import ceil, floor
from typing import assert_never

import numpy as np
import numpy.typing as npt

from domain.benefit import BenefitKind
from domain.columns import FEN, Column, Columns, bits_of, finite_values
from domain.comparison import AgeRange, Comparison, IncludesAny, OneOf, Range
from domain.compiled import CompiledProgramme, compile_book
from domain.logic import AllOf, AnyOf, Leaf, Not, Rule, Truth
from domain.parameter import Parameter
from domain.rulebook import Criterion, RuleBook
from domain.vocabulary import MOST_YUAN

Truths = npt.NDArray[np.int8]
Amounts = npt.NDArray[np.int64]
Judge = Callable[[Column], Truths]

MET, UNKNOWN, NOT_MET = 1, 0, -1
MONTHS = 12


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What each programme answers each resident: a row a programme, in the order of `programmes`, a truth a resident.

    `fen` is what an entitled resident certainly gets in a year, single amounts counted once; 0 for everybody else.
    """

    programmes: tuple[str, ...]
    truths: Truths
    fen: Amounts | None


def judge_register(book: RuleBook, columns: Columns, on: date, *, amounts: bool = False) -> Verdicts:
    """Every programme of the book for every resident; where it is not in force nobody is entitled, as in `decide`."""
    slugs = tuple(programme.slug for programme in book.programmes)
    truths = np.full((len(slugs), columns.size), NOT_MET, np.int8)
    fen = np.zeros((len(slugs), columns.size), np.int64) if amounts else None
    register = _Register(columns, on, book.reference.parameters)
    for slug, programme in compile_book(book, on).programmes.items():
        place = slugs.index(slug)
        truths[place] = register.truth(programme.version.rule, programme.version.criteria)
        if fen is not None:
            fen[place] = register.fen(programme) * (truths[place] == MET)
    return Verdicts(slugs, truths, fen)


def _judge(criterion: Criterion, on: date, parameters: Mapping[str, Parameter]) -> Judge:
    comparison, fact = criterion.comparison, criterion.fact
    match comparison:
        case OneOf():
            return _looked_up(criterion, on, parameters)
        case Range() if comparison.whole:
            return _looked_up(criterion, on, parameters)
        case IncludesAny(codes):
            bits = bits_of(fact)(codes)
            return lambda column: _signed((column.values & bits) != 0, column)
        case Range():
            interval = comparison.interval(on, parameters)
            return _undecidable if interval is None else _between(*_fen_between(*interval))
        case AgeRange():
            born = comparison.born_between(on, parameters)
            return _undecidable if born is None else _between(born[0].toordinal(), born[1].toordinal())
        case _:
            assert_never(comparison)


def _looked_up(criterion: Criterion, on: date, parameters: Mapping[str, Parameter]) -> Judge:
    """Of a fact with few values each is tested once, as for a single resident."""
    test = criterion.comparison.test(on, parameters)
    outcomes = np.array([_sign(test(value)) for value in finite_values(criterion.fact)], np.int8)
    return lambda column: outcomes[column.values] * column.known


def _sign(truth: Truth) -> int:
    return UNKNOWN if truth is None else MET if truth else NOT_MET


def _undecidable(column: Column) -> Truths:
    return np.zeros(column.known.shape, np.int8)


def _fen_between(low: Decimal, high: Decimal) -> tuple[int, int]:
    """The limits in fen, which no amount of money lies between."""
    return ceil(max(low, Decimal(0)) * FEN), floor(min(high, MOST_YUAN) * FEN)


def _between(first: int, last: int) -> Judge:
    return lambda column: _signed((column.values >= first) & (column.values <= last), column)


def _signed(met: npt.NDArray[np.bool_], column: Column) -> Truths:
    truths: Truths = (met.view(np.int8) * np.int8(2) - np.int8(1)) * column.known
    return truths


class _Register:
    """All residents on a day, with every test that was made of them: programmes share many."""

    def __init__(self, columns: Columns, on: date, parameters: Mapping[str, Parameter]) -> None:
        self._columns = columns
        self._on = on
        self._parameters = parameters
        self._made: dict[tuple[str, Comparison], Truths] = {}

    def truth(self, rule: Rule, criteria: Mapping[str, Criterion]) -> Truths:
        """What a rule comes to for each resident."""
        match rule:
            case Leaf(name):
                return self._test(criteria[name])
            case AllOf(parts):
                return reduce(np.minimum, [self.truth(part, criteria) for part in parts])
            case AnyOf(parts):
                return reduce(np.maximum, [self.truth(part, criteria) for part in parts])
            case Not(part):
                return -self.truth(part, criteria)
            case _:
                assert_never(rule)

    def fen(self, programme: CompiledProgramme) -> Amounts:
        """What each resident certainly gets in a year if she is entitled."""
        total = np.zeros(self._columns.size, np.int64)
        for benefit in programme.benefits:
            if benefit.amount is not None:
                yearly = int(benefit.amount * FEN) * times_a_year(benefit.term.kind)
                when = benefit.term.when
                total += yearly if when is None else yearly * (self.truth(when, programme.version.criteria) == MET)
        return total

    def _test(self, criterion: Criterion) -> Truths:
        key = criterion.fact.name, criterion.comparison
        if key not in self._made:
            judge = _judge(criterion, self._on, self._parameters)
            self._made[key] = judge(self._columns.facts[criterion.fact.name])
        return self._made[key]


def times_a_year(kind: BenefitKind) -> int:
    """How often a year an amount is paid; one that is paid once counts in its year."""
    return MONTHS if kind is BenefitKind.MONTHLY else 1
