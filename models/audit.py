"""The audit log: append-only, each entry chained to the one before by its hash; and why a full value was shown."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from models.record import Record
from models.resident import Resident
from models.session import Staff


class AuditEntry(Model):
    """Who did what to whom, when and why; never a name, number or token in `detail`."""

    sequence = fields.BigIntField(primary_key=True, generated=False)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=60)
    action = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=60)
    detail = fields.CharField(max_length=200)
    previous = fields.BinaryField()
    hash = fields.BinaryField()

    class Meta:
        """Read in order of sequence, and by whom it is about."""

        table = "audit"
        indexes = (Index(fields=("subject", "at")),)


class Reveal(Record):
    """A full value that a member of staff was shown; her words are sealed with the resident, and erased with her."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="reveals")
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="reveals")
    field = fields.CharField(max_length=20)
    reason = fields.CharField(max_length=20)
    note_sealed = fields.BinaryField()
    at = fields.DatetimeField()

    class Meta:
        """Read by supervisors, of one resident."""

        table = "reveal"
        indexes = (Index(fields=("resident_id",)),)
