"""What an operator may do with one of its scanners, by the state that the scanner is in."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ScannerState(StrEnum):
    """Where a scanner stands in its life."""

    AWAITED = "awaited"  # it has a code, and nobody has typed it yet
    ACTIVE = "active"
    SUSPENDED = "suspended"
    STOLEN = "stolen"
    RETIRED = "retired"


class ScannerAct(StrEnum):
    """What may be done with it."""

    NAME = "name"
    PLACE = "place"
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"
    REPLACE = "replace"
    REPORT_STOLEN = "report_stolen"


class FleetRefusal(StrEnum):
    """Why something about operators, their places, scanners or tariffs was not done."""

    NOT_ALLOWED = "not_allowed"
    UNKNOWN = "unknown"  # no such thing, or another operator's
    NAME_INVALID = "name_invalid"
    NAME_TAKEN = "name_taken"
    PRICE_INVALID = "price_invalid"
    STATE = "state"  # not in the state that the scanner is in
    TIME_INVALID = "time_invalid"
    ACCOUNT_UNKNOWN = "account_unknown"
    TARIFF_INVALID = "tariff_invalid"
    TARIFF_FINDINGS = "tariff_findings"  # the check found something
    NOT_A_DRAFT = "not_a_draft"
    SAME_PERSON = "same_person"
    DAY_PAST = "day_past"
    DAY_TAKEN = "day_taken"
    NOTE_INVALID = "note_invalid"
    FINDING_DECIDED = "finding_decided"
    FINDING_ELSEWHERE = "finding_elsewhere"  # another operator's scanners saw it, too


_LIVING: Final = frozenset({ScannerState.AWAITED, ScannerState.ACTIVE, ScannerState.SUSPENDED})
_ALLOWED: Final[Mapping[ScannerAct, frozenset[ScannerState]]] = {
    ScannerAct.NAME: _LIVING,
    ScannerAct.PLACE: _LIVING,
    ScannerAct.SUSPEND: frozenset({ScannerState.ACTIVE}),
    ScannerAct.RESUME: frozenset({ScannerState.SUSPENDED}),
    ScannerAct.RETIRE: _LIVING | {ScannerState.STOLEN},
    ScannerAct.REPLACE: frozenset({ScannerState.ACTIVE, ScannerState.SUSPENDED, ScannerState.STOLEN}),
    # Also of one that was put away already: somebody may have it all the same.
    ScannerAct.REPORT_STOLEN: frozenset({ScannerState.ACTIVE, ScannerState.SUSPENDED, ScannerState.RETIRED}),
}


def state_of(*, enrolled: bool, suspended: bool, stolen: bool, retired: bool) -> ScannerState:
    """The state of a scanner by what happened to it; a theft outlasts whatever came after."""
    if stolen:
        return ScannerState.STOLEN
    if retired:
        return ScannerState.RETIRED
    if suspended:
        return ScannerState.SUSPENDED
    return ScannerState.ACTIVE if enrolled else ScannerState.AWAITED


def may(act: ScannerAct, state: ScannerState) -> bool:
    """Whether this can be done with a scanner in that state."""
    return state in _ALLOWED[act]
