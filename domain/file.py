"""The file of a resident: what kinds of entries it has, and which of them each part may read and write."""

from collections.abc import Mapping
from enum import StrEnum

from domain.card_event import CardEvent
from domain.standing import Role


class FileKind(StrEnum):
    """The kinds of entries, in the order of the plan's way from screening to services (3.2 para 4)."""

    SCREENING = "screening"
    REFERRAL = "referral"
    DIAGNOSIS = "diagnosis"
    REPORT = "report"
    ASSESSMENT = "assessment"
    CARD = "card"
    SERVICE = "service"
    BENEFIT = "benefit"
    NOTE = "note"


_MEDICAL = frozenset({FileKind.DIAGNOSIS, FileKind.REPORT, FileKind.ASSESSMENT})
_ALL = frozenset(FileKind)

READABLE: Mapping[Role, frozenset[FileKind]] = {
    # Home visits need to know what runs, not what a doctor wrote.
    Role.COMMISSIONER: _ALL - _MEDICAL,
    Role.TOWN: _ALL,
    Role.DISTRICT: _ALL,
    # Notes are among staff about how to help; everything else about her is hers to read.
    Role.HOLDER: _ALL - {FileKind.NOTE},
    Role.ADMINISTRATOR: frozenset(),
    Role.REGISTER: frozenset(),
}

_BY_VISITORS = frozenset({FileKind.SCREENING, FileKind.REFERRAL, FileKind.NOTE})
_BY_OFFICES = _BY_VISITORS | {FileKind.DIAGNOSIS, FileKind.REPORT}

WRITABLE: Mapping[Role, frozenset[FileKind]] = {
    Role.COMMISSIONER: _BY_VISITORS,
    Role.TOWN: _BY_OFFICES,
    Role.DISTRICT: _BY_OFFICES,
    Role.ADMINISTRATOR: frozenset(),
    Role.HOLDER: frozenset(),
    Role.REGISTER: frozenset({FileKind.BENEFIT}),
}

_KIND_OF = {
    CardEvent.REFER: FileKind.REFERRAL,
    CardEvent.ASSESS: FileKind.ASSESSMENT,
    CardEvent.REVISE: FileKind.ASSESSMENT,
}


def kind_of(event: CardEvent) -> FileKind:
    """Under which kind an event of the card stands in the file."""
    return _KIND_OF.get(event, FileKind.CARD)


class FileRefusal(StrEnum):
    """Why a file was not opened, or nothing was written into it."""

    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    KIND_NOT_ALLOWED = "kind_not_allowed"
    TEXT_UNUSABLE = "text_unusable"
    IN_THE_FUTURE = "in_the_future"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"
