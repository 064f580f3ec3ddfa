"""Starts the server as its own process, as an operator does, and keeps what it logs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

APP_ID = "wx-made-up"
APP_SECRET = "made-up-app-secret"
START_SECONDS = 60
STOP_SECONDS = 30
_RUN = (
    "import os; from api.server import run; from services.settings import load_settings; run(load_settings(os.environ))"
)


@dataclass(frozen=True)
class LiveServer:
    """A server that answers at `url` and logs into a file."""

    url: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def logged(self) -> str:
        """All that it has logged so far."""
        return self.log.read_text(encoding="utf-8")


@contextmanager
def serving(log: Path, environ: Mapping[str, str]) -> Iterator[LiveServer]:
    """A running demo server, on a port of its own unless PORT says otherwise; it must stop by itself when told to."""
    port = int(environ.get("PORT", 0)) or free_port()
    settings = {
        "MODE": "demo",
        "PORT": str(port),
        "WECHAT_APP_ID": APP_ID,
        "WECHAT_APP_SECRET": APP_SECRET,
        "DRAIN_SECONDS": "0",
        **environ,
    }
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", _RUN], env={**os.environ, **settings}, stderr=output)
    server = LiveServer(f"http://127.0.0.1:{port}", port, process, log)
    try:
        _wait(server)
        yield server
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: LiveServer) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if server.process.poll() is not None:
            raise AssertionError(server.logged())
        try:
            httpx.get(f"{server.url}/healthz")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(server.logged())
