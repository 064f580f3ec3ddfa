"""Finds out from the environment which database, keys and folder a command is about."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.embedded import EmbeddedPostgres
    from services.settings import Settings

OWNER = "DATABASE_OWNER_URL"
APP = "DATABASE_URL"
ROLES = {OWNER: "owns its tables", APP: "serves and owns nothing"}


@dataclass(frozen=True)
class DatabaseUrls:
    """The same database as its owner and as the role that serves."""

    owner: str
    app: str


def operator_settings() -> "Settings":
    """The settings for a command that is no server: read as in the demo, since a database alone is enough for it.

    Raises:
        SettingsInvalid: a variable is wrong.
    """
    from services.settings import Mode, load_settings

    return load_settings({**os.environ, "MODE": Mode.DEMO})


def embedded_server(settings: "Settings") -> "EmbeddedPostgres":
    """The demo's own PostgreSQL under DATA_DIR, running or not."""
    from cli.embedded import EmbeddedPostgres

    return EmbeddedPostgres(settings.data_dir / "postgres")


def demo_keys_file(settings: "Settings") -> Path:
    """KEYS_FILE, or the file in DATA_DIR that the demo makes."""
    return settings.keys_file or settings.data_dir / "keys.json"


def audit_dir(settings: "Settings") -> Path | None:
    """AUDIT_DIR, or the folder in DATA_DIR that the demo with its own database makes; None for neither."""
    if settings.audit_dir is None and given_urls(settings) is None:
        return settings.data_dir / "audit"
    return settings.audit_dir


def given_urls(settings: "Settings", *needed: str) -> DatabaseUrls | None:
    """The database that DATABASE_URL and DATABASE_OWNER_URL name, one standing in for the other; None for neither.

    Raises:
        SettingsInvalid: one of them is given, but not the `needed` one.
    """
    from services.settings import SettingsInvalid

    given = {OWNER: settings.database_owner_url, APP: settings.database_url}
    either = settings.database_owner_url or settings.database_url
    if either is None:
        return None
    for name in needed:
        if given[name] is None:
            raise SettingsInvalid(f"{name} is missing: name the same database as the role that {ROLES[name]}.")
    urls = [(given[name] or either).get_secret_value() for name in (OWNER, APP)]
    return DatabaseUrls(*urls)


@contextmanager
def database_urls(settings: "Settings", *needed: str) -> Iterator[DatabaseUrls]:
    """The database that the environment names, else the demo's own, started for as long as it is needed.

    Raises:
        SettingsInvalid: as `given_urls`.
        EmbeddedPostgresError: the environment names none, and there is no demo.
    """
    given = given_urls(settings, *needed)
    if given is not None:
        yield given
        return
    server = embedded_server(settings)
    server.owner_url()  # says that there is no demo yet, before a start would make an empty one
    was_running = server.is_running()
    server.start()
    try:
        yield DatabaseUrls(server.owner_url(), server.app_url())
    finally:
        if not was_running:
            server.stop()
