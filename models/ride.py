"""What a resident says against a ride or a refusal that the register has of her."""

from tortoise import fields
from tortoise.indexes import Index

from models.credential import Device
from models.record import Record
from models.resident import Account, Resident
from models.session import Staff


class RideDispute(Record):
    """Her words and the answer are sealed under her data key; the scan is named by its key in `tap`."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="ride_disputes"
    )
    device: fields.ForeignKeyRelation[Device] = fields.ForeignKeyField("models.Device", related_name="ride_disputes")
    epoch = fields.BinaryField()
    sequence = fields.BigIntField()
    reason_sealed = fields.BinaryField()
    opened_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="ride_disputes"
    )
    opened_at = fields.DatetimeField()
    upheld = fields.BooleanField(null=True)
    answer_sealed = fields.BinaryField(null=True)
    answered_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="ride_disputes", null=True
    )
    answered_at = fields.DatetimeField(null=True)

    class Meta:
        """One a scan; listed by resident."""

        table = "ride_dispute"
        unique_together = (("device_id", "epoch", "sequence"),)
        indexes = (Index(fields=("resident_id",)),)
