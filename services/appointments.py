"""Puts a member of staff into her post: the first administrators by the operator's command, all others by grant."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Area
from domain.dates import local_date
from models.record import new_id
from models.session import StaffRole
from services import audit
from services.factor_codes import FactorCode, new_code
from services.resources import Resources
from services.second_factor import Enrolment, give_secret

MAX_NAME = 80
MAX_PLACE = 40
# Whoever grants needs another to confirm, so the operator's command makes two.
_FOUNDERS = 2

IN_OFFICE = "(staff.left_on IS NULL OR staff.left_on > $1)"

_APPOINT = """
INSERT INTO staff (id, account_id, role, organisation, town, village) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id) DO UPDATE SET role = EXCLUDED.role, organisation = EXCLUDED.organisation,
    town = EXCLUDED.town, village = EXCLUDED.village, left_on = NULL
RETURNING id
"""


class StaffRefusal(StrEnum):
    """Why a role was not proposed, granted or taken back."""

    NOT_ALLOWED = "not_allowed"
    OWN_ROLE = "own_role"
    SAME_PERSON = "same_person"
    NO_ACCOUNT = "no_account"
    NO_GRANT = "no_grant"
    NO_STAFF = "no_staff"
    AREA_WRONG = "area_wrong"
    ORGANISATION_UNUSABLE = "organisation_unusable"
    ENOUGH_ADMINISTRATORS = "enough_administrators"


@dataclass(frozen=True)
class Post:
    """A role with its area and organisation."""

    role: StaffRole
    organisation: str
    area: Area


@dataclass(frozen=True)
class Appointment:
    """A post in force, and the code that gives its holder her second factor."""

    staff_id: UUID
    given: FactorCode


async def appoint_first(resources: Resources, account_id: UUID, organisation: str) -> Enrolment | StaffRefusal:
    """Make an account an administrator without others, while there are not yet two who could do it together."""
    at = resources.clock()
    post = Post(StaffRole.ADMINISTRATOR, organisation, Area())
    refusal = unfit(post)
    if refusal is not None:
        return refusal
    async with resources.database.transaction() as connection:
        there = await connection.fetchval(
            f"SELECT count(*) FROM staff WHERE role = $2 AND {IN_OFFICE} AND account_id <> $3",
            local_date(at),
            StaffRole.ADMINISTRATOR,
            account_id,
        )
        if there >= _FOUNDERS:
            return StaffRefusal.ENOUGH_ADMINISTRATORS
        if await connection.fetchval("SELECT id FROM account WHERE id = $1", account_id) is None:
            return StaffRefusal.NO_ACCOUNT
        appointment = await appoint(resources, connection, account_id, post, at)
        enrolment = await give_secret(resources, connection, appointment.given.factor_id, organisation)
        await audit.record(connection, audit.Event("operator", "first_staff", f"staff:{appointment.staff_id}"), at)
    return enrolment


async def appoint(
    resources: Resources, connection: asyncpg.Connection, account_id: UUID, post: Post, at: datetime
) -> Appointment:
    """Give an account a post, a fresh enrolment code, and no second factor until that code is spent."""
    staff_id = await connection.fetchval(
        _APPOINT,
        new_id(),
        account_id,
        post.role,
        post.organisation,
        post.area.town,
        post.area.village,
    )
    # What a session proved with the old secret, or in the old role, counts no more.
    given = await new_code(resources, connection, account_id, at)
    return Appointment(staff_id, given)


def unfit(post: Post) -> StaffRefusal | None:
    """An organisation has a name; a commissioner has a village, a clerk at most a town, an administrator neither."""
    if not 0 < len(post.organisation.strip()) <= MAX_NAME:
        return StaffRefusal.ORGANISATION_UNUSABLE
    area = post.area
    fits = {
        StaffRole.COMMISSIONER: bool(area.town and area.village),
        StaffRole.CLERK: not area.village,
        StaffRole.ADMINISTRATOR: not area.town and not area.village,
    }
    is_short = max(len(area.town), len(area.village)) <= MAX_PLACE
    return None if fits[post.role] and is_short else StaffRefusal.AREA_WRONG
