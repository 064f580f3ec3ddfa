"""A resident's own data for her to take along: one JSON text with all that the register holds about her."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema import messages
from schema.context import Info
from schema.identity import key_of
from schema.session import NotSignedIn, signed_in
from services.own_data import OwnData, OwnDataRefusal, own_data

strawberry.enum(OwnDataRefusal, name="OwnDataRefusalReason", description="Why somebody does not get a resident's data.")


@strawberry.type(description="个人信息副本。Everything that the register holds about a resident.")
class MyData:
    """The data, to be kept as a file."""

    made_at: datetime
    json: str = strawberry.field(
        description="One JSON object: the person, then lists by kind, each entry with its days and where it is from."
    )

    @classmethod
    def of(cls, data: OwnData) -> "MyData":
        """The data as it was put together."""
        return cls(made_at=data.made_at, json=data.json)


@strawberry.type(description="The data was not given.")
class MyDataRefused:
    """A typed refusal."""

    reason: OwnDataRefusal
    message: str

    @classmethod
    def of(cls, reason: OwnDataRefusal) -> "MyDataRefused":
        """The refusal with its sentence."""
        return cls(reason=reason, message=messages.OWN_DATA[reason])


MyDataResult = Annotated[MyData | MyDataRefused | NotSignedIn, strawberry.union("MyDataResult")]

Ward = Annotated[
    strawberry.ID | None, strawberry.argument(description="A ward's `residentId`; absent for the viewer herself.")
]


@strawberry.type
class OwnDataMutation:
    """What a resident can do about her data."""

    # A mutation, because it writes into the audit log that the data has left.
    @strawberry.mutation(description="All data of the viewer or her ward, machine-readable; taking it is on record.")
    async def take_my_data(self, info: Info, resident_id: Ward = None) -> MyDataResult:
        """The data as JSON."""
        signed = await signed_in(info)
        if isinstance(signed, NotSignedIn):
            return signed
        whom = None if resident_id is None else key_of("Resident", resident_id)
        data = await own_data(info.context.resources, signed.viewer, signed.people, whom)
        return MyDataRefused.of(data) if isinstance(data, OwnDataRefusal) else MyData.of(data)
