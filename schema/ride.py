"""A ride or an entry as the resident sees it, and what she says against it."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from domain.ride_dispute import RideRefusal
from schema import messages
from schema.identity import to_id
from schema.paging import Connection, page_of, time_cursor
from services import ride_disputes
from services import rides as recorded
from services.rides import RecordedRide, RideKey

strawberry.enum(RideRefusal, name="RideRefusalReason", description="Why a dispute was not taken or not answered.")

_KIND = b"Ride:"
_UUID_BYTES = 16
_NUMBER_BYTES = 8


@strawberry.type(description="What she says against a ride or a refusal, and the federation's answer.")
class RideDispute:
    """A dispute."""

    id: strawberry.ID
    opened_at: datetime
    reason: str = strawberry.field(description="In her own words, or her guardian's.")
    upheld: bool | None = strawberry.field(description="Whether she was right; null before the answer.")
    answer: str | None
    answered_at: datetime | None
    message: str = strawberry.field(description="How the dispute stands, in a sentence.")

    @classmethod
    def of(cls, dispute: recorded.RideDispute) -> "RideDispute":
        """The dispute of a loaded row."""
        return cls(
            id=to_id("RideDispute", dispute.id),
            opened_at=dispute.opened_at,
            reason=dispute.reason,
            upheld=dispute.upheld,
            answer=dispute.answer,
            answered_at=dispute.answered_at,
            message=messages.ride_dispute(upheld=dispute.upheld),
        )


@strawberry.type(description="A code that was read at a bus or a venue, and what came of it.")
class Ride:
    """One scan of the resident's code."""

    id: strawberry.ID = strawberry.field(description="The id by which it is disputed.")
    at: datetime = strawberry.field(description="When, by the scanner's corrected clock.")
    operator: str
    place: str
    admitted: bool
    companions: int = strawberry.field(description="Companions who were let in with her.")
    outcome: str = strawberry.field(description="What the gate decided, in a word.")
    message: str = strawberry.field(description="The same as a sentence, with the reason of a refusal.")
    dispute: RideDispute | None

    @classmethod
    def of(cls, ride: RecordedRide) -> "Ride":
        """The ride of a loaded row."""
        return cls(
            id=ride_id(ride.key),
            at=ride.at,
            operator=ride.operator,
            place=ride.place,
            admitted=ride.admitted,
            companions=ride.companions,
            outcome=ride.outcome,
            message=messages.ride(ride.outcome, ride.reason, ride.companions, overridden=ride.overridden),
            dispute=RideDispute.of(ride.dispute) if ride.dispute else None,
        )


@strawberry.type(description="A disputed ride as the federation's staff see it.")
class DisputedRide:
    """The ride with whose it is."""

    masked_name: str
    ride: Ride

    @classmethod
    def of(cls, disputed: ride_disputes.Disputed) -> "DisputedRide":
        """The entry of a loaded row."""
        return cls(masked_name=disputed.masked_name, ride=Ride.of(disputed.ride))


@strawberry.type(description="The dispute was not taken, or not answered.")
class RideRefused:
    """A typed refusal."""

    reason: RideRefusal
    message: str

    @classmethod
    def of(cls, reason: RideRefusal) -> "RideRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.RIDE_DISPUTE[reason])


def disputed_rides(rows: Sequence[ride_disputes.Disputed], first: int) -> Connection[DisputedRide]:
    """A page of disputes."""
    return page_of(
        rows, first, DisputedRide.of, lambda row: time_cursor("RideDispute", row.dispute.opened_at, row.dispute.id)
    )


def ride_id(key: RideKey) -> strawberry.ID:
    """The id that clients see for a scan."""
    raw = _KIND + key.device_id.bytes + key.sequence.to_bytes(_NUMBER_BYTES, "big") + key.epoch
    return strawberry.ID(base64.urlsafe_b64encode(raw).decode().rstrip("="))


def ride_key(text: str) -> RideKey | None:
    """The scan that an id names; None for anything else, however malformed."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    key = raw.removeprefix(_KIND)
    number = key[_UUID_BYTES : _UUID_BYTES + _NUMBER_BYTES]
    # The database counts in 64 bits with a sign.
    if key == raw or len(number) != _NUMBER_BYTES or number >= b"\x80":
        return None
    return RideKey(UUID(bytes=key[:_UUID_BYTES]), key[_UUID_BYTES + _NUMBER_BYTES :], int.from_bytes(number, "big"))
