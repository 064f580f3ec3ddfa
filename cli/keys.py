"""The commands about keys: an offline root, and the server's keys under it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="Make and renew keys: an offline root, and the server's keys that it vouches for.", no_args_is_help=True
)

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
def renew(file: Annotated[Path, typer.Argument(help="The server's keys file.")], root_file: RootFile) -> None:
    """Have the root vouch for the server's keys for another 400 days; restart the server afterwards."""
    from services.keys import KEY_SET_LIFETIME, read_keys, read_root, renew_key_set, replace_keys

    at = datetime.now(UTC)
    # Read as of a day on which no key set had ended, since one that has ended is what this command mends.
    keys = renew_key_set(read_keys(file, datetime.min.replace(tzinfo=UTC)), read_root(root_file), at)
    replace_keys(file, keys)
    typer.echo(f"Scanners may trust the keys in {file} until {at + KEY_SET_LIFETIME:%Y-%m-%d}. Restart the server.")
