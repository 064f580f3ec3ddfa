"""Shows that the nightly command lays out slots, says what needs a person, and can be run again."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from domain.dates import local_date
from models.record import new_id
from services.bootstrap import load_holidays
from tests.cli.conftest import Sdc
from tests.conftest import DatabaseAddresses


@pytest.fixture
async def owner(database: DatabaseAddresses) -> asyncpg.Connection:
    """A connection of the owner."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def test_slots_are_generated_and_odd_ones_named(
    sdc: Sdc, database: DatabaseAddresses, owner: asyncpg.Connection
) -> None:
    """A service open on every day, holidays too, gets its slots once; one that was booked outside its week is told."""
    service_id = new_id()
    await owner.execute("INSERT INTO provider (id, name, address) VALUES ($1, '中心', '')", service_id)
    await owner.execute(
        "INSERT INTO service (id, provider_id, name, programme, cancel_minutes, horizon_days) "
        "VALUES ($1, $1, '训练', '', 0, 14)",
        service_id,
    )
    await owner.executemany(
        "INSERT INTO weekly_pattern (id, service_id, weekday, from_minute, until_minute, capacity, valid_from, "
        "on_holidays) VALUES ($1, $2, $3, 540, 600, 1, '2020-01-01', true)",
        [(new_id(), service_id, weekday) for weekday in range(1, 8)],
    )
    await owner.execute(
        "INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken, generated) "
        "VALUES ($1, $1, $2, $3, 1, 1, true)",
        service_id,
        datetime.now(UTC) + timedelta(days=2),
        datetime.now(UTC) + timedelta(days=2, minutes=1),
    )

    first, again = [sdc("slots", "generate", DATABASE_URL=database.app_url) for _ in range(2)]

    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert first.stdout.startswith(("1 services: 14 slots added", "1 services: 15 slots added"))
    assert "1 slots no longer fit their week but are booked" in first.stdout
    assert again.stdout.startswith("1 services: 0 slots added")


async def test_the_end_of_the_announced_holidays_is_told(
    sdc: Sdc, database: DatabaseAddresses, owner: asyncpg.Connection
) -> None:
    """A service that observes holidays ends with the last announced year, and the file to mend is named."""
    await owner.execute("UPDATE service SET horizon_days = 3000")
    await owner.execute("UPDATE weekly_pattern SET on_holidays = false")

    told = sdc("slots", "generate", DATABASE_URL=database.app_url)

    end = load_holidays().announced_until(local_date(datetime.now(UTC)))
    assert f"1 services end with {end}" in told.stdout
    assert "policy/calendar/days.toml" in told.stdout
