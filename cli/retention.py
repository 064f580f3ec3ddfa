"""The commands that erase: what was kept long enough, and one resident who asked for it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from cli.environment import OWNER, audit_dir, database_urls, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import asyncpg

    from services.retention import Due
    from services.settings import Settings

Done = TypeVar("Done")

app = typer.Typer(help="What is kept for how long.", no_args_is_help=True)
residents = typer.Typer(help="Single residents.", no_args_is_help=True)


@app.command("run")
def run_retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and erase nothing.")] = False,
) -> None:
    """Erase what was kept as long as policy/register/retention.toml says; once a day."""
    from services.bootstrap import load_retention
    from services.retention import count_due, erase_due

    settings, at = operator_settings(), datetime.now(UTC)
    retention = load_retention(settings.policy_dir)
    if dry_run:
        due = _as_owner(settings, lambda owner: count_due(owner, retention, at))
    else:
        directory = _directory(settings)
        due = _as_owner(settings, lambda owner: erase_due(owner, retention, directory, at))
    _show(due)
    total = sum(each.count for each in due)
    typer.echo(f"{total} would be erased; nothing was changed." if dry_run else f"{total} erased.")


@residents.command("erase")
def erase_resident(
    resident: Annotated[str, typer.Argument(help="Her id, as the API or a message names it; never her number.")],
) -> None:
    """Erase a resident for good: her key, what finds her, and her facts; also out of every backup that is restored."""
    from services.erasure import Cause, erase_for_good

    settings, at = operator_settings(), datetime.now(UTC)
    resident_id, directory = _resident_id(resident), _directory(settings)
    erased = _as_owner(settings, lambda owner: erase_for_good(owner, directory, resident_id, Cause.REQUEST, at))
    if not erased:
        raise CommandFailed("The register has no such resident, or she was erased before: nothing was changed.")
    typer.echo(f"Erased. {directory} remembers it: keep that folder apart from the database's backups.")


def _as_owner(settings: "Settings", work: "Callable[[asyncpg.Connection], Awaitable[Done]]") -> Done:
    """What `work` gives over a connection of the tables' owner, since the server's role deletes nothing."""

    async def connected(url: str) -> Done:
        import asyncpg

        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    with database_urls(settings, OWNER) as urls:
        return asyncio.run(connected(urls.owner))


def _directory(settings: "Settings") -> Path:
    directory = audit_dir(settings)
    if directory is None:
        raise CommandFailed("AUDIT_DIR is missing: name the folder that remembers whom no backup may bring back.")
    return directory


def _resident_id(text: str) -> UUID:
    from schema.identity import from_id

    try:
        return UUID(text)
    except ValueError:
        found = from_id("Resident", text)
    if found is None:
        raise CommandFailed("That is no resident's id: copy it from the API or from a message.")
    return found


def _show(due: "Sequence[Due]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("what", "days", "ended before", "count"):
        table.add_column(name, no_wrap=True)
    for each in due:
        table.add_row(each.what, str(each.days or ""), str(each.since or "kept"), str(each.count))
    Console().print(table, highlight=False)
