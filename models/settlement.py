"""What operators are owed: a signed statement a month, its lines, and what the two sides do not agree on."""

from tortoise import fields
from tortoise.indexes import Index

from models.credential import Operator
from models.record import Record


class Statement(Record):
    """A closed month of an operator: `signed` and `key_set` are COSE bytes, which prove all that stands beside them."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="statements")
    month = fields.DateField()
    closed_at = fields.DatetimeField()
    closed_by = fields.CharField(max_length=60)
    taps = fields.BigIntField()
    signed = fields.BinaryField()
    key_set = fields.BinaryField()

    class Meta:
        """One an operator and month; the server's role may add and never change."""

        table = "statement"
        unique_together = (("operator_id", "month"),)


class StatementLine(Record):
    """Rides on a line and a day, by class and strength of evidence; `number` counts from 1 in a statement."""

    statement: fields.ForeignKeyRelation[Statement] = fields.ForeignKeyField("models.Statement", related_name="lines")
    number = fields.IntField()
    line = fields.CharField(max_length=80)
    day = fields.DateField()
    verdict = fields.CharField(max_length=10)
    evidence = fields.CharField(max_length=20)
    rides = fields.BigIntField()

    class Meta:
        """In the order of the statement."""

        table = "statement_line"
        unique_together = (("statement_id", "number"),)


class StatementDispute(Record):
    """What one side says of a line, what the other answers, and what both settle on, in rides."""

    line: fields.ForeignKeyRelation[StatementLine] = fields.ForeignKeyField(
        "models.StatementLine", related_name="disputes"
    )
    side = fields.CharField(max_length=10)
    claimed = fields.BigIntField()
    reason = fields.CharField(max_length=500)
    opened_by = fields.CharField(max_length=60)
    opened_at = fields.DatetimeField()
    offered = fields.BigIntField(null=True)
    answer = fields.CharField(max_length=500, null=True)
    answered_by = fields.CharField(max_length=60, null=True)
    answered_at = fields.DatetimeField(null=True)
    agreed = fields.BigIntField(null=True)
    settled_by = fields.CharField(max_length=60, null=True)
    settled_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by line; one at a time is open."""

        table = "statement_dispute"
        indexes = (Index(fields=("line_id",)),)
