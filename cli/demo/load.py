"""Writes the demo district into an empty database by COPY, sealed as the server itself would seal it."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

import asyncpg

from cli.demo import timetable
from cli.demo.people import DemoGuardian, DemoResident, residents
from cli.demo.receipts import Receiving
from cli.demo.timetable import Rows, timetable_rows
from domain.access import Act
from domain.dates import local_date
from domain.guardianship import Ground, is_adult, write_acts
from models.record import new_id
from services.bootstrap import load_holidays, load_rules
from services.timetables import lay_out
from services.vault import DataKey, Indexed, Sealed, Vault

COLUMNS: Final = {
    "resident": (
        *("id", "data_key", "data_key_version", "name_sealed", "name_index", "id_number_sealed", "id_number_index"),
        *("phone_sealed", "phone_index", "address_sealed", "birth_date", "town", "village"),
    ),
    "card": (
        *("id", "resident_id", "number_sealed", "number_index"),
        *("category", "categories", "grade", "state", "issued_on", "valid_until"),
    ),
    "guardian": (
        *("id", "ward_id", "name_sealed", "name_index", "phone_sealed", "phone_index"),
        *("relation", "acts", "ground", "proven_by", "valid_from"),
    ),
    "fact": ("id", "resident_id", "name", "source", "value_sealed", "valid_from", "valid_until", "recorded_on"),
    "receipt": ("id", "resident_id", "programme", "valid_from", "valid_until", "source"),
    **timetable.COLUMNS,
}
BATCH: Final = 1_000
PROOF: Final = "户口簿"


async def is_empty(connection: asyncpg.Connection) -> bool:
    """Whether the register has no resident yet."""
    return not await connection.fetchval("SELECT EXISTS (SELECT FROM resident)")


async def load_district(
    connection: asyncpg.Connection, vault: Vault, size: int, at: datetime, advance: Callable[[int], None]
) -> None:
    """Load `size` residents and the providers' timetable as of the instant `at`, all of it or, if cut short, nothing.

    `advance` is called with the number of residents written since its last call.
    """
    on = local_date(at)
    async with connection.transaction():
        people = residents(size, on)
        receiving = Receiving(load_rules().chinese, on)
        while batch := list(islice(people, BATCH)):
            await _copy(connection, _people_rows(vault, batch, on))
            await _copy(connection, _receipt_rows(receiving, batch))
            advance(len(batch))
        await _copy(connection, timetable_rows(at, load_holidays()))
        await extend_timetable(connection, at)


async def extend_timetable(connection: asyncpg.Connection, at: datetime) -> None:
    """Add the slots that come into view as days pass, so that a demo kept for months can still be booked."""
    holidays = load_holidays()
    async with connection.transaction():
        for service in await connection.fetch("SELECT id FROM service"):
            await lay_out(connection, holidays, service["id"], at)


async def _copy(connection: asyncpg.Connection, rows: Rows) -> None:
    for table, columns in COLUMNS.items():
        if rows[table]:
            await connection.copy_records_to_table(table, records=rows[table], columns=columns)


def _people_rows(vault: Vault, batch: list[DemoResident], on: date) -> Rows:
    rows: Rows = defaultdict(list)
    for person in batch:
        key, wrapped, version = vault.new_data_key(person.id)
        rows["resident"].append(_resident_row(vault, person, key, (wrapped, version)))
        for card in person.cards:
            number = (key.seal(Sealed.CARD_NUMBER, card.number), vault.index(Indexed.CARD_NUMBER, card.number))
            kind = (
                card.category,
                "".join(map(str, card.categories)),
                card.grade,
                card.state,
                card.issued_on,
                card.valid_until,
            )
            rows["card"].append((new_id(), person.id, *number, *kind))
        for fact in person.facts:
            value = key.seal(Sealed.FACT, json.dumps(fact.value))
            period = (fact.valid_from, fact.valid_until, fact.valid_from)
            rows["fact"].append((new_id(), person.id, fact.name, fact.source, value, *period))
        if person.guardian:
            rows["guardian"].append(_guardian_row(vault, person, person.guardian, key, on))
    return rows


def _resident_row(vault: Vault, person: DemoResident, key: DataKey, wrapped: tuple[bytes, int]) -> tuple[Any, ...]:
    phone: tuple[bytes | None, bytes | None] = (None, None)
    if person.phone:
        phone = (key.seal(Sealed.PHONE, person.phone), vault.index(Indexed.PHONE, person.phone))
    return (
        *(person.id, *wrapped),
        *(key.seal(Sealed.NAME, person.name), vault.index(Indexed.NAME, person.name)),
        *(key.seal(Sealed.ID_NUMBER, person.id_number), vault.index(Indexed.ID_NUMBER, person.id_number)),
        *phone,
        *(key.seal(Sealed.ADDRESS, person.address), person.birth_date, person.town, person.village),
    )


def _guardian_row(vault: Vault, ward: DemoResident, guardian: DemoGuardian, key: DataKey, on: date) -> tuple[Any, ...]:
    ground = Ground.ADULT if is_adult(ward.birth_date, on) else Ground.MINOR
    return (
        *(new_id(), ward.id),
        *(key.seal(Sealed.GUARDIAN_NAME, guardian.name), vault.index(Indexed.NAME, guardian.name)),
        *(key.seal(Sealed.GUARDIAN_PHONE, guardian.phone), vault.index(Indexed.PHONE, guardian.phone)),
        *(guardian.relation, write_acts(Act), ground.value, PROOF, on),
    )


def _receipt_rows(receiving: Receiving, batch: list[DemoResident]) -> Rows:
    rows: Rows = defaultdict(list)
    for person in batch:
        for receipt in receiving.of(person):
            period = (receipt.valid_from, receipt.valid_until)
            rows["receipt"].append((new_id(), person.id, receipt.programme, *period, receipt.source))
    return rows
