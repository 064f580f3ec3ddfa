"""The people a viewer may see: herself and her wards, each with the card in force and a key to what is sealed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import assert_never
from uuid import UUID

import asyncpg

from domain.access import Act, Area, Viewer
from domain.card import CardOnRecord, CardState
from domain.dates import start_of
from domain.duty import AnyDuty, Duty, may
from domain.guardianship import Ground, Guardianship, read_acts
from domain.standing import Role
from models.session import StaffRole
from services.resources import Resources
from services.vault import DataKey, Sealed

# The card of resident `r` that is in force, or else her newest.
CARD_OF_RESIDENT = """
LEFT JOIN LATERAL (
    SELECT * FROM card WHERE card.resident_id = r.id
    ORDER BY state IN ('active', 'suspended', 'lost') DESC, issued_on DESC, id DESC LIMIT 1
) c ON true
"""

_RESIDENT_COLUMNS = """
r.id AS resident_id, r.data_key, r.data_key_version, r.name_sealed, r.birth_date, r.town, r.village,
c.id AS card_id, c.number_sealed, c.category, c.categories, c.grade, c.state, c.issued_on,
c.valid_until AS card_valid_until
"""

_RESIDENTS = f"""
SELECT {_RESIDENT_COLUMNS} FROM resident r {CARD_OF_RESIDENT}
WHERE r.id = ANY($1) AND r.erased_at IS NULL
"""

_ROWS = f"""
WITH person AS (
    SELECT a.resident_id, NULL::uuid AS guardian_id, NULL AS relation, NULL AS acts, NULL AS ground,
           NULL::date AS valid_from, NULL::date AS valid_until
    FROM account a WHERE a.id = $2 AND a.resident_id IS NOT NULL
    UNION ALL
    SELECT g.ward_id, g.id, g.relation, g.acts, g.ground, g.valid_from, g.valid_until
    FROM guardian g WHERE g.account_id = $2 AND g.ended_on IS NULL
)
SELECT s.id AS session_id, s.second_factor_at, staff.id AS staff_id, staff.role, staff.town AS staff_town,
       staff.village AS staff_village, staff.organisation,
       (SELECT min(e.name) FROM provider_staff w JOIN provider e ON e.id = w.provider_id
        WHERE w.account_id = $2 AND (w.left_on IS NULL OR w.left_on > $3)) AS desk,
       (SELECT min(e.name) FROM operator_staff w JOIN operator e ON e.id = w.operator_id
        WHERE w.account_id = $2 AND (w.left_on IS NULL OR w.left_on > $3)) AS operator,
       p.guardian_id, p.relation, p.acts, p.ground, p.valid_from, p.valid_until, {_RESIDENT_COLUMNS},
       p.guardian_id IS NOT NULL AND EXISTS (
           SELECT FROM audit e WHERE e.subject = p.resident_id::text AND e.at >= $4
           AND e.action = 'view_ward' AND e.actor = 'account:' || $2::text
       ) AS noted_today
FROM session s
LEFT JOIN staff ON staff.account_id = $2 AND (staff.left_on IS NULL OR staff.left_on > $3)
LEFT JOIN person p ON true
LEFT JOIN resident r ON r.id = p.resident_id
{CARD_OF_RESIDENT}
WHERE s.id = $1 AND s.account_id = $2 AND s.revoked_at IS NULL
ORDER BY p.guardian_id NULLS FIRST
"""

_GUARDIANS = """
SELECT g.account_id, g.phone_sealed, g.acts, g.ground, g.valid_from, g.valid_until, r.birth_date
FROM guardian g JOIN resident r ON r.id = g.ward_id WHERE g.ward_id = $1 AND g.ended_on IS NULL ORDER BY g.id
"""


class SessionEnded(Exception):
    """The session behind a valid access token was ended since."""


@dataclass(frozen=True)
class HeldCard:
    """The card of a resident that is in force, or else her newest, its number already masked."""

    masked_number: str
    on_record: CardOnRecord


@dataclass(frozen=True)
class Person:
    """A resident as far as her own account or a guardian's may see her."""

    id: UUID
    masked_name: str
    birth_date: date
    town: str
    village: str
    card: HeldCard | None
    data_key: DataKey = field(repr=False)


@dataclass(frozen=True)
class Ward:
    """A person for whom the viewer acts, how far and how long.

    `noted_today` when the log has today's view of her already.
    """

    guardian_id: UUID
    person: Person
    relation: str
    guardianship: Guardianship
    noted_today: bool

    @property
    def last_day(self) -> date | None:
        """The last day on which the viewer acts for her."""
        return self.guardianship.last_day(self.person.birth_date)


@dataclass(frozen=True)
class StaffMember:
    """The viewer as a member of the federation's staff."""

    id: UUID
    role: StaffRole
    area: Area
    organisation: str

    @property
    def part(self) -> Role:
        """The level on which she works: a clerk without a town is the district's."""
        match self.role:
            case StaffRole.COMMISSIONER:
                return Role.COMMISSIONER
            case StaffRole.CLERK:
                return Role.TOWN if self.area.town else Role.DISTRICT
            case StaffRole.ADMINISTRATOR:
                return Role.ADMINISTRATOR
            case _:
                assert_never(self.role)


@dataclass(frozen=True)
class People:
    """Everybody a viewer may act for, herself first; as `staff` she acts only after her second factor.

    `desk` and `operator` name a provider and an operator for which she works, `proven_until` is how long her second
    factor counts in this session.
    """

    own: Person | None
    wards: Sequence[Ward]
    staff: StaffMember | None
    unproven: StaffMember | None = None
    desk: str | None = None
    operator: str | None = None
    proven_until: datetime | None = None

    @property
    def organisation(self) -> str | None:
        """Where she works, as she knows it by name; None for whoever works nowhere."""
        staff = self.staff or self.unproven
        return staff.organisation if staff is not None else self.desk or self.operator

    @property
    def has_family(self) -> bool:
        """Whether she may act as somebody else than staff."""
        return self.own is not None or bool(self.wards)

    def on_duty(self, duty: AnyDuty) -> StaffMember | None:
        """The viewer as a member of staff whose role includes a duty; None for everybody else."""
        return self.staff if self.staff is not None and may(self.staff.part, duty) else None

    def is_related(self, resident_id: UUID) -> bool:
        """Whether a resident is the viewer herself or a ward of hers, however far she may act."""
        return (self.own is not None and self.own.id == resident_id) or any(
            ward.person.id == resident_id for ward in self.wards
        )

    def reach(self, resident_id: UUID | None, act: Act, on: date) -> Person | None:
        """The person to act for: the viewer herself without an id, a ward by id; None when she may not."""
        if resident_id is None or (self.own is not None and self.own.id == resident_id):
            return self.own
        for ward in self.wards:
            if ward.person.id == resident_id and ward.guardianship.allows(act, ward.person.birth_date, on):
                return ward.person
        return None


async def people_of(resources: Resources, viewer: Viewer, on: date) -> People:
    """Load the viewer's people in one statement.

    Raises:
        SessionEnded: see there.
    """
    rows = await resources.database.fetch(_ROWS, viewer.session_id, viewer.account_id, on, start_of(on))
    if not rows:
        raise SessionEnded
    staff, proven_until = _staff(rows[0]), _proven_until(resources, rows[0])
    own: Person | None = None
    wards = []
    for row in rows:
        if row["resident_id"] is None:
            continue
        person = _person(resources, row)
        if row["guardian_id"] is None:
            own = person
            continue
        held = guardianship_of(row)
        if held.is_in_force(person.birth_date, on):
            wards.append(Ward(row["guardian_id"], person, row["relation"], held, row["noted_today"]))
    as_staff, unproven = (None, staff) if proven_until is None else (staff, None)
    return People(own, tuple(wards), as_staff, unproven, rows[0]["desk"], rows[0]["operator"], proven_until)


async def person_in(resources: Resources, resident_id: UUID, area: Area) -> Person | None:
    """A resident of an area, for staff who work there; None for any other, known or not."""
    found = await residents_by_id(resources, [resident_id])
    return found[0] if found and area.covers(found[0].town, found[0].village) else None


async def person_for(
    resources: Resources, people: People, resident_id: UUID | None, act: Act, on: date
) -> Person | None:
    """Whoever the viewer may book for: those of `People.reach`, and for staff on duty others in their area."""
    person, staff = people.reach(resident_id, act, on), people.on_duty(Duty.BOOK)
    if person is not None or staff is None or resident_id is None or people.is_related(resident_id):
        return person
    return await person_in(resources, resident_id, staff.area)


async def residents_by_id(resources: Resources, ids: Sequence[UUID]) -> Sequence[Person]:
    """Residents as their own account would see them, in the order of the ids; who is not there is left out.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    rows = {row["resident_id"]: row for row in await resources.database.fetch(_RESIDENTS, ids)}
    return [_person(resources, rows[each]) for each in ids if each in rows]


def guardianship_of(row: asyncpg.Record) -> Guardianship:
    """The guardianship in the columns of its row."""
    return Guardianship(read_acts(row["acts"]), Ground(row["ground"]), row["valid_from"], row["valid_until"])


async def acting_guardians(
    connection: asyncpg.Connection, ward_id: UUID, act: Act, on: date
) -> Sequence[asyncpg.Record]:
    """The rows of those who may do `act` for a ward on a day, with `account_id` and `phone_sealed`."""
    rows = await connection.fetch(_GUARDIANS, ward_id)
    return [row for row in rows if guardianship_of(row).allows(act, row["birth_date"], on)]


def mask_name(name: str) -> str:
    """The family name and a mark for each further character: 王小明 becomes 王**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_number(number: str) -> str:
    """A card number with its area and its last two characters: 330682**************44."""
    return f"{number[:6]}{'*' * (len(number) - 8)}{number[-2:]}"


def card_on_record(row: asyncpg.Record) -> CardOnRecord:
    """The card of a row that has its columns, `card_valid_until` among them."""
    return CardOnRecord(
        CardState(row["state"]),
        row["category"],
        tuple(int(digit) for digit in row["categories"]),
        row["grade"],
        row["issued_on"],
        row["card_valid_until"],
    )


def _staff(row: asyncpg.Record) -> StaffMember | None:
    if row["staff_id"] is None:
        return None
    area = Area(row["staff_town"], row["staff_village"])
    return StaffMember(row["staff_id"], StaffRole(row["role"]), area, row["organisation"])


def _proven_until(resources: Resources, row: asyncpg.Record) -> datetime | None:
    proven_at: datetime | None = row["second_factor_at"]
    until = proven_at and proven_at + timedelta(hours=resources.settings.second_factor_hours)
    return until if until is not None and until > resources.clock() else None


def _person(resources: Resources, row: asyncpg.Record) -> Person:
    key = resources.vault.data_key(row["resident_id"], row["data_key"], row["data_key_version"])
    card = (
        HeldCard(
            mask_number(key.open(Sealed.CARD_NUMBER, row["number_sealed"])),
            card_on_record(row),
        )
        if row["card_id"]
        else None
    )
    name = mask_name(key.open(Sealed.NAME, row["name_sealed"]))
    return Person(row["resident_id"], name, row["birth_date"], row["town"], row["village"], card, key)
