"""Who waits for a place, and the freed places that are held open for somebody for a while."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.booking import Booking, Slot
from models.record import Record
from models.resident import Resident
from models.service import Course


class WaitlistState(StrEnum):
    """Where a wish is; only a waiting one can be offered a place."""

    WAITING = "waiting"
    OFFERED = "offered"
    PLACED = "placed"
    LEFT = "left"
    LAPSED = "lapsed"


class OfferState(StrEnum):
    """Whether an offer still holds its place."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


class WaitlistEntry(Record):
    """A wish for a place in a full slot or course, one of the two; by `priority`, lowest first, then first come."""

    slot: fields.ForeignKeyNullableRelation[Slot] = fields.ForeignKeyField(
        "models.Slot", related_name="waiting", null=True
    )
    course: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name="waiting", null=True
    )
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="wishes")
    state = fields.CharEnumField(WaitlistState, max_length=10)
    priority = fields.SmallIntField()
    joined_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident; the order of those who wait is a partial index."""

        table = "waitlist_entry"
        indexes = (Index(fields=("resident_id",)),)


class Offer(Record):
    """A freed place held for one who waits until `expires_at`; meanwhile `taken` counts it."""

    entry: fields.ForeignKeyRelation[WaitlistEntry] = fields.ForeignKeyField(
        "models.WaitlistEntry", related_name="offers"
    )
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="offers")
    booking: fields.ForeignKeyNullableRelation[Booking] = fields.ForeignKeyField(
        "models.Booking", related_name="offers", null=True
    )
    state = fields.CharEnumField(OfferState, max_length=10)
    offered_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident; those that run out are a partial index."""

        table = "offer"
        indexes = (Index(fields=("resident_id",)), Index(fields=("entry_id",)))
