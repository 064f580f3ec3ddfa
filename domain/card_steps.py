"""What each event of a card's life makes of where a resident stands, once roles and states have let it through."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeAlias

from domain.card import CardState
from domain.card_event import Actor, CardEvent, CardRefusal, Step
from domain.card_terms import CardTerms, months_after
from domain.standing import (
    IN_FORCE,
    LAST_REISSUE,
    Application,
    ApplicationKind,
    ApplicationState,
    Cause,
    Findings,
    HeldCard,
    Standing,
)

_CANCELLED_BY_HAND = frozenset({Cause.RECOVERED, Cause.WITHDRAWN, Cause.MOVED_OUT})
_SUSPENDED_BY_HAND = frozenset({Cause.INQUIRY, Cause.MOVED_OUT})

_Outcome: TypeAlias = Standing | CardRefusal


def _apply(standing: Standing, _: Step, actor: Actor, __: CardTerms, ___: date) -> _Outcome:
    return _opened(standing, ApplicationKind.FIRST, actor)


def _reassess(standing: Standing, _: Step, actor: Actor, __: CardTerms, ___: date) -> _Outcome:
    return _opened(standing, ApplicationKind.REASSESSMENT, actor)


def _renew(standing: Standing, _: Step, actor: Actor, terms: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if not terms.is_renewable(card.valid_until, on):
        return CardRefusal.NOT_RENEWABLE
    if terms.must_reassess(card.categories, standing.born, on):
        return _opened(standing, ApplicationKind.RENEWAL, actor)
    # What the card says stands as found; each category but the worst is not known apart, and is not printed.
    findings = Findings(tuple((category, card.grade) for category in card.categories))
    return _opened(standing, ApplicationKind.RENEWAL, actor, findings)


def _refer(standing: Standing, _: Step, __: Actor, ___: CardTerms, ____: date) -> _Outcome:
    return _moved(standing, ApplicationState.UNDER_ASSESSMENT)


def _assess(standing: Standing, step: Step, actor: Actor, _: CardTerms, __: date) -> _Outcome:
    if step.findings is None or not step.findings.are_sound:
        return CardRefusal.FINDINGS_INVALID
    application = _application(standing)
    return replace(
        standing,
        application=replace(
            application,
            state=ApplicationState.ASSESSED,
            findings=step.findings,
            handled_by=application.handled_by | {actor.account_id},
        ),
    )


def _revise(standing: Standing, step: Step, actor: Actor, terms: CardTerms, on: date) -> _Outcome:
    """What the city or the province found takes the place of the findings, also after a card was issued on them."""
    if standing.application is not None:
        return _assess(standing, step, actor, terms, on)
    if step.findings is None or not step.findings.are_sound:
        return CardRefusal.FINDINGS_INVALID
    in_force = standing.card is not None and standing.card.state in IN_FORCE
    kind = ApplicationKind.REASSESSMENT if in_force else ApplicationKind.FIRST
    return _opened(standing, kind, actor, step.findings)


def _reject(standing: Standing, _: Step, __: Actor, ___: CardTerms, ____: date) -> _Outcome:
    return replace(standing, application=None)


def _issue(standing: Standing, _: Step, actor: Actor, terms: CardTerms, on: date) -> _Outcome:
    application, card = _application(standing), standing.card
    if actor.account_id in application.handled_by:
        return CardRefusal.SAME_PERSON
    findings = application.findings
    if findings is None or not findings.grades:
        return CardRefusal.NO_DISABILITY
    prolonged = card is not None and card.state in {CardState.ACTIVE, CardState.EXPIRED} and card.bears(findings)
    reissue = card.reissue if card and prolonged else standing.next_reissue(findings.category, findings.grade)
    if reissue > LAST_REISSUE:
        return CardRefusal.NUMBERS_USED_UP
    issued = HeldCard(
        CardState.ACTIVE,
        findings.categories,
        findings.category,
        findings.grade,
        reissue,
        # Rights that the card goes on carrying are as old as they were.
        issued_on=card.issued_on if card and prolonged and card.state is CardState.ACTIVE else on,
        valid_until=terms.last_day(on),
        moved_out_on=card.moved_out_on if card and prolonged else None,
    )
    return _holding(replace(standing, application=None), issued)


def _report_lost(standing: Standing, _: Step, actor: Actor, __: CardTerms, ___: date) -> _Outcome:
    lost = replace(_card(standing), state=CardState.LOST, lost_reported_by=actor.account_id)
    return replace(standing, card=lost)


def _reissue(standing: Standing, _: Step, actor: Actor, __: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if actor.account_id == card.lost_reported_by:
        return CardRefusal.SAME_PERSON
    if on > card.valid_until:
        return CardRefusal.WRONG_STATE
    reissue = standing.next_reissue(card.category, card.grade)
    if reissue > LAST_REISSUE:
        return CardRefusal.NUMBERS_USED_UP
    fresh = replace(card, state=CardState.ACTIVE, reissue=reissue, lost_reported_by=None)
    return _holding(standing, fresh)


def _suspend(standing: Standing, step: Step, _: Actor, terms: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if step.cause not in _SUSPENDED_BY_HAND:
        return CardRefusal.WRONG_CAUSE
    if step.cause is Cause.MOVED_OUT and not _is_away_for(card, terms.freeze_months, on):
        return CardRefusal.TOO_EARLY
    return replace(standing, card=replace(card, state=CardState.SUSPENDED, cause=step.cause))


def _resume(standing: Standing, _: Step, __: Actor, ___: CardTerms, on: date) -> _Outcome:
    """Back from a suspension, from having been away, or found again."""
    card = _card(standing)
    if on > card.valid_until or (card.state is CardState.ACTIVE and card.moved_out_on is None):
        return CardRefusal.WRONG_STATE
    resumed = replace(card, state=CardState.ACTIVE, cause=None, moved_out_on=None, lost_reported_by=None)
    return replace(standing, card=resumed)


def _move_out(standing: Standing, step: Step, __: Actor, ___: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if card.moved_out_on is not None:
        return CardRefusal.WRONG_STATE
    return replace(standing, card=replace(card, moved_out_on=step.day or on))


def _cancel(standing: Standing, step: Step, _: Actor, terms: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if step.cause not in _CANCELLED_BY_HAND:
        return CardRefusal.WRONG_CAUSE
    if step.cause is Cause.MOVED_OUT and not _is_away_for(card, terms.cancel_months, on):
        return CardRefusal.TOO_EARLY
    return _ended(standing, step.cause)


def _record_death(standing: Standing, _: Step, __: Actor, ___: CardTerms, ____: date) -> _Outcome:
    ended = _ended(standing, Cause.DECEASED) if standing.card and standing.card.state in IN_FORCE else standing
    return replace(ended, application=None, deceased=True, appeal_is_open=False)


def _retract_death(standing: Standing, _: Step, __: Actor, ___: CardTerms, ____: date) -> _Outcome:
    """She lives. What her death ended waits until somebody has looked into it, and a lost card stays lost."""
    card = standing.card
    if card is not None and card.cause is Cause.DECEASED:
        was_lost = card.lost_reported_by is not None
        held = replace(card, state=CardState.SUSPENDED, cause=Cause.INQUIRY)
        card = replace(held, state=CardState.LOST, cause=None) if was_lost else held
    return replace(standing, card=card, deceased=False)


def _expire(standing: Standing, _: Step, __: Actor, ___: CardTerms, on: date) -> _Outcome:
    card = _card(standing)
    if on <= card.valid_until:
        return CardRefusal.TOO_EARLY
    return replace(standing, card=replace(card, state=CardState.EXPIRED, cause=None))


STEPS: Mapping[CardEvent, Callable[[Standing, Step, Actor, CardTerms, date], _Outcome]] = {
    CardEvent.APPLY: _apply,
    CardEvent.REFER: _refer,
    CardEvent.ASSESS: _assess,
    CardEvent.REVISE: _revise,
    CardEvent.REJECT: _reject,
    CardEvent.ISSUE: _issue,
    CardEvent.RENEW: _renew,
    CardEvent.REASSESS: _reassess,
    CardEvent.REPORT_LOST: _report_lost,
    CardEvent.REISSUE: _reissue,
    CardEvent.SUSPEND: _suspend,
    CardEvent.RESUME: _resume,
    CardEvent.MOVE_OUT: _move_out,
    CardEvent.CANCEL: _cancel,
    CardEvent.RECORD_DEATH: _record_death,
    CardEvent.RETRACT_DEATH: _retract_death,
    CardEvent.EXPIRE: _expire,
}


def _card(standing: Standing) -> HeldCard:
    assert standing.card is not None, "RULES let no event through that needs a card and has none"
    return standing.card


def _application(standing: Standing) -> Application:
    assert standing.application is not None, "RULES let no event through that needs an application and has none"
    return standing.application


def _opened(standing: Standing, kind: ApplicationKind, actor: Actor, findings: Findings | None = None) -> Standing:
    state = ApplicationState.APPLIED if findings is None else ApplicationState.ASSESSED
    return replace(standing, application=Application(kind, state, frozenset({actor.account_id}), findings))


def _moved(standing: Standing, state: ApplicationState) -> Standing:
    return replace(standing, application=replace(_application(standing), state=state))


def _holding(standing: Standing, card: HeldCard) -> Standing:
    key = (card.category, card.grade)
    highest = max(card.reissue, standing.numbers.get(key, 0))
    return replace(standing, card=card, numbers={**standing.numbers, key: highest})


def _ended(standing: Standing, cause: Cause) -> Standing:
    ended = replace(_card(standing), state=CardState.CANCELLED, cause=cause)
    return replace(standing, card=ended, application=None)


def _is_away_for(card: HeldCard, months: int, on: date) -> bool:
    return card.moved_out_on is not None and on > months_after(card.moved_out_on, months)
