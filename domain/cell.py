"""Reads single cells of a file: amounts, days and coded words, however a department writes them."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from domain.fact import FactKind, FactValue
from domain.intake_fault import RowFault, RowRefused
from domain.source import Column
from domain.vocabulary import FactType

# What a cell of a CSV or XLSX file can hold.
Cell: TypeAlias = str | int | float | datetime | date | None
Parse: TypeAlias = Callable[[Cell], FactValue]

_MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def parser_of(column: Column, fact: FactType, day: Callable[[Cell], date]) -> Parse:
    """What reads the cells of a column; it raises RowRefused for a cell that says nothing known."""
    match fact.kind:
        case FactKind.MONEY:
            return _money
        case FactKind.DATE:
            return day
        case _:
            words = {text_of(word): value for word, value in column.words.items()}

            def word(cell: Cell) -> FactValue:
                value = words.get(text_of(cell))
                if value is None:
                    raise RowRefused(RowFault.VALUE_UNKNOWN)
                return value

            return word


def _money(cell: Cell) -> Decimal:
    """Yuan, of which departments write thousands with commas."""
    text = text_of(cell).replace(",", "")
    if not _MONEY.fullmatch(text):
        raise RowRefused(RowFault.AMOUNT_UNREADABLE)
    return Decimal(text)


def day_parser(formats: Sequence[str]) -> Callable[[Cell], date]:
    """What reads days in the formats of `strptime`, or as a sheet holds them; it raises RowRefused."""

    # The same days come again and again, and strptime is slow.
    @lru_cache(4_096)
    def parse(text: str) -> date | None:
        for each in formats:
            try:
                return datetime.strptime(text, each).date()  # noqa: DTZ007 - a day without a time has no zone
            except ValueError:
                continue
        return None

    def day(cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        found = parse(text_of(cell))
        if found is None:
            raise RowRefused(RowFault.DAY_UNREADABLE)
        return found

    return day


def text_of(cell: Cell) -> str:
    """A cell as text: without outer spaces, its characters of one width, a whole number without a point."""
    if type(cell) is str:
        return cell.strip() if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()
    if cell is None:
        return ""
    if type(cell) is float and cell.is_integer():
        return str(int(cell))
    return str(cell)
