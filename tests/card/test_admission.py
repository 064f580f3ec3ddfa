"""The decision: who is let in, at what price, with whom, and why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from card.admission import Admission, Cue, Recollection, decide, out_of_service, refused
from card.clock import ClockState, Reading
from card.credential import CredentialKind, StatusReference
from card.presentation import VerifiedToken, verify_token
from card.refusal import RefusalReason
from card.statuslist import EntryStatus
from card.tariff import BearerRule, CompanionTerms, Outcome, OutOfServiceRule, TariffRule, encode_tariff
from card.trust import KeyUse
from card.window import Opening, Window

if TYPE_CHECKING:
    from tests.card.conftest import District

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


class Case:
    """One token at one gate."""

    def __init__(self, district: District, **tariff: Any) -> None:
        self.district = district
        self.tariff = district.tariff(**tariff)
        self.trusted = district.trusted(
            tariffs=[encode_tariff(self.tariff)], entries={1: EntryStatus.INVALID, 2: EntryStatus.SUSPENDED}
        )

    def verified(self, text: str) -> VerifiedToken:
        """The token with its signatures checked."""
        return verify_token(text, self.trusted.bundle.key_set.keys_for(KeyUse.ISSUER, NOON))

    def decide(
        self,
        text: str,
        at: datetime = NOON,
        past: Recollection | None = None,
        state: ClockState = ClockState.SIGNED,
    ) -> Admission:
        """The answer to a text."""
        return decide(self.verified(text), Reading(at, state), self.trusted.bundle, self.tariff, past or Recollection())


@pytest.mark.parametrize(
    ("access_class", "outcome", "share", "companions", "terms", "cue"),
    [
        ("ride", Outcome.FREE, Decimal(0), 1, CompanionTerms.FREE, Cue.GO),
        ("venue", Outcome.REDUCED, Decimal("0.5"), 0, CompanionTerms.NONE, Cue.GO),
        ("full", Outcome.FULL, Decimal(1), 1, CompanionTerms.PAYING, Cue.GO),
        ("ride-accompanied", Outcome.FREE, Decimal(0), 1, CompanionTerms.REQUIRED, Cue.LOOK),
    ],
)
def test_the_tariff_says_what_a_class_gets(
    district: District,
    access_class: str,
    outcome: Outcome,
    share: Decimal,
    companions: int,
    terms: CompanionTerms,
    cue: Cue,
) -> None:
    """Outcome, price and companions come from the first rule for a class that the person has."""
    admission = Case(district).decide(district.presentation(access_classes=(access_class,)))

    assert (admission.outcome, admission.price_share, admission.companions) == (outcome, share, companions)
    assert (admission.companion_terms, admission.cue, admission.reason) == (terms, cue, None)
    assert admission.admitted
    assert not admission.recorded
    assert admission.bundle_age == timedelta(0)


@pytest.mark.parametrize("access_class", ["unheard-of", "closed"])
def test_a_class_without_a_rule_has_no_access(district: District, access_class: str) -> None:
    """A class that the tariff does not know, or turns away, is refused in a cue that says nothing of the person."""
    admission = Case(district).decide(district.presentation(access_classes=(access_class,)))

    assert admission.outcome is Outcome.REFUSED
    assert admission.reason is RefusalReason.NO_ACCESS
    assert admission.cue is Cue.WAIT
    assert not admission.admitted


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (-41, RefusalReason.STALE),
        (-40, None),
        (0, None),
        (10, None),
        (11, RefusalReason.FUTURE),
    ],
)
def test_a_presentation_is_fresh_for_its_window(district: District, shown: int, reason: RefusalReason | None) -> None:
    """Thirty seconds and ten of skew back, ten of skew ahead: a screenshot is dead 41 seconds after it was shown."""
    assert Case(district).decide(district.presentation(NOON + shown * SECOND)).reason is reason


@pytest.mark.parametrize(("expires", "reason"), [(-10, RefusalReason.EXPIRED), (-9, None), (1, None)])
def test_a_pass_ends_with_its_expiry_and_the_skew(
    district: District, expires: int, reason: RefusalReason | None
) -> None:
    """The last second before, and the first from, which a pass is refused."""
    assert Case(district).decide(district.presentation(expires_at=NOON + expires * SECOND)).reason is reason


@pytest.mark.parametrize(("issued", "reason"), [(10, None), (11, RefusalReason.NOT_YET_VALID)])
def test_a_pass_of_the_future_is_refused(district: District, issued: int, reason: RefusalReason | None) -> None:
    """A pass issued later than the skew allows comes from a wrong clock, or from nowhere good."""
    assert Case(district).decide(district.presentation(issued_at=NOON + issued * SECOND)).reason is reason


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (0, None),
        (1, RefusalReason.REVOKED),
        (2, RefusalReason.SUSPENDED),
        (1 << 10, RefusalReason.STATUS_UNKNOWN),
    ],
)
def test_the_status_list_is_heeded(district: District, index: int, reason: RefusalReason | None) -> None:
    """Revoked and suspended passes are refused, and so is one of which the list says nothing."""
    status = StatusReference("sdc:1", index)

    assert Case(district).decide(district.presentation(status=status)).reason is reason


def test_a_list_that_is_missing_or_has_ended_says_nothing(district: District) -> None:
    """A pass with a state that cannot be known is not let in."""
    case = Case(district, refuse_after_seconds=None)
    elsewhere = case.decide(district.presentation(status=StatusReference("sdc:2", 1)))
    later = NOON + 7 * DAY
    ended = case.decide(district.presentation(later, expires_at=later + DAY), later)

    assert elsewhere.reason is RefusalReason.STATUS_UNKNOWN
    assert ended.reason is RefusalReason.STATUS_UNKNOWN


def test_a_bundle_is_warned_of_and_then_refused(district: District) -> None:
    """The tariff says from which age a bundle is stale, and from which it admits nobody."""
    case = Case(district, stale_after_seconds=3_600, refuse_after_seconds=7_200)

    fresh, stale, dead = (
        case.decide(district.presentation(at), at) for at in (NOON + hours * timedelta(hours=1.1) for hours in range(3))
    )

    assert (fresh.admitted, fresh.bundle_stale) == (True, False)
    assert (stale.admitted, stale.bundle_stale) == (True, True)
    assert dead.reason is RefusalReason.BUNDLE_STALE
    assert dead.bundle_stale


def test_an_expired_key_set_admits_nobody(district: District) -> None:
    """Even where the tariff never refuses, the root's own time limit holds."""
    case = Case(district, refuse_after_seconds=None)
    later = NOON + 301 * DAY

    assert case.decide(district.presentation(later, expires_at=later + DAY), later).reason is RefusalReason.BUNDLE_STALE


def test_a_code_is_admitted_once(district: District) -> None:
    """The same code again is a replay; one of a time that is forgotten counts as stale."""
    case = Case(district)

    assert case.decide(district.presentation(), past=Recollection(admitted=True)).reason is RefusalReason.REPLAYED
    assert case.decide(district.presentation(), past=Recollection(forgotten=True)).reason is RefusalReason.STALE


@pytest.mark.parametrize(
    ("ago", "reason"), [(299, RefusalReason.PASS_BACK), (300, None), (-299, RefusalReason.PASS_BACK)]
)
def test_a_person_is_not_passed_back(district: District, ago: int, reason: RefusalReason | None) -> None:
    """Within the interval nobody is let in a second time, whichever way the clock was set in between."""
    past = Recollection(rides=1, last_at=NOON - ago * SECOND)

    assert Case(district, pass_back_seconds=300).decide(district.presentation(), past=past).reason is reason


@pytest.mark.parametrize(("rides", "reason"), [(3, None), (4, RefusalReason.DAILY_CAP)])
def test_the_daily_cap_counts_the_person(district: District, rides: int, reason: RefusalReason | None) -> None:
    """The cap is on the person's rides of the day."""
    past = Recollection(rides=rides, last_at=NOON - timedelta(hours=1))

    assert Case(district, daily_cap=4).decide(district.presentation(), past=past).reason is reason


@pytest.mark.parametrize(("rides", "reason"), [(59, None), (60, RefusalReason.MONTHLY_CAP)])
def test_the_monthly_cap_counts_the_person(district: District, rides: int, reason: RefusalReason | None) -> None:
    """The cap is on the person's rides of the calendar month."""
    past = Recollection(month_rides=rides, last_at=NOON - DAY)

    assert Case(district, monthly_cap=60).decide(district.presentation(), past=past).reason is reason


def test_nobody_is_let_in_outside_opening_hours(district: District) -> None:
    """A park that opens at one o'clock is closed at noon; a gate without the time does not turn people away for it."""
    case = Case(district, opening=(Opening(None, Window(frozenset({2}), 780)),))

    assert case.decide(district.presentation()).reason is RefusalReason.CLOSED
    assert case.decide(district.presentation(), state=ClockState.UNKNOWN).admitted


def test_the_price_is_that_of_the_hour(district: District) -> None:
    """Free until noon, half price from noon on."""
    morning = TariffRule("ride", Outcome.FREE, Decimal(0), window=Window(frozenset({2}), 0, 720))
    case = Case(district, rules=(morning, TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))))

    assert case.decide(district.presentation(NOON - SECOND), NOON - SECOND).outcome is Outcome.FREE
    assert case.decide(district.presentation()).outcome is Outcome.REDUCED


def test_a_stale_bundle_can_forbid_bearer_codes(district: District) -> None:
    """A printed code may have been revoked since; a pass renewed this week is still taken."""
    case = Case(district, stale_after_seconds=60, bearer={CredentialKind.PRINTED: BearerRule(when_stale=False)})
    late, printed = NOON + 61 * SECOND, district.bearer(CredentialKind.PRINTED)

    assert case.decide(printed).admitted
    assert case.decide(printed, late).reason is RefusalReason.BUNDLE_STALE
    assert case.decide(district.presentation(late), late).admitted


def test_a_printed_code_has_its_own_cap_and_shows_the_masked_name(district: District) -> None:
    """A bearer code is weaker: fewer rides, and a look at the person."""
    case, text = Case(district, daily_cap=9), district.bearer(CredentialKind.PRINTED)

    admission = case.decide(text, past=Recollection(rides=3))

    assert admission.masked_name == "陈*兰"
    assert admission.cue is Cue.LOOK
    assert case.decide(text, past=Recollection(rides=4)).reason is RefusalReason.DAILY_CAP
    assert case.decide(district.presentation(), past=Recollection(rides=4)).admitted


def test_a_name_is_shown_only_for_a_visual_check(district: District) -> None:
    """The name in an online code stays in it where the tariff does not ask for a check."""
    admission = Case(district).decide(district.bearer(CredentialKind.ONLINE))

    assert admission.admitted
    assert admission.masked_name is None
    assert admission.cue is Cue.GO


def test_an_online_code_ends_after_half_a_minute(district: District) -> None:
    """Its expiry, with the skew, takes the place of freshness."""
    case, text = Case(district), district.bearer(CredentialKind.ONLINE)

    assert case.decide(text, NOON + 39 * SECOND).admitted
    assert case.decide(text, NOON + 40 * SECOND).reason is RefusalReason.EXPIRED


def test_a_bearer_code_that_the_tariff_does_not_name_is_not_taken(district: District) -> None:
    """Silence about a weak code means no."""
    case = Case(district, bearer={CredentialKind.ONLINE: BearerRule()})

    assert case.decide(district.bearer(CredentialKind.PRINTED)).reason is RefusalReason.BEARER_NOT_ACCEPTED


def test_an_unknown_time_lets_people_board_or_not_as_the_tariff_says(district: District) -> None:
    """By default a dead clock turns nobody away, except those whose pass has ended even so."""
    boards, refuses = Case(district), Case(district, out_of_service=OutOfServiceRule.REFUSE)
    unknown, old = ClockState.UNKNOWN, district.presentation(NOON + 9 * timedelta(hours=1))

    assert boards.decide(old, state=unknown).admitted
    assert boards.decide(district.presentation(expires_at=NOON - DAY, issued_at=NOON - 2 * DAY), state=unknown).reason
    assert refuses.decide(old, state=unknown).reason is RefusalReason.CLOCK_UNKNOWN


def test_an_unwritten_answer_follows_the_out_of_service_rule(district: District) -> None:
    """Let in and counted by hand, or refused; a refusal stays what it is."""
    boards, refuses = Case(district), Case(district, out_of_service=OutOfServiceRule.REFUSE)
    free = boards.decide(district.presentation())
    stale = refused(RefusalReason.STALE, Reading(NOON, ClockState.SIGNED), None, None)

    kept_out = out_of_service(free, refuses.tariff)

    assert out_of_service(free, boards.tariff) == free
    assert (kept_out.outcome, kept_out.reason) == (Outcome.REFUSED, RefusalReason.OUT_OF_SERVICE)
    assert (kept_out.companions, kept_out.cue, kept_out.price_share) == (0, Cue.WAIT, Decimal(1))
    assert out_of_service(stale, refuses.tariff) == stale
    assert stale.bundle_age is None
    assert not stale.bundle_stale


def test_an_admission_holds_nothing_of_the_disability(district: District) -> None:
    """What a gate shows or stores is price and companions; not even the access class leaves the decision."""
    admission = Case(district).decide(district.presentation(access_classes=("ride-accompanied",)))

    told = repr(admission)

    assert "ride-accompanied" not in told
    assert district.pseudonym.hex() not in told
    assert {cue.value for cue in Cue} == {"go", "look", "wait"}
