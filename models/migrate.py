"""Bring a database to the newest schema, as its owner, and give the server's role what it needs and no more."""

from datetime import date

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.api.migrate import migrate as run_migrations

from models.config import tortoise_config

# The server may read and add everywhere but may change only these, and deletes nothing.
CHANGED_BY_SERVER = (
    "account, attempt, binding_code, booking, card, credential, device, guardian, idempotency_key, refresh_token, "
    "resident, scan_chain, session, slot"
)
MONTHS_AHEAD = 24


async def migrate(owner_url: str, app_role: str = "sdc_app", *, on: date | None = None) -> None:
    """Apply the migrations that `owner_url` lacks, make the taps' partitions from `on`, and grant `app_role` its rights.

    Safe to repeat. Waits at most 500 ms for a lock, so that it never queues the whole service behind itself.
    """
    settings = {"lock_timeout": "500ms", "statement_timeout": "60s", "application_name": "sdc migrate"}
    config = tortoise_config(owner_url, min_size=1, max_size=1, server_settings=settings)
    try:
        await run_migrations(config=config)
        connection = get_connection("default")
        for statement in [*_partitions(on or date.today()), *_grants(app_role)]:  # noqa: DTZ011 - any zone will do: 24 months ahead
            await connection.execute_script(statement)
    finally:
        await Tortoise.close_connections()


def _partitions(on: date) -> list[str]:
    """Statements that make one partition a month, from the month before `on`; months are UTC."""
    first = on.year * 12 + on.month - 2
    return [
        f"CREATE TABLE IF NOT EXISTS tap_{_month(month):%Y_%m} PARTITION OF tap "
        f"FOR VALUES FROM ('{_month(month)} 00:00+00') TO ('{_month(month + 1)} 00:00+00')"
        for month in range(first, first + MONTHS_AHEAD)
    ]


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _grants(role: str) -> list[str]:
    quoted = '"' + role.replace('"', '""') + '"'
    return [
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT UPDATE ON {CHANGED_BY_SERVER} TO {quoted}",
        f"REVOKE INSERT ON tortoise_migrations FROM {quoted}",
    ]
