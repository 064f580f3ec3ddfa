"""Proves that the report gives each row its reason in Chinese, masks its people, and runs nothing that a file holds."""

import io

from openpyxl import load_workbook

from services.bootstrap import load_report_words
from services.import_report import write_report
from services.imports import Report
from services.resources import Resources
from tests.services.department import POLICE, TAX, Department, csv_file, person
from tests.services.register import Register


def read(report: Report, department: Department) -> list[tuple[object, ...]]:
    """The rows of the sheet as a program reads them, formulas as such."""
    vocabulary = department.resources.rules.chinese.reference.vocabulary
    content = write_report(report, department.source, load_report_words(), vocabulary.departments)
    sheet = load_workbook(io.BytesIO(content)).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return list(sheet.iter_rows(values_only=True))


async def test_each_row_has_its_reason(register: Register, resources: Resources) -> None:
    """What changed, what conflicts and what is refused stands beside the row's number, name and id number masked."""
    holder = await register.resident()
    await register.fact(holder, "own_income", "900")
    tax = Department(resources, "tax")
    name, citizen = person(holder)
    rows = ((name, citizen, "", "", "5000"), ("=HYPERLINK(1)", "330604", "", "", ""), ("", "1", "", "", ""), ("短",))

    header, changed, *refused = read(await tax.look(csv_file(TAX, *rows)), tax)

    assert header == ("行号", "姓名", "身份证号", "结果", "原因和处理办法")
    assert changed == (
        2,
        "王**",
        citizen[:6] + "*" * 12,
        "采用",
        "更新：月均收入额。“月均收入额”与民政局提供的不一致，目前以民政局的为准。请与对方核对。",
    )
    assert [(row[0], row[1], row[3]) for row in refused] == [
        (3, "=************", "退回"),
        (4, None, "退回"),
        (5, "短*", "退回"),
    ]
    assert "公式" in str(refused[0][4])


async def test_a_death_is_told(register: Register, resources: Resources) -> None:
    """The police's clerk reads what their row did to the card and to payments."""
    holder = await register.resident()
    police = Department(resources, "police")

    _, row = read(await police.look(csv_file(POLICE, (*person(holder), "2026-03-01", "", ""))), police)

    assert row[4] == "已登记死亡，残疾人证注销，电子凭证作废，待遇从死亡次月起停发。"
