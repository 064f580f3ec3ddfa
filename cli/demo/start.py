"""Brings a demo up to the point of serving: its keys, its database, its district, and the notes for the start sheet."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.wechat import open_wechat
from card.cose import SigningKey
from card.trust import read_key_set
from cli.demo.fixtures import CLERK, add_fixtures
from cli.demo.load import extend_timetable, is_empty, load_district
from cli.demo.notes import DemoScanner, Notes, notes_file, read_notes, write_notes
from cli.environment import APP, OWNER, DatabaseUrls, demo_keys_file, embedded_server, given_urls
from cli.explanation import CommandFailed
from services.bootstrap import open_services
from services.keys import make_keys, read_keys, read_root, renew_key_set, replace_keys, write_keys, write_root
from services.vault import Vault

if TYPE_CHECKING:
    from services.keys import Keys
    from services.settings import Settings

RENEWED_BEFORE_END: Final = timedelta(days=30)


@contextmanager
def demo_database(settings: "Settings", console: Console) -> Iterator[DatabaseUrls]:
    """The database that the environment names, else the demo's own PostgreSQL, stopped on leaving."""
    given = given_urls(settings, OWNER, APP)
    if given is not None:
        yield given
        return
    server = embedded_server(settings)
    with console.status("Starting PostgreSQL"):
        server.start()
    try:
        yield DatabaseUrls(server.owner_url(), server.app_url())
    finally:
        # A second Ctrl-C must not leave the database running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        server.stop()


def demo_keys(settings: "Settings", at: datetime) -> "Keys":
    """The keys of KEYS_FILE, else the demo's own with their root beside them, made on first use and renewed in time.

    Raises:
        KeysInvalid: a file cannot be used.
    """
    file = demo_keys_file(settings)
    if settings.keys_file is not None:
        return read_keys(file, at)
    root_file = settings.data_dir / "root.json"
    if not root_file.exists():
        write_root(root_file, SigningKey.generate())
    root = read_root(root_file)
    if not file.exists():
        write_keys(file, make_keys(root, demo=True, at=at))
    keys = read_keys(file, datetime.min.replace(tzinfo=UTC))
    if at >= read_key_set(keys.key_set, keys.root).expires_at - RENEWED_BEFORE_END:
        keys = renew_key_set(keys, root, at)
        replace_keys(file, keys)
    return keys


def fill(settings: "Settings", keys: "Keys", urls: DatabaseUrls, address: str, console: Console) -> Notes:
    """Load the district where there is none yet, add fixtures, and write down what the start sheet will say.

    Raises:
        CommandFailed: the database holds another register.
    """
    asyncio.run(_load(settings, keys, urls.owner, console))
    file = notes_file(settings)
    try:
        known = read_notes(file).scanners
    except CommandFailed:
        known = ()
    notes = asyncio.run(_noted(settings, keys, known, address))
    write_notes(file, notes)
    return notes


async def _load(settings: "Settings", keys: "Keys", owner_url: str, console: Console) -> None:
    at = datetime.now(UTC)
    connection = await asyncpg.connect(owner_url)
    try:
        if not await is_empty(connection):
            await extend_timetable(connection, at)
            return
        vault = Vault(keys.master, keys.blind_index, keys.pseudonym)
        columns = (TextColumn("Making up residents"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task("", total=settings.residents)
            await load_district(connection, vault, settings.residents, at, lambda count: progress.advance(task, count))
    finally:
        await connection.close()


async def _noted(settings: "Settings", keys: "Keys", known: Sequence[DemoScanner], address: str) -> Notes:
    async with open_wechat(settings) as wechat, open_services(settings, keys, wechat) as resources:
        cast = await add_fixtures(resources, known)
    return Notes(address, cast.residents, cast.accounts, CLERK, cast.scanners)
