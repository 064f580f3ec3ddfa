"""Stands in for another department: writes its files as its programs would, and has them imported."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook

from services.bootstrap import load_sources
from services.imports import Delivery, Report, apply, look
from services.resources import Resources
from tests.services.register import Holder

CIVIL = ("姓名", "身份证号", "认定日期", "有效期至", "家庭类型", "本人月收入（元）")
POLICE = ("姓名", "公民身份号码", "死亡日期", "迁出日期", "户籍地")
TAX = ("纳税人姓名", "纳税人身份证号", "所属期起", "所属期止", "月均收入额")

Line = Sequence[object]


def csv_file(headers: Line, *lines: Line, encoding: str = "utf-8-sig") -> bytes:
    """A CSV file, by default as WPS and Excel write it."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headers, *lines])
    return text.getvalue().encode(encoding)


def xlsx_file(headers: Line, *lines: Line) -> bytes:
    """An XLSX file with one sheet."""
    book = Workbook()
    assert book.active is not None
    for line in (headers, *lines):
        book.active.append(list(line))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def person(holder: Holder) -> tuple[str, str]:
    """How files name a resident."""
    return holder.name, holder.card_number[:18]


class Department:
    """One kind of file, imported under names of batches."""

    def __init__(self, resources: Resources, slug: str) -> None:
        self.resources = resources
        self.source = load_sources(resources.rules.chinese.reference.vocabulary)[slug]

    async def look(self, content: bytes, batch: str = "2026-03") -> Report:
        """A dry run."""
        return await look(self.resources, self.delivery(content, batch), lambda _, __: None)

    async def apply(self, content: bytes, batch: str = "2026-03") -> Report:
        """Apply a file."""
        return await apply(self.resources, self.delivery(content, batch), lambda _, __: None)

    def delivery(self, content: bytes, batch: str) -> Delivery:
        """A file as it came."""
        return Delivery(self.source, content, batch, "clerk:li")
