"""Who receives what, as the departments that pay or provide it report: what coverage is measured against."""

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Resident


class Receipt(Record):
    """A resident receives a programme's benefits from a day on, until a last day or for as long as nobody says."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="receipts")
    programme = fields.CharField(max_length=60)
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)
    source = fields.CharField(max_length=40)

    class Meta:
        """Read for a part of the register at a time."""

        table = "receipt"
        indexes = (Index(fields=("resident_id",)),)
