"""Ties an account to a resident by a clerk's code alone, for people without a card and those who act for them."""

import asyncio
from uuid import UUID

from domain.access import Viewer
from domain.dates import local_date
from domain.duty import Duty
from domain.guardianship import latest_adult
from services import attempts, audit
from services.binding import REFUSAL_SECONDS, BindingRefusal, Bound, CodeRefusal, OneTimeCode, new_code, tie_holder
from services.people import People, person_in
from services.resources import Resources
from services.vault import Indexed

_BY_CODE = """
SELECT c.id, c.resident_id, r.name_index = $3 AS is_holder FROM binding_code c JOIN resident r ON r.id = c.resident_id
WHERE c.code_hash = $1 AND c.used_at IS NULL AND c.expires_at > $2 FOR UPDATE OF c
"""

_TIE_GUARDIAN = """
UPDATE guardian SET account_id = $1
WHERE ward_id = $2 AND name_index = $3 AND (account_id IS NULL OR account_id = $1)
  AND ended_on IS NULL AND valid_from <= $4 AND (valid_until IS NULL OR valid_until >= $4)
  AND (ground = 'adult' OR (SELECT birth_date FROM resident WHERE id = $2) > $5)
RETURNING id
"""


async def issue_code_for(resources: Resources, people: People, resident_id: UUID) -> OneTimeCode | CodeRefusal:
    """A one-time code for a resident of the clerk's area, with or without a card, or for who acts for her."""
    staff = people.on_duty(Duty.ISSUE_BINDING_CODE)
    if staff is None:
        return CodeRefusal.NOT_STAFF
    person, at = await person_in(resources, resident_id, staff.area), resources.clock()
    async with resources.database.transaction() as connection:
        if person is None:
            event = audit.Event(f"staff:{staff.id}", "issue_binding_code", "-", "not found")
            await audit.record(connection, event, at)
            return CodeRefusal.NOT_FOUND
        return await new_code(resources, connection, staff, person.id, person.masked_name)


async def bind_with_code(resources: Resources, viewer: Viewer, name: str, code: str) -> Bound | BindingRefusal:
    """Bind the viewer's account by a code: as the resident whose name it is, or as her guardian of that name."""
    settings, at = resources.settings, resources.clock()
    async with resources.database.transaction() as connection:
        tries = await attempts.count(connection, "bind:account", viewer.account_id.bytes, local_date(at))
    if tries > settings.binding_attempts_account:
        return BindingRefusal.TOO_MANY_ATTEMPTS
    started = asyncio.get_running_loop().time()
    # Nobody is tied to the resident yet.
    async with resources.database.beyond_reach().transaction() as connection:
        index = resources.vault.index
        named = index(Indexed.NAME, name)
        row = await connection.fetchrow(_BY_CODE, index(Indexed.BINDING_CODE, code), at, named)
        bound = False
        if row is not None and row["is_holder"]:
            bound = await tie_holder(connection, viewer, row["resident_id"])
        elif row is not None:
            on = local_date(at)
            values = (viewer.account_id, row["resident_id"], named, on, latest_adult(on))
            bound = await connection.fetchval(_TIE_GUARDIAN, *values) is not None
        if bound:
            await connection.execute("UPDATE binding_code SET used_at = $2 WHERE id = $1", row["id"], at)
        subject = str(row["resident_id"]) if bound else "-"
        event = audit.Event(f"account:{viewer.account_id}", "bind_with_code", subject, "bound" if bound else "-")
        await audit.record(connection, event, at)
    if not bound:
        await asyncio.sleep(started + REFUSAL_SECONDS - asyncio.get_running_loop().time())
        return BindingRefusal.NOT_MATCHED
    return Bound(row["resident_id"], as_guardian=not row["is_holder"])
