"""Meets the rows of a file with the register: whom each is about, what it changes, and what speaks against it."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import asyncpg

from card.number import CardNumberInvalid, NumberPart, check_citizen_id
from domain.exchange import Conflict, Ended, Held, Outcome, RowResult, conflict_of, supersede
from domain.fact import Fact, FactInvalid, FactValue
from domain.intake import Happening, Refused, Row, Statement
from domain.intake_fault import RowFault
from domain.source import Source
from domain.vocabulary import FactType, Vocabulary
from models.record import new_id
from services.vault import DataKey, Indexed, Sealed, Vault, VaultRefused

_CITIZENS = """
SELECT id, id_number_index, name_index, data_key, data_key_version FROM resident
WHERE id_number_index = ANY($1::bytea[])
"""

_STATEMENTS = """
SELECT id, resident_id, name, source, value_sealed, valid_from, valid_until, recorded_on FROM fact
WHERE resident_id = ANY($1::uuid[]) AND name = ANY($2::text[])
"""

# No fact has this value, so that nothing equals what cannot be read.
_UNREADABLE = ""

_FAULTS = {
    NumberPart.LENGTH: RowFault.ID_LENGTH,
    NumberPart.AREA: RowFault.ID_AREA,
    NumberPart.BIRTH_DATE: RowFault.ID_BIRTH_DATE,
    NumberPart.CHECK_CHARACTER: RowFault.ID_CHECK_CHARACTER,
}


class NewFact(NamedTuple):
    """A row of the table of facts that is to be written, as COPY takes it."""

    id: UUID
    resident_id: UUID
    name: str
    value_sealed: bytes
    valid_from: date
    valid_until: date | None


@dataclass
class Judged:
    """What rows come to: an outcome each, and what is to be written when they are applied."""

    outcomes: list[Outcome] = field(default_factory=list)
    residents: list[UUID] = field(default_factory=list)
    facts: list[NewFact] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    happenings: list[tuple[int, UUID, Happening]] = field(default_factory=list)

    def add(self, other: "Judged") -> None:
        """Take over what other rows come to."""
        self.outcomes += other.outcomes
        self.residents += other.residents
        self.facts += other.facts
        self.ended += other.ended
        self.happenings += other.happenings


def check_id(id_number: str) -> RowFault | None:
    """What is wrong with the number of a citizen."""
    try:
        check_citizen_id(id_number)
    except CardNumberInvalid as error:
        return _FAULTS[error.part]
    return None


class Judge:
    """Judges the rows of one file, some at a time, on the day of the import."""

    def __init__(self, vault: Vault, vocabulary: Vocabulary, source: Source, on: date) -> None:
        self._vault, self._vocabulary, self._source, self._on = vault, vocabulary, source, on
        facts = [column.states.name for column in source.columns if isinstance(column.states, FactType)]
        self._columns = {column.stated: column.header for column in source.columns}
        self._ranks = {name: vocabulary.ranks(name, on) for name in facts}

    async def judge(self, connection: asyncpg.Connection, rows: Sequence[Row | Refused]) -> Judged:
        """Read what the register has of the people that the rows name, and judge each row."""
        readable = [row for row in rows if isinstance(row, Row)]
        indexes = {row.row: self._vault.index(Indexed.ID_NUMBER, row.id_number) for row in readable}
        citizens = {each["id_number_index"]: each for each in await connection.fetch(_CITIZENS, list(indexes.values()))}
        stated: dict[UUID, list[asyncpg.Record]] = defaultdict(list)
        ids = [each["id"] for each in citizens.values()]
        for statement in await connection.fetch(_STATEMENTS, ids, list(self._ranks)) if self._ranks else ():
            stated[statement["resident_id"]].append(statement)
        judged = Judged()
        for row in rows:
            if isinstance(row, Refused):
                judged.outcomes.append(Outcome(row.row, RowResult.REFUSED, fault=row.fault, column=row.column))
            else:
                citizen = citizens.get(indexes[row.row])
                judged.outcomes.append(self._row(judged, row, citizen, stated))
        return judged

    def _row(
        self,
        judged: Judged,
        row: Row,
        citizen: asyncpg.Record | None,
        stated: Mapping[UUID, Sequence[asyncpg.Record]],
    ) -> Outcome:
        if citizen is None:
            return self._refused(row, RowFault.UNKNOWN_PERSON, self._source.id_number)
        if self._vault.index(Indexed.NAME, row.name) != citizen["name_index"]:
            return self._refused(row, RowFault.NAME_DIFFERS, self._source.name)
        try:
            key = self._vault.data_key(citizen["id"], citizen["data_key"], citizen["data_key_version"])
            held = [self._held(key, each) for each in stated.get(citizen["id"], ())]
        except VaultRefused:
            return self._refused(row, RowFault.KEY_GONE, "")
        judged.residents.append(citizen["id"])
        judged.happenings.extend((row.row, citizen["id"], each) for each in row.happenings)
        return self._stated(judged, row, key, [each for each in held if each is not None])

    def _stated(self, judged: Judged, row: Row, key: DataKey, held: Sequence[Held]) -> Outcome:
        columns: list[str] = []
        conflicts: list[Conflict] = []
        for new in row.statements:
            column = self._columns[new.fact]
            about = [each for each in held if each.fact.name == new.fact]
            own = [each for each in about if each.fact.source == self._source.department]
            others = [each.fact for each in about if each.fact.source != self._source.department]
            conflict = conflict_of(new, column, self._source.department, others, self._ranks[new.fact], self._on)
            if conflict is not None:
                conflicts.append(conflict)
            ended = supersede(new, own)
            if ended is not None:
                columns.append(column)
                judged.ended.extend(ended)
                judged.facts.append(self._new(key, new))
        result = RowResult.CHANGED if columns else RowResult.UNCHANGED
        return Outcome(row.row, result, tuple(columns), tuple(conflicts))

    def _new(self, key: DataKey, new: Statement) -> NewFact:
        value = key.seal(Sealed.FACT, json.dumps(self._vocabulary.encode(new.value)))
        return NewFact(new_id(), key.resident_id, new.fact, value, new.valid_from, new.valid_until)

    def _held(self, key: DataKey, row: asyncpg.Record) -> Held | None:
        """A statement that stands. One that no rule can read counts only as the department's own: a new one ends it."""
        value: FactValue = _UNREADABLE
        try:
            value = self._vocabulary.decode(row["name"], json.loads(key.open(Sealed.FACT, row["value_sealed"])))
        except (FactInvalid, json.JSONDecodeError):
            if row["source"] != self._source.department:
                return None
        days = (row["valid_from"], row["valid_until"], row["recorded_on"])
        return Held(row["id"], Fact(row["name"], value, row["source"], *days))

    def _refused(self, row: Row, fault: RowFault, column: str) -> Outcome:
        return Outcome(row.row, RowResult.REFUSED, fault=fault, column=column)
