"""Every programme for a whole register on a day, from the same rule data as `decide`, by columns instead of residents.

A truth is +1 met, 0 unknown, -1 not met: so ordered, the least, the greatest and the negation are Kleene's logic.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce
from math import ceil, floor
from typing import assert_never
from uuid import UUID

import numpy as np
import numpy.typing as npt

from domain.columns import FEN, Column, Columns, Flags, Groups, Integers, bits_of, finite_values
from domain.combination import Group
from domain.comparison import AgeRange, Comparison, IncludesAny, OneOf, Range
from domain.compiled import CompiledBenefit, CompiledBook, CompiledProgramme, compile_book
from domain.logic import AllOf, AnyOf, Leaf, Not, Rule, Truth
from domain.parameter import Parameter
from domain.rulebook import Criterion, RuleBook
from domain.vocabulary import MOST_YUAN

Truths = npt.NDArray[np.int8]
Amounts = npt.NDArray[np.int64]
Judge = Callable[[Column], Truths]

MET, UNKNOWN, NOT_MET = 1, 0, -1
_TRUTHS: Mapping[int, Truth] = {MET: True, UNKNOWN: None, NOT_MET: False}
# Residents judged at a time: every step between stays in the processor's cache, however large the register is.
BLOCK = 65536
_BITS = 62  # that a key of residents who are alike may use


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What each programme answers each resident: a row a programme, in the order of `programmes`, a truth a resident.

    `fen` is what an entitled resident certainly gets in a year, single amounts counted once; 0 for everybody else.
    """

    programmes: tuple[str, ...]
    truths: Truths
    fen: Amounts | None


@dataclass(frozen=True, eq=False)
class Register:
    """Residents in one order, what is known of them on a day, where they live, and who receives which programme."""

    on: date
    ids: Sequence[UUID]
    towns: Groups
    villages: Groups
    columns: Columns
    receipts: Mapping[str, Flags]


def judge_register(book: RuleBook, columns: Columns, on: date, *, amounts: bool = False) -> Verdicts:
    """Every programme of the book for every resident; where it is not in force nobody is entitled, as in `decide`."""
    compiled = compile_book(book, on)
    slugs = tuple(programme.slug for programme in book.programmes)
    truths = np.full((len(slugs), columns.size), NOT_MET, np.int8)
    fen = np.zeros((len(slugs), columns.size), np.int64) if amounts else None
    for start in range(0, columns.size, BLOCK):
        rows = slice(start, start + BLOCK)
        block = _Block(columns.rows(rows), on, book.reference.parameters)
        for slug, truth in block.granted(compiled).items():
            place = slugs.index(slug)
            truths[place, rows] = truth
            if fen is not None:
                fen[place, rows] = block.fen(compiled.programmes[slug]) * (truth == MET)
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
    return lambda column: np.take(outcomes, column.values) * column.known


def _sign(truth: Truth) -> int:
    return UNKNOWN if truth is None else MET if truth else NOT_MET


def _undecidable(column: Column) -> Truths:
    return np.zeros(column.known.shape, np.int8)


def _fen_between(low: Decimal, high: Decimal) -> tuple[int, int]:
    """The limits in fen, which no amount of money lies between."""
    return ceil(max(low, Decimal(0)) * FEN), floor(min(high, MOST_YUAN) * FEN)


def _between(first: int, last: int) -> Judge:
    return lambda column: _signed((column.values >= first) & (column.values <= last), column)


def _signed(met: Flags, column: Column) -> Truths:
    truths: Truths = (met.view(np.int8) * np.int8(2) - np.int8(1)) * column.known
    return truths


class _Block:
    """Some residents on a day, with every test that was made of them: programmes share many."""

    def __init__(self, columns: Columns, on: date, parameters: Mapping[str, Parameter]) -> None:
        self._columns = columns
        self._on = on
        self._parameters = parameters
        self._made: dict[tuple[str, Comparison], Truths] = {}

    def granted(self, book: CompiledBook) -> dict[str, Truths]:
        """What each programme in force answers."""
        truths = {
            slug: self.truth(programme.version.rule, programme.version.criteria)
            for slug, programme in book.programmes.items()
        }
        for group in book.groups:
            truths |= self.settle(group, truths, book.programmes)
        return truths

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
        for benefit, holds in self._paid(programme):
            total[holds] += int(benefit.yearly() * FEN)
        return total

    def settle(
        self, group: Group, own: Mapping[str, Truths], programmes: Mapping[str, CompiledProgramme]
    ) -> dict[str, Truths]:
        """What is granted of programmes beside each other, from the truths of their own rules: as `Group.settle`."""
        held = dict.fromkeys(group.members, np.full(self._columns.size, NOT_MET, np.int8))
        in_force = [slug for slug in group.members if slug in own]
        for slug in in_force:
            # A copy, since what is left out is taken from it below, and others hold the same test.
            held[slug] = reduce(np.minimum, (held[other] for other in group.requires[slug]), own[slug].copy())
        contested = np.zeros(self._columns.size, np.bool_)
        for slug in in_force:
            for rival in group.excludes[slug]:
                contested |= (held[slug] == MET) & (held[rival] == MET)
        if contested.any():
            rows = np.flatnonzero(contested)
            chosen = self._choose(group, {slug: held[slug] for slug in in_force}, rows, programmes)
            for slug in in_force:
                held[slug][rows] = chosen[slug]
        return {slug: held[slug] for slug in in_force}

    def _choose(
        self, group: Group, held: Mapping[str, Truths], rows: Integers, programmes: Mapping[str, CompiledProgramme]
    ) -> dict[str, Truths]:
        """What is granted to residents who meet rules that exclude each other.

        Of those for whom all rules come to the same and who get the same benefits one is asked for all.
        """
        marks = [held[slug][rows] == truth for slug in held for truth in (MET, UNKNOWN)]
        marks += [holds[rows] for slug in held for _, holds in self._paid(programmes[slug])]
        worth = {slug: self.fen(programmes[slug])[rows] for slug in held}
        firsts, kinds = alike(marks, len(rows))

        def granted(first: int) -> dict[str, Truth]:
            own = {slug: _TRUTHS[truths[rows[first]]] for slug, truths in held.items()}
            return group.settle(own, lambda slug: Decimal(int(worth[slug][first])))

        settled = [granted(first) for first in firsts]
        return {slug: np.array([_sign(each[slug]) for each in settled], np.int8)[kinds] for slug in held}

    def _paid(self, programme: CompiledProgramme) -> Iterator[tuple[CompiledBenefit, Flags]]:
        """The benefits in money, and who gets each if she is entitled."""
        for benefit in programme.benefits:
            if benefit.amount is not None:
                when = benefit.term.when
                everybody = np.ones(self._columns.size, np.bool_)
                yield benefit, everybody if when is None else self.truth(when, programme.version.criteria) == MET

    def _test(self, criterion: Criterion) -> Truths:
        key = criterion.fact.name, criterion.comparison
        if key not in self._made:
            judge = _judge(criterion, self._on, self._parameters)
            self._made[key] = judge(self._columns.facts[criterion.fact.name])
        return self._made[key]


def alike(marks: Iterable[Flags], size: int) -> tuple[Integers, Integers]:
    """Residents who bear the same marks: the first of each kind, and of which kind each is."""
    kinds: Integers = np.zeros(size, np.int64)
    bits = 0
    for mark in marks:
        kinds = kinds * 2 + mark
        bits += 1
        if bits == _BITS:
            kinds = np.unique(kinds, return_inverse=True)[1]
            bits = int(kinds.max(initial=0)).bit_length()
    _, firsts, situations = np.unique(kinds, return_index=True, return_inverse=True)
    return firsts, situations
