"""What came from other departments and went to them: batches with what they replaced, and every export."""

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import FactRecord, ImportBatch, Resident


class FactReplacement(Record):
    """The last day that a statement had before a batch ended it, so that undoing the batch can give it back."""

    batch: fields.ForeignKeyRelation[ImportBatch] = fields.ForeignKeyField(
        "models.ImportBatch", related_name="replacements"
    )
    fact: fields.ForeignKeyRelation[FactRecord] = fields.ForeignKeyField(
        "models.FactRecord", related_name="replacements"
    )
    valid_until = fields.DateField(null=True)

    class Meta:
        """Read by batch."""

        table = "fact_replacement"
        indexes = (Index(fields=("batch_id",)),)


class DataExport(Record):
    """Data that left the register: to whom, for what, which fields, and who gave it out."""

    recipient = fields.CharField(max_length=60)
    purpose = fields.CharField(max_length=200)
    columns = fields.CharField(max_length=400)
    actor = fields.CharField(max_length=60)
    at = fields.DatetimeField()

    class Meta:
        """Read by the resident concerned, through its subjects."""

        table = "data_export"


class DataExportSubject(Record):
    """A resident whose data was in an export."""

    export: fields.ForeignKeyRelation[DataExport] = fields.ForeignKeyField("models.DataExport", related_name="subjects")
    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="exports")

    class Meta:
        """Read by resident."""

        table = "data_export_subject"
        indexes = (Index(fields=("resident_id",)),)
