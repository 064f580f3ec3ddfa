"""What residents are told about their bookings and cards, on whose leave, and the calendars they subscribe to."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.booking import Booking
from models.lifecycle import CardNotice
from models.record import Record
from models.resident import Account, Resident
from models.service import Provider
from models.waitlist import Offer


class NoticeKind(StrEnum):
    """What a notice is about; reminders are never repeated after an unknown outcome, the others are."""

    REMINDER = "reminder"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    TERMS = "terms"
    CANCELLED = "cancelled"
    OFFERED = "offered"
    CARD = "card"


class NoticeState(StrEnum):
    """Where a notice is; `sending` left by a crash is an outcome that nobody knows."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    VOID = "void"


class NoticeChannel(StrEnum):
    """How it went."""

    WECHAT = "wechat"
    SMS = "sms"


class Notice(Record):
    """One message about a booking at a revision of it, an offer or a card; made in the transaction that it tells of."""

    resident: fields.ForeignKeyRelation[Resident] = fields.ForeignKeyField("models.Resident", related_name="notices")
    booking: fields.ForeignKeyNullableRelation[Booking] = fields.ForeignKeyField(
        "models.Booking", related_name="notices", null=True
    )
    offer: fields.ForeignKeyNullableRelation[Offer] = fields.ForeignKeyField(
        "models.Offer", related_name="notices", null=True
    )
    card_notice: fields.ForeignKeyNullableRelation[CardNotice] = fields.ForeignKeyField(
        "models.CardNotice", related_name="messages", null=True
    )
    kind = fields.CharEnumField(NoticeKind, max_length=10)
    revision = fields.IntField(db_default=0)
    state = fields.CharEnumField(NoticeState, max_length=10)
    channel = fields.CharEnumField(NoticeChannel, max_length=10, null=True)
    due_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    refusal = fields.CharField(max_length=20, null=True)

    class Meta:
        """Listed by resident; told once a booking and revision, and once an offer, by partial indexes."""

        table = "notice"
        indexes = (Index(fields=("resident_id",)),)


class NoticeConsent(Record):
    """How many more messages of a WeChat template an account has agreed to."""

    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="consents")
    template = fields.CharField(max_length=64)
    remaining = fields.IntField()

    class Meta:
        """One counter an account and template."""

        table = "notice_consent"
        unique_together = (("account_id", "template"),)


class CalendarFeed(Record):
    """An address at which the calendar of a resident or of a provider can be read, known only by its hash.

    It serves as long as the account that made it may see what stands in it.
    """

    token_hash = fields.BinaryField()
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="feeds")
    resident: fields.ForeignKeyNullableRelation[Resident] = fields.ForeignKeyField(
        "models.Resident", related_name="feeds", null=True
    )
    provider: fields.ForeignKeyNullableRelation[Provider] = fields.ForeignKeyField(
        "models.Provider", related_name="feeds", null=True
    )
    made_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        """Looked up by hash; one an account and calendar is in force, by partial indexes."""

        table = "calendar_feed"
        unique_together = (("token_hash",),)
        indexes = (Index(fields=("resident_id",)), Index(fields=("provider_id",)))
