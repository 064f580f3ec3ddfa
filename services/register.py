"""Reads what is known of everybody into columns, for questions about the district rather than about a person."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np

from domain.access import DISTRICT, Area
from domain.columns import ColumnsBuilder, Flags, Groups
from domain.compiled import compile_book
from domain.explanation import Case
from domain.fact import Facts
from domain.register import Register
from domain.rulebook import RuleBook
from services import audit
from services.facts import STATEMENTS, known_of, stated
from services.people import CARD_OF_RESIDENT, card_on_record
from services.resources import Resources

_BATCH = 1_000
# Who has died is counted, with what she receives, to the end of that month.
_RESIDENTS = f"""
SELECT r.id, r.data_key, r.data_key_version, r.birth_date, r.town, r.village,
       c.id AS card_id, c.category, c.categories, c.grade, c.state, c.issued_on, c.valid_until AS card_valid_until
FROM resident r {CARD_OF_RESIDENT}
WHERE ($1 = '' OR r.town = $1) AND ($2 = '' OR r.village = $2) AND r.erased_at IS NULL
AND (r.deceased_on IS NULL OR $3::date < date_trunc('month', r.deceased_on) + interval '1 month')
"""
_RECEIPTS = (
    "SELECT resident_id, programme FROM receipt "
    "WHERE resident_id = ANY($1) AND valid_from <= $2 AND (valid_until IS NULL OR valid_until >= $2)"
)


@dataclass(frozen=True)
class Enquiry:
    """Who reads the register and what for, as the audit log will say."""

    actor: str
    purpose: str
    area: Area = DISTRICT

    @property
    def subject(self) -> str:
        """The area in the audit log."""
        return "/".join(part for part in (self.area.town, self.area.village) if part) or "district"


async def read_register(
    resources: Resources, enquiry: Enquiry, on: date, books: Sequence[RuleBook]
) -> Sequence[Register]:
    """Everybody as of one moment, in the words of each of the books of rules.

    The reading is logged, with the number of residents, before anybody may see what was read.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    registers = await read(resources, enquiry.area, on, books)
    await log_use(resources, enquiry, registers[0])
    return registers


async def read(resources: Resources, area: Area, on: date, books: Sequence[RuleBook]) -> Sequence[Register]:
    """As `read_register`, for who logs each use by itself."""
    readings = [_Reading(resources, book, on) for book in books]
    async with resources.database.transaction(snapshot=True) as connection:
        cursor = await connection.cursor(_RESIDENTS, area.town, area.village, on)
        while residents := await cursor.fetch(_BATCH):
            ids = [row["id"] for row in residents]
            facts = await connection.fetch(STATEMENTS, ids)
            receipts = await connection.fetch(_RECEIPTS, ids, on)
            for reading in readings:
                # Opening what is sealed is the processor's work, and others are waiting for the event loop.
                await asyncio.to_thread(reading.take, residents, facts, receipts)
    return [await asyncio.to_thread(reading.register) for reading in readings]


async def log_use(resources: Resources, enquiry: Enquiry, register: Register) -> None:
    """Record that somebody uses the facts of everybody in a register, and what for.

    Raises:
        DatabaseUnavailable: see there; the register must not be used then.
    """
    detail = f"{enquiry.purpose} on {register.on}: {len(register.ids)} residents"
    async with resources.database.transaction() as connection:
        event = audit.Event(enquiry.actor, "read_register", enquiry.subject, detail)
        await audit.record(connection, event, resources.clock())


class _Reading:
    """Takes rows batch by batch; of a resident's statements it keeps what counts on the day, by `Facts.read`."""

    def __init__(self, resources: Resources, book: RuleBook, on: date) -> None:
        self._vault = resources.vault
        self._book = book
        self._compiled = compile_book(book, on)
        self._columns = ColumnsBuilder(book.reference.vocabulary)
        self._ids: list[UUID] = []
        self._towns: list[str] = []
        self._villages: list[str] = []
        self._receipts: dict[str, list[int]] = defaultdict(list)

    def take(
        self,
        residents: Sequence[asyncpg.Record],
        facts: Iterable[asyncpg.Record],
        receipts: Iterable[asyncpg.Record],
    ) -> None:
        """The next residents, and the facts and receipts of all of them."""
        facts_of, receipts_of = _by_resident(facts), _by_resident(receipts)
        for row in residents:
            for receipt in receipts_of.get(row["id"], ()):
                self._receipts[receipt["programme"]].append(len(self._ids))
            self._ids.append(row["id"])
            self._towns.append(row["town"])
            self._villages.append(row["village"])
            self._columns.add(self._values(row, facts_of.get(row["id"], ())))

    def register(self) -> Register:
        """Everybody who was taken."""
        return Register(
            self._compiled.on,
            self._ids,
            Groups.of(self._towns),
            Groups.of(self._villages),
            self._columns.build(),
            {programme: self._marked(rows) for programme, rows in self._receipts.items()},
        )

    def _values(self, row: asyncpg.Record, statements: Sequence[asyncpg.Record]) -> Mapping[str, Any]:
        reference = self._book.reference
        key = self._vault.data_key(row["id"], row["data_key"], row["data_key_version"])
        card = card_on_record(row) if row["card_id"] else None
        facts = [*known_of(row["birth_date"], card), *stated(statements, key, reference.vocabulary)]
        return Case.of(self._compiled, reference, Facts.of(facts)).values

    def _marked(self, rows: Sequence[int]) -> Flags:
        marked = np.zeros(len(self._ids), np.bool_)
        marked[rows] = True
        return marked


def _by_resident(rows: Iterable[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row["resident_id"]].append(row)
    return found
