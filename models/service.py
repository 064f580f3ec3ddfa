"""Who offers what, where, when and by whom: the standing data from which slots are generated."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index

from models.record import Record
from models.resident import Account


class ServiceKind(StrEnum):
    """What residents look for."""

    REHAB_TRAINING = "rehab_training"
    DAY_CARE = "day_care"
    SIGN_INTERPRETING = "sign_interpreting"
    LEGAL_AID = "legal_aid"
    DEVICE_FITTING = "device_fitting"
    HOME_ASSESSMENT = "home_assessment"
    VOCATIONAL_COURSE = "vocational_course"
    CULTURE_SPORT = "culture_sport"
    VOLUNTEER_VISIT = "volunteer_visit"


class ResourceKind(StrEnum):
    """What a session takes beside the resident's time."""

    STAFF = "staff"
    ROOM = "room"
    INTERPRETER = "interpreter"


class ExceptionKind(StrEnum):
    """How a day differs from the week."""

    CLOSED = "closed"
    EXTRA = "extra"


class Provider(Record):
    """An organisation that serves residents, at an address."""

    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=120)

    class Meta:
        """A small table."""

        table = "provider"


class ProviderStaff(Record):
    """An account that works at a provider's desk, until `left_on`."""

    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="staff")
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("models.Account", related_name="desks")
    left_on = fields.DateField(null=True)

    class Meta:
        """Read from the account's side."""

        table = "provider_staff"
        indexes = (Index(fields=("account_id",)),)


class Site(Record):
    """Where a provider serves, and what makes the place usable; `town` is empty for the whole district."""

    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="sites")
    name = fields.CharField(max_length=80)
    address = fields.CharField(max_length=120)
    town = fields.CharField(max_length=40)
    step_free = fields.BooleanField(db_default=False)
    hearing_loop = fields.BooleanField(db_default=False)
    guide_dog_welcome = fields.BooleanField(db_default=False)
    parking_bay = fields.BooleanField(db_default=False)
    retired_on = fields.DateField(null=True)

    class Meta:
        """A small table."""

        table = "site"


class Service(Record):
    """What a provider offers; `programme` names the entitlement that pays for it, empty where none does.

    Without a site it is given where the resident is. All lengths are minutes: a slot lasts `minutes`; its resources are
    held `buffer_before` longer ahead of it and `buffer_after` behind it, and its slots stand that far apart. It can be
    booked until `lead` before the start and from `horizon_days` before it. Where it is `only_entitled`, a plain no of
    the programme refuses the booking; elsewhere that one pays the price. `documents` are to be brought, one a line.
    """

    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="services")
    site: fields.ForeignKeyNullableRelation[Site] = fields.ForeignKeyField(
        "models.Site", related_name="services", null=True
    )
    kind = fields.CharEnumField(ServiceKind, max_length=20, db_default=ServiceKind.REHAB_TRAINING.value)
    name = fields.CharField(max_length=80)
    programme = fields.CharField(max_length=60)
    minutes = fields.IntField(db_default=60)
    buffer_before_minutes = fields.IntField(db_default=0)
    buffer_after_minutes = fields.IntField(db_default=0)
    lead_minutes = fields.IntField(db_default=0)
    horizon_days = fields.IntField(db_default=42)
    cancel_minutes = fields.IntField()
    grace_minutes = fields.IntField(db_default=15)
    offer_minutes = fields.IntField(db_default=120)
    only_entitled = fields.BooleanField(db_default=False)
    needs_confirmation = fields.BooleanField(db_default=False)
    documents = fields.TextField(db_default="")
    retired_on = fields.DateField(null=True)

    class Meta:
        """Listed in the order of their keys; looked up by provider for its day."""

        table = "service"
        indexes = (Index(fields=("provider_id",)),)


class ServicePrice(Record):
    """What one session of a service costs, in yuan, from a day on; free of charge before the first."""

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="prices")
    valid_from = fields.DateField()
    price = fields.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        """One price a day."""

        table = "service_price"
        unique_together = (("service_id", "valid_from"),)


class Resource(Record):
    """A person or room that one session at a time may hold; `number` is how the exclusion of overlaps knows it."""

    provider: fields.ForeignKeyRelation[Provider] = fields.ForeignKeyField("models.Provider", related_name="resources")
    kind = fields.CharEnumField(ResourceKind, max_length=20)
    name = fields.CharField(max_length=80)
    number = fields.IntField()
    retired_on = fields.DateField(null=True)

    class Meta:
        """One number a resource, drawn from the sequence `resource_number`."""

        table = "resource"
        unique_together = (("number",),)


class ServiceResource(Record):
    """A resource that a service may use: each of its sessions holds one of every kind listed for it.

    On request only: held for the bookings that ask for it (an interpreter), not for every session. From `ended_at` on
    it is chosen no more; what it is held for stays.
    """

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="resources")
    resource: fields.ForeignKeyRelation[Resource] = fields.ForeignKeyField("models.Resource", related_name="services")
    on_request = fields.BooleanField(db_default=False)
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        """Read by service."""

        table = "service_resource"
        unique_together = (("service_id", "resource_id"),)


class WeeklyPattern(Record):
    """When a service is open every week: ISO weekday, minutes of the local day, both validity days included."""

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="patterns")
    weekday = fields.SmallIntField()
    from_minute = fields.SmallIntField()
    until_minute = fields.SmallIntField()
    capacity = fields.IntField()
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)
    on_holidays = fields.BooleanField(db_default=False)
    on_makeup_days = fields.BooleanField(db_default=False)

    class Meta:
        """Read by service."""

        table = "weekly_pattern"
        indexes = (Index(fields=("service_id",)),)


class DayException(Record):
    """A day on which a service differs from its week: closed for a while, or open in addition."""

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="exceptions")
    day = fields.DateField()
    kind = fields.CharEnumField(ExceptionKind, max_length=10)
    from_minute = fields.SmallIntField()
    until_minute = fields.SmallIntField()
    capacity = fields.IntField(db_default=0)
    reason = fields.CharField(max_length=80)

    class Meta:
        """Read by service and day."""

        table = "day_exception"
        indexes = (Index(fields=("service_id", "day")),)


class Course(Record):
    """A series of sessions that is booked as one; its sessions are slots, each with a place for everybody in it.

    From `retired_at` on nobody joins it any more; who is in it stays.
    """

    service: fields.ForeignKeyRelation[Service] = fields.ForeignKeyField("models.Service", related_name="courses")
    name = fields.CharField(max_length=80)
    capacity = fields.IntField()
    taken = fields.IntField(db_default=0)
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        """Listed by service."""

        table = "course"
        indexes = (Index(fields=("service_id",)),)
