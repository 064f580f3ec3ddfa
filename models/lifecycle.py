"""The life of cards on record: applications, events, appeals, notices to residents, and the file of each."""

from tortoise import fields
from tortoise.indexes import Index

from domain.appeal import AppealLevel, AppealOutcome
from domain.card_event import CardEvent
from domain.file import FileKind
from domain.standing import ApplicationKind, ApplicationState, Role
from models.record import Record
from models.resident import Account, Card, Resident
from models.session import Staff


class CardApplication(Record):
    """An application and what was found: `findings` is 1:2,4:3 for categories and grades, empty for no disability."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="card_applications"
    )
    kind = fields.CharEnumField(ApplicationKind, max_length=20)
    state = fields.CharEnumField(ApplicationState, max_length=20)
    findings = fields.CharField(max_length=40, null=True)
    hospital = fields.CharField(max_length=80, null=True)
    applied_at = fields.DatetimeField()
    assessed_at = fields.DatetimeField(null=True)
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        """Read by resident; at most one is open, which a partial index sees to."""

        table = "card_application"
        indexes = (Index(fields=("resident_id",)),)


class CardEventRecord(Record):
    """One event of a card's life, never changed: who (null: the register itself), when, why, from which state to which.

    Card and application move apart, as a renewal runs beside a card in force; a track that did not move has the same
    state twice. `reason_sealed` is what a person wrote.
    """

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="card_events"
    )
    card: fields.ForeignKeyNullableRelation[Card] = fields.ForeignKeyField(
        "models.Card", related_name="events", null=True
    )
    application: fields.ForeignKeyNullableRelation[CardApplication] = fields.ForeignKeyField(
        "models.CardApplication", related_name="events", null=True
    )
    event = fields.CharEnumField(CardEvent, max_length=20)
    cause = fields.CharField(max_length=20, null=True)
    day = fields.DateField(null=True)
    reason_sealed = fields.BinaryField(null=True)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="card_events", null=True
    )
    role = fields.CharEnumField(Role, max_length=20)
    at = fields.DatetimeField()
    card_from = fields.CharField(max_length=20, null=True)
    card_to = fields.CharField(max_length=20, null=True)
    application_from = fields.CharField(max_length=20, null=True)
    application_to = fields.CharField(max_length=20, null=True)

    class Meta:
        """Read by resident in order of time."""

        table = "card_event"
        indexes = (Index(fields=("resident_id", "at")),)


class CardAppeal(Record):
    """An appeal against an assessment; `last_day` is null where the calendar of the year was not announced yet.

    Decided without an outcome it lapsed, as when the person died.
    """

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="card_appeals"
    )
    application: fields.ForeignKeyRelation[CardApplication] = fields.ForeignKeyField(
        "models.CardApplication", related_name="appeals"
    )
    level = fields.CharEnumField(AppealLevel, max_length=10)
    filed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="appeals_filed"
    )
    role = fields.CharEnumField(Role, max_length=20)
    reason_sealed = fields.BinaryField()
    filed_at = fields.DatetimeField()
    last_day = fields.DateField(null=True)
    outcome = fields.CharEnumField(AppealOutcome, max_length=10, null=True)
    findings = fields.CharField(max_length=40, null=True)
    decided_at = fields.DatetimeField(null=True)

    class Meta:
        """Read by resident."""

        table = "card_appeal"
        indexes = (Index(fields=("resident_id",)),)


class CardNotice(Record):
    """What a resident is to be told of her card; whoever delivers it fills `delivered_at`. `detail_sealed` is JSON."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="card_notices"
    )
    kind = fields.CharField(max_length=40)
    detail_sealed = fields.BinaryField()
    created_at = fields.DatetimeField()
    delivered_at = fields.DatetimeField(null=True)

    class Meta:
        """Taken by those that wait, shown by resident."""

        table = "card_notice"
        indexes = (Index(fields=("resident_id",)), Index(fields=("delivered_at",)))


class FileEntry(Record):
    """What a member of staff, or the register itself (null), wrote into the file of a resident; never changed."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="file_entries"
    )
    kind = fields.CharEnumField(FileKind, max_length=20)
    text_sealed = fields.BinaryField()
    happened_on = fields.DateField()
    written_at = fields.DatetimeField()
    author: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="file_entries", null=True
    )

    class Meta:
        """Read by resident in order of time."""

        table = "file_entry"
        indexes = (Index(fields=("resident_id", "written_at")),)


class FileSight(Record):
    """That a member of staff has seen an entry of a file, whatever table it is from, and when first."""

    entry_id = fields.UUIDField()
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="sights")
    at = fields.DatetimeField()

    class Meta:
        """Once an entry and reader."""

        table = "file_sight"
        unique_together = (("entry_id", "staff_id"),)
