"""What each role of the staff may do, as one table that services ask, the handbook shows and a test walks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from domain.card_event import RULES, CardEvent
from domain.standing import Role


class Duty(StrEnum):
    """What staff do, beside the events of a card, which `domain.card_event.RULES` gives to roles."""

    OPEN_FILE = "open_file"
    READ_FILE = "read_file"
    WRITE_FILE = "write_file"
    FILE_APPEAL = "file_appeal"
    DECIDE_APPEAL = "decide_appeal"
    ISSUE_BINDING_CODE = "issue_binding_code"
    PRINT_CODE = "print_code"
    END_PHONES = "end_phones"
    REVEAL = "reveal"
    BOOK = "book"
    REVIEW_BOOKINGS = "review_bookings"
    DECIDE_MISS_APPEAL = "decide_miss_appeal"
    COUNT = "count"
    KEEP_PROVIDERS = "keep_providers"
    REGISTER_RESIDENT = "register_resident"
    RECORD_GUARDIAN = "record_guardian"
    DECIDE_OBJECTION = "decide_objection"
    JUDGE_TAPS = "judge_taps"
    GRANT_ROLES = "grant_roles"
    KEEP_OPERATORS = "keep_operators"
    SETTLE = "settle"
    ANSWER_RIDE_DISPUTE = "answer_ride_dispute"
    GIVE_FACTOR_CODE = "give_factor_code"


AnyDuty: TypeAlias = Duty | CardEvent

STAFF = frozenset({Role.COMMISSIONER, Role.TOWN, Role.DISTRICT, Role.ADMINISTRATOR})
# Whoever looks after staff accounts sees no resident, and whoever sees residents makes no accounts.
_VISITORS = frozenset({Role.COMMISSIONER, Role.TOWN, Role.DISTRICT})

DUTIES: Mapping[AnyDuty, frozenset[Role]] = {
    Duty.OPEN_FILE: _VISITORS,
    Duty.READ_FILE: _VISITORS,
    Duty.WRITE_FILE: _VISITORS,
    Duty.FILE_APPEAL: _VISITORS,
    Duty.DECIDE_APPEAL: frozenset({Role.DISTRICT}),
    Duty.ISSUE_BINDING_CODE: _VISITORS,
    # The code leaves a printer at an office; a lost phone is told to whoever is nearest.
    Duty.PRINT_CODE: frozenset({Role.TOWN, Role.DISTRICT}),
    Duty.END_PHONES: _VISITORS,
    Duty.REVEAL: _VISITORS,
    Duty.BOOK: _VISITORS,
    Duty.REVIEW_BOOKINGS: _VISITORS,
    Duty.DECIDE_MISS_APPEAL: _VISITORS,
    Duty.COUNT: _VISITORS,
    Duty.KEEP_PROVIDERS: frozenset({Role.DISTRICT}),
    # To people of providers and operators, whom the district takes up.
    Duty.GIVE_FACTOR_CODE: frozenset({Role.DISTRICT}),
    Duty.REGISTER_RESIDENT: _VISITORS,
    Duty.RECORD_GUARDIAN: frozenset({Role.TOWN, Role.DISTRICT}),
    Duty.DECIDE_OBJECTION: frozenset({Role.TOWN, Role.DISTRICT}),
    Duty.JUDGE_TAPS: frozenset({Role.TOWN, Role.DISTRICT}),
    Duty.GRANT_ROLES: frozenset({Role.ADMINISTRATOR}),
    Duty.KEEP_OPERATORS: frozenset({Role.DISTRICT}),
    Duty.SETTLE: frozenset({Role.DISTRICT}),
    Duty.ANSWER_RIDE_DISPUTE: frozenset({Role.TOWN, Role.DISTRICT}),
    **{event: rule.roles & STAFF for event, rule in RULES.items()},
}


def may(role: Role, duty: AnyDuty) -> bool:
    """Whether a role includes a duty, within its area."""
    return role in DUTIES[duty]
