"""The life of a card, event by event, and over random sequences of events in which nothing may ever go wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card import CardState
from domain.card_event import RULES, Actor, CardEvent, CardRefusal, Decision, Effect, Step
from domain.card_steps import STEPS
from domain.card_terms import months_after
from domain.lifecycle import decide, due, possible
from domain.standing import (
    IN_FORCE,
    Application,
    ApplicationKind,
    ApplicationState,
    Cause,
    Findings,
    HeldCard,
    Role,
    Standing,
)
from tests.domain.terms import TERMS

BORN, ON = date(1980, 5, 1), date(2026, 3, 11)
ANN, BEA, CAI, REGISTER = (UUID(int=number) for number in range(1, 5))
HOLDER = Actor(Role.HOLDER, CAI, is_related=True)
COMMISSIONER = Actor(Role.COMMISSIONER, ANN)
TOWN, DISTRICT = Actor(Role.TOWN, ANN), Actor(Role.DISTRICT, BEA)
CLOCK = Actor(Role.REGISTER, REGISTER)
SIGHT_2 = Findings(((1, 2),))
CARD = HeldCard(CardState.ACTIVE, (1,), 1, 2, 0, date(2020, 1, 1), date(2029, 12, 31))
HELD = Standing(BORN, CARD, numbers={(1, 2): 0})
ASSESSED = Application(ApplicationKind.FIRST, ApplicationState.ASSESSED, frozenset({ANN}), SIGHT_2)


def done(standing: Standing, step: Step, actor: Actor, on: date = ON) -> Decision:
    """The decision, where no refusal is expected."""
    decided = decide(standing, step, actor, TERMS, on)
    assert isinstance(decided, Decision), decided
    return decided


def refused(standing: Standing, step: Step, actor: Actor, on: date = ON) -> CardRefusal:
    """The refusal, where one is expected."""
    decided = decide(standing, step, actor, TERMS, on)
    assert isinstance(decided, CardRefusal), decided
    return decided


def in_state(state: CardState, **changes: object) -> Standing:
    """A holder whose card is in a state."""
    return replace(HELD, card=replace(CARD, state=state, **changes))  # type: ignore[arg-type]


def card_of(decided: Decision) -> HeldCard:
    """The card afterwards."""
    assert decided.after.card is not None
    return decided.after.card


def test_every_event_has_a_rule_and_a_step() -> None:
    """None is forgotten in either table."""
    assert set(RULES) == set(STEPS) == set(CardEvent)


def test_from_the_application_to_the_card() -> None:
    """Applied, referred, assessed and issued for ten years; she is told of each, and her rights change with one."""
    applied = done(Standing(BORN), Step(CardEvent.APPLY), COMMISSIONER)
    referred = done(applied.after, Step(CardEvent.REFER), TOWN)
    assessed = done(referred.after, Step(CardEvent.ASSESS, findings=Findings(((4, 3), (1, 2)))), TOWN)
    issued = done(assessed.after, Step(CardEvent.ISSUE), DISTRICT)

    states = [each.after.state for each in (applied, referred, assessed, issued)]
    assert states == [
        CardState.APPLIED,
        CardState.UNDER_ASSESSMENT,
        CardState.UNDER_ASSESSMENT,
        CardState.ACTIVE,
    ]
    assert card_of(issued) == HeldCard(CardState.ACTIVE, (1, 4), 7, 2, 0, ON, date(2036, 3, 10))
    assert (issued.is_new_card, issued.replaced, issued.after.application) == (True, None, None)
    assert issued.after.numbers == {(7, 2): 0}
    assert applied.effects == {Effect.TELL_RESIDENT}
    assert issued.effects == {Effect.TELL_RESIDENT, Effect.REDECIDE_ENTITLEMENTS}


def test_who_took_it_in_or_assessed_does_not_issue() -> None:
    """Every card takes two people, whatever their part."""
    applied = done(Standing(BORN), Step(CardEvent.APPLY), Actor(Role.DISTRICT, BEA)).after
    referred = done(applied, Step(CardEvent.REFER), TOWN).after
    assessed = done(referred, Step(CardEvent.ASSESS, findings=SIGHT_2), Actor(Role.DISTRICT, CAI)).after

    assert [refused(assessed, Step(CardEvent.ISSUE), Actor(Role.DISTRICT, who)) for who in (BEA, CAI)] == [
        CardRefusal.SAME_PERSON
    ] * 2
    assert done(assessed, Step(CardEvent.ISSUE), Actor(Role.DISTRICT, ANN)).is_new_card


def test_a_renewal_goes_on_with_the_number() -> None:
    """In the last year the holder asks herself; another person issues; passes stay, and the validity begins anew."""
    last_year = date(2029, 6, 1)
    asked = done(HELD, Step(CardEvent.RENEW), HOLDER, last_year)
    issued = done(asked.after, Step(CardEvent.ISSUE), DISTRICT, last_year)

    assert refused(HELD, Step(CardEvent.RENEW), HOLDER, date(2028, 12, 31)) is CardRefusal.NOT_RENEWABLE
    assert asked.after.state is CardState.ACTIVE
    assert (issued.is_new_card, card_of(issued).reissue) == (False, 0)
    assert card_of(issued).valid_until == date(2039, 5, 31)
    assert Effect.REVOKE_CREDENTIALS not in issued.effects


def test_some_renewals_take_an_assessment() -> None:
    """A mental disability is assessed again before the card goes on."""
    mental = replace(HELD, card=replace(CARD, category=6, categories=(6,)))

    asked = done(mental, Step(CardEvent.RENEW), HOLDER, date(2029, 6, 1)).after

    assert asked.application == Application(ApplicationKind.RENEWAL, ApplicationState.APPLIED, frozenset({CAI}))


def test_another_grade_makes_another_card() -> None:
    """The old card is superseded and its passes end; back at the old grade the number does not come back."""

    def graded(standing: Standing, grade: int) -> Decision:
        asked = done(standing, Step(CardEvent.REASSESS), TOWN).after
        sent = done(asked, Step(CardEvent.REFER), TOWN).after
        found = done(sent, Step(CardEvent.ASSESS, findings=Findings(((1, grade),))), TOWN).after
        return done(found, Step(CardEvent.ISSUE), DISTRICT)

    milder = graded(HELD, 3)
    worse = graded(milder.after, 2)

    assert milder.replaced == replace(CARD, state=CardState.CANCELLED, cause=Cause.SUPERSEDED)
    assert Effect.REVOKE_CREDENTIALS in milder.effects
    assert (card_of(milder).grade, card_of(milder).reissue) == (3, 0)
    assert (card_of(worse).grade, card_of(worse).reissue) == (2, 1)


def test_a_lost_card_is_replaced_by_b1_then_b2() -> None:
    """The plain number is dead, the validity stays, and bookings are kept."""
    lost = done(HELD, Step(CardEvent.REPORT_LOST), HOLDER)
    first = done(lost.after, Step(CardEvent.REISSUE), TOWN)
    second = done(done(first.after, Step(CardEvent.REPORT_LOST), COMMISSIONER).after, Step(CardEvent.REISSUE), DISTRICT)

    assert lost.after.state is CardState.LOST
    assert lost.effects >= {Effect.REVOKE_CREDENTIALS, Effect.TELL_RESIDENT, Effect.REDECIDE_ENTITLEMENTS}
    assert Effect.RELEASE_BOOKINGS not in lost.effects
    assert [card_of(each).reissue for each in (first, second)] == [1, 2]
    assert (card_of(first).valid_until, card_of(first).lost_reported_by) == (CARD.valid_until, None)
    assert first.replaced is not None
    assert first.replaced.state is CardState.CANCELLED


def test_a_reissue_takes_another_person_than_the_report() -> None:
    """And a card that has run out meanwhile is not replaced, nor one beyond B9."""
    lost = done(HELD, Step(CardEvent.REPORT_LOST), TOWN).after
    ninth = replace(lost, numbers={(1, 2): 9})

    assert refused(lost, Step(CardEvent.REISSUE), TOWN) is CardRefusal.SAME_PERSON
    assert refused(lost, Step(CardEvent.REISSUE), DISTRICT, date(2030, 1, 1)) is CardRefusal.WRONG_STATE
    assert refused(ninth, Step(CardEvent.REISSUE), DISTRICT) is CardRefusal.NUMBERS_USED_UP


def test_a_card_lost_while_its_renewal_runs_gets_a_new_number() -> None:
    """The plain number may be in a stranger's hands."""
    lost = replace(in_state(CardState.LOST), application=ASSESSED)

    issued = done(lost, Step(CardEvent.ISSUE), DISTRICT)

    assert (issued.is_new_card, card_of(issued).reissue) == (True, 1)
    assert refused(replace(lost, numbers={(1, 2): 9}), Step(CardEvent.ISSUE), DISTRICT) is CardRefusal.NUMBERS_USED_UP


def test_an_expired_card_goes_on_and_a_cancelled_one_does_not() -> None:
    """After a new application the expired number is valid again, while a cancelled one stays dead."""
    expired, cancelled = (
        done(replace(in_state(state), application=ASSESSED), Step(CardEvent.ISSUE), DISTRICT)
        for state in (CardState.EXPIRED, CardState.CANCELLED)
    )

    assert (expired.is_new_card, card_of(expired).reissue) == (False, 0)
    assert (cancelled.is_new_card, card_of(cancelled).reissue, cancelled.replaced) == (True, 1, None)


def test_a_suspension_holds_passes_and_gives_places_back() -> None:
    """Resumed, the passes are good again; a found card is resumed likewise."""
    suspended = done(HELD, Step(CardEvent.SUSPEND, Cause.INQUIRY), TOWN)
    resumed = done(suspended.after, Step(CardEvent.RESUME), TOWN)

    assert suspended.effects >= {Effect.SUSPEND_CREDENTIALS, Effect.RELEASE_BOOKINGS}
    assert card_of(suspended).cause is Cause.INQUIRY
    assert (resumed.after, Effect.RESUME_CREDENTIALS in resumed.effects) == (HELD, True)
    assert done(in_state(CardState.LOST, lost_reported_by=ANN), Step(CardEvent.RESUME), TOWN).after == HELD
    assert refused(HELD, Step(CardEvent.RESUME), TOWN) is CardRefusal.WRONG_STATE
    assert refused(suspended.after, Step(CardEvent.RESUME), TOWN, date(2030, 1, 1)) is CardRefusal.WRONG_STATE
    assert refused(HELD, Step(CardEvent.SUSPEND, Cause.RECOVERED), TOWN) is CardRefusal.WRONG_CAUSE


def test_moving_away_freezes_after_six_months_and_cancels_after_twelve() -> None:
    """Neither on the last day of grace, both on the day after; coming back undoes it."""
    away = done(HELD, Step(CardEvent.MOVE_OUT, day=ON), COMMISSIONER)
    freeze, cancel = Step(CardEvent.SUSPEND, Cause.MOVED_OUT), Step(CardEvent.CANCEL, Cause.MOVED_OUT)
    six, twelve, day = months_after(ON, 6), months_after(ON, 12), timedelta(days=1)
    frozen = done(away.after, freeze, CLOCK, six + day).after

    assert away.effects == {Effect.TELL_RESIDENT}
    assert (due(away.after, TERMS, six), due(away.after, TERMS, six + day)) == (None, freeze)
    assert (due(frozen, TERMS, twelve), due(frozen, TERMS, twelve + day)) == (None, cancel)
    assert refused(away.after, freeze, CLOCK, six) is CardRefusal.TOO_EARLY
    assert refused(frozen, cancel, DISTRICT, twelve) is CardRefusal.TOO_EARLY
    assert done(frozen, cancel, CLOCK, twelve + day).after.state is CardState.CANCELLED
    assert done(away.after, Step(CardEvent.RESUME), TOWN).after == HELD
    assert done(frozen, Step(CardEvent.RESUME), TOWN, twelve).after == HELD
    assert refused(away.after, Step(CardEvent.MOVE_OUT), TOWN) is CardRefusal.WRONG_STATE
    assert card_of(done(HELD, Step(CardEvent.MOVE_OUT), TOWN)).moved_out_on == ON
    assert refused(HELD, Step(CardEvent.MOVE_OUT, day=ON + day), TOWN) is CardRefusal.IN_THE_FUTURE


def test_a_cancellation_ends_everything() -> None:
    """Passes, places and an open application; only for a cause that a person may give."""
    renewing = replace(HELD, application=ASSESSED)

    ended = done(renewing, Step(CardEvent.CANCEL, Cause.RECOVERED), DISTRICT)

    assert (card_of(ended).state, card_of(ended).cause) == (CardState.CANCELLED, Cause.RECOVERED)
    assert ended.after.application is None
    assert ended.effects >= {Effect.REVOKE_CREDENTIALS, Effect.RELEASE_BOOKINGS}
    assert refused(HELD, Step(CardEvent.CANCEL, Cause.DECEASED), DISTRICT) is CardRefusal.WRONG_CAUSE
    assert refused(HELD, Step(CardEvent.CANCEL, Cause.MOVED_OUT), DISTRICT) is CardRefusal.TOO_EARLY


def test_death_ends_everything_and_nothing_is_sent() -> None:
    """With a card, with an application alone, and after an earlier end: nothing follows but taking it back."""
    died = done(HELD, Step(CardEvent.RECORD_DEATH, day=ON), CLOCK)
    applicant = done(Standing(BORN, application=ASSESSED, appeal_is_open=True), Step(CardEvent.RECORD_DEATH), TOWN)
    long_ended = done(in_state(CardState.EXPIRED), Step(CardEvent.RECORD_DEATH), TOWN)

    assert card_of(died).cause is Cause.DECEASED
    assert Effect.TELL_RESIDENT not in died.effects
    assert applicant.after == Standing(BORN, deceased=True)
    assert card_of(long_ended).state is CardState.EXPIRED
    assert possible(died.after) == {CardEvent.RETRACT_DEATH}
    assert refused(died.after, Step(CardEvent.APPLY), TOWN) is CardRefusal.DECEASED


def test_a_death_recorded_by_mistake_is_taken_back() -> None:
    """The card waits until somebody has looked into it; a lost one stays lost, and an earlier end stays an end."""
    retract = Step(CardEvent.RETRACT_DEATH)

    def back(standing: Standing) -> HeldCard:
        died = done(standing, Step(CardEvent.RECORD_DEATH), TOWN).after
        return card_of(done(died, retract, DISTRICT))

    lives = back(HELD)
    lost = back(in_state(CardState.LOST, lost_reported_by=ANN))

    assert (lives.state, lives.cause) == (CardState.SUSPENDED, Cause.INQUIRY)
    assert done(replace(HELD, card=lives), Step(CardEvent.RESUME), TOWN).after == HELD
    assert (lost.state, lost.cause) == (CardState.LOST, None)
    assert back(in_state(CardState.EXPIRED)).state is CardState.EXPIRED
    assert done(Standing(BORN, deceased=True), retract, DISTRICT).after == Standing(BORN)
    assert refused(HELD, retract, DISTRICT) is CardRefusal.NOT_DECEASED


def test_a_card_expires_after_its_last_day() -> None:
    """Not on it; and one that is lost or suspended expires too."""
    last, day = CARD.valid_until, timedelta(days=1)

    assert (due(HELD, TERMS, last), due(HELD, TERMS, last + day)) == (None, Step(CardEvent.EXPIRE))
    assert refused(HELD, Step(CardEvent.EXPIRE), CLOCK, last) is CardRefusal.TOO_EARLY
    for state in sorted(IN_FORCE):
        assert done(in_state(state), Step(CardEvent.EXPIRE), CLOCK, last + day).after.state is CardState.EXPIRED
    assert due(in_state(CardState.EXPIRED), TERMS, last + day) is None
    assert due(Standing(BORN), TERMS, ON) is None


def test_a_rejection_ends_the_application_alone() -> None:
    """The card in force stays as it is."""
    rejected = done(replace(HELD, application=ASSESSED), Step(CardEvent.REJECT), DISTRICT)

    assert rejected.after == HELD


def test_no_disability_gives_no_card() -> None:
    """It is a finding, told to the applicant, on which nothing can be issued."""
    none = replace(ASSESSED, findings=Findings(()))

    assert refused(Standing(BORN, application=none), Step(CardEvent.ISSUE), DISTRICT) is CardRefusal.NO_DISABILITY


@pytest.mark.parametrize(
    "findings",
    [None, Findings(((7, 1),)), Findings(((0, 1),)), Findings(((1, 5),)), Findings(((1, 1), (1, 2)))],
)
def test_findings_must_be_possible(findings: Findings | None) -> None:
    """Single categories, each once, grades 1 to 4; of the hospital and of whoever revises it alike."""
    referred = Standing(BORN, application=replace(ASSESSED, state=ApplicationState.UNDER_ASSESSMENT, findings=None))

    assert refused(referred, Step(CardEvent.ASSESS, findings=findings), TOWN) is CardRefusal.FINDINGS_INVALID
    assert refused(HELD, Step(CardEvent.REVISE, findings=findings), DISTRICT) is CardRefusal.FINDINGS_INVALID


def test_a_revision_takes_the_place_of_the_findings() -> None:
    """Before the issue it replaces them, after it opens a re-assessment, and without a card a first issue."""
    worse = Step(CardEvent.REVISE, findings=Findings(((1, 1),)))

    before = done(Standing(BORN, application=ASSESSED), worse, DISTRICT).after.application
    after = done(HELD, worse, DISTRICT).after.application
    without = done(Standing(BORN), worse, DISTRICT).after.application

    assert before == replace(ASSESSED, findings=worse.findings, handled_by=frozenset({ANN, BEA}))
    assert after == Application(
        ApplicationKind.REASSESSMENT, ApplicationState.ASSESSED, frozenset({BEA}), worse.findings
    )
    assert without is not None
    assert without.kind is ApplicationKind.FIRST


@pytest.mark.parametrize(
    ("standing", "event", "actor", "refusal"),
    [
        (HELD, CardEvent.REPORT_LOST, Actor(Role.HOLDER, CAI), CardRefusal.NOT_ALLOWED),
        (HELD, CardEvent.CANCEL, TOWN, CardRefusal.NOT_ALLOWED),
        (HELD, CardEvent.CANCEL, HOLDER, CardRefusal.NOT_ALLOWED),
        (HELD, CardEvent.REPORT_LOST, replace(TOWN, is_related=True), CardRefusal.OWN_CARD),
        (HELD, CardEvent.APPLY, TOWN, CardRefusal.WRONG_STATE),
        (Standing(BORN), CardEvent.REPORT_LOST, TOWN, CardRefusal.NO_CARD),
        (Standing(BORN), CardEvent.REFER, TOWN, CardRefusal.NO_APPLICATION),
        (Standing(BORN, application=ASSESSED), CardEvent.REFER, TOWN, CardRefusal.WRONG_STATE),
        (Standing(BORN, application=ASSESSED), CardEvent.APPLY, TOWN, CardRefusal.APPLICATION_OPEN),
        (Standing(BORN, appeal_is_open=True), CardEvent.APPLY, TOWN, CardRefusal.APPEAL_OPEN),
    ],
)
def test_a_refusal_says_what_stands_in_the_way(
    standing: Standing, event: CardEvent, actor: Actor, refusal: CardRefusal
) -> None:
    """Who may not, what state is wrong, and what is open."""
    assert refused(standing, Step(event), actor) is refusal


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing(BORN), None),
        (in_state(CardState.CANCELLED), CardState.CANCELLED),
        (replace(in_state(CardState.CANCELLED), application=ASSESSED), CardState.UNDER_ASSESSMENT),
        (replace(HELD, application=ASSESSED), CardState.ACTIVE),
    ],
)
def test_a_standing_has_one_word(standing: Standing, state: CardState | None) -> None:
    """A card in force comes first, then an application, then what became of the last card."""
    assert standing.state is state


@dataclass
class World:
    """A register of one resident that carries decisions out, as the services do on rows."""

    standing: Standing
    cards: list[HeldCard] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)

    def carry_out(self, decided: Decision) -> None:
        """Keep the cards and the passes of the phone up to date."""
        if decided.is_new_card:
            if decided.replaced is not None:
                self.cards[-1] = decided.replaced
            assert decided.after.card is not None
            self.cards.append(decided.after.card)
        elif decided.after.card is not None:
            self.cards[-1] = decided.after.card
        if Effect.REVOKE_CREDENTIALS in decided.effects:
            self.passes = []
        if Effect.SUSPEND_CREDENTIALS in decided.effects:
            self.passes = ["suspended" for _ in self.passes]
        if Effect.RESUME_CREDENTIALS in decided.effects:
            self.passes = ["valid" for _ in self.passes]
        self.standing = decided.after
        # A phone asks for a pass whenever it can get one.
        if self.standing.card is not None and self.standing.card.state is CardState.ACTIVE and not self.passes:
            self.passes = ["valid"]


ACTORS = st.builds(Actor, st.sampled_from(Role), st.sampled_from([ANN, BEA, CAI]), st.booleans())
FINDINGS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 4)), max_size=2).map(
    lambda grades: Findings((*grades,))
)
MOVES = st.tuples(
    st.builds(Step, st.sampled_from(CardEvent), st.sampled_from(Cause), FINDINGS),
    ACTORS,
    st.integers(0, 200),
    st.integers(0, 2**16),
)


@given(st.lists(MOVES, max_size=60))
def test_no_sequence_of_events_breaks_the_register(moves: Iterable[tuple[Step, Actor, int, int]]) -> None:
    """Never two cards in force, never a live pass on a dead card, never a number twice, and never a dead end.

    Every other move is steered to an event that is possible, or random ones would seldom come far.
    """
    world, on = World(Standing(BORN)), ON
    for wish, somebody, days, choice in moves:
        on += timedelta(days=days)
        step, actor = wish, somebody
        events = sorted(possible(world.standing) - {CardEvent.RECORD_DEATH})
        if choice % 8 and events:
            step = replace(wish, event=events[choice % len(events)])
            roles = sorted(RULES[step.event].roles)
            actor = replace(somebody, role=roles[choice % len(roles)], is_related=False)
        overdue = due(world.standing, TERMS, on)
        decided = decide(world.standing, overdue or step, CLOCK if overdue else actor, TERMS, on)
        if isinstance(decided, CardRefusal):
            continue
        world.carry_out(decided)

        card = world.standing.card
        numbers = [(each.category, each.grade, each.reissue) for each in world.cards]
        assert sum(each.state in IN_FORCE for each in world.cards) <= 1
        assert len(set(numbers)) == len(numbers)
        assert card == (world.cards[-1] if world.cards else None)
        assert "valid" not in world.passes or (card is not None and card.state is CardState.ACTIVE)
        assert possible(world.standing)
        assert not world.standing.deceased or possible(world.standing) == {CardEvent.RETRACT_DEATH}
