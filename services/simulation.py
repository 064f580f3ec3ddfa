"""What a change of the rules would do to the people of the register."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.columns import groups_by
from domain.compiled import compile_book
from domain.register import Register, judge_register
from domain.rulebook import RuleBook
from domain.simulation import Dimension, Effect, effects


@dataclass(frozen=True)
class Simulation:
    """The effects by programme, dimension and group; the amounts of the programmes `illustrative` are examples."""

    effects: Sequence[Effect]
    illustrative: frozenset[str]

    def is_illustrative(self, effect: Effect) -> bool:
        """Whether the yuan of a line rest on examples, at least in part."""
        return effect.programme in self.illustrative or (not effect.programme and bool(self.illustrative))


def simulate(before: tuple[RuleBook, Register], after: tuple[RuleBook, Register]) -> Simulation:
    """What other rules would do on the register's day; both registers are of one reading."""
    (book, register), (other_book, other_register) = before, after
    groups = {
        Dimension.GRADE: groups_by(register.columns, "card_grade"),
        Dimension.CATEGORY: groups_by(register.columns, "card_category"),
        Dimension.TOWN: register.towns,
    }
    now = judge_register(book, register.columns, register.on, amounts=True)
    then = judge_register(other_book, other_register.columns, register.on, amounts=True)
    illustrative = {
        slug
        for each in (book, other_book)
        for slug, programme in compile_book(each, register.on).programmes.items()
        if any(benefit.illustrative for benefit in programme.benefits)
    }
    return Simulation(tuple(effects(now, then, groups)), frozenset(illustrative))
