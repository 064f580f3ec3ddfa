"""Reads a department's file row by row: what each row states of whom, or why it cannot be taken."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from domain.card_event import CardEvent
from domain.cell import Cell, day_parser, parser_of, text_of
from domain.fact import FactValue
from domain.intake_fault import FileFault, FileRefused, RowFault, RowRefused
from domain.source import Source
from domain.vocabulary import FactType


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken, by its number in the file (the first row under the headers is 2), and why."""

    row: int
    fault: RowFault
    column: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a row says of one fact, from a day to a day, both included; None is for good."""

    fact: str
    value: FactValue
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Happening:
    """What a row says happened to a person, and on which day."""

    event: CardEvent
    day: date


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be read: of whom (upper case, checked), and what."""

    row: int
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    statements: tuple[Statement, ...]
    happenings: tuple[Happening, ...]


CheckId: TypeAlias = Callable[[str], RowFault | None]
_ID_SHAPE = re.compile(r"[1-8][0-9]{16}[0-9X]")


class Reader:
    """Reads the rows of one file whose headers are known."""

    def __init__(self, source: Source, headers: Sequence[Cell], check_id: CheckId, on: date) -> None:
        """`check_id` judges the number of a citizen; `on` is the day of the import.

        Raises:
            FileRefused: a column is missing, or there twice.
        """
        places = _places(source, [text_of(header) for header in headers])
        self._width = len(headers)
        self._check_id, self._on = check_id, on
        self._id, self._name = ((header, places[header]) for header in (source.id_number, source.name))
        self._from, self._until = (
            (header, places[header]) if header else None for header in (source.valid_from, source.valid_until)
        )
        self._day = day_parser(source.date_formats)
        self._facts = [
            (column.header, places[column.header], column.states.name, parser_of(column, column.states, self._day))
            for column in source.columns
            if isinstance(column.states, FactType)
        ]
        self._events = [
            (column.header, places[column.header], column.states)
            for column in source.columns
            if isinstance(column.states, CardEvent)
        ]

    def read(self, number: int, cells: Sequence[Cell]) -> Row | Refused:
        """One row by its number in the file."""
        if len(cells) != self._width:
            return Refused(number, RowFault.CELLS)
        try:
            return self._row(number, cells)
        except RowRefused as fault:
            return Refused(number, fault.fault, fault.column)

    def _row(self, number: int, cells: Sequence[Cell]) -> Row:
        for cell in cells:
            if type(cell) is str and cell[:1] == "=":
                raise RowRefused(RowFault.FORMULA)
        id_number = self._id_number(cells)
        header, place = self._name
        name = text_of(cells[place])
        if not name:
            raise RowRefused(RowFault.NAME_MISSING, header)
        valid_from, valid_until = (
            self._optional_day(cells, self._from) or self._on,
            self._optional_day(cells, self._until),
        )
        if valid_until is not None and self._until is not None and valid_until < valid_from:
            raise RowRefused(RowFault.PERIOD_BACKWARDS, self._until[0])
        statements = []
        for header, place, fact, parse in self._facts:
            cell = cells[place]
            if cell is None or cell == "":
                continue
            try:
                statements.append(Statement(fact, parse(cell), valid_from, valid_until))
            except RowRefused as fault:
                raise RowRefused(fault.fault, header) from None
        return Row(number, id_number, name, tuple(statements), self._happenings(cells))

    def _id_number(self, cells: Sequence[Cell]) -> str:
        header, place = self._id
        cell = cells[place]
        if cell is None or cell == "":
            raise RowRefused(RowFault.ID_MISSING, header)
        if type(cell) is not str:
            # A number has lost its last digits before anybody could read them.
            raise RowRefused(RowFault.ID_AS_NUMBER, header)
        id_number = text_of(cell).upper()
        fault = self._check_id(id_number)
        if fault is not None:
            elsewhere = not _ID_SHAPE.fullmatch(id_number) and any(
                type(each) is str and _ID_SHAPE.fullmatch(text_of(each).upper()) for each in cells
            )
            raise RowRefused(RowFault.ID_ELSEWHERE if elsewhere else fault, header)
        return id_number

    def _happenings(self, cells: Sequence[Cell]) -> tuple[Happening, ...]:
        happenings = []
        for header, place, event in self._events:
            day = self._optional_day(cells, (header, place))
            if day is None:
                continue
            if day > self._on:
                raise RowRefused(RowFault.DAY_AHEAD, header)
            happenings.append(Happening(event, day))
        return tuple(happenings)

    def _optional_day(self, cells: Sequence[Cell], column: tuple[str, int] | None) -> date | None:
        if column is None:
            return None
        header, place = column
        cell = cells[place]
        if cell is None or cell == "":
            return None
        try:
            return self._day(cell)
        except RowRefused as fault:
            raise RowRefused(fault.fault, header) from None


def settle(source: Source, outcomes: Sequence[Row | Refused]) -> list[Row | Refused]:
    """What only the whole file shows: a person named twice is refused each time, for nobody can tell which row counts.

    Raises:
        FileRefused: there is no row, or most rows have the id number where it does not belong.
    """
    if not outcomes:
        raise FileRefused(FileFault.NO_ROWS)
    elsewhere = sum(type(each) is Refused and each.fault is RowFault.ID_ELSEWHERE for each in outcomes)
    if elsewhere * 2 > len(outcomes):
        raise FileRefused(FileFault.COLUMNS_SWAPPED, source.id_number)
    times = Counter(each.id_number for each in outcomes if isinstance(each, Row))
    return [
        Refused(each.row, RowFault.TWICE, source.id_number)
        if isinstance(each, Row) and times[each.id_number] > 1
        else each
        for each in outcomes
    ]


def _places(source: Source, headers: Sequence[str]) -> dict[str, int]:
    """The place of each declared column; a file may have others beside them."""
    places = {}
    for header in source.headers:
        plain = text_of(header)
        found = [place for place, each in enumerate(headers) if each == plain]
        if len(found) != 1:
            raise FileRefused(FileFault.COLUMN_TWICE if found else FileFault.COLUMN_MISSING, header)
        places[header] = found[0]
    return places
