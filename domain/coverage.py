"""Who receives what she is entitled to, counted by programme and by place, against what the plan promises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

import numpy as np

from domain.columns import Flags, Groups
from domain.register import MET, NOT_MET, UNKNOWN, Truths, Verdicts
from domain.target import Target


class Uptake(StrEnum):
    """How a resident stands with a programme, entitlement beside receipt; who is neither has none."""

    RECEIVING = "receiving"  # entitled, and receives
    MISSING_OUT = "missing_out"  # entitled, and does not receive
    UNDETERMINED = "undetermined"  # something is not known, whether she receives or not
    NOT_ENTITLED = "not_entitled"  # receives though not entitled


@dataclass(frozen=True)
class Coverage:
    """How many stand how with a programme, in a town or, where that is empty, altogether."""

    programme: str
    town: str
    receiving: int
    missing_out: int
    undetermined: int
    not_entitled: int

    @property
    def entitled(self) -> int:
        """Those who certainly are."""
        return self.receiving + self.missing_out

    @property
    def share(self) -> Decimal | None:
        """The share of the entitled who receive, 0 to 1; None where nobody is entitled."""
        return Decimal(self.receiving) / self.entitled if self.entitled else None

    def reaches(self, target: Target) -> bool:
        """Whether as many receive as were promised; where nobody is entitled the promise is kept."""
        return self.receiving >= target.share * self.entitled


def uptake(truths: Truths, receives: Flags, kind: Uptake) -> Flags:
    """Who stands so with a programme, by its truths and who receives it."""
    match kind:
        case Uptake.RECEIVING:
            chosen: Flags = (truths == MET) & receives
        case Uptake.MISSING_OUT:
            chosen = (truths == MET) & ~receives
        case Uptake.UNDETERMINED:
            chosen = truths == UNKNOWN
        case Uptake.NOT_ENTITLED:
            chosen = (truths == NOT_MET) & receives
        case _:
            assert_never(kind)
    return chosen


def coverage(verdicts: Verdicts, receipts: Mapping[str, Flags], towns: Groups) -> Iterator[Coverage]:
    """For each programme one line for all, then one for each town; `receipts` tell by programme who receives it."""
    nobody = np.zeros(verdicts.truths.shape[1], np.bool_)
    for programme, truths in zip(verdicts.programmes, verdicts.truths, strict=True):
        receives = receipts.get(programme, nobody)
        counts = {
            kind: np.bincount(towns.places[uptake(truths, receives, kind)], minlength=len(towns.names))
            for kind in Uptake
        }
        yield Coverage(programme, "", **{kind.value: int(count.sum()) for kind, count in counts.items()})
        for place, town in enumerate(towns.names):
            yield Coverage(programme, town, **{kind.value: int(count[place]) for kind, count in counts.items()})
