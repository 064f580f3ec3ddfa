"""The life of a card: what comes of an event where a resident stands, and what the passing of time asks for."""

from dataclasses import replace
from datetime import date

from domain.card import CardState
from domain.card_event import RULES, Actor, CardEvent, CardRefusal, Decision, Effect, Rule, Step
from domain.card_steps import STEPS
from domain.card_terms import CardTerms, months_after
from domain.standing import IN_FORCE, ApplicationState, Cause, HeldCard, Role, Standing

_WAIT_FOR_AN_APPEAL = frozenset(
    {CardEvent.APPLY, CardEvent.RENEW, CardEvent.REASSESS, CardEvent.ISSUE, CardEvent.REJECT}
)


def decide(standing: Standing, step: Step, actor: Actor, terms: CardTerms, on: date) -> Decision | CardRefusal:
    """What comes of an event on a day, or the reason why it cannot happen, the most telling first."""
    refusal = _refuse(standing, step, actor, on)
    if refusal is not None:
        return refusal
    after = STEPS[step.event](standing, step, actor, terms, on)
    if isinstance(after, CardRefusal):
        return after
    effects = RULES[step.event].effects
    before, card = standing.card, after.card
    is_new = card is not None and card.state is CardState.ACTIVE and _number(before) != _number(card)
    if not is_new:
        return Decision(after, effects)
    replaced = None
    if before is not None:
        # Its passes tell the classes of a card that no longer is.
        effects |= {Effect.REVOKE_CREDENTIALS}
        if before.state in IN_FORCE:
            replaced = replace(before, state=CardState.CANCELLED, cause=Cause.SUPERSEDED)
    return Decision(after, effects, is_new_card=True, replaced=replaced)


def possible(standing: Standing) -> frozenset[CardEvent]:
    """The events that somebody could bring about where a resident stands, as far as states alone decide."""
    card, application = _states(standing)
    return frozenset(
        event
        for event, rule in RULES.items()
        if card in rule.cards
        and application in rule.applications
        and standing.deceased is (event is CardEvent.RETRACT_DEATH)
    )


def due(standing: Standing, terms: CardTerms, on: date) -> Step | None:
    """The event that the passing of time asks for on a day: cancelled after a year away, expired, frozen; else None."""
    card = standing.card
    if card is None or card.state not in IN_FORCE:
        return None
    if card.moved_out_on is not None and on > months_after(card.moved_out_on, terms.cancel_months):
        return Step(CardEvent.CANCEL, Cause.MOVED_OUT)
    if on > card.valid_until:
        return Step(CardEvent.EXPIRE)
    if (
        card.state is CardState.ACTIVE
        and card.moved_out_on is not None
        and on > months_after(card.moved_out_on, terms.freeze_months)
    ):
        return Step(CardEvent.SUSPEND, Cause.MOVED_OUT)
    return None


def _refuse(standing: Standing, step: Step, actor: Actor, on: date) -> CardRefusal | None:
    rule = RULES[step.event]
    refusal = _refuse_actor(rule, actor)
    if refusal is not None:
        return refusal
    retracts = step.event is CardEvent.RETRACT_DEATH
    if standing.deceased is not retracts:
        return CardRefusal.NOT_DECEASED if retracts else CardRefusal.DECEASED
    refusal = _refuse_state(rule, standing)
    if refusal is not None:
        return refusal
    if standing.appeal_is_open and step.event in _WAIT_FOR_AN_APPEAL:
        return CardRefusal.APPEAL_OPEN
    return CardRefusal.IN_THE_FUTURE if step.day is not None and step.day > on else None


def _refuse_actor(rule: Rule, actor: Actor) -> CardRefusal | None:
    if actor.role not in rule.roles or (actor.role is Role.HOLDER and not actor.is_related):
        return CardRefusal.NOT_ALLOWED
    return CardRefusal.OWN_CARD if actor.is_related and actor.role is not Role.HOLDER else None


def _refuse_state(rule: Rule, standing: Standing) -> CardRefusal | None:
    card, application = _states(standing)
    if card not in rule.cards:
        return CardRefusal.NO_CARD if card is None else CardRefusal.WRONG_STATE
    if application in rule.applications:
        return None
    if application is None:
        return CardRefusal.NO_APPLICATION
    return CardRefusal.APPLICATION_OPEN if None in rule.applications else CardRefusal.WRONG_STATE


def _states(standing: Standing) -> tuple[CardState | None, ApplicationState | None]:
    return (
        standing.card.state if standing.card else None,
        standing.application.state if standing.application else None,
    )


def _number(card: HeldCard | None) -> tuple[int, int, int] | None:
    return (card.category, card.grade, card.reissue) if card else None
