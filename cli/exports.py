"""The command that gives data of the register to another department, within what is declared for it."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import database_urls, operator_settings
from cli.explanation import CommandFailed
from cli.imports import Actor, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.recipient import Recipient
    from services.exports import Exported
    from services.settings import Settings


def export(
    recipient: Annotated[str, typer.Argument(help="Who receives it: a name in policy/exchange/recipients.toml.")],
    file: Annotated[Path, typer.Argument(help="The .csv or .xlsx to write; it must not exist.")],
    purpose: Annotated[str, typer.Option(help="For what: one of the recipient's purposes.")],
    by: Actor,
    field: Annotated[list[str] | None, typer.Option(help="Only these of its fields; repeat the option.")] = None,
) -> None:
    """Write residents' declared fields for a department; recipient, purpose and fields go on record."""
    from services.bootstrap import load_recipients, load_rules
    from services.export_file import as_csv, as_xlsx

    settings = operator_settings()
    folder = settings.policy_dir
    known = load_recipients(load_rules(folder).chinese.reference.vocabulary, folder)
    if recipient not in known:
        raise CommandFailed(f"No recipient is called {recipient!r}: use one of {', '.join(known)}.")
    writers = {".csv": as_csv, ".xlsx": as_xlsx}
    if file.suffix not in writers:
        raise CommandFailed("The file's name must end in .csv or .xlsx.")
    if file.exists():
        raise CommandFailed(f"{file} exists already: name another file.")
    with database_urls(settings) as urls:
        exported = asyncio.run(_export(settings, urls.app, known[recipient], field or (), purpose, by))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(writers[file.suffix](exported))
    typer.echo(f"Wrote {len(exported.rows)} residents for {recipient} to {file}: hand it over encrypted.")


async def _export(
    settings: "Settings", url: str, recipient: "Recipient", fields: "Sequence[str]", purpose: str, by: str
) -> "Exported":
    from rich.console import Console

    from services.exports import ExportFault, ExportRefused
    from services.exports import export as give_out
    from services.vault import VaultRefused

    try:
        async with opened(settings, url) as resources:
            with Console(stderr=True).status("Reading residents") as status:
                return await give_out(
                    resources,
                    recipient,
                    fields,
                    purpose,
                    f"operator:{by}"[:60],
                    lambda count: status.update(f"Reading residents: {count}"),
                )
    except ExportRefused as refused:
        declared = recipient.fields if refused.fault is ExportFault.FIELD else recipient.purposes
        raise CommandFailed(
            f"The {refused.fault} is not declared for it: use one of {', '.join(declared)}."
        ) from refused
    except VaultRefused as refused:
        raise CommandFailed(
            "A resident's key cannot be opened: bring back the keys file with every version."
        ) from refused
