"""The commands that look and change nothing: are the rules sound, is the audit log whole."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import database_urls, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from services.audit import ChainBroken

policy = typer.Typer(help="The programmes' rules.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)


@policy.command("check")
def check_policy(
    directory: Annotated[
        Path | None, typer.Argument(help="Folder of rule files; policy/ when absent.", exists=True, file_okay=False)
    ] = None,
) -> None:
    """Read every rule file as the server would, and list what is in force or name the first mistake."""
    from rich.console import Console
    from rich.table import Table

    from services import bootstrap

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("programme", "title", "in force"):
        table.add_column(name, no_wrap=True)
    table.add_column("clauses")
    folder = directory or bootstrap.POLICY
    book = bootstrap.load_rules(folder)
    bootstrap.load_holidays(folder)
    bootstrap.load_law_of_cards(folder)
    bootstrap.load_report_words(folder)
    bootstrap.load_recipients(book.reference.vocabulary, folder)
    sources = bootstrap.load_sources(book.reference.vocabulary, folder)
    for programme in book.programmes:
        for version in programme.versions:
            period = f"{version.effective} – {version.ended or ''}"
            clauses = ", ".join(clause.clause for clause in version.clauses)
            table.add_row(programme.slug, programme.title, period, clauses)
    Console().print(table, highlight=False)
    typer.echo(f"{len(book.programmes)} programmes, {len(sources)} sources of other departments, no mistake found.")


@audit.command("verify")
def verify_audit() -> None:
    """Walk the whole audit log and say whether each entry follows from the one before."""
    from services.audit import ChainBroken

    with database_urls(operator_settings()) as urls:
        found = asyncio.run(_verify(urls.app))
    if isinstance(found, ChainBroken):
        raise CommandFailed(
            f"The audit log is broken at entry {found.sequence}: it was altered, or an entry is missing."
        )
    typer.echo(f"The audit log is whole: {found} entries, each following from the one before.")


async def _verify(url: str) -> "int | ChainBroken":
    from services.audit import verify_chain
    from services.database import DatabaseLimits, open_database

    async with open_database(url, DatabaseLimits(command=60, statement=60)) as database:
        return await verify_chain(database)
