"""Opens the files that departments send, CSV and XLSX, within bounds, and tells a whole file from a damaged one."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from openpyxl import load_workbook

from domain.cell import Cell, text_of
from domain.intake_fault import FileFault, FileRefused
from domain.source import Source

MAX_BYTES = 64 << 20
MAX_ROWS = 500_000
MAX_COLUMNS = 100
# What an archive may hold when it is unpacked: a sheet of MAX_ROWS, and no more parts than Excel writes.
MAX_UNPACKED = 256 << 20
MAX_PARTS = 500
# A title and a note often stand above the headers.
_ABOVE_HEADERS = 5

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Table:
    """The headers of a file and its rows, each with its number as a sheet shows it; empty rows are left out."""

    headers: Sequence[Cell]
    rows: Sequence[tuple[int, Sequence[Cell]]] = field(repr=False)


def read_table(content: bytes, source: Source) -> Table:
    """The table in a file, whose kind its first bytes tell.

    Raises:
        FileRefused: it is too large, no table, cut off, damaged, or lacks every column of the source.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused(FileFault.TOO_LARGE)
    if content.startswith(_OLE):
        raise FileRefused(FileFault.OLD_EXCEL)
    lines = _sheet(content) if content.startswith(_ZIP) else _csv(_decode(content, source))
    numbered = ((number, cells) for number, cells in enumerate(lines, start=1) if any(_says(cell) for cell in cells))
    wanted = {text_of(header) for header in source.headers}
    for _, cells in islice(numbered, _ABOVE_HEADERS):
        if wanted & {text_of(cell) for cell in cells}:
            headers = _trimmed(cells, 0)
            return Table(headers, _bounded((number, _trimmed(row, len(headers))) for number, row in numbered))
    raise FileRefused(FileFault.COLUMN_MISSING, source.id_number)


def _bounded(rows: Iterable[tuple[int, Sequence[Cell]]]) -> Sequence[tuple[int, Sequence[Cell]]]:
    taken = list(islice(rows, MAX_ROWS + 1))
    if len(taken) > MAX_ROWS:
        raise FileRefused(FileFault.TOO_LARGE)
    return taken


def _says(cell: Cell) -> bool:
    return cell is not None and cell != ""


def _trimmed(cells: Sequence[Cell], width: int) -> Sequence[Cell]:
    """The cells without the empty ones behind the last column: programs leave some there."""
    end = len(cells)
    while end > width and not _says(cells[end - 1]):
        end -= 1
    return cells[:end]


def _decode(content: bytes, source: Source) -> str:
    """The text of a CSV file in UTF-8 or GB18030.

    UTF-8 goes first, because text in GB18030 is hardly ever also UTF-8, while nearly any bytes decode as GB18030: those
    are believed only where a header is found.
    """
    if content.startswith(_UTF16) or b"\0" in content:
        raise FileRefused(FileFault.ENCODING)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise FileRefused(FileFault.CUT_OFF) from None
        if any(header.encode() in content for header in source.headers):
            raise FileRefused(FileFault.DAMAGED) from None
        text = _from_gb18030(content, source)
    if _REPLACEMENT in text:
        raise FileRefused(FileFault.DAMAGED)
    # Every program ends the last line too: where its end is missing, so may be any number of rows.
    if not text.endswith("\n"):
        raise FileRefused(FileFault.CUT_OFF)
    return text


def _from_gb18030(content: bytes, source: Source) -> str:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError as error:
        cut = error.reason == "incomplete multibyte sequence"
        raise FileRefused(FileFault.CUT_OFF if cut else FileFault.ENCODING) from None
    if not any(header in text for header in source.headers):
        raise FileRefused(FileFault.ENCODING)
    return text


def _csv(text: str) -> Iterator[Sequence[Cell]]:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from lines
    except csv.Error as error:
        # A quote that is never closed swallows the rest.
        cut = "unexpected end of data" in str(error)
        raise FileRefused(FileFault.CUT_OFF if cut else FileFault.DAMAGED) from None


def _sheet(content: bytes) -> Iterator[Sequence[Cell]]:
    """The rows of the first sheet; a formula comes as its text, never as a value."""
    _measure(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that nobody asks for
            book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            yield from sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True)
            book.close()
    except Exception:  # noqa: BLE001 - the library raises whatever it trips over, and each means the same
        raise FileRefused(FileFault.DAMAGED) from None


def _measure(content: bytes) -> None:
    """Refuse an archive that would unpack into too much, before anything unpacks it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        # The list of parts stands at the end: without it the end is missing.
        raise FileRefused(FileFault.CUT_OFF) from None
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise FileRefused(FileFault.NO_TABLE)
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FileRefused(FileFault.TOO_LARGE)
