"""Decides which scans an operator is paid for, how strong their evidence is, and how they are summed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from itertools import product


class Evidence(StrEnum):
    """What shows that a ride took place, the strongest first.

    HOLDER_SIGNED: the rider's phone signed it. BEARER: a code that anybody could have carried. OVERRIDE: the driver let
    aboard whom the device refused. COMPANION: the device says that somebody came along.
    """

    HOLDER_SIGNED = "holder_signed"
    BEARER = "bearer"
    OVERRIDE = "override"
    COMPANION = "companion"


class Verdict(StrEnum):
    """What is paid of the price; REFUSED may be ridden only by the driver's leave."""

    FREE = "free"
    REDUCED = "reduced"
    FULL = "full"
    REFUSED = "refused"


class Code(StrEnum):
    """What was shown; UNKNOWN where the server cannot read it, or did not note it."""

    PASS = "pass"  # noqa: S105 - the word of the trade, no password
    ONLINE = "online"
    PRINTED = "printed"
    UNKNOWN = ""


class Doubt(StrEnum):
    """What is known against a scan; one that is late counts all the same, every other doubt waits for a person."""

    NONE = ""
    LATE = "late"


@dataclass(frozen=True)
class TapKind:
    """All of a scan that decides whether it counts: the server's and the device's verdict, and what was shown."""

    verdict: Verdict
    device_verdict: Verdict
    overridden: bool
    code: Code
    doubt: Doubt


@dataclass(frozen=True)
class RideCount:
    """How many scans of one kind were made on a line and a day, and how many companions they let in."""

    line: str
    day: date
    verdict: Verdict
    evidence: Evidence
    rides: int
    companions: int


@dataclass(frozen=True, order=True)
class StatementLine:
    """One line of a statement: rides on a line and a day, by class and by strength of evidence."""

    line: str
    day: date
    verdict: Verdict
    evidence: Evidence
    rides: int


def evidence_of(tap: TapKind) -> Evidence | None:
    """The strength of a ride's evidence; None where there is no ride to pay: nobody went, or none should have."""
    if tap.overridden:
        return Evidence.OVERRIDE
    if Verdict.REFUSED in {tap.verdict, tap.device_verdict}:
        return None
    return Evidence.HOLDER_SIGNED if tap.code is Code.PASS else Evidence.BEARER


@cache
def countable() -> Sequence[tuple[TapKind, Evidence]]:
    """Every kind of scan that counts, as a table by which a database can count ten million of them."""
    kinds = (TapKind(*each) for each in product(Verdict, Verdict, (False, True), Code, Doubt))
    return [(kind, evidence) for kind in kinds if (evidence := evidence_of(kind)) is not None]


def lines_of(counts: Iterable[RideCount]) -> Sequence[StatementLine]:
    """The lines of a statement in their order, companions as lines of their own."""
    rides: Counter[tuple[str, date, Verdict, Evidence]] = Counter()
    for each in counts:
        rides[each.line, each.day, each.verdict, each.evidence] += each.rides
        rides[each.line, each.day, each.verdict, Evidence.COMPANION] += each.companions
    return sorted(StatementLine(*key, number) for key, number in rides.items() if number)


def totals_of(lines: Iterable[StatementLine]) -> dict[Evidence, int]:
    """The rides by strength of evidence, each of them named."""
    totals = dict.fromkeys(Evidence, 0)
    for line in lines:
        totals[line.evidence] += line.rides
    return totals


def month_after(month: date) -> date:
    """The first day of the month after the one in which a day lies."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
