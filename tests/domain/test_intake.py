"""Proves that rows are read as departments write them, and that each way to be wrong has its own answer."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from domain.card_event import CardEvent
from domain.cell import Cell
from domain.intake import Happening, Reader, Refused, Row, Statement, settle
from domain.intake_fault import FileFault, FileRefused, RowFault
from domain.policy_file import parse_document
from domain.source import Source, parse_source
from domain.vocabulary import parse_vocabulary

ON = date(2026, 3, 11)
GOOD, OTHER = "330604198005010010", "330604198005010029"
HEADERS = ("姓名", "身份证号", "开始", "截止", "收入（元）", "参保", "等级", "生日", "死亡日期")
FILE = """
department = "civil_affairs"
date_formats = ["%Y-%m-%d", "%Y年%m月%d日"]
[person]
id_number = "身份证号"
name = "姓名"
[period]
from = "开始"
until = "截止"
[columns."收入（元）"]
fact = "own_income"
[columns."参保"]
fact = "rehab_need"
words = { "是" = true, "否" = false }
[columns."等级"]
fact = "card_grade"
[columns."生日"]
fact = "birth_date"
[columns."死亡日期"]
event = "record_death"
"""


def check_id(id_number: str) -> RowFault | None:
    """Takes two numbers alone."""
    return None if id_number in {GOOD, OTHER} else RowFault.ID_CHECK_CHARACTER


@pytest.fixture(scope="module")
def source() -> Source:
    """A file with a column of each kind."""
    facts = Path(__file__).parents[2] / "policy" / "facts.toml"
    vocabulary = parse_vocabulary(parse_document("facts.toml", facts.read_text(encoding="utf-8")))
    return parse_source("test", parse_document("test.toml", FILE), vocabulary)


@pytest.fixture
def reader(source: Source) -> Reader:
    """Reads rows of the file."""
    return Reader(source, HEADERS, check_id, ON)


def row(**cells: Cell) -> Sequence[Cell]:
    """A row of which only the person is said, but for `cells`."""
    return [cells.get(header, {"姓名": "王小明", "身份证号": GOOD}.get(header, "")) for header in HEADERS]


def test_a_row_is_read_as_departments_write(reader: Reader) -> None:
    """Full-width characters, spaces, commas, numbers and days of a sheet mean what people mean by them."""
    cells: dict[str, Cell] = {
        "身份证号": "３３0604198005010010 ",
        "开始": "2026年1月1日",
        "截止": datetime(2026, 12, 31),  # noqa: DTZ001 - as a sheet holds a day
        "收入（元）": "1，200.50",
        "参保": "否",
        "等级": "二级",
        "生日": date(1980, 5, 1),
        "死亡日期": "2026-03-11",
    }

    read = reader.read(2, row(**cells))

    period = (date(2026, 1, 1), date(2026, 12, 31))
    assert read == Row(
        2,
        GOOD,
        "王小明",
        (
            Statement("own_income", Decimal("1200.50"), *period),
            Statement("rehab_need", value=False, valid_from=period[0], valid_until=period[1]),
            Statement("card_grade", 2, *period),
            Statement("birth_date", date(1980, 5, 1), *period),
        ),
        (Happening(CardEvent.RECORD_DEATH, ON),),
    )
    assert "王小明" not in repr(read)


@pytest.mark.parametrize(("cell", "amount"), [(1200, "1200"), (1200.0, "1200"), (0.5, "0.5"), ("0", "0")])
def test_amounts_are_read(reader: Reader, cell: Cell, amount: str) -> None:
    """Numbers of a sheet come as they stand, and a row without days holds from the day of the import for good."""
    read = reader.read(2, row(**{"收入（元）": cell}))

    assert isinstance(read, Row)
    assert read.statements == (Statement("own_income", Decimal(amount), ON, None),)


@pytest.mark.parametrize(
    ("cells", "fault", "column"),
    [
        ({"收入（元）": "=1+1"}, RowFault.FORMULA, ""),
        ({"身份证号": ""}, RowFault.ID_MISSING, "身份证号"),
        ({"身份证号": None}, RowFault.ID_MISSING, "身份证号"),
        ({"身份证号": 330604198005010000}, RowFault.ID_AS_NUMBER, "身份证号"),
        ({"身份证号": "330604198005010011"}, RowFault.ID_CHECK_CHARACTER, "身份证号"),
        ({"身份证号": "王小明", "姓名": GOOD}, RowFault.ID_ELSEWHERE, "身份证号"),
        ({"姓名": "  "}, RowFault.NAME_MISSING, "姓名"),
        ({"收入（元）": "-1"}, RowFault.AMOUNT_UNREADABLE, "收入（元）"),
        ({"收入（元）": "很多"}, RowFault.AMOUNT_UNREADABLE, "收入（元）"),
        ({"收入（元）": "NaN"}, RowFault.AMOUNT_UNREADABLE, "收入（元）"),
        ({"参保": "也许"}, RowFault.VALUE_UNKNOWN, "参保"),
        ({"生日": "2026-02-30"}, RowFault.DAY_UNREADABLE, "生日"),
        ({"开始": 46000}, RowFault.DAY_UNREADABLE, "开始"),
        ({"开始": "2026-03-01", "截止": "2026-02-28"}, RowFault.PERIOD_BACKWARDS, "截止"),
        ({"死亡日期": "2026-03-12"}, RowFault.DAY_AHEAD, "死亡日期"),
    ],
)
def test_each_mistake_has_its_answer(reader: Reader, cells: dict[str, Cell], fault: RowFault, column: str) -> None:
    """The row, the column and what is wrong are told, and nothing that stood there."""
    assert reader.read(7, row(**cells)) == Refused(7, fault, column)


def test_a_row_with_too_few_or_too_many_cells_is_refused(reader: Reader) -> None:
    """Nobody guesses which cell is missing."""
    assert reader.read(3, row()[:-1]) == Refused(3, RowFault.CELLS)
    assert reader.read(4, [*row(), "x"]) == Refused(4, RowFault.CELLS)


@pytest.mark.parametrize(
    ("headers", "fault", "column"),
    [
        ([header for header in HEADERS if header != "参保"], FileFault.COLUMN_MISSING, "参保"),
        ([*HEADERS, " 参保 "], FileFault.COLUMN_TWICE, "参保"),
    ],
)
def test_columns_must_be_those_of_the_source(
    source: Source, headers: Sequence[str], fault: FileFault, column: str
) -> None:
    """A column that is missing, or there twice, is named."""
    with pytest.raises(FileRefused) as refused:
        Reader(source, headers, check_id, ON)

    assert (refused.value.fault, refused.value.column) == (fault, column)


def test_headers_may_be_written_in_either_width(source: Source) -> None:
    """Brackets of half width do no harm, and neither do columns that nobody asked for or that have no header."""
    headers = [*(header.replace("（", "(").replace("）", ")") for header in HEADERS), "备注", None]

    assert isinstance(Reader(source, headers, check_id, ON).read(2, [*row(), "x", None]), Row)


def test_a_source_without_a_period_takes_the_day_of_the_import(source: Source) -> None:
    """Where the department sends no days, the statement begins when it came."""
    plain = Source("test", "civil_affairs", "身份证号", "姓名", None, None, source.columns[:1], source.date_formats)

    read = Reader(plain, HEADERS, check_id, ON).read(2, row(**{"收入（元）": "1"}))

    assert isinstance(read, Row)
    assert read.statements[0].valid_from == ON


def test_a_person_twice_is_refused_each_time(source: Source, reader: Reader) -> None:
    """Nobody can tell which of the rows counts."""
    outcomes = [reader.read(2, row()), reader.read(3, row(身份证号=OTHER)), reader.read(4, row())]

    settled = settle(source, outcomes)

    assert [type(each) for each in settled] == [Refused, Row, Refused]
    assert settled[0] == Refused(2, RowFault.TWICE, "身份证号")


def test_a_file_without_rows_is_refused(source: Source) -> None:
    """Headers alone are no delivery."""
    with pytest.raises(FileRefused) as refused:
        settle(source, [])

    assert refused.value.fault is FileFault.NO_ROWS


def test_swapped_columns_refuse_the_file_only_where_most_rows_have_them(source: Source, reader: Reader) -> None:
    """One row in disorder is the row's fault; most rows in disorder are the file's."""
    swapped = reader.read(3, row(身份证号="王小明", 姓名=OTHER))

    assert settle(source, [reader.read(2, row()), swapped])[1] == swapped
    with pytest.raises(FileRefused) as refused:
        settle(source, [reader.read(2, row()), swapped, swapped])

    assert refused.value.fault is FileFault.COLUMNS_SWAPPED
