"""Saves the database to one file and brings it back, so that the way back is tried before it is needed."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from cli.account import EmbeddedPostgresError, postgres_programs


class BackupFailed(RuntimeError):
    """pg_dump or pg_restore failed; the message is what it said."""


def backup(owner_url: str, file: Path) -> None:
    """Write everything in the database at `owner_url` to `file` (pg_dump's custom format, compressed, mode 0600).

    The file appears whole or not at all. What is sealed stays sealed: the keys are no part of it.

    Raises:
        BackupFailed: see there.
    """
    unfinished = file.with_name(f"{file.name}.new")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        _run(owner_url, "pg_dump", "--format=custom", "--no-owner", f"--file={unfinished}")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def restore(owner_url: str, file: Path) -> None:
    """Bring `file` back into the empty database at `owner_url`, in one transaction; the roles must exist.

    Raises:
        BackupFailed: see there; nothing was written then.
    """
    database = unquote(urlsplit(owner_url).path.lstrip("/"))
    _run(owner_url, "pg_restore", "--no-owner", "--single-transaction", f"--dbname={database}", str(file))


def _run(url: str, program: str, *arguments: str) -> None:
    done = subprocess.run(
        [_program(program), *arguments], env=_environment(url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"{program} failed: {done.stderr.strip()}")


def _program(name: str) -> str:
    """The embedded server's program where it is installed, because it is the newest; else the system's."""
    try:
        return str(postgres_programs() / name)
    except EmbeddedPostgresError:
        found = shutil.which(name)
        if found is None:
            raise BackupFailed(f"{name} is not installed: install PostgreSQL's client programs.") from None
        return found


def _environment(url: str) -> dict[str, str]:
    """The address as libpq's variables, because the arguments of a program are visible to every account."""
    parts = urlsplit(url)
    named = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port) if parts.port else None,
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        **{f"PG{name.upper()}": value for name, value in parse_qsl(parts.query)},
    }
    return {"PATH": os.environ.get("PATH", os.defpath)} | {name: value for name, value in named.items() if value}
