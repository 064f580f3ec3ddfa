"""Writes a table as CSV, XLSX or Parquet, its texts as texts: no program takes what came from outside for a formula."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

Cell: TypeAlias = str | int | date | None

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sheet:
    """A table: the heads of its columns, and rows of as many cells."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


class SheetKindUnknown(Exception):
    """The file's name ends in none of the formats; the message says which there are."""


def as_csv(sheet: Sheet) -> bytes:
    """CSV in UTF-8 with the mark by which spreadsheet programs know it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_guarded(cell) for cell in row] for row in (sheet.heads, *sheet.rows))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """XLSX with one sheet, its heads kept in sight."""
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.freeze_panes = "A2"
    for row in (sheet.heads, *sheet.rows):
        page.append([_text_cell(page, cell) if isinstance(cell, str) else cell for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def as_parquet(sheet: Sheet) -> bytes:
    """Parquet, its columns of the types that the cells have."""
    columns = {head: [row[place] for row in sheet.rows] for place, head in enumerate(sheet.heads)}
    content = io.BytesIO()
    pl.DataFrame(columns).write_parquet(content)
    return content.getvalue()


def write_sheet(sheet: Sheet, file: Path) -> None:
    """Write the format that a file's name ends in.

    Raises:
        SheetKindUnknown: see there.
    """
    writers = {".csv": as_csv, ".xlsx": as_xlsx, ".parquet": as_parquet}
    writer = writers.get(file.suffix)
    if writer is None:
        raise SheetKindUnknown(f"{file.name} is no table: name a file that ends in {', '.join(writers)}.")
    file.write_bytes(writer(sheet))


def _guarded(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_MARKS) else cell


def _text_cell(page: Any, text: str) -> Any:
    cell = WriteOnlyCell(page, value=text)
    cell.data_type = "s"
    return cell
