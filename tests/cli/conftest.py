"""Starts the `sdc` command as people do, in an environment that holds nothing else, and reads codes off its screen."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest
import zxingcpp
from PIL import Image

from cli.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
HALVES = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
MODULE_PIXELS = 6


class Sdc(Protocol):
    """Runs `sdc` with arguments and environment variables to its end."""

    def __call__(self, *arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        """How it ended, with all that it wrote."""
        ...


class Demo:
    """`sdc run` on a data directory and a port of its own, started and ended as the test likes."""

    last_line = "Ctrl-C stops it"

    def __init__(self, parent: Path, **variables: str | Path) -> None:
        self.data_dir = parent / "data"
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {"DATA_DIR": self.data_dir, "PORT": str(self.port), "RESIDENTS": "150", **variables}
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it, and return the start sheet once it is whole."""
        self.process = subprocess.Popen(
            _command(("run",)),
            cwd=ROOT,
            env=_environment(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        sheet = ""
        for line in self.process.stdout:
            sheet += line
            if line.startswith(self.last_line):
                return sheet
        pytest.fail(f"the demo ended with status {self.process.wait()}: {sheet}")

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; the exit status, and what was said at the end."""
        assert self.process is not None
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=60)
        status, self.process = self.process.returncode, None
        return status, said


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _command(arguments: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-m", "cli", *map(str, arguments)]


def _environment(variables: Mapping[str, str | Path]) -> dict[str, str]:
    """Only what a program needs, what measures coverage, and `variables`."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE")}
    return kept | {"LC_ALL": "C.UTF-8", "COLUMNS": "140"} | {name: str(value) for name, value in variables.items()}


@pytest.fixture(scope="session")
def sdc() -> Sdc:
    """Run `sdc` from this checkout."""

    def run(*arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            _command(arguments),
            cwd=ROOT,
            env=_environment(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A demo that is not started yet, in a directory that PostgreSQL's account can enter; gone after the module."""
    parent = Path(tempfile.mkdtemp(prefix="sdc-demo-"))
    parent.chmod(0o711)
    made = Demo(parent)
    yield made
    if made.process is not None:
        made.end()
    EmbeddedPostgres(made.data_dir / "postgres").remove()
    shutil.rmtree(parent)


@pytest.fixture(scope="session")
def read_drawn() -> Callable[[str], str]:
    """Read the code that is drawn in half blocks somewhere in a text, as a camera before the screen would."""

    def read(screen: str) -> str:
        plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen).splitlines()
        wide = max((len(line) for line in plain if set(line) <= HALVES.keys() and "▀" in line), default=0)
        rows = [line for line in plain if set(line) <= HALVES.keys() and len(line) == wide]
        picture = Image.new("L", (wide, len(rows) * 2), 255)
        for y, row in enumerate(rows):
            for x, half in enumerate(row):
                for below, shade in enumerate(HALVES[half]):
                    picture.putpixel((x, 2 * y + below), shade)
        large = picture.resize((wide * MODULE_PIXELS, len(rows) * 2 * MODULE_PIXELS), Image.Resampling.NEAREST)
        (found,) = zxingcpp.read_barcodes(large, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        text: str = found.text
        return text

    return read
