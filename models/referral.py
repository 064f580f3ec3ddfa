"""A resident sent on from one provider to another, and what she said to it."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Account, Resident
from models.service import Provider


class ReferralState(StrEnum):
    """What became of a referral; the receiving provider sees only one that was consented to."""

    PROPOSED = "proposed"
    CONSENTED = "consented"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Referral(Record):
    """A proposal to be served by another provider, until `valid_until`; the note is sealed under the resident's key."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="referrals")
    from_provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField(
        "models.Provider", related_name="referrals_from"
    )
    to_provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField(
        "models.Provider", related_name="referrals_to"
    )
    note_sealed = fields.BinaryField()
    state = fields.CharEnumField(ReferralState, max_length=10)
    proposed_by: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="referrals_made"
    )
    proposed_at = fields.DatetimeField()
    answered_by: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="referrals_answered", null=True
    )
    answered_at = fields.DatetimeField(null=True)
    valid_until = fields.DateField()

    class Meta:
        """Listed by resident, and by the provider that receives."""

        table = "referral"
        indexes = (Index(fields=("resident_id",)), Index(fields=("to_provider_id",)))
