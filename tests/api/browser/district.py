"""A made-up district behind a server that a test can switch off, as a network that is cut."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from cli.demo.fixtures import Cast
from cli.demo.sandbox import introduce
from tests.api.live import free_port, serving


class District:
    """A made-up district: who can be played, and its server, which can be switched off and on again."""

    def __init__(self, cast: Cast, environ: dict[str, str], logs: Path) -> None:
        self.cast = cast
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environ = {**environ, "PORT": str(self.port)}
        self._logs = logs
        self._running: ExitStack | None = None

    def on(self) -> None:
        """Have the server serve."""
        if self._running is None:
            self._running = ExitStack()
            self._running.enter_context(serving(self._logs / f"{datetime.now(UTC).timestamp()}.log", self._environ))
            introduce(self.url, self.cast.accounts)

    def off(self) -> None:
        """Stop the server, as a network that is cut."""
        if self._running is not None:
            self._running.close()
            self._running = None
