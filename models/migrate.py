"""Bring a database to the newest schema, as its owner, and give the server's role what it needs and no more."""

from dataclasses import dataclass
from datetime import date, timedelta

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.api.migrate import migrate as run_migrations

from models.config import tortoise_config

# The server may read and add everywhere but may change only these, and deletes nothing.
CHANGED_BY_SERVER = (
    "account, allocation, attempt, attendance, binding_code, booking, calendar_feed, card, card_appeal, "
    "card_application, card_notice, claim, course, credential, device, enrolment, fact, guardian, guardian_objection, "
    "idempotency_key, import_batch, notice, notice_consent, offer, operator_staff, placement, provider, "
    "provider_staff, receipt, referral, refresh_token, resident, resource, ride_dispute, scan_chain, second_factor, "
    "service, service_price, service_resource, session, site, slot, staff, staff_grant, statement_dispute, "
    "tap_finding, tap_search, tariff, venue, waitlist_entry, weekly_pattern"
)
# The queue is the library's: it takes jobs out as they are done.
QUEUE = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
MONTHS_AHEAD = 6

# A partition that is named itself lies before the wall of the table it belongs to.
_BEHIND_THE_WALL = """
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'tap'::regclass LOOP
        EXECUTE 'REVOKE ALL ON ' || part || ' FROM {role}';
    END LOOP;
END $$
"""


@dataclass(frozen=True)
class MigrationLimits:
    """Seconds to wait for a lock, so that a migration never queues the service behind itself, and for one statement."""

    lock: float = 0.5
    statement: float = 60.0


async def migrate(owner_url: str, app_role: str, on: date, limits: MigrationLimits = MigrationLimits()) -> None:
    """Apply the migrations that are missing, make the taps' partitions from `on`, and grant `app_role` its rights.

    Safe to repeat.
    """
    settings = {
        "lock_timeout": f"{int(limits.lock * 1000)}ms",
        "statement_timeout": f"{int(limits.statement * 1000)}ms",
        "application_name": "sdc migrate",
    }
    config = tortoise_config(owner_url, min_size=1, max_size=1, server_settings=settings)
    try:
        await run_migrations(config=config)
        connection = get_connection("default")
        await connection.execute_script(f"SELECT make_tap_partitions('{month_before(on)}', {MONTHS_AHEAD})")
        for statement in _grants(app_role):
            await connection.execute_script(statement)
    finally:
        await Tortoise.close_connections()


def month_before(on: date) -> date:
    """A device that was silent over the turn of the month still finds its own."""
    return (on.replace(day=1) - timedelta(days=1)).replace(day=1)


def _grants(role: str) -> list[str]:
    quoted = '"' + role.replace('"', '""') + '"'
    return [
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT UPDATE ON {CHANGED_BY_SERVER} TO {quoted}",
        # A scan stays as it came; only whether it waits for a person may be said later.
        f"GRANT UPDATE (mark) ON tap TO {quoted}",
        f"GRANT UPDATE, DELETE ON {', '.join(QUEUE)} TO {quoted}",
        f"GRANT USAGE ON SEQUENCE resource_number, {', '.join(f'{table}_id_seq' for table in QUEUE)} TO {quoted}",
        f"GRANT EXECUTE ON FUNCTION make_tap_partitions, record_online TO {quoted}",
        f"REVOKE INSERT ON tap_archive, tap_archive_count, tortoise_migrations FROM {quoted}",
        _BEHIND_THE_WALL.format(role=quoted.replace("'", "''")),
    ]
