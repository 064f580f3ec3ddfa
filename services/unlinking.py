"""Unties an account from the register: from its own resident or from a ward, with the passes that it could show."""

from enum import StrEnum
from uuid import UUID

from domain.access import Viewer
from services import audit
from services.credentials import revoke_passes
from services.people import People
from services.resources import Resources


class UnlinkRefusal(StrEnum):
    """Why nothing was untied."""

    NOT_LINKED = "not_linked"


async def unlink(resources: Resources, viewer: Viewer, people: People, resident_id: UUID) -> UnlinkRefusal | None:
    """Untie the viewer's account from a resident, as herself and as a guardian; she may be bound anew at any time.

    All passes of the resident end, since nobody can tell on whose phone they are; the other phones fetch theirs anew.
    """
    at = resources.clock()
    if not people.is_related(resident_id):
        return UnlinkRefusal.NOT_LINKED
    async with resources.database.transaction() as connection:
        await connection.execute("SELECT FROM resident WHERE id = $1 FOR NO KEY UPDATE", resident_id)
        # First, while the account still reaches them (ADR 20).
        await revoke_passes(connection, resident_id, at)
        await connection.execute(
            "UPDATE account SET resident_id = NULL WHERE id = $1 AND resident_id = $2", viewer.account_id, resident_id
        )
        await connection.execute(
            "UPDATE guardian SET account_id = NULL WHERE account_id = $1 AND ward_id = $2",
            viewer.account_id,
            resident_id,
        )
        await audit.record(connection, audit.Event(f"account:{viewer.account_id}", "unlink", str(resident_id)), at)
    return None
