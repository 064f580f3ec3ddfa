"""A month's settlement beside a year of taps: closing it, and deriving it again from the scans.

One operator has two hundred devices. Their taps are loaded by COPY, spread over twelve months; months are closed in
their order, and the last three are measured. PostgreSQL has one core, and we the other.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from time import perf_counter, process_time
from uuid import UUID

import asyncpg
import uvloop

from bench.server import Place, a_place, processor_seconds
from cli.embedded import APP_ROLE
from domain.settlement import month_after
from models.migrate import migrate
from models.record import new_id
from services.resources import Resources
from services.settlement import close
from services.statements import statement_of, verify

TAPS = {"small": 24_000, "default": 1_200_000, "large": 10_000_000}
MONTHS = 12
MEASURED = 3
DEVICES = 200
# A presentation's record has about this size.
RECORD_BYTES = 400
BLOCK = 20_000
LIMIT_SECONDS = 10.0

COLUMNS = (
    *("device_id", "epoch", "sequence", "device_at", "at", "received_at", "resident_id", "admission", "reason"),
    *("device_admission", "device_reason", "companions", "overridden", "mark", "record", "kind"),
)


def run(size: str) -> dict[str, float]:
    """`settle_month_s` is the least of three closings, `settle_month_worst_s` the greatest, `settle_verify_s` a check.

    `settle_month_cpu_s` is the most that one of them took of processors, ours and PostgreSQL's, which a busy machine
    does not draw out. `settle_month_of_limit` is ten seconds to the greatest: at least 1 is good.

    Raises:
        AssertionError: a statement does not count what was loaded, or differs from its scans.
    """
    cores = sorted(os.sched_getaffinity(0))
    with a_place(cores[-1], durable=False) as place:
        return uvloop.run(_measure(place, TAPS[size]))


async def _measure(place: Place, taps: int) -> dict[str, float]:
    months = _months(datetime.now(UTC).date())
    await migrate(place.postgres.owner_url(), APP_ROLE, months[0])
    async with place.opened() as resources, place.owner() as owner:
        operator_id = await _load(owner, months, taps)
        seconds, processors = [], []
        for month in months:
            start, used = perf_counter(), await _processors(owner)
            made = await close(resources, operator_id, month, "operator:bench")
            seconds.append(perf_counter() - start)
            processors.append(await _processors(owner) - used)
            assert isinstance(made, UUID), made
        checked = await _check(resources, operator_id, months[-1], taps // MONTHS)
    closings = seconds[-MEASURED:]
    return {
        "settle_taps": float(taps),
        "settle_month_s": min(closings),
        "settle_month_worst_s": max(closings),
        "settle_month_cpu_s": max(processors[-MEASURED:]),
        "settle_verify_s": checked,
        "settle_month_of_limit": LIMIT_SECONDS / max(closings),
    }


async def _processors(owner: asyncpg.Connection) -> float:
    """Processor seconds that we and PostgreSQL for us have taken so far."""
    rows = await owner.fetch("SELECT pid FROM pg_stat_activity WHERE application_name = 'sdc'")
    return process_time() + sum(processor_seconds(row["pid"]) for row in rows)


def _months(today: date) -> list[date]:
    """The last twelve that are over."""
    months = [date(today.year - 1, today.month, 1)]
    while len(months) < MONTHS:
        months.append(month_after(months[-1]))
    return months


async def _load(owner: asyncpg.Connection, months: list[date], taps: int) -> UUID:
    operator_id, devices = new_id(), [new_id() for _ in range(DEVICES)]
    await owner.execute("INSERT INTO operator (id, name, tariff) VALUES ($1, '公交', '')", operator_id)
    await owner.executemany(
        "INSERT INTO device (id, operator_id, kind, place) VALUES ($1, $2, 'bus', $3)",
        [(device, operator_id, f"{number % 40 + 1} 路") for number, device in enumerate(devices)],
    )
    await owner.copy_to_table("tap", source=_rows(devices, months, taps), columns=COLUMNS, format="text", timeout=3_600)
    await owner.execute("VACUUM ANALYZE tap", timeout=3_600)
    return operator_id


async def _rows(devices: list[UUID], months: list[date], taps: int) -> AsyncIterator[bytes]:
    """Taps in the order in which they were received: nine of ten were let in, one of ten with a bearer code."""
    a_month = taps // len(months)
    filling = "5a" * RECORD_BYTES
    number = 0
    for month in months:
        begin = datetime(month.year, month.month, month.day, tzinfo=UTC)
        step = timedelta(days=27) / a_month
        for start in range(0, a_month, BLOCK):
            lines = []
            for place in range(start, min(start + BLOCK, a_month)):
                device, sequence = devices[number % DEVICES], number // DEVICES + 1
                at, came = begin + place * step, begin + place * step + timedelta(minutes=5)
                admission = "refused\tdaily_cap" if number % 10 == 0 else "free\t\\N"
                kind = "online" if number % 10 == 1 else "pass"
                lines.append(
                    f"{device}\t\\\\x{65:016x}\t{sequence}\t{at}\t{at}\t{came}\t\\N\t{admission}\t{admission}\t"
                    f"{int(number % 7 == 0)}\tf\t\\N\t\\\\x{number:016x}{filling}\t{kind}\n"
                )
                number += 1
            yield "".join(lines).encode()


async def _check(resources: Resources, operator_id: UUID, month: date, taps: int) -> float:
    made = await statement_of(resources.database, operator_id, month)
    assert made is not None
    start = perf_counter()
    differences = await verify(resources.database, resources.keys.root, made)
    seconds = perf_counter() - start
    assert not differences, differences
    assert abs(made.taps - 0.9 * taps) <= DEVICES, (made.taps, taps)
    return seconds
