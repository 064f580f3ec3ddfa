"""Proves that a department receives its declared fields and no others, and that it goes on record first."""

import csv
import io
from collections.abc import Mapping, Sequence

import asyncpg
import pytest
from openpyxl import load_workbook

from domain.recipient import Recipient
from services.bootstrap import load_recipients
from services.export_file import as_csv, as_xlsx
from services.exports import Exported, ExportFault, ExportRefused, export
from services.resources import Resources
from services.vault import VaultRefused
from tests.services.register import Register


@pytest.fixture
def recipients(resources: Resources) -> Mapping[str, Recipient]:
    """Those of the district."""
    return load_recipients(resources.rules.chinese.reference.vocabulary)


async def give(resources: Resources, recipient: Recipient, purpose: str, fields: Sequence[str] = ()) -> Exported:
    """Export on behalf of a clerk."""
    return await export(resources, recipient, fields, purpose, "clerk:li", lambda _: None)


async def test_declared_fields_leave_and_go_on_record(
    register: Register, owner: asyncpg.Connection, resources: Resources, recipients: Mapping[str, Recipient]
) -> None:
    """Each resident with a card in its states is a row in words; recipient, purpose, fields and people are kept."""
    holder = await register.resident(name="周一", category=7, categories="12")
    await register.resident(name="周二", state="cancelled")
    await register.fact(holder, "rehab_need", value=True, source="federation")

    exported = await give(resources, recipients["health"], "family-doctor")

    row = next(row for row in exported.rows if row[0] == "周一")
    assert exported.headers == ["姓名", "身份证号", "乡镇街道", "残疾类别", "残疾等级", "有康复需求"]
    assert row == ["周一", holder.card_number[:18], "曹娥街道", "多重残疾", "一级", "1"]
    assert "周二" not in {row[0] for row in exported.rows}
    kept = await owner.fetchrow("SELECT * FROM data_export ORDER BY at DESC, id DESC LIMIT 1")
    assert (kept["recipient"], kept["purpose"], kept["actor"]) == ("health", "残疾人家庭医生签约", "clerk:li")
    assert kept["columns"] == "name,id_number,town,card_category,card_grade,rehab_need"
    subjects = "SELECT count(*) FROM data_export_subject WHERE export_id = $1"
    assert await owner.fetchval(subjects, kept["id"]) == len(exported.rows)
    entry = await owner.fetchrow("SELECT * FROM audit WHERE action = 'export' ORDER BY sequence DESC LIMIT 1")
    assert entry["subject"] == f"export:{kept['id']}"
    assert "周一" not in entry["detail"]


async def test_fewer_fields_may_be_asked_for(
    register: Register, resources: Resources, recipients: Mapping[str, Recipient]
) -> None:
    """Codes that are several, card numbers and what nobody knows are written too."""
    holder = await register.resident(name="吴一", category=7, categories="12")
    everything = Recipient(
        "test",
        "health",
        recipients["health"].card_states,
        dict.fromkeys(("card_number", "village", "card_categories", "own_income"), "x"),
        {"test": "x"},
    )

    exported = await give(resources, everything, "test")

    assert [holder.card_number, "一村", "视力残疾、听力残疾", ""] in exported.rows


@pytest.mark.parametrize(
    ("fields", "purpose", "fault"),
    [(["phone"], "quota", ExportFault.FIELD), (["name"], "curiosity", ExportFault.PURPOSE)],
)
async def test_what_is_not_declared_does_not_leave(
    fields: list[str],
    purpose: str,
    fault: ExportFault,
    owner: asyncpg.Connection,
    resources: Resources,
    recipients: Mapping[str, Recipient],
) -> None:
    """Another field and another purpose are refused, and nothing goes on record as given."""
    before = await owner.fetchval("SELECT count(*) FROM data_export")

    with pytest.raises(ExportRefused) as refused:
        await give(resources, recipients["tax"], purpose, fields)

    assert refused.value.fault is fault
    assert await owner.fetchval("SELECT count(*) FROM data_export") == before


async def test_a_key_that_is_gone_gives_out_nothing(
    register: Register, owner: asyncpg.Connection, resources: Resources, recipients: Mapping[str, Recipient]
) -> None:
    """An export is whole or not at all."""
    lost = await register.resident()
    await owner.execute("UPDATE resident SET data_key_version = 99 WHERE id = $1", lost.id)

    with pytest.raises(VaultRefused):
        await give(resources, recipients["tax"], "quota")
    await owner.execute("DELETE FROM card WHERE resident_id = $1", lost.id)


def test_files_hold_text_and_no_formula() -> None:
    """Neither CSV nor XLSX makes a program run what stands in a cell, and an id number keeps its digits."""
    exported = Exported(["姓名", "身份证号"], [["=1+1", "330604198005010010"]])

    lines = list(csv.reader(io.StringIO(as_csv(exported).decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(as_xlsx(exported))).active

    assert lines == [["姓名", "身份证号"], ["'=1+1", "330604198005010010"]]
    assert [(cell.value, cell.data_type) for cell in sheet[2]] == [("=1+1", "s"), ("330604198005010010", "s")]
