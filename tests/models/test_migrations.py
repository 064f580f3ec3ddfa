"""Shows that the migrated schema is the one the models describe, and that the server's role is held by its walls."""

import importlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from tortoise import Tortoise

import models
from cli.embedded import APP_ROLE
from models.config import tortoise_config
from models.migrate import migrate
from tests.conftest import DatabaseAddresses

_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, character_maximum_length FROM information_schema.columns
WHERE table_schema = 'public' AND table_name !~ '^(tap|scan_chain|pgqueuer|tortoise_migrations)'
ORDER BY table_name, column_name
"""
_INDEXES = """
SELECT tablename, regexp_replace(indexdef, '(INDEX) \\S+ (ON)', '\\1 \\2') AS definition FROM pg_indexes
WHERE schemaname = 'public' AND tablename !~ '^(tap|scan_chain|pgqueuer|tortoise_migrations)'
AND indexdef NOT LIKE '%WHERE%' ORDER BY tablename, definition
"""


@pytest.fixture
async def app(database: DatabaseAddresses) -> asyncpg.Connection:
    """A connection as the server's role."""
    connection = await asyncpg.connect(database.app_url)
    yield connection
    await connection.close()


async def test_the_migrated_schema_is_the_generated_one(database: DatabaseAddresses) -> None:
    """Tables, columns and indexes made by the migrations are those that the models would make."""
    owner = await asyncpg.connect(database.owner_url)
    migrated = [await owner.fetch(_COLUMNS), await owner.fetch(_INDEXES)]
    await owner.execute("CREATE SCHEMA generated")
    config = tortoise_config(database.owner_url, server_settings={"search_path": "generated"})
    await Tortoise.init(config=config)
    await Tortoise.generate_schemas(safe=False)
    await Tortoise.close_connections()

    generated = [
        await owner.fetch(_COLUMNS.replace("'public'", "'generated'")),
        await owner.fetch(_INDEXES.replace("'public'", "'generated'")),
    ]

    await owner.execute("DROP SCHEMA generated CASCADE")
    await owner.close()
    assert migrated[0] == generated[0]
    assert [(r[0], r[1].replace("public.", "")) for r in migrated[1]] == [
        (r[0], r[1].replace("generated.", "")) for r in generated[1]
    ]


def test_no_model_waits_for_a_migration(tmp_path: Path) -> None:
    """`tortoise makemigrations` over a copy of the models finds nothing that no migration does yet."""
    shutil.copytree(Path(models.__file__).parent, tmp_path / "models")

    made = subprocess.run(
        [sys.executable, "-m", "tortoise.cli.cli", "-c", "models.config.TORTOISE_ORM", "makemigrations"],
        cwd=tmp_path,
        # The copy comes first; what models use of the domain is found behind it.
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(models.__file__).parents[1])])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.stdout.strip() == "No changes detected", made.stderr


async def test_migrating_again_changes_nothing(database: DatabaseAddresses) -> None:
    """A second run of the migrations is harmless."""
    await migrate(database.owner_url, APP_ROLE, datetime.now(UTC).date())


async def test_a_scan_from_the_far_future_does_not_stop_a_migration(
    database: DatabaseAddresses, app: asyncpg.Connection
) -> None:
    """A device years ahead of its time has its month kept in the default partition, and the others are made."""
    await app.execute("SELECT set_config('sdc.reach', 'everybody', false)")
    await app.execute(
        "INSERT INTO tap VALUES ($1, '', 1, $2, $2, $2, NULL, 'refused', NULL, 'refused', NULL, 0, false, NULL, '')",
        uuid4(),
        datetime(2040, 5, 17, tzinfo=UTC),
    )

    await migrate(database.owner_url, APP_ROLE, date(2040, 5, 1))

    names = await app.fetch(
        "SELECT relname FROM pg_class WHERE relname IN ('tap_2040_04', 'tap_2040_05', 'tap_2040_06')"
    )
    assert {row["relname"] for row in names} == {"tap_2040_04", "tap_2040_06"}


async def test_the_server_role_owns_nothing(app: asyncpg.Connection) -> None:
    """No table belongs to the role that the server uses, so it can drop, alter and disable nothing."""
    owned = await app.fetchval("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")

    assert owned == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET detail = ''", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_server_cannot_change_the_audit_log(app: asyncpg.Connection, statement: str) -> None:
    """The server's role has no right to change what it logged."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE audit SET detail = ''", "DELETE FROM audit", "TRUNCATE audit"])
async def test_not_even_the_owner_changes_the_audit_log_by_accident(
    database: DatabaseAddresses, statement: str
) -> None:
    """A trigger refuses the owner too, as long as nobody removes it."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "INSERT INTO audit SELECT coalesce(max(sequence), 0) + 1, now(), 'a', 'b', 'c', '', '', '' FROM audit"
    )

    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute(statement)

    await owner.close()


async def test_an_absurd_clock_finds_a_partition(database: DatabaseAddresses, app: asyncpg.Connection) -> None:
    """A tap of 1970 is kept, in the default partition."""
    owner = await asyncpg.connect(database.owner_url)

    await app.execute("SELECT set_config('sdc.reach', 'everybody', false)")
    await app.execute(
        "INSERT INTO tap VALUES ($1, '', 1, $2, $2, $2, NULL, 'refused', NULL, 'refused', NULL, 0, false, NULL, '')",
        uuid4(),
        datetime(1970, 1, 1, tzinfo=UTC),
    )

    assert await owner.fetchval("SELECT count(*) FROM tap_default WHERE device_at < '1971-01-01'") == 1
    await owner.close()


async def test_guardians_keep_what_they_may_do(database: DatabaseAddresses) -> None:
    """The two scopes of old become lists of acts, and who was a minor when it was proven has a minor's ground."""
    owner = await asyncpg.connect(database.owner_url)
    move = importlib.import_module("models.migrations.0012_guardianship").MOVE
    await owner.execute("CREATE TEMP TABLE resident (id uuid, birth_date date)")
    await owner.execute(
        "CREATE TEMP TABLE guardian (ward_id uuid, scope text, acts text, ground text, valid_from date)"
    )
    for born, scope in ((date(2008, 3, 1), "full"), (date(2008, 2, 29), "view")):
        ward = uuid4()
        await owner.execute("INSERT INTO pg_temp.resident (id, birth_date) VALUES ($1, $2)", ward, born)
        await owner.execute(
            "INSERT INTO pg_temp.guardian (ward_id, scope, valid_from) VALUES ($1, $2, '2026-02-28')",
            ward,
            scope,
        )

    await owner.execute(move)

    moved = await owner.fetch("SELECT acts, ground FROM pg_temp.guardian ORDER BY scope")
    await owner.close()
    assert [tuple(row) for row in moved] == [("view,book,ride_code,apply", "minor"), ("view", "adult")]


async def test_staff_keep_their_second_factor(database: DatabaseAddresses) -> None:
    """Under the id of their row, to which the secret is sealed."""
    owner = await asyncpg.connect(database.owner_url)
    move = importlib.import_module("models.migrations.0021_second_factor").MOVE
    columns = "id uuid, account_id uuid, totp_sealed bytea, totp_step bigint, enrolment_hash bytea"
    for table in ("staff", "second_factor"):
        await owner.execute(f"CREATE TEMP TABLE {table} ({columns}, enrolment_expires_at timestamptz)")
    row = uuid4(), uuid4(), b"sealed", 7, b"hash", datetime(2026, 11, 25, tzinfo=UTC)
    await owner.execute("INSERT INTO pg_temp.staff VALUES ($1, $2, $3, $4, $5, $6)", *row)

    await owner.execute(move)

    moved = await owner.fetch("SELECT * FROM pg_temp.second_factor")
    await owner.close()
    assert [tuple(each) for each in moved] == [row]
