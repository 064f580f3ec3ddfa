"""The commands about the database as a whole: migrate it, save it, bring it back."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import unquote, urlsplit

import typer

from cli.environment import OWNER, DatabaseUrls, audit_dir, database_urls, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from services.settings import Settings


def migrate() -> None:
    """Bring the database of DATABASE_OWNER_URL to the newest schema; safe to repeat and to run before an upgrade."""
    settings = operator_settings()
    with database_urls(settings, OWNER) as urls:
        bring_up_to_date(settings, urls)
    typer.echo("The database has the newest schema.")


def backup(file: Annotated[Path, typer.Argument(help="File to write; it appears whole or not at all.")]) -> None:
    """Save the database to one compressed file; the keys are no part of it, so keep those apart."""
    from cli import backup as saving

    with database_urls(operator_settings(), OWNER) as urls:
        saving.backup(urls.owner, file)
    typer.echo(f"Saved to {file}. It opens only with the server's keys file: keep a copy of that elsewhere.")


def restore(
    file: Annotated[Path, typer.Argument(help="File that `sdc backup` wrote.", exists=True, dir_okay=False)],
) -> None:
    """Bring a backup into the empty database of DATABASE_OWNER_URL, and migrate it to this version's schema."""
    from cli import backup as saving
    from cli.checks import checkpoint, signing_keys
    from services.checkpoints import FILE_NAME as CHECKPOINTS
    from services.erasure import erased_residents

    settings = operator_settings()
    directory = audit_dir(settings)
    # Read before anything is changed, so that a missing file is told in time.
    erased = erased_residents(directory) if directory else ()
    keys = signing_keys(settings) if directory and (directory / CHECKPOINTS).exists() else None
    with database_urls(settings, OWNER) as urls:
        if asyncio.run(_has_tables(urls.owner)):
            raise CommandFailed("The database is not empty: name a new one in DATABASE_OWNER_URL, nothing was changed.")
        saving.restore(urls.owner, file)
        # Rights of the server's role and partitions of later months are no part of what was saved.
        bring_up_to_date(settings, urls)
        if directory and keys:
            asyncio.run(checkpoint(urls.owner, keys, directory, restored=True))
        again = asyncio.run(_erase_again(urls.owner, erased))
    if directory:
        typer.echo(f"{again} residents who were erased after this backup were erased again.")
    else:
        typer.echo("AUDIT_DIR is missing: whoever was erased after this backup is back. Erase her again.")
    typer.echo("Restored. Run `sdc audit verify`, then start the server with the keys file of that time.")


def bring_up_to_date(settings: "Settings", urls: DatabaseUrls) -> None:
    """Migrate as the owner, and give the role of DATABASE_URL what the server needs."""
    from models.migrate import MigrationLimits
    from models.migrate import migrate as run_migrations

    owner_role, app_role = (unquote(urlsplit(url).username or "") for url in (urls.owner, urls.app))
    # Where only the owner is named, the server's role has its usual name.
    role = app_role if app_role not in {"", owner_role} else "sdc_app"
    limits = MigrationLimits(settings.migration_lock_seconds, settings.migration_statement_seconds)
    asyncio.run(run_migrations(urls.owner, role, datetime.now(UTC).date(), limits))


async def _erase_again(url: str, erased: "Sequence[UUID]") -> int:
    import asyncpg

    from services.erasure import erase_again

    connection = await asyncpg.connect(url)
    try:
        return await erase_again(connection, erased, datetime.now(UTC))
    finally:
        await connection.close()


async def _has_tables(url: str) -> bool:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        found: bool = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema())"
        )
        return found
    finally:
        await connection.close()
