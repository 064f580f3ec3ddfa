"""The register: residents, their cards, their guardians and what other departments say of them."""

from tortoise import fields
from tortoise.indexes import Index

from domain.guardianship import Ground
from domain.identification import Identification
from models.record import Record


class Resident(Record):
    """A person in the register; `data_key`, wrapped by the master key `data_key_version`, opens the `*_sealed` columns.

    A child may have a birth certificate and no citizen id yet. The birth date stays readable: rules and statistics
    select by it, and it identifies nobody without sealed columns.
    """

    data_key = fields.BinaryField()
    data_key_version = fields.SmallIntField()
    name_sealed = fields.BinaryField()
    name_index = fields.BinaryField()
    identified_by = fields.CharEnumField(Identification, max_length=20, default=Identification.ID_CARD)
    id_number_sealed = fields.BinaryField(null=True)
    id_number_index = fields.BinaryField(null=True)
    certificate_sealed = fields.BinaryField(null=True)
    certificate_index = fields.BinaryField(null=True)
    phone_sealed = fields.BinaryField(null=True)
    phone_index = fields.BinaryField(null=True)
    address_sealed = fields.BinaryField()
    birth_date = fields.DateField()
    town = fields.CharField(max_length=40)
    village = fields.CharField(max_length=40)
    deceased_on = fields.DateField(null=True)
    erased_at = fields.DatetimeField(null=True)

    class Meta:
        """Looked up by exact value only, through the blind indexes."""

        table = "resident"
        indexes = (
            Index(fields=("id_number_index",)),
            Index(fields=("certificate_index",)),
            Index(fields=("phone_index",)),
            Index(fields=("town", "village")),
        )


class Card(Record):
    """A smart disability card; a reissue is a new row, and at most one of a resident's cards is in force.

    `categories` lists the digits of the single categories of a multiple disability; of any other card, its one. `cause`
    is why it is suspended or cancelled, `lost_reported_by` the account that reported the loss.
    """

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="cards")
    number_sealed = fields.BinaryField()
    number_index = fields.BinaryField()
    category = fields.SmallIntField()
    categories = fields.CharField(max_length=6)
    grade = fields.SmallIntField()
    state = fields.CharField(max_length=20)
    issued_on = fields.DateField()
    valid_until = fields.DateField()
    cause = fields.CharField(max_length=20, null=True)
    moved_out_on = fields.DateField(null=True)
    lost_reported_by = fields.UUIDField(null=True)

    class Meta:
        """One card a number."""

        table = "card"
        unique_together = (("number_index",),)
        indexes = (Index(fields=("resident_id",)),)


class Guardian(Record):
    """A person proven to act for a ward; names and phone are sealed under the ward's data key.

    `acts` is view,book,ride_code,apply or some of them. `told_on` is when both heard of an end to come, `ended_on` the
    day from which it counts no more, whatever the period says.
    """

    ward: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="guardians")
    account: fields.ForeignKeyNullableRelation["Account"] = fields.ForeignKeyField(
        "models.Account", related_name="guardianships", null=True
    )
    name_sealed = fields.BinaryField()
    name_index = fields.BinaryField()
    phone_sealed = fields.BinaryField()
    phone_index = fields.BinaryField()
    relation = fields.CharField(max_length=20)
    acts = fields.CharField(max_length=40)
    ground = fields.CharEnumField(Ground, max_length=10)
    proven_by = fields.CharField(max_length=80)
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)
    told_on = fields.DateField(null=True)
    ended_on = fields.DateField(null=True)

    class Meta:
        """Read from the ward's side when binding, from the account's side when viewing."""

        table = "guardian"
        indexes = (Index(fields=("ward_id",)), Index(fields=("account_id",)))


class ImportBatch(Record):
    """A file of another department that was applied; `batch` is the sender's name for it.

    `residents` are the ids of all whom it named, sixteen bytes each; `result` is what came of each row, without values.
    """

    source = fields.CharField(max_length=40)
    department = fields.CharField(max_length=40)
    batch = fields.CharField(max_length=40)
    content_hash = fields.BinaryField()
    residents = fields.BinaryField()
    result = fields.BinaryField()
    actor = fields.CharField(max_length=60)
    applied_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:
        """Each batch of a source once."""

        table = "import_batch"
        unique_together = (("source", "batch"),)


class FactRecord(Record):
    """One statement of a department about a resident, valid for a period; the value is sealed JSON.

    One that was replaced as a whole ends the day before it begins, so that it holds on no day. `batch` is what brought
    it, where a file did.
    """

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="facts")
    name = fields.CharField(max_length=60)
    source = fields.CharField(max_length=40)
    value_sealed = fields.BinaryField()
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)
    recorded_on = fields.DateField()
    batch: fields.ForeignKeyNullableRelation[ImportBatch] = fields.ForeignKeyField(
        "models.ImportBatch", related_name="facts", null=True
    )

    class Meta:
        """Read for one resident, or for a few at once."""

        table = "fact"
        indexes = (Index(fields=("resident_id",)),)


class Account(Record):
    """A WeChat account; the openid is found by a blind index, and sealed for the messages that are sent to it."""

    openid_index = fields.BinaryField()
    openid_sealed = fields.BinaryField(null=True)
    resident: fields.OneToOneNullableRelation[Resident] = fields.OneToOneField(
        "models.Resident", related_name="account", null=True
    )
    created_at = fields.DatetimeField()

    class Meta:
        """One account an openid, and one a resident."""

        table = "account"
        unique_together = (("openid_index",),)
