"""The words of a card's life: its events, what they trigger, why they are refused, and where each is possible."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from domain.card import CardState
from domain.standing import IN_FORCE, ApplicationState, Cause, Findings, HeldCard, Role, Standing


class CardEvent(StrEnum):
    """What can happen to a resident's card or application."""

    APPLY = "apply"
    REFER = "refer"
    ASSESS = "assess"
    REVISE = "revise"
    REJECT = "reject"
    ISSUE = "issue"
    RENEW = "renew"
    REASSESS = "reassess"
    REPORT_LOST = "report_lost"
    REISSUE = "reissue"
    SUSPEND = "suspend"
    RESUME = "resume"
    MOVE_OUT = "move_out"
    CANCEL = "cancel"
    RECORD_DEATH = "record_death"
    RETRACT_DEATH = "retract_death"
    EXPIRE = "expire"


class Effect(StrEnum):
    """What an event triggers beside the change of state; bookings that are not released are kept."""

    REVOKE_CREDENTIALS = "revoke_credentials"
    SUSPEND_CREDENTIALS = "suspend_credentials"
    RESUME_CREDENTIALS = "resume_credentials"
    RELEASE_BOOKINGS = "release_bookings"
    REDECIDE_ENTITLEMENTS = "redecide_entitlements"
    TELL_RESIDENT = "tell_resident"


class CardRefusal(StrEnum):
    """Why an event did not happen."""

    NOT_ALLOWED = "not_allowed"
    OWN_CARD = "own_card"
    SAME_PERSON = "same_person"
    DECEASED = "deceased"
    NOT_DECEASED = "not_deceased"
    NO_CARD = "no_card"
    WRONG_STATE = "wrong_state"
    APPLICATION_OPEN = "application_open"
    NO_APPLICATION = "no_application"
    APPEAL_OPEN = "appeal_open"
    NOT_RENEWABLE = "not_renewable"
    NO_DISABILITY = "no_disability"
    NUMBERS_USED_UP = "numbers_used_up"
    TOO_EARLY = "too_early"
    IN_THE_FUTURE = "in_the_future"
    WRONG_CAUSE = "wrong_cause"
    FINDINGS_INVALID = "findings_invalid"
    NO_ID_NUMBER = "no_id_number"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Step:
    """An event that somebody wants: `day` is when a person moved or died, `findings` what was assessed."""

    event: CardEvent
    cause: Cause | None = None
    findings: Findings | None = None
    day: date | None = None


@dataclass(frozen=True)
class Actor:
    """Who wants it: an account, its part, and whether the card is the actor's own or her ward's."""

    role: Role
    account_id: UUID
    is_related: bool = False


@dataclass(frozen=True)
class Decision:
    """The standing afterwards and what else follows. `replaced` is the card that a new one took the place of."""

    after: Standing
    effects: frozenset[Effect]
    is_new_card: bool = False
    replaced: HeldCard | None = None


@dataclass(frozen=True)
class Rule:
    """Where an event is possible. `cards` holds None for no card yet, `applications` None for no open one."""

    roles: frozenset[Role]
    cards: frozenset[CardState | None]
    applications: frozenset[ApplicationState | None]
    effects: frozenset[Effect]


_ANY_CARD = frozenset({None, *CardState})
_FREE = frozenset({None, CardState.EXPIRED, CardState.CANCELLED})
_OPEN = frozenset({ApplicationState.APPLIED, ApplicationState.UNDER_ASSESSMENT, ApplicationState.ASSESSED})
_ANY_APPLICATION = frozenset({None, *_OPEN})
_NONE_OPEN = frozenset({None})
_DISTRICT = frozenset({Role.DISTRICT})
_OFFICE = frozenset({Role.TOWN, Role.DISTRICT})
_STAFF = frozenset({Role.COMMISSIONER, *_OFFICE})
_ACTIVE = frozenset({CardState.ACTIVE})
_TELL = frozenset({Effect.TELL_RESIDENT})
_CHANGED = frozenset({Effect.REDECIDE_ENTITLEMENTS, Effect.TELL_RESIDENT})
_ENDED = _CHANGED | {Effect.REVOKE_CREDENTIALS, Effect.RELEASE_BOOKINGS}

RULES: Mapping[CardEvent, Rule] = {
    CardEvent.APPLY: Rule(_STAFF | {Role.HOLDER}, _FREE, _NONE_OPEN, _TELL),
    CardEvent.REFER: Rule(_OFFICE, _ANY_CARD, frozenset({ApplicationState.APPLIED}), _TELL),
    CardEvent.ASSESS: Rule(_OFFICE, _ANY_CARD, frozenset({ApplicationState.UNDER_ASSESSMENT}), _TELL),
    # The city's and the province's word also ends an assessment that runs.
    CardEvent.REVISE: Rule(_DISTRICT, _ANY_CARD, _ANY_APPLICATION, _TELL),
    CardEvent.REJECT: Rule(_DISTRICT, _ANY_CARD, _OPEN, _TELL),
    CardEvent.ISSUE: Rule(
        _DISTRICT, _ANY_CARD - {CardState.SUSPENDED}, frozenset({ApplicationState.ASSESSED}), _CHANGED
    ),
    CardEvent.RENEW: Rule(_STAFF | {Role.HOLDER}, _ACTIVE, _NONE_OPEN, _TELL),
    CardEvent.REASSESS: Rule(_OFFICE, _ACTIVE, _NONE_OPEN, _TELL),
    CardEvent.REPORT_LOST: Rule(
        _STAFF | {Role.HOLDER}, _ACTIVE, _ANY_APPLICATION, _CHANGED | {Effect.REVOKE_CREDENTIALS}
    ),
    CardEvent.REISSUE: Rule(
        _OFFICE, frozenset({CardState.LOST}), _ANY_APPLICATION, _CHANGED | {Effect.REVOKE_CREDENTIALS}
    ),
    CardEvent.SUSPEND: Rule(
        _OFFICE | {Role.REGISTER},
        _ACTIVE,
        _ANY_APPLICATION,
        _CHANGED | {Effect.SUSPEND_CREDENTIALS, Effect.RELEASE_BOOKINGS},
    ),
    CardEvent.RESUME: Rule(_OFFICE, IN_FORCE, _ANY_APPLICATION, _CHANGED | {Effect.RESUME_CREDENTIALS}),
    CardEvent.MOVE_OUT: Rule(_STAFF | {Role.REGISTER}, IN_FORCE, _ANY_APPLICATION, _TELL),
    CardEvent.CANCEL: Rule(_DISTRICT | {Role.REGISTER}, IN_FORCE, _ANY_APPLICATION, _ENDED),
    # Nothing is sent to the dead: her family learns of it from a person.
    CardEvent.RECORD_DEATH: Rule(
        _OFFICE | {Role.REGISTER}, _ANY_CARD, _ANY_APPLICATION, _ENDED - {Effect.TELL_RESIDENT}
    ),
    CardEvent.RETRACT_DEATH: Rule(_DISTRICT | {Role.REGISTER}, _ANY_CARD, _NONE_OPEN, _CHANGED),
    CardEvent.EXPIRE: Rule(frozenset({Role.REGISTER}), IN_FORCE, _ANY_APPLICATION, _ENDED),
}
