"""Decides what a department's new statement does to those that stand, and what comes of each row of its file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from domain.card_event import CardEvent
from domain.fact import Fact
from domain.intake import Statement
from domain.intake_fault import RowFault

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A statement that stands, with the key of its row."""

    id: UUID
    fact: Fact


@dataclass(frozen=True, slots=True)
class Ended:
    """A statement whose last day becomes another; one that ends before it begins holds on no day."""

    id: UUID
    valid_until: date


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another department states otherwise; `believed` is the one that counts."""

    column: str
    department: str
    believed: str


class RowResult(StrEnum):
    """What comes of a row."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of one row, without anything that it says of a person.

    `columns` are those that change something, `events` what happens to the person's card; `fault` and `column` say why
    the row is refused.
    """

    row: int
    result: RowResult
    columns: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    events: tuple[CardEvent, ...] = ()
    fault: RowFault | None = None
    column: str = ""


@dataclass(frozen=True)
class Tally:
    """How many rows came to what."""

    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    conflicts: int = 0
    events: Mapping[CardEvent, int] = field(default_factory=dict)

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Tally":
        """Count outcomes; `conflicts` counts rows."""
        events: dict[CardEvent, int] = {}
        for outcome in outcomes:
            for event in outcome.events:
                events[event] = events.get(event, 0) + 1
        results = [outcome.result for outcome in outcomes]
        return cls(
            len(outcomes),
            results.count(RowResult.CHANGED),
            results.count(RowResult.UNCHANGED),
            results.count(RowResult.REFUSED),
            sum(bool(outcome.conflicts) for outcome in outcomes),
            events,
        )


def supersede(new: Statement, held: Iterable[Held]) -> tuple[Ended, ...] | None:
    """The department's own statements on the fact that a new one ends; None where one says the same already.

    A statement ends on the day before the new one begins, or as a whole where it begins later: what a department sends
    last is what it says of that time.
    """
    overlapping = [each for each in held if _overlap(new, each.fact)]
    if any(_says(each.fact, new) for each in overlapping) and len(overlapping) == 1:
        return None
    return tuple(
        Ended(each.id, max(new.valid_from, each.fact.valid_from or new.valid_from) - _ONE_DAY) for each in overlapping
    )


def conflict_of(
    new: Statement, column: str, department: str, others: Iterable[Fact], ranks: Mapping[str, int], on: date
) -> Conflict | None:
    """The best believed other department that states otherwise on the day, or on the statement's first day if later."""
    day = max(on, new.valid_from)
    if new.valid_until is not None and day > new.valid_until:
        return None
    denying = [fact for fact in others if fact.holds(day) and fact.value != new.value]
    if not denying:
        return None
    other = min((fact.source for fact in denying), key=ranks.__getitem__)
    return Conflict(column, other, min(other, department, key=ranks.__getitem__))


def _overlap(new: Statement, fact: Fact) -> bool:
    if fact.valid_until is not None and fact.valid_from is not None and fact.valid_until < fact.valid_from:
        return False
    begins_in_time = new.valid_until is None or fact.valid_from is None or fact.valid_from <= new.valid_until
    return begins_in_time and (fact.valid_until is None or new.valid_from <= fact.valid_until)


def _says(fact: Fact, new: Statement) -> bool:
    begun = fact.valid_from is None or fact.valid_from <= new.valid_from
    return begun and fact.value == new.value and fact.valid_until == new.valid_until
