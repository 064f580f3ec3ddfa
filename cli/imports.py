"""The commands that take files of other departments in: look at one, apply it, take a batch back."""

import asyncio
import getpass
import hashlib
import re
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from cli.environment import database_urls, demo_keys_file, operator_settings
from cli.explanation import CommandFailed
from cli.import_words import explained

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from domain.exchange import Tally
    from services.imports import Delivery, Report
    from services.resources import Resources
    from services.settings import Settings

# An import may work for minutes where a request may not.
SECONDS: Final = 3_600.0
LOCK_SECONDS: Final = 10.0
_BATCH: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")


class _FileByDefault(TyperGroup):
    """Takes `import SOURCE FILE` for `import file SOURCE FILE`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["file", *args])


app = typer.Typer(cls=_FileByDefault, help="Files of other departments.", no_args_is_help=True)

Actor = Annotated[
    str, typer.Option("--by", help="Who answers for it in the audit log.", default_factory=getpass.getuser)
]


@app.command("file")
def import_file(
    source: Annotated[str, typer.Argument(help="Which kind of file: a name in policy/exchange/sources/.")],
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.", exists=True, dir_okay=False)],
    by: Actor,
    apply: Annotated[bool, typer.Option("--apply", help="Apply it; without this nothing is changed.")] = False,
    batch: Annotated[str, typer.Option(help="The sender's name for it; the file's own hash when absent.")] = "",
    report: Annotated[Path | None, typer.Option(help="XLSX to write, with the reason beside each row.")] = None,
) -> None:
    """Say what a file would change, what conflicts and what is refused; with --apply, change it."""
    from services.bootstrap import load_rules, load_sources

    settings = operator_settings()
    folder = settings.policy_dir
    sources = load_sources(load_rules(folder).chinese.reference.vocabulary, folder)
    if source not in sources:
        raise CommandFailed(f"No source is called {source!r}: use one of {', '.join(sources)}.")
    if batch and not _BATCH.fullmatch(batch):
        raise CommandFailed("The name of a batch is 1 to 40 letters, digits, dots, hyphens and underscores.")
    from services.imports import Delivery

    content = file.read_bytes()
    name = batch or hashlib.sha256(content).hexdigest()[:16]
    delivery = Delivery(sources[source], content, name, f"operator:{by}"[:60])
    with explained(), database_urls(settings) as urls:
        told = asyncio.run(_import(settings, urls.app, delivery, report, apply=apply))
    typer.echo(_summary(told, delivery.name, apply=apply))


@app.command()
def undo(
    batch: Annotated[str, typer.Argument(help="SOURCE:BATCH, as the import named it.")],
    by: Actor,
) -> None:
    """Take a batch back: what stood before stands again."""
    source, _, name = batch.partition(":")
    settings = operator_settings()
    with explained(), database_urls(settings) as urls:
        tally = asyncio.run(_undo(settings, urls.app, source, name, f"operator:{by}"[:60]))
    typer.echo(f"Taken back: what {tally.changed} rows of {batch} had changed is as it was before.")


async def _import(settings: "Settings", url: str, delivery: "Delivery", file: Path | None, *, apply: bool) -> "Report":
    from services import imports

    async with opened(settings, url) as resources:
        with _progress() as advance:
            work = imports.apply if apply else imports.look
            try:
                told = await work(resources, delivery, advance)
            except imports.BatchRefused as refused:
                if refused.report is not None:
                    _write(resources, delivery, refused.report, file)
                raise
        _write(resources, delivery, told, file)
    return told


def _write(resources: "Resources", delivery: "Delivery", told: "Report", file: Path | None) -> None:
    from services.bootstrap import load_report_words
    from services.import_report import write_report

    if file is not None:
        departments = resources.rules.chinese.reference.vocabulary.departments
        words = load_report_words(resources.settings.policy_dir)
        file.write_bytes(write_report(told, delivery.source, words, departments))


async def _undo(settings: "Settings", url: str, source: str, batch: str, actor: str) -> "Tally":
    from services.import_undo import undo as take_back

    async with opened(settings, url) as resources:
        return await take_back(resources, source, batch, actor)


@asynccontextmanager
async def opened(settings: "Settings", url: str) -> "AsyncIterator[Resources]":
    """The services as the server opens them, with time for long work."""
    from pydantic import SecretStr

    from api.wechat import open_wechat
    from services.bootstrap import open_services
    from services.keys import read_keys

    keys = read_keys(demo_keys_file(settings), datetime.now(UTC))
    patient = settings.model_copy(
        update={
            "database_url": SecretStr(url),
            "database_command_seconds": SECONDS,
            "database_statement_seconds": SECONDS,
            "database_lock_seconds": LOCK_SECONDS,
        }
    )
    async with open_wechat(patient) as wechat, open_services(patient, keys, wechat) as resources:
        yield resources


@contextmanager
def _progress() -> "Iterator[Callable[[int, int], None]]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Judging rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _summary(told: "Report", name: str, *, apply: bool) -> str:
    tally = told.tally
    counts = f"{tally.rows} rows: {tally.changed} change something, {tally.unchanged} do not, {tally.refused} refused"
    conflicts = f", {tally.conflicts} contradicted by another department" if tally.conflicts else ""
    events = "".join(f", {count} {event}" for event, count in sorted(tally.events.items()))
    if told.repeated:
        head = f"{name} was applied on {told.applied_at:%Y-%m-%d %H:%M} UTC already, and nothing was changed now."
    elif apply:
        head = f"Applied {name}; take it back with `sdc import undo {name}`."
    else:
        head = "Nothing was changed: this was a dry run; repeat it with --apply."
    return f"{counts}{conflicts}{events}.\n{head}"
