"""What wards object to in those who act for them, and what staff decided."""

from tortoise import fields
from tortoise.indexes import Index

from domain.guardianship import ObjectionOutcome
from models.record import Record
from models.resident import Guardian
from models.session import Staff


class GuardianObjection(Record):
    """An adult ward's objection to a guardian, never removed; both texts are sealed under the ward's data key."""

    guardian: fields.ForeignKeyRelation[Guardian] = fields.ForeignKeyField("models.Guardian", related_name="objections")
    reason_sealed = fields.BinaryField()
    filed_at = fields.DatetimeField()
    outcome = fields.CharEnumField(ObjectionOutcome, max_length=10, null=True)
    decided_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="objections_decided", null=True
    )
    decision_sealed = fields.BinaryField(null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        """Read by guardian; at most one is open, which a partial index sees to."""

        table = "guardian_objection"
        indexes = (Index(fields=("guardian_id",)),)
