"""Providers, their services and slots, and who holds a place."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Resident


class BookingState(StrEnum):
    """Whether a booking holds its place."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


class Provider(Record):
    """An organisation that serves residents, at an address."""

    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=120)

    class Meta:
        """A small table."""

        table = "provider"


class Service(Record):
    """What a provider offers; `programme` names the entitlement that pays for it."""

    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="services")
    name = fields.CharField(max_length=80)
    programme = fields.CharField(max_length=60)
    cancel_minutes = fields.IntField()

    class Meta:
        """Listed in the order of their keys."""

        table = "service"


class Slot(Record):
    """A time at which a service has `capacity` places, of which `taken` are held; the database refuses more."""

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="slots")
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    capacity = fields.IntField()
    taken = fields.IntField(default=0)

    class Meta:
        """Listed by service and time."""

        table = "slot"
        indexes = (Index(fields=("service_id", "starts_at", "id")),)


class Booking(Record):
    """A resident's place in a slot; the slot's times are copied so that overlaps are found without a join."""

    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField("models.Slot", related_name="bookings")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="bookings")
    state = fields.CharEnumField(BookingState, max_length=10)
    starts_at = fields.DatetimeField()
    ends_at = fields.DatetimeField()
    booked_at = fields.DatetimeField()
    cancelled_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident and time."""

        table = "booking"
        indexes = (Index(fields=("resident_id", "starts_at")), Index(fields=("slot_id",)))
