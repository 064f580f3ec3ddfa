"""Who is signed in, what proves it, and how often somebody tried."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Account, Resident


class StaffRole(StrEnum):
    """What a member of staff does: for residents from the village to the district, or for staff accounts."""

    COMMISSIONER = "commissioner"
    CLERK = "clerk"
    ADMINISTRATOR = "administrator"


class Staff(Record):
    """A member of staff and the area she works for (`village` empty: the town, `town` empty too: the district)."""

    account: fields.OneToOneRelation[Account] = fields.OneToOneField("models.Account", related_name="staff")
    role = fields.CharEnumField(StaffRole, max_length=20)
    organisation = fields.CharField(max_length=80)
    town = fields.CharField(max_length=40, default="")
    village = fields.CharField(max_length=40, default="")
    left_on = fields.DateField(null=True)

    class Meta:
        """One staff row an account."""

        table = "staff"


class SecondFactor(Record):
    """The second factor of an account whose holder works: for the federation, at a desk or for an operator.

    `totp_sealed` is the secret, `totp_step` the newest step of which a code was used; the enrolment code, kept as a
    hash, gives a secret once.
    """

    account: fields.OneToOneRelation[Account] = fields.OneToOneField("models.Account", related_name="second_factor")
    totp_sealed = fields.BinaryField(null=True)
    totp_step = fields.BigIntField(db_default=0)
    enrolment_hash = fields.BinaryField(null=True)
    enrolment_expires_at = fields.DatetimeField(null=True)

    class Meta:
        """One an account."""

        table = "second_factor"


class StaffGrant(Record):
    """A role that one administrator proposes for an account, and that another puts into force."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="grants")
    role = fields.CharEnumField(StaffRole, max_length=20)
    organisation = fields.CharField(max_length=80)
    town = fields.CharField(max_length=40, default="")
    village = fields.CharField(max_length=40, default="")
    proposed_by: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="proposals")
    proposed_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    confirmed_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="confirmations", null=True
    )
    confirmed_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed while it waits."""

        table = "staff_grant"
        indexes = (Index(fields=("account_id",)),)


class Session(Record):
    """A family of refresh tokens that began with one sign-in; who works acts in it after her second factor."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="sessions")
    started_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField()
    second_factor_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by account."""

        table = "session"
        indexes = (Index(fields=("account_id",)),)


class RefreshToken(Record):
    """One refresh token, kept as a hash; once used it names the answer a retry may have again for a few seconds."""

    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField("models.Session", related_name="tokens")
    token_hash = fields.BinaryField()
    used_at = fields.DatetimeField(null=True)
    used_key = fields.CharField(max_length=64, null=True)
    successor_sealed = fields.BinaryField(null=True)

    class Meta:
        """Looked up by hash."""

        table = "refresh_token"
        unique_together = (("token_hash",),)
        indexes = (Index(fields=("session_id",)),)


class BindingCode(Record):
    """A clerk's one-time code that ties an account to a resident who cannot prove the register's phone."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="codes")
    issued_by: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="codes")
    code_hash = fields.BinaryField()
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        """Looked up by resident and hash."""

        table = "binding_code"
        indexes = (Index(fields=("resident_id", "code_hash")),)


class Attempt(Record):
    """How often something was tried on a day by one subject (a keyed hash), over all processes."""

    action = fields.CharField(max_length=40)
    subject = fields.BinaryField()
    day = fields.DateField()
    count = fields.IntField()

    class Meta:
        """One counter an action, subject and day."""

        table = "attempt"
        unique_together = (("action", "subject", "day"),)


class IdempotencyKey(Record):
    """The first answer to a request that a network may repeat."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="keys")
    key = fields.CharField(max_length=64)
    request_hash = fields.BinaryField()
    answer = fields.CharField(max_length=120, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """One answer a key."""

        table = "idempotency_key"
        unique_together = (("account_id", "key"),)
