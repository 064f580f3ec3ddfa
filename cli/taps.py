"""The commands about taps: a month goes into files when nobody needs it at hand any more."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import OWNER, database_urls, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from services.archive import Archived

app = typer.Typer(help="Taps: what scanners read, month by month.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Let `archive` be named even while it is the only command."""


@app.command()
def archive(
    month: Annotated[str, typer.Option(help="The month to take out, as 2026-03; months are UTC.")],
    directory: Annotated[Path, typer.Option(help="Where its folder of Parquet files goes.", file_okay=False)],
) -> None:
    """Write a month of taps to Parquet, read it back, and drop it from the database; what it counts stays."""
    settings = operator_settings()
    first = _month(month)
    with database_urls(settings, OWNER) as urls:
        archived = asyncio.run(_archive(urls.owner, first, directory))
    typer.echo(f"{archived.taps} taps of {month} are in {archived.folder}: keep a copy elsewhere.")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise CommandFailed(f"{text} is no month: write it as 2026-03.") from None


async def _archive(url: str, month: date, directory: Path) -> "Archived":
    import asyncpg

    from services.archive import archive_month

    owner = await asyncpg.connect(url)
    try:
        return await archive_month(owner, month, directory, datetime.now(UTC))
    finally:
        await owner.close()
