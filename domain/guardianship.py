"""How far and how long a guardian acts for a ward; where the ward was a minor, it ends by itself when she is of age."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from domain.access import Act
from domain.birthday import age, birthday, latest_born

# Civil Code of the PRC, Art. 17 and 18: who has completed 18 years is an adult and acts for herself.
MAJORITY = 18
NOTICE = timedelta(days=90)
_DAY = timedelta(days=1)


class Ground(StrEnum):
    """Why somebody has a guardian: she is a minor, or an adult for whom a legal reason is on record (Art. 28)."""

    MINOR = "minor"
    ADULT = "adult"


@dataclass(frozen=True)
class Guardianship:
    """What a guardian may do, on which ground, and for which period; both days count."""

    acts: frozenset[Act]
    ground: Ground
    valid_from: date
    valid_until: date | None = None

    def last_day(self, born: date) -> date | None:
        """The last day on which it holds for a ward born on that day; None when it has no end."""
        of_age = birthday(born, MAJORITY) if self.ground is Ground.MINOR else None
        ends = [end for end in (self.valid_until, of_age and of_age - _DAY) if end is not None]
        return min(ends, default=None)

    def is_in_force(self, born: date, on: date) -> bool:
        """Whether it holds on a day."""
        last = self.last_day(born)
        return self.valid_from <= on and (last is None or on <= last)

    def allows(self, act: Act, born: date, on: date) -> bool:
        """Whether the guardian may do `act` on a day."""
        return act in self.acts and self.is_in_force(born, on)

    def ends_soon(self, born: date, on: date) -> bool:
        """Whether its end is so near that both are to be told."""
        last = self.last_day(born)
        return last is not None and last - on <= NOTICE


def is_adult(born: date, on: date) -> bool:
    """Whether somebody has completed 18 years."""
    return age(born, on) >= MAJORITY


def latest_adult(on: date) -> date | None:
    """The youngest birth date of an adult on a day."""
    return latest_born(MAJORITY, on)


def read_acts(text: str) -> frozenset[Act]:
    """The acts in their column: view,book."""
    return frozenset(Act(act) for act in text.split(",") if act)


def write_acts(acts: Iterable[Act]) -> str:
    """The text for their column, in the order of the acts."""
    held = frozenset(acts)
    return ",".join(act for act in Act if act in held)


class ObjectionOutcome(StrEnum):
    """What staff decide on a ward's objection: all stays, fewer acts, or the guardian stops at once."""

    KEEP = "keep"
    NARROW = "narrow"
    END = "end"


def acts_after(acts: frozenset[Act], outcome: ObjectionOutcome, named: frozenset[Act]) -> frozenset[Act] | None:
    """What a guardian of `acts` may do afterwards; None where the acts that were named do not go with the outcome."""
    match outcome:
        case ObjectionOutcome.KEEP:
            return None if named else acts
        case ObjectionOutcome.NARROW:
            return named if named and named < acts else None
        case ObjectionOutcome.END:
            return None if named else frozenset()
        case _:
            assert_never(outcome)
