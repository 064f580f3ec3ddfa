"""Proves that whole files are read whatever program wrote them, and that damaged and hostile ones are refused."""

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.xml.constants import SHEET_MAIN_NS

from domain.intake_fault import FileFault, FileRefused
from domain.source import Source
from services import tables
from services.bootstrap import load_rules, load_sources
from services.tables import read_table
from tests.services.department import CIVIL, csv_file, xlsx_file

ROW = ("王小明", "330604198005010010", "2026-03-01", "", "低保", "1200")
BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {each} "{f"&{chr(ord(each) - 1)};" * 10}">' for each in "bcdefghij"
)


@pytest.fixture(scope="module")
def source() -> Source:
    """The file of the civil affairs bureau."""
    return load_sources(load_rules().chinese.reference.vocabulary)["civil-affairs"]


def fault_of(content: bytes, source: Source) -> FileFault:
    """Why a file is refused."""
    with pytest.raises(FileRefused) as refused:
        read_table(content, source)
    return refused.value.fault


def repacked(content: bytes, name: str, data: bytes) -> bytes:
    """The same archive with one part exchanged."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in old.infolist():
            archive.writestr(part.filename, data if part.filename == name else old.read(part))
    return new.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_told_apart(encoding: str, source: Source) -> None:
    """UTF-8 with and without its mark and GB18030 give the same table, rare characters included."""
    rare = ("𠮷小明", *ROW[1:])

    table = read_table(csv_file(CIVIL, ROW, rare, encoding=encoding), source)

    assert list(table.headers) == list(CIVIL)
    assert [(number, tuple(cells)) for number, cells in table.rows] == [(2, ROW), (3, rare)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "big5", "shift_jis"])
def test_other_encodings_are_refused(encoding: str, source: Source) -> None:
    """What is neither is not read as something else by chance."""
    content = "姓名,身分證號,收入\n王小明,1,2\n".encode(encoding, errors="replace")

    assert fault_of(content, source) is FileFault.ENCODING


def test_damaged_text_is_refused(source: Source) -> None:
    """A byte that is no UTF-8 among much that is, a character that was lost before, and a stray quote."""
    whole = csv_file(CIVIL, ROW)

    assert fault_of(whole.replace("小".encode(), b"\xe5\x28\x8f"), source) is FileFault.DAMAGED
    assert fault_of(whole.replace("小".encode(), "\ufffd".encode()), source) is FileFault.DAMAGED
    assert fault_of(whole.replace(b"1200", b'"12"00'), source) is FileFault.DAMAGED


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_half_a_file_is_refused_wherever_it_was_cut(encoding: str, source: Source) -> None:
    """Unless the cut falls behind a whole line, where nothing tells it, no beginning is taken for the file."""
    whole = csv_file(CIVIL, ROW, ("欧阳,明", *ROW[1:]), encoding=encoding)
    header = len(csv_file(CIVIL, encoding=encoding))

    for end in range(header + 1, len(whole)):
        if whole[end - 1 : end] != b"\n":
            assert fault_of(whole[:end], source) in {FileFault.CUT_OFF, FileFault.DAMAGED}


def test_a_quote_that_is_never_closed_is_a_cut(source: Source) -> None:
    """It would swallow all that follows as one cell."""
    assert fault_of(csv_file(CIVIL, ROW) + '"王\n'.encode(), source) is FileFault.CUT_OFF


def test_a_sheet_is_read_with_its_types_and_without_its_formulas(source: Source) -> None:
    """A title above the headers and empty rows do no harm; a formula comes as text, never as what it would give."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    day = datetime(2026, 3, 1)  # noqa: DTZ001 - as a sheet holds a day
    for line in (("2026年3月困难家庭名单",), CIVIL, (), (*ROW[:2], day, None, "低保", 1200), (*ROW[:5], "=1+1")):
        sheet.append(list(line))
    content = io.BytesIO()
    book.save(content)

    table = read_table(content.getvalue(), source)

    assert [(number, tuple(cells)) for number, cells in table.rows] == [
        (4, (*ROW[:2], day, None, "低保", 1200)),
        (5, (*ROW[:3], None, "低保", "=1+1")),
    ]


def test_half_a_sheet_is_refused(source: Source) -> None:
    """An archive without its end, and one whose part was altered."""
    whole = xlsx_file(CIVIL, ROW)

    assert fault_of(whole[: len(whole) // 2], source) is FileFault.CUT_OFF
    assert fault_of(repacked(whole, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"), source) in {
        FileFault.DAMAGED,
        FileFault.COLUMN_MISSING,
    }


def test_a_bomb_is_refused(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too much when unpacked is refused before anything is; entities that multiply are refused by the parser."""
    whole = xlsx_file(CIVIL, ROW)
    sheet = f'{BOMB}]><worksheet xmlns="{SHEET_MAIN_NS}"><sheetData><row><c t="inlineStr"><is><t>&j;</t></is></c></row>'

    assert fault_of(repacked(whole, "docProps/app.xml", bytes(tables.MAX_UNPACKED)), source) is FileFault.TOO_LARGE
    assert fault_of(repacked(whole, "xl/worksheets/sheet1.xml", sheet.encode()), source) is FileFault.DAMAGED
    monkeypatch.setattr(tables, "MAX_PARTS", 3)
    assert fault_of(whole, source) is FileFault.TOO_LARGE


def test_too_much_is_refused(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows and bytes are bounded."""
    content = csv_file(CIVIL, ROW, ROW, ROW)

    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert fault_of(content, source) is FileFault.TOO_LARGE
    monkeypatch.setattr(tables, "MAX_BYTES", len(content) - 1)
    assert fault_of(content, source) is FileFault.TOO_LARGE


def test_other_kinds_of_files_are_named(source: Source, tmp_path: Path) -> None:
    """An old Excel file, another archive, and a CSV of something else."""
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")

    assert fault_of(b"\xd0\xcf\x11\xe0" + bytes(100), source) is FileFault.OLD_EXCEL
    assert fault_of((tmp_path / "other.zip").read_bytes(), source) is FileFault.NO_TABLE
    assert fault_of(b"a,b\n1,2\n", source) is FileFault.COLUMN_MISSING
    assert fault_of(b"", source) is FileFault.CUT_OFF
