"""Starts the `sdc` command as people do, in an environment that holds nothing else, and reads codes off its screen."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
import zxingcpp
from PIL import Image

ROOT = Path(__file__).parents[2]
HALVES = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}
MODULE_PIXELS = 6


class Sdc(Protocol):
    """Runs `sdc` with arguments and environment variables to its end."""

    def __call__(self, *arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        """How it ended, with all that it wrote."""
        ...


class Start(Protocol):
    """Starts `sdc` with arguments and environment variables, and leaves it running."""

    def __call__(self, *arguments: str | Path, **variables: str | Path) -> subprocess.Popen[str]:
        """The process; output and errors come together, in the order in which a person sees them."""
        ...


def _command(arguments: tuple[str | Path, ...]) -> list[str]:
    return [sys.executable, "-m", "cli", *map(str, arguments)]


def _environment(variables: dict[str, str | Path]) -> dict[str, str]:
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


@pytest.fixture(scope="session")
def start() -> Start:
    """Start `sdc` from this checkout."""

    def popen(*arguments: str | Path, **variables: str | Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            _command(arguments),
            cwd=ROOT,
            env=_environment(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return popen


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
        (found,) = zxingcpp.read_barcodes(large)
        text: str = found.text
        return text

    return read
