"""What an operator has: its staff, lines, vehicles, venues and gates, where its scanners stand, and its tariffs."""

from tortoise import fields
from tortoise.indexes import Index

from models.credential import Device, Operator
from models.record import Record
from models.resident import Account


class OperatorStaff(Record):
    """An account that works for an operator, until `left_on`; the federation's district staff appoint it."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="staff")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="operators")
    appointed_at = fields.DatetimeField()
    left_on = fields.DateField(null=True)

    class Meta:
        """Read from the account's side."""

        table = "operator_staff"
        indexes = (Index(fields=("account_id",)),)


class Line(Record):
    """A bus line; `area` is the town in which it runs, empty for more than one."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="lines")
    name = fields.CharField(max_length=40)
    area = fields.CharField(max_length=40)

    class Meta:
        """One of a name."""

        table = "line"
        unique_together = (("operator_id", "name"),)


class Vehicle(Record):
    """A vehicle by its number plate."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="vehicles")
    name = fields.CharField(max_length=40)

    class Meta:
        """One of a name."""

        table = "vehicle"
        unique_together = (("operator_id", "name"),)


class Venue(Record):
    """A park, museum or hall: what its public page says of it; `prices` are pairs of a title and yuan."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="venues")
    name = fields.CharField(max_length=40)
    area = fields.CharField(max_length=40)
    address = fields.CharField(max_length=120)
    step_free = fields.BooleanField(db_default=False)
    hearing_loop = fields.BooleanField(db_default=False)
    guide_dog_welcome = fields.BooleanField(db_default=False)
    parking_bay = fields.BooleanField(db_default=False)
    prices: fields.JSONField[list[list[str]]] = fields.JSONField()

    class Meta:
        """One of a name."""

        table = "venue"
        unique_together = (("operator_id", "name"),)


class Gate(Record):
    """An entrance of a venue."""

    venue: fields.ForeignKeyRelation[Venue] = fields.ForeignKeyField("models.Venue", related_name="gates")
    name = fields.CharField(max_length=40)

    class Meta:
        """One of a name."""

        table = "gate"
        unique_together = (("venue_id", "name"),)


class Placement(Record):
    """Where a scanner stood from `since` until just before `until`: on a line or in a vehicle, or at a venue's gate."""

    device: fields.ForeignKeyRelation[Device] = fields.ForeignKeyField("models.Device", related_name="placements")
    since = fields.DatetimeField()
    until = fields.DatetimeField(null=True)
    line: fields.ForeignKeyNullableRelation[Line] = fields.ForeignKeyField(
        "models.Line", related_name="placements", null=True
    )
    vehicle: fields.ForeignKeyNullableRelation[Vehicle] = fields.ForeignKeyField(
        "models.Vehicle", related_name="placements", null=True
    )
    venue: fields.ForeignKeyNullableRelation[Venue] = fields.ForeignKeyField(
        "models.Venue", related_name="placements", null=True
    )
    gate: fields.ForeignKeyNullableRelation[Gate] = fields.ForeignKeyField(
        "models.Gate", related_name="placements", null=True
    )

    class Meta:
        """Read by device, and by venue for its visitors."""

        table = "placement"
        indexes = (Index(fields=("device_id", "since")), Index(fields=("venue_id",)))


class TariffVersion(Record):
    """A tariff in the encoding of `card.tariff`: a draft until a second person publishes it, and fixed from then on."""

    operator: fields.ForeignKeyRelation[Operator] = fields.ForeignKeyField("models.Operator", related_name="tariffs")
    effective = fields.DateField()
    content = fields.BinaryField()
    drafted_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="tariffs_drafted"
    )
    drafted_at = fields.DatetimeField()
    published_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="tariffs_published", null=True
    )
    published_at = fields.DatetimeField(null=True)
    discarded_at = fields.DatetimeField(null=True)

    class Meta:
        """Read by operator."""

        table = "tariff"
        indexes = (Index(fields=("operator_id", "effective")),)
