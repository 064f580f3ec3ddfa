"""How near importing a department's file comes to COPY of the very rows that it writes, in the same run."""

import asyncio
import csv
import gc
import io
import shutil
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

import asyncpg

from card.cose import SigningKey
from cli.demo.load import load_district
from cli.demo.people import residents
from cli.embedded import APP_ROLE, EmbeddedPostgres
from domain.dates import local_date
from models.migrate import migrate
from services.bootstrap import load_sources, now, open_services
from services.imports import Delivery, apply
from services.keys import make_keys
from services.message import Message
from services.settings import load_settings
from services.wechat import Wechat

ROWS = {"small": 2_000, "default": 30_000, "large": 100_000}
ROUNDS = 3
HEADERS = ("姓名", "身份证号", "认定日期", "有效期至", "家庭类型", "本人月收入（元）")


def run(size: str) -> dict[str, float]:
    """`import_vs_copy` compares the rows a second of a whole import (read, judged, sealed, written) with COPY's.

    COPY writes the same statements, sealed already, into the same table with its keys and indexes.
    """
    directory = Path(tempfile.mkdtemp(prefix="sdc-bench-"))
    directory.chmod(0o711)
    server = EmbeddedPostgres(directory / "postgres", durable=False)
    server.start()
    try:
        return asyncio.run(_measure(server, ROWS[size]))
    finally:
        server.remove()
        shutil.rmtree(directory)


async def _measure(server: EmbeddedPostgres, count: int) -> dict[str, float]:
    settings = load_settings(
        {
            "MODE": "demo",
            "DATABASE_URL": server.app_url(),
            "DATABASE_COMMAND_SECONDS": "600",
            "DATABASE_STATEMENT_SECONDS": "600",
        }
    )
    at = now()
    await migrate(server.owner_url(), APP_ROLE, local_date(at))
    owner = await asyncpg.connect(server.owner_url())
    imported, copied = [], []
    async with open_services(settings, make_keys(SigningKey.generate(), demo=True, at=at), _Nobody()) as resources:
        await load_district(owner, resources.vault, count, at, lambda _: None)
        await owner.execute("DELETE FROM fact")
        await owner.execute("VACUUM ANALYZE")
        source = load_sources(resources.rules.chinese.reference.vocabulary)["civil-affairs"]
        content = _file(count)
        for number in range(ROUNDS):
            gc.collect()
            delivery = Delivery(source, content, f"bench-{number}", "bench")
            begun = perf_counter()
            report = await apply(resources, delivery, lambda _, __: None)
            imported.append(perf_counter() - begun)
            assert report.tally.changed == count, report.tally
            copied.append(await _copy(owner))
            # The next round meets an empty table again, and the batch before is gone with its statements.
            await owner.execute("TRUNCATE fact, fact_replacement")
    await owner.close()
    return {
        "import_vs_copy": statistics.median(copied) / statistics.median(imported),
        "import_rows_per_s": count / statistics.median(imported),
    }


async def _copy(owner: asyncpg.Connection) -> float:
    """Seconds that COPY takes for the statements of the last import."""
    columns = (
        *("id", "resident_id", "name", "source", "value_sealed"),
        *("valid_from", "valid_until", "recorded_on", "batch_id"),
    )
    rows = [tuple(row) for row in await owner.fetch(f"SELECT {', '.join(columns)} FROM fact")]  # noqa: S608 - ours
    await owner.execute("TRUNCATE fact, fact_replacement")
    begun = perf_counter()
    await owner.copy_records_to_table("fact", records=rows, columns=columns)
    return perf_counter() - begun


class _Nobody(Wechat):
    """No WeChat: an import asks it nothing."""

    async def openid(self, code: str) -> str:
        raise NotImplementedError

    async def phone_number(self, code: str) -> str:
        raise NotImplementedError

    async def send(self, openid: str, message: Message) -> None:
        raise NotImplementedError


def _file(count: int) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(HEADERS)
    for number, person in enumerate(residents(count, local_date(now()))):
        lines.writerow((person.name, person.id_number, "2026-01-01", "", "低保", str(number % 5_000)))
    return text.getvalue().encode("utf-8-sig")
