"""Who saw or did what of a resident, as she herself may read it."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema import messages
from schema.identity import from_id, to_id
from schema.paging import CursorInvalid
from services.accesses import Access as NotedAccess

_CURSOR = "Access"


@strawberry.type(description="Somebody else saw or changed what the register has of her.")
class Access:
    """One entry of the audit log."""

    at: datetime
    by: str = strawberry.field(description="Who, by role and organisation or as a guardian; never a name.")
    message: str = strawberry.field(description="Who did what, and for what, in a sentence.")

    @classmethod
    def of(cls, access: NotedAccess) -> "Access":
        """The access of a loaded row."""
        return cls(at=access.at, by=messages.access_by(access), message=messages.access(access))


def access_cursor(access: NotedAccess) -> str:
    """The cursor of an entry."""
    return to_id(_CURSOR, UUID(int=access.sequence))


def access_place(cursor: str) -> int:
    """The sequence number in a cursor.

    Raises:
        CursorInvalid: it is none of this list.
    """
    key = from_id(_CURSOR, cursor)
    # The database counts in 64 bits.
    if key is None or key.int >= 1 << 63:
        raise CursorInvalid
    return key.int
