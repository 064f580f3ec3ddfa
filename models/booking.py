"""Slots, who holds a place in them, and what their sessions hold."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Resident
from models.service import Course, Resource, Service


class SlotState(StrEnum):
    """Whether a slot is offered; a flagged one no longer fits its pattern but has bookings, so a person must look."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    FLAGGED = "flagged"


class BookingState(StrEnum):
    """Where a booking is in its life; all but a cancelled one hold their place."""

    REQUESTED = "requested"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    ATTENDED = "attended"
    MISSED = "missed"
    EXCUSED = "excused"


class BookingFlag(StrEnum):
    """Why a person must look at a booking; nothing is cancelled for it."""

    SLOT_CHANGED = "slot_changed"
    INELIGIBLE = "ineligible"
    CARD_NOT_USABLE = "card_not_usable"


class Slot(Record):
    """A time at which a service has `capacity` places, of which `taken` are held; the database refuses more.

    A generated one is known by its service and start, so that generating again changes it instead of adding another.
    """

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="slots")
    course: fields.ForeignKeyNullableRelation[Course] = fields.ForeignKeyField(
        "models.Course", related_name="sessions", null=True
    )
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    capacity = fields.IntField()
    taken = fields.IntField(default=0)
    state = fields.CharEnumField(SlotState, max_length=10, db_default=SlotState.OPEN.value)
    generated = fields.BooleanField(db_default=False)

    class Meta:
        """Listed by service and time, searched by time; no index names `taken`, which moves often."""

        table = "slot"
        indexes = (
            Index(fields=("service_id", "starts_at", "id")),
            Index(fields=("starts_at", "id")),
            Index(fields=("course_id",)),
        )


class Enrolment(Record):
    """A resident's place in a course; it has a booking for each session, and ends with all that are yet to come."""

    course: fields.ForeignKeyRelation[Course] = fields.ForeignKeyField("models.Course", related_name="enrolments")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="enrolments")
    enrolled_at = fields.DatetimeField()
    cancelled_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident."""

        table = "enrolment"
        indexes = (Index(fields=("resident_id",)), Index(fields=("course_id",)))


class Booking(Record):
    """A resident's place in a slot; the slot's times are copied so that overlaps are found without a join.

    What the session costs was quoted by the rules of its day: `price` in yuan, and the `cost_share` that `programme`
    bears, None unless the verdict was a certain yes; `to_bring` is what she was told to bring, one a line. `revision`
    counts the changes that others are told of.
    """

    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField("models.Slot", related_name="bookings")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="bookings")
    enrolment: fields.ForeignKeyNullableRelation[Enrolment] = fields.ForeignKeyField(
        "models.Enrolment", related_name="bookings", null=True
    )
    state = fields.CharEnumField(BookingState, max_length=10)
    revision = fields.IntField(db_default=0)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    booked_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    programme = fields.CharField(max_length=60, db_default="")
    price = fields.DecimalField(max_digits=8, decimal_places=2, db_default=0)
    verdict = fields.CharField(max_length=20, null=True)
    cost_share = fields.DecimalField(max_digits=4, decimal_places=3, null=True)
    rule_effective = fields.DateField(null=True)
    to_bring = fields.TextField(db_default="")
    flag = fields.CharEnumField(BookingFlag, max_length=20, null=True)
    flagged_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident and time, and by slot."""

        table = "booking"
        indexes = (
            Index(fields=("resident_id", "starts_at")),
            Index(fields=("slot_id",)),
            Index(fields=("enrolment_id",)),
        )


class Allocation(Record):
    """A resource held from `held_from` to `held_until`, buffers included, until it is released.

    For a slot as a whole, or for one booking in it that asked; the database lets no two of one resource overlap.
    """

    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField("models.Slot", related_name="allocations")
    booking: fields.ForeignKeyNullableRelation[Booking] = fields.ForeignKeyField(
        "models.Booking", related_name="allocations", null=True
    )
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField(
        "models.Resource", related_name="allocations"
    )
    resource_number = fields.IntField()
    held_from = fields.DatetimeField()
    held_until = fields.DatetimeField()
    released_at = fields.DatetimeField(null=True)

    class Meta:
        """Looked up by slot and by booking."""

        table = "allocation"
        indexes = (Index(fields=("slot_id",)), Index(fields=("booking_id",)))
