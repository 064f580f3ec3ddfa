"""The key every table shares."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A time-ordered key (UUID v7, RFC 9562), made in the application so that rows can be spread over machines."""
    return uuid7()


class Record(Model):
    """A row with a UUID v7 key."""

    id = fields.UUIDField(primary_key=True, default=new_id)

    class Meta:
        """Only its subclasses are tables."""

        abstract = True
