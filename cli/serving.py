"""The commands that serve: the whole demo in one, the production server, and the end of a demo."""

import fcntl
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.environment import embedded_server, operator_settings
from cli.explanation import CommandFailed

if TYPE_CHECKING:
    from services.settings import Settings

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 # what it stands for, not an address to bind


def run() -> None:
    """Try it: start a database, make up a district, serve it, and print how to use it. Ctrl-C ends it, data stays."""
    from cli.demo.session import hold

    settings = operator_settings()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    # The server ends by itself on a signal; before and after it, the same signals interrupt.
    with suppress(KeyboardInterrupt), alone(settings.data_dir):
        refuse_taken(settings)
        hold(settings, address_of(settings))
    typer.echo(f"\nStopped. `make run` goes on with the data in {settings.data_dir}, `make reset` drops them.")


def serve() -> None:
    """Serve with the environment's settings; MODE is production unless it says otherwise."""
    from api.server import run as serve_until_stopped
    from services.settings import load_settings

    settings = load_settings(os.environ)
    refuse_taken(settings)
    serve_until_stopped(settings)


def work() -> None:
    """Work the queue of jobs until a signal: messages, slots, whatever is done by the clock. Run one or several."""
    from api.worker import run as work_until_stopped
    from services.settings import load_settings

    work_until_stopped(load_settings(os.environ))


def reset() -> None:
    """Throw the demo's data away: its database, keys, phones, scanners and logs."""
    import shutil

    settings = operator_settings()
    if not settings.data_dir.exists():
        typer.echo(f"There is no demo in {settings.data_dir}.")
        return
    with alone(settings.data_dir):
        embedded_server(settings).remove()
        for name in ("audit", "log", "scanners", "demo.json", "keys.json", "root.json"):
            path = settings.data_dir / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in settings.data_dir.glob("phone-*.json"):
            path.unlink()
    typer.echo(f"The demo in {settings.data_dir} is gone; `make run` makes a new one.")


def address_of(settings: "Settings") -> str:
    """The base URL at which this machine reaches the server."""
    host = EVERY_ADDRESS.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def refuse_taken(settings: "Settings") -> None:
    """Say before anything is started that nobody could listen.

    Raises:
        CommandFailed: HOST is no address of this machine, or PORT is in use.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise CommandFailed(f"HOST is wrong: {settings.host} is no address of this machine.") from None
    except OSError as error:
        raise CommandFailed(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}): "
            "stop what listens there, or choose another with PORT."
        ) from None


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the demo in `directory` for this process; the kernel lets go of it however the process ends.

    Raises:
        CommandFailed: another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(
                f"A demo runs in {directory} already: stop it first, or choose another folder with DATA_DIR."
            ) from None
        yield


def _end(number: int, frame: Any) -> None:
    """End as Ctrl-C does, so that a closed terminal or a supervisor stops the database too."""
    del number, frame
    signal.raise_signal(signal.SIGINT)
