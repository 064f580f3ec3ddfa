"""The commands that look and change nothing: are the rules sound, is the audit log whole."""

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import database_urls, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from rich.table import Table

    from domain.rulebook import RuleBook
    from services.audit import ChainBroken

policy = typer.Typer(help="The programmes' rules.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)


@policy.command("check")
def check_policy(
    directory: Annotated[
        Path | None,
        typer.Argument(help="Folder of rule files; that of the server when absent.", exists=True, file_okay=False),
    ] = None,
) -> None:
    """Read every rule file and its translations as the server would; list what applies when, or the first mistake."""
    from rich.console import Console

    from services.bootstrap import load_holidays, load_law_of_cards, load_rules

    chosen = directory or operator_settings().policy_dir
    book = load_rules(chosen).chinese
    load_holidays(chosen)
    load_law_of_cards(chosen)
    console = Console(highlight=False, markup=False)
    for table in (_programmes(book), _parameters(book)):
        console.print(table)
        console.print()
    gaps = any(period.version is None for each in book.programmes for period in each.periods())
    told = "but at times none apply: see NO RULES above" if gaps else "and no gap in time"
    typer.echo(f"{len(book.programmes)} programmes in Chinese and English: no mistake found, {told}.")


def _programmes(book: "RuleBook") -> "Table":
    table = _table("programme", "applies", "title")
    for programme in book.programmes:
        for number, period in enumerate(programme.periods()):
            title = "NO RULES" if period.version is None else programme.title
            table.add_row("" if number else programme.slug, _days(period.begins, period.ends), title)
    return table


def _parameters(book: "RuleBook") -> "Table":
    table = _table("figure", "value", "", "source")
    for name, parameter in book.reference.parameters.items():
        table.add_row(name, "", "", parameter.title)
        for value, ends in parameter.periods():
            example = "example" if value.illustrative else ""
            table.add_row(f"  {_days(value.effective, ends)}", f"{value.value:f}", example, value.source)
    return table


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(
            name, no_wrap=name != columns[-1], overflow="fold", justify="right" if name == "value" else "left"
        )
    return table


def _days(begins: date, ends: date | None) -> str:
    return f"{begins} – {ends or ''}"


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
