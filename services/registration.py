"""Puts people without a card on record, with how they were identified, and those who act for them."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import asyncpg

from card.number import CardNumber, CardNumberInvalid
from domain.access import Act
from domain.birthday import birthday
from domain.dates import local_date
from domain.duty import Duty
from domain.guardianship import MAJORITY, Ground, is_adult, write_acts
from domain.identification import Identification, RegistrationRefusal, check_number
from models.record import new_id
from services import audit
from services.people import People, Person, mask_name, person_in
from services.resources import Resources
from services.vault import Indexed, Sealed

_KNOWN = "SELECT EXISTS (SELECT FROM resident WHERE id_number_index = $1 OR certificate_index = $1)"

_INSERT = """
INSERT INTO resident (id, data_key, data_key_version, name_sealed, name_index, identified_by, id_number_sealed,
                      id_number_index, certificate_sealed, certificate_index, address_sealed, birth_date, town, village)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""

_GUARDIAN = """
INSERT INTO guardian (id, ward_id, name_sealed, name_index, phone_sealed, phone_index, relation, acts, ground,
                      proven_by, valid_from, valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_ADD_NUMBER = """
UPDATE resident SET id_number_sealed = $2, id_number_index = $3 WHERE id = $1 AND id_number_index IS NULL RETURNING id
"""

MAX_NAME, MAX_ADDRESS = 40, 200

# Two clerks with the same document: the second waits, and finds the person known.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))"


_CITIZEN = (Sealed.ID_NUMBER, Indexed.ID_NUMBER)
_KINDS = {
    Identification.ID_CARD: _CITIZEN,
    Identification.HOUSEHOLD_BOOK: _CITIZEN,
    Identification.BIRTH_CERTIFICATE: (Sealed.CERTIFICATE, Indexed.CERTIFICATE),
}


@dataclass(frozen=True)
class NewResident:
    """Somebody without a card as staff saw her document; `number` is the citizen id, or the certificate's own."""

    identified_by: Identification
    birth_date: date
    town: str
    village: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True)
class NewGuardian:
    """Somebody who is to act for a ward, and what proves it."""

    acts: frozenset[Act]
    ground: Ground
    relation: str
    proven_by: str
    valid_until: date | None
    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Registered:
    """Who is on record now."""

    resident_id: UUID
    masked_name: str


async def register_resident(resources: Resources, people: People, new: NewResident) -> Registered | RegistrationRefusal:
    """Put somebody of the viewer's area on record."""
    staff, at = people.on_duty(Duty.REGISTER_RESIDENT), resources.clock()
    if staff is None:
        return RegistrationRefusal.NOT_ALLOWED
    if not staff.area.covers(new.town, new.village):
        return RegistrationRefusal.OUTSIDE_AREA
    texts = (new.name, new.town, new.village)
    if not all(0 < len(text.strip()) <= MAX_NAME for text in texts) or len(new.address) > MAX_ADDRESS:
        return RegistrationRefusal.TEXT_UNUSABLE
    citizen = _citizen(new.number)
    number = citizen.citizen_id if citizen else new.number.strip().upper()
    wrong = check_number(
        new.identified_by, number, citizen.birth_date if citizen else None, new.birth_date, local_date(at)
    )
    if wrong is not None:
        return wrong
    # Whoever is known in another area is known.
    async with resources.database.beyond_reach().transaction() as connection:
        index = resources.vault.index(_KINDS[new.identified_by][1], number)
        await connection.execute(_ONE_AT_A_TIME, index)
        if await connection.fetchval(_KNOWN, index):
            return RegistrationRefusal.ALREADY_REGISTERED
        resident_id = await _insert(resources, connection, new, number, index)
        event = audit.Event(f"staff:{staff.id}", "register_resident", str(resident_id), new.identified_by)
        await audit.record(connection, event, at)
    return Registered(resident_id, mask_name(new.name.strip()))


async def record_citizen_id(
    resources: Resources, people: People, resident_id: UUID, number: str
) -> Registered | RegistrationRefusal:
    """Put the citizen id of a resident of the viewer's area on record who was known by her birth certificate alone."""
    staff, at = people.on_duty(Duty.REGISTER_RESIDENT), resources.clock()
    person = None if staff is None else await person_in(resources, resident_id, staff.area)
    if staff is None or person is None:
        return RegistrationRefusal.NOT_ALLOWED
    if people.is_related(person.id):
        return RegistrationRefusal.OWN_WARD
    citizen = _citizen(number)
    born = citizen.birth_date if citizen else None
    wrong = check_number(Identification.ID_CARD, number, born, person.birth_date, local_date(at))
    if wrong is not None or citizen is None:
        return wrong or RegistrationRefusal.NUMBER_INVALID
    async with resources.beyond_reach().database.transaction() as connection:
        index = resources.vault.index(Indexed.ID_NUMBER, citizen.citizen_id)
        await connection.execute(_ONE_AT_A_TIME, index)
        if await connection.fetchval(_KNOWN, index):
            return RegistrationRefusal.ALREADY_REGISTERED
        sealed = person.data_key.seal(Sealed.ID_NUMBER, citizen.citizen_id)
        if await connection.fetchval(_ADD_NUMBER, person.id, sealed, index) is None:
            return RegistrationRefusal.NUMBER_ON_RECORD
        await audit.record(connection, audit.Event(f"staff:{staff.id}", "record_citizen_id", str(person.id)), at)
    return Registered(person.id, person.masked_name)


async def record_guardian(
    resources: Resources, people: People, ward_id: UUID, new: NewGuardian
) -> Registered | RegistrationRefusal:
    """Put on record who acts for a resident of the viewer's area; an adult's guardian of a minor begins at 18."""
    staff = people.on_duty(Duty.RECORD_GUARDIAN)
    ward = None if staff is None else await person_in(resources, ward_id, staff.area)
    if staff is None or ward is None:
        return RegistrationRefusal.NOT_ALLOWED
    on = local_date(resources.clock())
    refusal = _refuse(people, ward, new, on)
    if refusal is not None:
        return refusal
    of_age = birthday(ward.birth_date, MAJORITY) or on
    begins = max(on, of_age) if new.ground is Ground.ADULT else on
    if new.valid_until is not None and new.valid_until < begins:
        return RegistrationRefusal.PERIOD_WRONG
    async with resources.database.transaction() as connection:
        guardian_id = await _insert_guardian(resources, connection, ward, new, begins)
        event = audit.Event(f"staff:{staff.id}", "record_guardian", str(ward.id), f"{guardian_id} {new.ground}")
        await audit.record(connection, event, resources.clock())
    return Registered(ward.id, ward.masked_name)


def _refuse(people: People, ward: Person, new: NewGuardian, on: date) -> RegistrationRefusal | None:
    if people.is_related(ward.id):
        return RegistrationRefusal.OWN_WARD
    texts = ((new.name, MAX_NAME), (new.phone, 20), (new.relation, 20), (new.proven_by, 80))
    if not all(0 < len(text.strip()) <= most for text, most in texts):
        return RegistrationRefusal.TEXT_UNUSABLE
    if Act.VIEW not in new.acts:
        return RegistrationRefusal.ACTS_WRONG
    if new.ground is Ground.MINOR and is_adult(ward.birth_date, on):
        return RegistrationRefusal.GROUND_WRONG
    return None


def _citizen(number: str) -> CardNumber | None:
    """The citizen id in a text as the beginning of a card number, which checks it; None when it is none."""
    try:
        return CardNumber.parse(f"{number}11")
    except CardNumberInvalid:
        return None


async def _insert(
    resources: Resources, connection: asyncpg.Connection, new: NewResident, number: str, index: bytes
) -> UUID:
    vault, resident_id = resources.vault, new_id()
    key, wrapped, version = vault.new_data_key(resident_id)
    by_certificate = new.identified_by is Identification.BIRTH_CERTIFICATE
    found, none = (key.seal(_KINDS[new.identified_by][0], number), index), (None, None)
    await connection.execute(
        _INSERT,
        resident_id,
        wrapped,
        version,
        key.seal(Sealed.NAME, new.name.strip()),
        vault.index(Indexed.NAME, new.name),
        new.identified_by,
        *(none if by_certificate else found),
        *(found if by_certificate else none),
        key.seal(Sealed.ADDRESS, new.address.strip()),
        new.birth_date,
        new.town.strip(),
        new.village.strip(),
    )
    return resident_id


async def _insert_guardian(
    resources: Resources, connection: asyncpg.Connection, ward: Person, new: NewGuardian, begins: date
) -> UUID:
    vault, key, guardian_id = resources.vault, ward.data_key, new_id()
    await connection.execute(
        _GUARDIAN,
        guardian_id,
        ward.id,
        key.seal(Sealed.GUARDIAN_NAME, new.name.strip()),
        vault.index(Indexed.NAME, new.name),
        key.seal(Sealed.GUARDIAN_PHONE, new.phone.strip()),
        vault.index(Indexed.PHONE, new.phone),
        new.relation.strip(),
        write_acts(new.acts),
        new.ground,
        new.proven_by.strip(),
        begins,
        new.valid_until,
    )
    return guardian_id
