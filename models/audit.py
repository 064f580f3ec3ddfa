"""The audit log: append-only, each entry chained to the one before by its hash."""

from tortoise import fields
from tortoise.models import Model


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
        """Read in order of sequence."""

        table = "audit"
