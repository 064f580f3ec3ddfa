"""Lines of credentials, and the operators and devices that read them."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Resident


class DeviceKind(StrEnum):
    """Where a scanner stands."""

    BUS = "bus"
    VENUE = "venue"


class Credential(Record):
    """One line of passes for one holder key, or a printed code, which has none; its place in the status list stays."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="credentials"
    )
    holder_key = fields.BinaryField(null=True)
    status_index = fields.IntField(unique=True)
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    suspended_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by resident; the status list reads those revoked or suspended and not yet expired."""

        table = "credential"
        indexes = (Index(fields=("resident_id",)), Index(fields=("revoked_at",)), Index(fields=("suspended_at",)))


class Operator(Record):
    """A bus company or who runs venues; `tariff` (the encoding of `card.tariff`) holds until one is published."""

    name = fields.CharField(max_length=80)
    tariff = fields.BinaryField(null=True)

    class Meta:
        """A small table."""

        table = "operator"


class Device(Record):
    """A scanner; before it is enrolled it has a code, afterwards a key.

    `place` is what is said of where it stands; `stolen_at` is since when somebody else may have it, and
    `stolen_reported_at` when that was said. Once enrolled it takes over from the one that it `replaces`.
    """

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="devices")
    kind = fields.CharEnumField(DeviceKind, max_length=10)
    name = fields.CharField(max_length=40, db_default="")
    place = fields.CharField(max_length=80)
    code_hash = fields.BinaryField(null=True)
    code_expires_at = fields.DatetimeField(null=True)
    public_key = fields.BinaryField(null=True)
    enrolled_at = fields.DatetimeField(null=True)
    suspended_at = fields.DatetimeField(null=True)
    retired_at = fields.DatetimeField(null=True)
    stolen_at = fields.DatetimeField(null=True)
    stolen_reported_at = fields.DatetimeField(null=True)
    replaces: fields.ForeignKeyNullableRelation["Device"] = fields.ForeignKeyField(
        "models.Device", related_name="replaced_by", null=True
    )

    class Meta:
        """Looked up by key or by the hash of the code."""

        table = "device"
        unique_together = (("code_hash",),)
        indexes = (Index(fields=("operator_id",)),)
