"""Debian's Chromium as the tests use it: pages by name, a camera that sees what a test holds before it."""

import base64
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import qrcode
from PIL import Image

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "api" / "browser"
CHROMIUM = Path("/usr/bin/chromium")
# What a lens sees: wide enough that a code of version 12 has four pixels a module.
FRAME = (640, 480)
STOP_SECONDS = 60


def node() -> str:
    """The Node of the virtual environment, or the machine's."""
    own = ROOT / ".venv" / "bin" / "node"
    return str(own) if own.exists() else shutil.which("node") or "node"


def missing() -> str | None:
    """What this machine lacks for tests in a browser; None if it has everything."""
    if not CHROMIUM.exists():
        return "Chromium is not installed (apt-get install chromium fonts-noto-cjk)"
    if not (PAGES / "node_modules" / "playwright-core").exists():
        return "the pages' packages are not installed (make pages)"
    if not (PAGES / "dist" / "scanner" / "index.html").exists():
        return "the pages are not built (make pages)"
    return None


class BrowserFailed(AssertionError):
    """A command did not do what it should, or a page reported an error."""


@dataclass(frozen=True)
class Camera:
    """A video file that Chromium takes for its camera; it is read anew whenever a page starts the camera."""

    file: Path

    def see(self, picture: Image.Image) -> None:
        """Hold a picture before it."""
        frame = Image.new("L", FRAME, 200)
        fitted = picture.convert("L")
        fitted.thumbnail((FRAME[0] - 40, FRAME[1] - 40), Image.Resampling.NEAREST)
        frame.paste(fitted, ((FRAME[0] - fitted.width) // 2, (FRAME[1] - fitted.height) // 2))
        grey = bytes([128]) * (FRAME[0] * FRAME[1] // 2)
        header = f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F10:1 Ip A1:1 C420jpeg\n".encode()
        self.file.write_bytes(header + (b"FRAME\n" + frame.tobytes() + grey) * 5)

    def see_code(self, text: str) -> None:
        """Hold a drawn code before it."""
        symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=6, border=4)
        symbol.add_data(text)
        symbol.make()
        self.see(symbol.make_image().get_image())

    def see_nothing(self) -> None:
        """Cover the lens."""
        self.see(Image.new("L", FRAME, 90))


class Browser:
    """One running Chromium."""

    def __init__(self, process: "subprocess.Popen[str]", camera: Camera) -> None:
        self._process = process
        self.camera = camera
        self._answer()

    def page(self, name: str, visitor: str = "") -> "Page":
        """The page of a name; it begins blank. What a visitor's pages keep, no other visitor sees."""
        return Page(self, name, visitor)

    def do(self, page: "Page", verb: str, target: str = "", value: str = "") -> Any:
        """Send a command and wait for its answer.

        Raises:
            BrowserFailed: see there.
        """
        assert self._process.stdin is not None
        command = {"visitor": page.visitor, "page": page.name, "verb": verb, "target": target, "value": value}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def kill(self) -> None:
        """End everything at once, as when the power fails."""
        os.killpg(self._process.pid, signal.SIGKILL)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        answer = json.loads(self._process.stdout.readline() or '{"error": "the browser ended"}')
        if "error" in answer or answer.get("problems"):
            raise BrowserFailed(answer)
        return answer.get("answer")


@dataclass(frozen=True)
class Page:
    """One tab; every method waits until it can be done."""

    browser: Browser
    name: str
    visitor: str

    def beside(self, name: str) -> "Page":
        """Another tab of the same visitor."""
        return Page(self.browser, name, self.visitor)

    def open(self, address: str) -> None:
        """Go to an address."""
        self.browser.do(self, "open", address)

    def before(self, script: str) -> None:
        """Have a script run in the page before its own."""
        self.browser.do(self, "before", script)

    def click(self, selector: str) -> None:
        """Tap an element, once it is shown and can be tapped."""
        self.browser.do(self, "click", selector)

    def fill(self, selector: str, value: str) -> None:
        """Type into a field."""
        self.browser.do(self, "fill", selector, value)

    def text(self, selector: str) -> str:
        """The text of an element, once it is shown."""
        return str(self.browser.do(self, "text", selector))

    def until(self, expression: str) -> None:
        """Wait until an expression of JavaScript is true."""
        self.browser.do(self, "until", expression)

    def evaluate(self, expression: str) -> Any:
        """What an expression of JavaScript comes to."""
        return self.browser.do(self, "evaluate", expression)

    def picture(self, selector: str = "") -> Image.Image:
        """A screenshot of an element, or of the page."""
        return Image.open(BytesIO(base64.b64decode(self.browser.do(self, "picture", selector))))

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self.browser.do(self, "resize", str(width), str(height))

    def accessibility(self) -> list[str]:
        """What axe-core finds wrong with the page as it is."""
        found: list[str] = self.browser.do(self, "accessibility")
        return found

    def installability(self) -> list[str]:
        """Why the browser would not offer to install the page."""
        found: list[str] = self.browser.do(self, "installability")
        return found

    def leave(self) -> None:
        """End the visit, with everything that the visitor's pages kept."""
        self.browser.do(self, "leave")


@contextmanager
def chromium(directory: Path, *, lasting: bool = False) -> Iterator[Browser]:
    """A browser; a lasting one keeps its profile in the directory, where the next one finds it."""
    camera = Camera(directory / "camera.y4m")
    camera.see_nothing()
    profile = str(directory / "profile") if lasting else None
    launch = {"profile": profile, "camera": str(camera.file)}
    process = subprocess.Popen(
        [node(), str(Path(__file__).parent / "driver.ts"), json.dumps(launch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A group of its own, so that it can be ended with all that it started.
        start_new_session=True,
    )
    try:
        yield Browser(process, camera)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
