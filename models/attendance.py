"""Who came, who did not and why, and the share that a provider claims for a session that took place."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.booking import Booking
from models.record import Record
from models.resident import Account, Resident
from models.service import Provider


class AttendanceMethod(StrEnum):
    """What showed that she came, or that she did not."""

    CODE = "code"
    DESK = "desk"
    GRACE_OVER = "grace_over"


class ClaimState(StrEnum):
    """Where a claim is."""

    OPEN = "open"
    PAID = "paid"
    REFUSED = "refused"


class Attendance(Record):
    """How a booking became attended or missed; an appeal against a miss is sealed under the resident's data key."""

    booking: fields.OneToOneRelation[Booking] = fields.OneToOneField("models.Booking", related_name="attendance")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="attendances"
    )
    method = fields.CharEnumField(AttendanceMethod, max_length=10)
    recorded_at = fields.DatetimeField()
    recorded_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="attendances", null=True
    )
    appeal_sealed = fields.BinaryField(null=True)
    appealed_at = fields.DatetimeField(null=True)
    appeal_decided_at = fields.DatetimeField(null=True)
    appeal_upheld = fields.BooleanField(null=True)

    class Meta:
        """One row a booking."""

        table = "attendance"
        indexes = (Index(fields=("resident_id",)),)


class Claim(Record):
    """What a programme owes a provider for one attended session: `amount` yuan, the quoted price times its share."""

    booking: fields.OneToOneRelation[Booking] = fields.OneToOneField("models.Booking", related_name="claim")
    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="claims")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="claims")
    programme = fields.CharField(max_length=60)
    session_on = fields.DateField()
    amount = fields.DecimalField(max_digits=8, decimal_places=2)
    state = fields.CharEnumField(ClaimState, max_length=10)
    made_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by provider and day."""

        table = "claim"
        indexes = (Index(fields=("provider_id", "session_on")),)
