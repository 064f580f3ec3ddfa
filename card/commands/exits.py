"""What each exit status means, so that a script on a device can tell a dead modem from a full disk."""

from enum import IntEnum
from typing import Final


class ExitStatus(IntEnum):
    """How a command ended; argparse itself ends with USAGE."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_ENROLLED = 3
    UNREACHABLE = 4
    SERVER_REFUSED = 5
    STORAGE = 6
    TRUST = 7
    CLOCK = 8


MEANINGS: Final = {
    ExitStatus.DONE: "done, or admitted",
    ExitStatus.REFUSED: "the code or the file is refused; the reason is printed",
    ExitStatus.USAGE: "the command is called wrongly",
    ExitStatus.NOT_ENROLLED: "no enrolled device in the state directory, or its files are unreadable or unwritable",
    ExitStatus.UNREACHABLE: "no answer from the server",
    ExitStatus.SERVER_REFUSED: "the server refused; the reason is printed",
    ExitStatus.STORAGE: "the device's database is damaged, read-only, full or held by another process",
    ExitStatus.TRUST: "no usable trust bundle, or a new one was refused; the last good one is kept",
    ExitStatus.CLOCK: "the time is not known, or the server's time took too long",
}


NO_BUNDLE: Final = "no trust bundle yet: run `python -m card sync`."
NO_TARIFF: Final = "no tariff is in force today: ask the operator to publish one."


class CommandFailed(Exception):
    """Ends a command with a message for the technician and a status."""

    def __init__(self, status: ExitStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def epilog() -> str:
    """The table for `--help`."""
    lines = (f"  {status.value}  {meaning}" for status, meaning in MEANINGS.items())
    return "\n".join(["exit status:", *lines])
