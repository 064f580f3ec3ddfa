"""The commands about keys: an offline root, and the server's keys under it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from card.cose import SigningKey
    from services.keys import Keys
    from services.vault import Vault

app = typer.Typer(
    help="Make and renew keys: an offline root, and the server's keys that it vouches for.", no_args_is_help=True
)

ServerFile = Annotated[Path, typer.Argument(help="The server's keys file.")]
RootFile = Annotated[Path, typer.Option("--root", help="The root key file, brought in for this command only.")]


@app.command()
def root(file: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Make the root key, once for a district; do it on a machine without network, and keep the file offline."""
    from card.cose import SigningKey
    from services.keys import write_root

    write_root(file, SigningKey.generate())
    typer.echo(
        f"{file} holds the root key. Keep two copies offline, each where it takes two people to reach it: "
        "without it no key can be renewed, and whoever has it can make every scanner believe him."
    )


@app.command()
def new(file: Annotated[Path, typer.Argument(help="File to write, for KEYS_FILE.")], root_file: RootFile) -> None:
    """Make the keys of a server, vouched for by the root; once for a district, since they open its register."""
    from services.keys import make_keys, read_root, write_keys

    keys = make_keys(read_root(root_file), demo=False, at=datetime.now(UTC))
    write_keys(file, keys)
    typer.echo(
        f"{file} holds the server's keys. Keep a copy apart from the database's backups: "
        "whoever has both reads the register, and without the keys nobody can."
    )


@app.command()
def publish(file: ServerFile, root_file: RootFile) -> None:
    """Let scanners believe a fresh issuer key that signs nothing yet; restart the server, and switch a day later."""
    from services.rotation import publish_issuer

    _change(file, lambda keys, at: publish_issuer(keys, _root(root_file), at))
    typer.echo("A new issuer key is published. Restart the server, let every scanner sync, then run `sdc keys switch`.")


@app.command()
def switch(
    file: ServerFile,
    root_file: RootFile,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Believe the old key no longer at all: it was stolen.")
    ] = False,
) -> None:
    """Sign with the published issuer key; the old one is believed until its last pass has ended."""
    from services.rotation import switch_issuer

    _change(file, lambda keys, at: switch_issuer(keys, _root(root_file), at, withdraw=withdraw))
    typer.echo("The new issuer key signs once the server is restarted.")


@app.command()
def succeed(
    file: ServerFile,
    root_file: RootFile,
    successor: Annotated[Path, typer.Option("--successor", help="The new root's key file, from `sdc keys root`.")],
) -> None:
    """Hand over from one root key to the next; scanners follow, because the old root names the new one."""
    from services.rotation import succeed_root

    _change(file, lambda keys, at: succeed_root(keys, _root(root_file), _root(successor), at))
    typer.echo(
        "The new root vouches for the server's keys. Restart the server; destroy the old root's copies when every "
        "scanner has synced, for whoever holds one could still mislead those that have not."
    )


@app.command()
def renew(file: ServerFile, root_file: RootFile) -> None:
    """Have the root vouch for the server's keys for another 400 days; restart the server afterwards."""
    from services.keys import KEY_SET_LIFETIME, renew_key_set

    at = _change(file, lambda keys, at: renew_key_set(keys, _root(root_file), at))
    typer.echo(f"Scanners may trust the keys in {file} until {at + KEY_SET_LIFETIME:%Y-%m-%d}. Restart the server.")


@app.command()
def master(file: ServerFile) -> None:
    """Add a master key that wraps the data keys of new residents; restart the servers, then run `sdc keys rewrap`."""
    from services.rotation import add_master

    _change(file, lambda keys, _: add_master(keys))
    typer.echo(
        f"{file} has a new master key. Copy it to its safe place, restart every server, then run `sdc keys rewrap`. "
        "The older ones stay in the file: backups of their time need them."
    )


@app.command()
def rewrap() -> None:
    """Wrap every resident's data key with the newest master key of KEYS_FILE, in small steps while the servers run."""
    from cli.environment import database_urls, demo_keys_file, operator_settings
    from services.keys import read_keys
    from services.vault import Vault

    settings = operator_settings()
    keys = read_keys(demo_keys_file(settings), datetime.min.replace(tzinfo=UTC))
    vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
    with database_urls(settings) as urls:
        done = asyncio.run(_rewrap(urls.app, vault))
    typer.echo(f"{done} data keys were wrapped anew: every resident is under master key version {max(keys.master)}.")


async def _rewrap(url: str, vault: "Vault") -> int:
    from rich.console import Console
    from rich.progress import Progress

    from services.database import DatabaseLimits, open_database
    from services.rewrapping import count_outdated, rewrap_all

    async with open_database(url, DatabaseLimits()) as database:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Wrapping data keys", total=await count_outdated(database, vault))
            return await rewrap_all(database, vault, datetime.now(UTC), lambda count: progress.advance(task, count))


def _change(file: Path, change: "Callable[[Keys, datetime], Keys]") -> datetime:
    from services.keys import read_keys, replace_keys

    at = datetime.now(UTC)
    # Read as of a day on which no key set had ended, since one that has ended is what such a command mends.
    replace_keys(file, change(read_keys(file, datetime.min.replace(tzinfo=UTC)), at))
    return at


def _root(file: Path) -> "SigningKey":
    from services.keys import read_root

    return read_root(file)
