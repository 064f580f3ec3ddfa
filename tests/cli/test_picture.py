"""Proves that what the terminal shows is a QR code that a scanner reads."""

import io
from collections.abc import Callable
from typing import Literal

import pytest
from rich.console import Console

from cli.demo.picture import draw

CODE = "SDC1:" + "6BFOXN%TS3DH0YOJ58S S-W5HDC *M0II5XHC9B5G2+$N IOP-IA%NFQGRJPC%OQHIZC4.OI1RM8ZA.A5:S9MKN4NN3F85QN"


def screen(text: str, *, terminal: bool) -> str:
    """What a console writes for the picture of `text`."""
    colours: Literal["truecolor"] | None = "truecolor" if terminal else None
    console = Console(file=io.StringIO(), force_terminal=terminal, color_system=colours, width=120)
    console.print(draw(text))
    written = console.file
    assert isinstance(written, io.StringIO)
    return written.getvalue()


@pytest.mark.parametrize("length", [1, 40, 105])
def test_a_drawn_code_reads_back(length: int, read_drawn: Callable[[str], str]) -> None:
    """Symbols with an even and an odd number of lines decode to the text that was drawn."""
    assert read_drawn(screen(CODE[:length], terminal=True)) == CODE[:length]


def test_a_terminal_gets_black_on_white_whatever_its_theme() -> None:
    """A scanner needs dark modules on a light ground, and many terminals are dark."""
    lines = [line for line in screen(CODE, terminal=True).splitlines() if "▀" in line]

    assert lines
    assert all("\x1b[38;2;0;0;0;48;2;255;255;255m" in line for line in lines)


def test_a_file_gets_no_colours(read_drawn: Callable[[str], str]) -> None:
    """Redirected output is still a picture, without control sequences."""
    written = screen(CODE, terminal=False)

    assert "\x1b" not in written
    assert read_drawn(written) == CODE


def test_the_quiet_zone_is_four_modules(read_drawn: Callable[[str], str]) -> None:
    """Scanners need the margin of ISO/IEC 18004, on all four sides."""
    lines = screen(CODE, terminal=False).splitlines()

    assert read_drawn("\n".join(lines)) == CODE
    assert all(line.startswith("    ") and line.endswith("    ") for line in lines)
    assert [line.strip() for line in (*lines[:2], *lines[-2:])] == [""] * 4
