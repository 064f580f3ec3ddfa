"""What a provider's desk may record of a session, and when, decided from values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.dates import end_of, local_date, start_of

# A desk may still write down who came, and a resident may appeal, for so long after a session.
CORRECTION = timedelta(days=7)
APPEAL = timedelta(days=30)


class DeskRefusal(StrEnum):
    """Why a desk's request, or an appeal against what a desk wrote, was refused."""

    NOT_ALLOWED = "not_allowed"
    BOOKING_NOT_FOUND = "booking_not_found"
    CANCELLED = "cancelled"
    NOT_REQUESTED = "not_requested"
    NOT_FLAGGED = "not_flagged"
    NOT_YET = "not_yet"
    WITHIN_GRACE = "within_grace"
    TOO_LATE = "too_late"
    ATTENDED = "attended"
    NOT_MISSED = "not_missed"
    NO_APPEAL = "no_appeal"
    REASON = "reason"
    CODE_INVALID = "code_invalid"
    CODE_OVER = "code_over"
    CODE_REVOKED = "code_revoked"
    NO_BOOKING_TODAY = "no_booking_today"
    PROVIDER_NOT_FOUND = "provider_not_found"
    REFERRAL_NOT_FOUND = "referral_not_found"
    ANSWERED = "answered"
    NOT_A_VISIT = "not_a_visit"
    UNCONFIRMED = "unconfirmed"
    VISIT_TIME = "visit_time"


class Presence(StrEnum):
    """How a booking stands to its session: the states of a booking that matter to a desk."""

    REQUESTED = "requested"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    MISSED = "missed"
    EXCUSED = "excused"


@dataclass(frozen=True)
class Session:
    """A booking's session, and how long after its start one who has not come is still awaited."""

    presence: Presence
    starts_at: datetime
    ends_at: datetime
    grace: timedelta


def refuse_came(session: Session, at: datetime) -> DeskRefusal | None:
    """Why it cannot be written down that she came: from the morning of the day on, for a week."""
    if session.presence is Presence.CANCELLED:
        return DeskRefusal.CANCELLED
    if at < start_of(local_date(session.starts_at)):
        return DeskRefusal.NOT_YET
    return DeskRefusal.TOO_LATE if at > session.ends_at + CORRECTION else None


def refuse_missed(session: Session, at: datetime) -> DeskRefusal | None:
    """Why it cannot be written down that she did not come: only when the grace is over, and never against a coming."""
    if session.presence is Presence.CANCELLED:
        return DeskRefusal.CANCELLED
    if session.presence in {Presence.ATTENDED, Presence.EXCUSED}:
        return DeskRefusal.ATTENDED
    if session.presence is Presence.REQUESTED:
        return DeskRefusal.NOT_REQUESTED
    if at < session.starts_at + session.grace:
        return DeskRefusal.WITHIN_GRACE
    return DeskRefusal.TOO_LATE if at > session.ends_at + CORRECTION else None


def refuse_appeal(session: Session, at: datetime) -> DeskRefusal | None:
    """Why a miss cannot be appealed against: there is none, or the month for it is over."""
    if session.presence is not Presence.MISSED:
        return DeskRefusal.NOT_MISSED
    return DeskRefusal.TOO_LATE if at >= end_of(local_date(session.ends_at + APPEAL)) else None


def refuse_visit(session: Session, at: datetime) -> DeskRefusal | None:
    """Why nobody is told where she lives: only for a confirmed session, on its eve and its day."""
    if session.presence is Presence.CANCELLED:
        return DeskRefusal.CANCELLED
    if session.presence is Presence.REQUESTED:
        return DeskRefusal.UNCONFIRMED
    day = local_date(session.starts_at)
    return None if start_of(day - timedelta(days=1)) <= at < end_of(day) else DeskRefusal.VISIT_TIME
