"""Ends a guardianship on an office's word: at once, with the reason on record, and both told."""

import json
from uuid import UUID

from domain.access import Act, Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.guardianship import ObjectionOutcome
from domain.identification import RegistrationRefusal
from services import audit
from services.card_notices import tell_resident
from services.credentials import revoke_passes
from services.objections import MAX_TEXT
from services.people import People, guardianship_of, mask_name
from services.registration import Registered
from services.resources import Resources
from services.vault import Sealed

_GUARDIAN = """
SELECT g.account_id, g.acts, g.ground, g.valid_from, g.valid_until,
       r.id AS ward_id, r.name_sealed, r.data_key, r.data_key_version
FROM guardian g JOIN resident r ON r.id = g.ward_id
WHERE g.id = $1 AND g.ended_on IS NULL AND $2 IN ('', r.town) AND $3 IN ('', r.village) FOR NO KEY UPDATE OF r, g
"""

# An objection to somebody who stops has its answer in it.
_ANSWER = """
UPDATE guardian_objection SET outcome = $2, decided_by_id = $3, decision_sealed = $4, decided_at = $5
WHERE guardian_id = $1 AND decided_at IS NULL
"""


async def end_guardian(
    resources: Resources, viewer: Viewer, people: People, guardian_id: UUID, reason: str
) -> Registered | RegistrationRefusal:
    """End who acts for a resident of the viewer's area; whose account it was shows no pass of the ward any more."""
    staff, at = people.on_duty(Duty.RECORD_GUARDIAN), resources.clock()
    if staff is None:
        return RegistrationRefusal.NOT_ALLOWED
    if not 0 < len(reason.strip()) <= MAX_TEXT:
        return RegistrationRefusal.TEXT_UNUSABLE
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(_GUARDIAN, guardian_id, staff.area.town, staff.area.village)
        if row is None:
            return RegistrationRefusal.NOT_ALLOWED
        if people.is_related(row["ward_id"]) or row["account_id"] == viewer.account_id:
            return RegistrationRefusal.OWN_WARD
        key = resources.vault.data_key(row["ward_id"], row["data_key"], row["data_key_version"])
        sealed = key.seal(Sealed.OBJECTION, reason.strip())
        await connection.execute("UPDATE guardian SET ended_on = $2 WHERE id = $1", guardian_id, local_date(at))
        await connection.execute(_ANSWER, guardian_id, ObjectionOutcome.END, staff.id, sealed, at)
        if row["account_id"] is not None and Act.RIDE_CODE in guardianship_of(row).acts:
            await revoke_passes(connection, row["ward_id"], at)
        for whom in ("ward", "guardian"):
            detail = {"to": whom, "guardian": str(guardian_id), "reason": reason.strip()}
            await tell_resident(connection, key, "guardianship_ended", json.dumps(detail), at)
        event = audit.Event(f"staff:{staff.id}", "end_guardian", str(row["ward_id"]), str(guardian_id))
        await audit.record(connection, event, at)
    return Registered(row["ward_id"], mask_name(key.open(Sealed.NAME, row["name_sealed"])))
