"""Writes what came of each row of a file as a sheet for the clerk who sent it, its people masked."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from domain.cell import Cell, text_of
from domain.exchange import Outcome
from domain.report_words import ReportWords
from domain.source import Source
from services.imports import Report
from services.people import mask_name

_VISIBLE = 6
_WIDTHS = (8, 12, 22, 12, 90)


def write_report(report: Report, source: Source, words: ReportWords, departments: Mapping[str, str]) -> bytes:
    """The sheet as XLSX; it holds nothing of a person but the masked name and number of her row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(words.sheet)
    for place, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDE"[place]].width = width
    sheet.freeze_panes = "A2"
    sheet.append([text_cell(sheet, header) for header in words.headers])
    cells = dict(report.table.rows)
    name, id_number = _places(report.table.headers, source)
    for outcome in report.outcomes:
        row = cells.get(outcome.row, ())
        masked = (_masked_name(_at(row, name)), mask_id(_at(row, id_number)))
        reason = "".join(_sentences(outcome, words, departments))
        texts = (*masked, words.results[outcome.result], reason)
        sheet.append([outcome.row, *(text_cell(sheet, text) for text in texts)])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def text_cell(sheet: Any, text: str) -> Any:
    """A cell that is text whatever it begins with: nothing that came from outside becomes a formula."""
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _masked_name(name: str) -> str:
    return mask_name(name) if name else ""


def mask_id(id_number: str) -> str:
    """The area alone, and stars for the rest."""
    return id_number[:_VISIBLE] + "*" * (len(id_number) - _VISIBLE)


def _places(headers: Sequence[Cell], source: Source) -> tuple[int, int]:
    texts = [text_of(header) for header in headers]
    return texts.index(text_of(source.name)), texts.index(text_of(source.id_number))


def _at(row: Sequence[Cell], place: int) -> str:
    return text_of(row[place]) if place < len(row) else ""


def _sentences(outcome: Outcome, words: ReportWords, departments: Mapping[str, str]) -> Iterator[str]:
    if outcome.fault is not None:
        yield words.faults[outcome.fault].format(column=outcome.column)
    if outcome.columns:
        yield words.sentences["changed"].format(columns="、".join(outcome.columns))
    for event in outcome.events:
        yield words.sentences[event]
    for conflict in outcome.conflicts:
        yield words.sentences["conflict"].format(
            column=conflict.column,
            department=departments[conflict.department],
            believed=departments[conflict.believed],
        )
