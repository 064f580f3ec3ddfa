"""Gives a department the declared fields of residents, and puts on record who received what of whom, and for what."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import asyncpg

from domain.card import CardOnRecord, CardState
from domain.dates import local_date
from domain.fact import FactKind, Facts, FactValue
from domain.recipient import Recipient, RegisterField
from domain.vocabulary import FactType
from services import audit
from services.entitlements import facts_of
from services.imports import long_transaction
from services.own_data import note_export
from services.people import HeldCard, Person
from services.resources import Resources
from services.vault import DataKey, Sealed

_PAGE = 200

_RESIDENTS = """
SELECT r.id, r.data_key, r.data_key_version, r.name_sealed, r.id_number_sealed, r.birth_date, r.town, r.village,
       c.number_sealed, c.category, c.categories, c.grade, c.state, c.issued_on, c.valid_until
FROM resident r JOIN LATERAL (
    SELECT * FROM card WHERE card.resident_id = r.id
    ORDER BY state IN ('active', 'suspended', 'lost') DESC, issued_on DESC, id DESC LIMIT 1
) c ON true
WHERE r.erased_at IS NULL AND c.state = ANY($1::text[]) AND ($2::uuid IS NULL OR r.id > $2) ORDER BY r.id LIMIT $3
"""


class ExportFault(StrEnum):
    """Why nothing is given out."""

    FIELD = "field"
    PURPOSE = "purpose"


class ExportRefused(Exception):
    """Nothing was given out."""

    def __init__(self, fault: ExportFault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True)
class Exported:
    """What leaves: a header for each column and a row for each resident."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]] = field(repr=False)


async def export(
    resources: Resources,
    recipient: Recipient,
    fields: Sequence[str],
    purpose: str,
    actor: str,
    advance: Callable[[int], None],
) -> Exported:
    """The fields of all residents that the recipient may be told of; all of its own where none is named.

    It is on record before the first row is returned. `advance` is told how many residents were read.

    Raises:
        ExportRefused: a field or a purpose that is not declared for the recipient.
        VaultRefused: a resident's key cannot be opened; nothing is given out.
    """
    named = list(fields) or list(recipient.fields)
    if not recipient.fields.keys() >= set(named):
        raise ExportRefused(ExportFault.FIELD)
    if purpose not in recipient.purposes:
        raise ExportRefused(ExportFault.PURPOSE)
    at = resources.clock()
    rows: list[Sequence[str]] = []
    residents = []
    async with long_transaction(resources) as connection:
        async for page in _pages(connection, recipient):
            rows += await _rows(resources, page, named, local_date(at))
            residents += [row["id"] for row in page]
            advance(len(residents))
        export_id = await note_export(
            connection, recipient.slug, recipient.purposes[purpose], named, actor, residents, at
        )
        detail = f"{recipient.slug} for {purpose}: {','.join(named)} of {len(residents)}"
        await audit.record(connection, audit.Event(actor, "export", f"export:{export_id}", detail[:200]), at)
    return Exported([recipient.fields[name] for name in named], rows)


async def _pages(connection: asyncpg.Connection, recipient: Recipient) -> AsyncIterator[Sequence[asyncpg.Record]]:
    states, last = sorted(recipient.card_states), None
    while page := await connection.fetch(_RESIDENTS, states, last, _PAGE):
        yield page
        last = page[-1]["id"]


async def _rows(
    resources: Resources, page: Sequence[asyncpg.Record], named: Sequence[str], on: date
) -> list[Sequence[str]]:
    keys = [resources.vault.data_key(row["id"], row["data_key"], row["data_key_version"]) for row in page]
    facts = await facts_of(resources, [_person(row, key) for row, key in zip(page, keys, strict=True)])
    return [
        [_cell(resources, row, key, each, name, on) for name in named]
        for row, key, each in zip(page, keys, facts, strict=True)
    ]


def _person(row: asyncpg.Record, key: DataKey) -> Person:
    card = CardOnRecord(
        CardState(row["state"]),
        row["category"],
        tuple(int(digit) for digit in row["categories"]),
        row["grade"],
        row["issued_on"],
        row["valid_until"],
    )
    return Person(row["id"], "", row["birth_date"], row["town"], row["village"], HeldCard("", card), key)


def _cell(resources: Resources, row: asyncpg.Record, key: DataKey, facts: Facts, name: str, on: date) -> str:
    match name:
        case RegisterField.NAME:
            return key.open(Sealed.NAME, row["name_sealed"])
        case RegisterField.ID_NUMBER:
            return key.open(Sealed.ID_NUMBER, row["id_number_sealed"])
        case RegisterField.CARD_NUMBER:
            return key.open(Sealed.CARD_NUMBER, row["number_sealed"])
        case RegisterField.TOWN | RegisterField.VILLAGE:
            return str(row[name])
        case _:
            vocabulary = resources.rules.chinese.reference.vocabulary
            reading = facts.read(name, on, vocabulary.ranks(name, on))
            return "" if reading is None or reading.fact is None else _words(vocabulary.facts[name], reading.fact.value)


def _words(fact: FactType, value: FactValue) -> str:
    """A value as people read it; a flag as 1 or 0, as other departments' programs take it."""
    if isinstance(value, tuple):
        return "、".join(fact.words[str(code)] for code in value)
    if fact.kind is FactKind.FLAG:
        return str(int(value is True))
    return fact.words.get(str(value), str(value))
