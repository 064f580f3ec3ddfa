"""Decides from values alone what the bearer of a verified token gets: the same on a bus, at a desk, on the server."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, assert_never

from card.clock import ClockState, Reading
from card.credential import CredentialClaims
from card.presentation import VerifiedToken
from card.refusal import CredentialRefused, RefusalReason
from card.statuslist import EntryStatus
from card.tariff import CompanionTerms, Outcome, OutOfServiceRule, Tariff, TariffRule
from card.trust import TrustBundle

_REQUIRED: Final = (CompanionTerms.REQUIRED, CompanionTerms.REQUIRED_PAYING)


class Cue(StrEnum):
    """What is heard or felt at the gate: whoever passes sounds alike, whatever the price and whoever it is."""

    GO = "go"
    LOOK = "look"  # sounds as GO does; the driver or clerk looks at the display before letting the person on
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Recollection:
    """What a gate remembers that bears on one token; as it stands by default: nothing.

    `admitted`: this very code was let through before; `forgotten`: it is of a time of which nothing is remembered any
    more; `rides`: how often the person, with whatever code, was admitted on this day, `month_rides` in this month;
    `last_at`: when last.
    """

    admitted: bool = False
    forgotten: bool = False
    rides: int = 0
    month_rides: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """What a gate answers: nothing of category, grade, name or number, and a masked name only for a visual check.

    `price_share` is the share of the price that is paid; `recorded` is whether the answer is on the device's disk under
    `sequence`: if not, the person is counted by hand. `bundle_age` is None at a gate without a bundle.
    """

    outcome: Outcome
    reason: RefusalReason | None
    price_share: Decimal
    companions: int
    companion_terms: CompanionTerms
    cue: Cue
    masked_name: str | None
    clock: ClockState
    bundle_age: timedelta | None
    bundle_stale: bool
    recorded: bool = False
    sequence: int | None = None

    @property
    def admitted(self) -> bool:
        """Whether the person is let in."""
        return self.outcome is not Outcome.REFUSED


def refused(reason: RefusalReason, now: Reading, bundle: TrustBundle | None, tariff: Tariff | None) -> Admission:
    """The answer to a code that is not accepted."""
    age = None if bundle is None else now.at - bundle.issued_at
    return Admission(
        outcome=Outcome.REFUSED,
        reason=reason,
        price_share=Decimal(1),
        companions=0,
        companion_terms=CompanionTerms.NONE,
        cue=Cue.WAIT,
        masked_name=None,
        clock=now.state,
        bundle_age=age,
        bundle_stale=_is_stale(age, tariff),
    )


def decide(
    token: VerifiedToken, now: Reading, bundle: TrustBundle, tariff: Tariff, past: Recollection = Recollection()
) -> Admission:
    """What a token's bearer gets at an instant, by what the gate trusts, grants and remembers.

    `token` comes from `verify_token`, so both signatures hold. Where the clock state is UNKNOWN, `now.at` is the least
    that has passed, and the tariff's out-of-service rule says whether people are let in without freshness being known.
    """
    claims = token.credential.claims
    reason = (
        _trust(now, bundle, tariff)
        or _period(token, now, tariff)
        or _status(claims, now, bundle)
        or _replay(past)
        or _bearer(claims, now, bundle, tariff)
        or _caps(claims, now.at, tariff, past)
    )
    if reason is not None:
        return refused(reason, now, bundle, tariff)
    at = None if now.state is ClockState.UNKNOWN else now.at
    if not tariff.is_open(at):
        return refused(RefusalReason.CLOSED, now, bundle, tariff)
    rule = tariff.rule_for(claims.access_classes, at)
    if rule is None or rule.outcome is Outcome.REFUSED:
        return refused(RefusalReason.NO_ACCESS, now, bundle, tariff)
    return _admitted(claims, rule, now, bundle, tariff)


def out_of_service(admission: Admission, tariff: Tariff) -> Admission:
    """The answer that could not be written down, as the tariff wants it: let in and counted by hand, or refused."""
    if admission.admitted and tariff.out_of_service is OutOfServiceRule.REFUSE:
        return replace(
            admission,
            outcome=Outcome.REFUSED,
            reason=RefusalReason.OUT_OF_SERVICE,
            price_share=Decimal(1),
            companions=0,
            companion_terms=CompanionTerms.NONE,
            cue=Cue.WAIT,
            masked_name=None,
        )
    return admission


def _admitted(
    claims: CredentialClaims, rule: TariffRule, now: Reading, bundle: TrustBundle, tariff: Tariff
) -> Admission:
    visual_check = claims.holder_key is None and tariff.bearer[claims.kind].visual_check
    look = visual_check or rule.companion_terms in _REQUIRED
    age = now.at - bundle.issued_at
    return Admission(
        outcome=rule.outcome,
        reason=None,
        price_share=rule.price_share,
        companions=rule.companions,
        companion_terms=rule.companion_terms,
        cue=Cue.LOOK if look else Cue.GO,
        masked_name=claims.masked_name if visual_check else None,
        clock=now.state,
        bundle_age=age,
        bundle_stale=_is_stale(age, tariff),
    )


def _trust(now: Reading, bundle: TrustBundle, tariff: Tariff) -> RefusalReason | None:
    if now.state is ClockState.UNKNOWN and tariff.out_of_service is OutOfServiceRule.REFUSE:
        return RefusalReason.CLOCK_UNKNOWN
    limit = tariff.refuse_after
    too_old = limit is not None and now.at - bundle.issued_at > limit
    return RefusalReason.BUNDLE_STALE if too_old or now.at >= bundle.key_set.expires_at else None


def _period(token: VerifiedToken, now: Reading, tariff: Tariff) -> RefusalReason | None:
    claims, skew = token.credential.claims, tariff.skew
    if now.at >= claims.expires_at + skew:
        return RefusalReason.EXPIRED
    if now.state is ClockState.UNKNOWN:
        # The true time is later than `now`, so neither "too early" nor "still fresh" can be told.
        return None
    if claims.issued_at > now.at + skew:
        return RefusalReason.NOT_YET_VALID
    if token.presented_at is None:
        return None
    if token.presented_at > now.at + skew:
        return RefusalReason.FUTURE
    return RefusalReason.STALE if now.at - token.presented_at > tariff.window else None


def _status(claims: CredentialClaims, now: Reading, bundle: TrustBundle) -> RefusalReason | None:
    if claims.status is None:
        return None
    status_list = bundle.status_lists.get(claims.status.uri)
    if status_list is None or now.at >= status_list.expires_at:
        return RefusalReason.STATUS_UNKNOWN
    try:
        status = status_list.status(claims.status.index)
    except CredentialRefused as refusal:
        return refusal.reason
    match status:
        case EntryStatus.VALID:
            return None
        case EntryStatus.INVALID:
            return RefusalReason.REVOKED
        case EntryStatus.SUSPENDED:
            return RefusalReason.SUSPENDED
        case _:
            assert_never(status)


def _replay(past: Recollection) -> RefusalReason | None:
    if past.admitted:
        return RefusalReason.REPLAYED
    return RefusalReason.STALE if past.forgotten else None


def _bearer(claims: CredentialClaims, now: Reading, bundle: TrustBundle, tariff: Tariff) -> RefusalReason | None:
    # A pass is bound to its phone; every other kind is a bearer code and needs a rule of its own.
    if claims.holder_key is not None:
        return None
    rule = tariff.bearer.get(claims.kind)
    if rule is None:
        return RefusalReason.BEARER_NOT_ACCEPTED
    stale = _is_stale(now.at - bundle.issued_at, tariff)
    return RefusalReason.BUNDLE_STALE if stale and not rule.when_stale else None


def _caps(claims: CredentialClaims, at: datetime, tariff: Tariff, past: Recollection) -> RefusalReason | None:
    if past.last_at is not None and abs(at - past.last_at) < tariff.pass_back:
        return RefusalReason.PASS_BACK
    caps = [tariff.daily_cap]
    if claims.holder_key is None:
        caps.append(tariff.bearer[claims.kind].daily_cap)
    if any(_is_spent(cap, past.rides) for cap in caps):
        return RefusalReason.DAILY_CAP
    return RefusalReason.MONTHLY_CAP if _is_spent(tariff.monthly_cap, past.month_rides) else None


def _is_spent(cap: int | None, rides: int) -> bool:
    return cap is not None and rides >= cap


def _is_stale(age: timedelta | None, tariff: Tariff | None) -> bool:
    return age is not None and tariff is not None and age > tariff.stale_after
