"""The commands that judge: are the rules sound, is the audit log whole, and how far was it when somebody looked."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from cli.environment import audit_dir, database_urls, demo_keys_file, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.table import Table

    from domain.rulebook import RuleBook
    from services.audit import ChainBroken
    from services.checkpoints import Checkpoint
    from services.keys import Keys
    from services.settings import Settings

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

    from services.bootstrap import (
        load_holidays,
        load_law_of_cards,
        load_recipients,
        load_report_words,
        load_retention,
        load_rules,
        load_sources,
    )

    chosen = directory or operator_settings().policy_dir
    book = load_rules(chosen).chinese
    load_holidays(chosen)
    load_law_of_cards(chosen)
    load_retention(chosen)
    load_report_words(chosen)
    load_recipients(book.reference.vocabulary, chosen)
    sources = load_sources(book.reference.vocabulary, chosen)
    console = Console(highlight=False, markup=False)
    for table in (_programmes(book), _parameters(book)):
        console.print(table)
        console.print()
    gaps = any(period.version is None for each in book.programmes for period in each.periods())
    told = "but at times none apply: see NO RULES above" if gaps else "and no gap in time"
    typer.echo(f"{len(book.programmes)} programmes in Chinese and English: no mistake found, {told}.")
    typer.echo(f"{len(sources)} kinds of files of other departments: no mistake found.")


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
    """Walk the whole audit log: each entry follows from the one before, and every checkpoint in AUDIT_DIR holds."""
    from services.audit import ChainBroken
    from services.checkpoints import signed_hashes

    settings = operator_settings()
    checkpoints = _checkpoints(settings)
    with database_urls(settings) as urls:
        found = asyncio.run(_verify(urls.app, signed_hashes(checkpoints)))
    if isinstance(found, ChainBroken):
        raise CommandFailed(_told(found, checkpoints))
    typer.echo(f"The audit log is whole: {found} entries, each following from the one before.")
    if checkpoints:
        typer.echo(f"{len(checkpoints)} checkpoints hold, the last of {checkpoints[-1].at:%Y-%m-%d %H:%M} UTC.")
    else:
        typer.echo("There is no checkpoint: an end that was cut off would not show. Name their folder in AUDIT_DIR.")


@audit.command("checkpoint")
def write_audit_checkpoint(
    restored: Annotated[
        bool, typer.Option("--restored", help="The database was restored: later entries are known to be lost.")
    ] = False,
) -> None:
    """Sign how far the audit log has come, in AUDIT_DIR; a server does so by itself every AUDIT_CHECKPOINT_SECONDS."""
    settings = operator_settings()
    directory = audit_dir(settings)
    if directory is None:
        raise CommandFailed("AUDIT_DIR is missing: name a folder outside the database for the checkpoints.")
    with database_urls(settings) as urls:
        written = asyncio.run(checkpoint(urls.app, signing_keys(settings), directory, restored=restored))
    if written is None:
        typer.echo("The audit log is empty: there is nothing to sign.")
    else:
        typer.echo(f"Signed entry {written.head.sequence} of the audit log in {directory}.")


async def checkpoint(url: str, keys: "Keys", directory: Path, *, restored: bool) -> "Checkpoint | None":
    """Sign the newest entry of the log in the database at `url`."""
    from services.checkpoints import write_checkpoint
    from services.database import DatabaseLimits, open_database

    async with open_database(url, DatabaseLimits()) as database:
        return await write_checkpoint(database, keys, directory, datetime.now(UTC), restored=restored)


def _checkpoints(settings: "Settings") -> "Sequence[Checkpoint]":
    from services.checkpoints import FILE_NAME, read_checkpoints

    directory = audit_dir(settings)
    if directory is None or not (directory / FILE_NAME).exists():
        return ()
    return read_checkpoints(directory, signing_keys(settings))


def signing_keys(settings: "Settings") -> "Keys":
    """The keys that signed the checkpoints and sign the next."""
    from services.keys import read_keys

    # Read as of a day on which no key set had ended: what was signed then is still to be checked.
    return read_keys(demo_keys_file(settings), datetime.min.replace(tzinfo=UTC))


def _told(broken: "ChainBroken", checkpoints: "Sequence[Checkpoint]") -> str:
    from services.audit import Breach

    place = broken.sequence
    match broken.breach:
        case Breach.ALTERED:
            return f"The audit log is broken at entry {place}: it was altered, or put in between."
        case Breach.MISSING:
            return f"The audit log is broken at entry {place}: it was removed."
        case Breach.REWRITTEN:
            before = max((each.head.sequence for each in checkpoints if each.head.sequence < place), default=0)
            return f"The audit log was written anew between entries {before} and {place}: a checkpoint signed another."
        case Breach.CUT_OFF:
            last = max(each.head.sequence for each in checkpoints)
            return (
                f"The audit log ends before entry {place}, and a checkpoint signed entry {last}: its end was cut off. "
                "After a restore from a backup, say so with `sdc audit checkpoint --restored`."
            )
    assert_never(broken.breach)


async def _verify(url: str, signed: "Mapping[int, bytes]") -> "int | ChainBroken":
    from services.audit import verify_chain
    from services.database import DatabaseLimits, open_database

    async with open_database(url, DatabaseLimits(command=60, statement=60)) as database:
        return await verify_chain(database, signed)
