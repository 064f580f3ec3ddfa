"""Holds a demo from its start to Ctrl-C: the server, its log in a file, and the start sheet once it answers."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
from rich.console import Console

from api.server import run as serve_until_stopped
from cli.database import bring_up_to_date
from cli.demo.sheet import start_sheet
from cli.demo.start import demo_database, demo_keys, fill
from cli.environment import audit_dir, demo_keys_file
from services.settings import Mode, load_settings

if TYPE_CHECKING:
    from cli.demo.notes import Notes
    from services.settings import Settings

READY_SECONDS: Final = 30
LOG_BYTES: Final = 16 * 1024 * 1024


def hold(settings: "Settings", address: str) -> None:
    """Start everything, serve at `address` until a signal ends it, and stop the database that was started."""
    console = Console()
    with demo_database(settings, console) as urls:
        keys = demo_keys(settings, datetime.now(UTC))
        with console.status("Bringing the database up to date"):
            bring_up_to_date(settings, urls)
        made = {
            "MODE": Mode.DEMO.value,
            "DATABASE_URL": urls.app,
            "DATABASE_OWNER_URL": urls.owner,
            "KEYS_FILE": str(demo_keys_file(settings)),
            "AUDIT_DIR": str(audit_dir(settings) or ""),
        }
        serving = load_settings({**os.environ, **made})
        notes = fill(serving, keys, urls, address, console)
        log = settings.data_dir / "log" / "server.log"
        with _greeted(notes, settings.data_dir, console), _errors_to(log):
            serve_until_stopped(serving, works=True)


@contextmanager
def _greeted(notes: "Notes", data_dir: Path, console: Console) -> Iterator[None]:
    """Print the start sheet from beside the server, as soon as that answers."""
    ended = threading.Event()

    def greet() -> None:
        if _wait_until_ready(notes.address, ended):
            start_sheet(notes, data_dir, console)

    greeter = threading.Thread(target=greet, name="start sheet", daemon=True)
    greeter.start()
    try:
        yield
    finally:
        ended.set()
        greeter.join()


def _wait_until_ready(address: str, ended: threading.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while not ended.wait(0.05) and time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/readyz", timeout=2).is_success:
                return True
        except httpx.TransportError:
            continue
    return False


@contextmanager
def _errors_to(log: Path) -> Iterator[None]:
    """Send standard error, to which the server logs, into a file, so that the start sheet stays readable."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    terminal = os.dup(2)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, 2)
    os.close(written)
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
