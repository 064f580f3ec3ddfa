"""Writes rows that leave the register as CSV or XLSX, as text that no program takes for a formula."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook

from services.exports import Exported
from services.import_report import text_cell

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(exported: Exported) -> bytes:
    """CSV in UTF-8 with the mark by which Excel and WPS know it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(map(_guarded, (exported.headers, *exported.rows)))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(exported: Exported) -> bytes:
    """XLSX with one sheet of text cells, so that no number loses its digits."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (exported.headers, *exported.rows):
        sheet.append([text_cell(sheet, cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _guarded(row: Sequence[str]) -> list[str]:
    return [f"'{cell}" if cell.startswith(_FORMULA_MARKS) else cell for cell in row]
