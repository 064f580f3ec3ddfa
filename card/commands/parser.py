"""Declares the command line: every command with a help that a technician can follow beside the bus."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from card.commands import enrolment, outbox, scanning, status, tokens
from card.commands.exits import ExitStatus, epilog
from card.device import Device

STATE_VARIABLE: Final = "SDC_CARD_STATE"
DEFAULT_STATE: Final = "sdc-card"
SYNC_SECONDS: Final = 30.0
_MAX_SYNC_SECONDS: Final = 86_400

DeviceCommand = Callable[[Device, argparse.Namespace], ExitStatus]


class _Commands:
    """Adds commands that share their options and the form of their help."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._group = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def group(self, name: str, what: str) -> "_Commands":
        """A command that has commands of its own."""
        return _Commands(self._group.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}."))

    def add(self, name: str, run: Callable[[argparse.Namespace], ExitStatus], what: str, how: str) -> Any:
        """A command; `what` is its line in the list, `how` the text of its own help."""
        command = self._group.add_parser(
            name,
            help=what,
            description=f"{what[0].upper()}{what[1:]}.\n\n{how}",
            epilog=epilog(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument(
            "--state",
            type=Path,
            metavar="DIR",
            default=Path(os.environ.get(STATE_VARIABLE, DEFAULT_STATE)),
            help=f"the device's directory (default: ${STATE_VARIABLE}, else ./{DEFAULT_STATE})",
        )
        command.set_defaults(run=run)
        return command


def build() -> argparse.ArgumentParser:
    """The parser; the chosen command is a function in `run`."""
    parser = argparse.ArgumentParser(
        prog="python -m card",
        description="A scanner for smart disability cards: answers offline, and keeps each scan until it is handed in.",
        epilog=epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = _Commands(parser)
    _set_up(commands)
    _gate(commands)
    _tokens(commands)
    _outbox(commands)
    return parser


def _of_device(command: DeviceCommand) -> Callable[[argparse.Namespace], ExitStatus]:
    return lambda options: command(Device.open(options.state), options)


def _set_up(commands: _Commands) -> None:
    enrol = commands.add(
        "enrol",
        enrolment.enrol,
        "make this machine the scanner of one place",
        "The code comes from the operator's office and works once. A key is made here and never leaves the directory.\n"
        "The server must prove that its root key is the one whose fingerprint stands in the code.",
    )
    enrol.add_argument("code", metavar="CODE", help="as printed: XXXX-XXXX-XXXX-XXXX.FINGERPRINT")
    enrol.add_argument("--server", required=True, metavar="URL", help="the server's address, https://…")
    commands.add(
        "sync",
        _of_device(enrolment.sync),
        "set the clock, fetch what to trust, hand in what waits",
        "`scan` does the same by itself twice a minute; this is for trying the network by hand.",
    )
    commands.add(
        "rotate",
        _of_device(enrolment.rotate),
        "change this device's key",
        "Stop `scan` first. If it is interrupted, run it again: whichever key the server knows by then is found.",
    )
    state = commands.add(
        "status",
        _of_device(status.status),
        "say how the clock, the trust bundle, the disk and the outbox are",
        "The exit status names the worst finding, so that a watchdog need not read the text.",
    )
    state.add_argument("--json", action="store_true", help="print JSON")


def _gate(commands: _Commands) -> None:
    scan = commands.add(
        "scan",
        _of_device(scanning.scan),
        "answer codes: one line in, one line of JSON out",
        "Each line of standard input is the text of a code as the reader gave it. An answer is on the disk before it\n"
        f"is printed. The line {scanning.OVERRIDE} notes that the person refused last was let in all the same.\n"
        "At the end of the input the scans that wait are handed in if the server answers.",
    )
    scan.add_argument("--place", metavar="TEXT", help="stop or gate to note with each scan (default: as enrolled)")
    scan.add_argument(
        "--every", type=_seconds, default=SYNC_SECONDS, metavar="SECONDS", help="how often to sync (default: 30)"
    )
    scan.add_argument("--offline", action="store_true", help="do not speak to the server")


def _tokens(commands: _Commands) -> None:
    inspect = commands.add(
        "inspect",
        tokens.inspect,
        "explain a code in plain words",
        "Shows what the code claims, and whether its signatures hold by what this device trusts; without a device,\n"
        "what it claims only. Pseudonym, keys and signatures are not shown.",
    )
    inspect.add_argument("text", metavar="TEXT", help="the text of the code, or - for a line of standard input")
    verify = commands.add(
        "verify",
        _of_device(tokens.verify),
        "answer one code without noting it; exit status 0 or 1",
        "Decides as the gate would, but remembers nothing, so a replay is not noticed and nothing is counted.",
    )
    verify.add_argument("text", metavar="TEXT", help="the text of the code, or - for a line of standard input")


def _outbox(commands: _Commands) -> None:
    outbox_commands = commands.group("outbox", "list, export, import or hand in scans")
    listing = outbox_commands.add(
        "list",
        _of_device(outbox.list_scans),
        "list the scans that wait",
        "What was read is not shown, because it is about a person.",
    )
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    listing.add_argument("--all", action="store_true", help="those handed in and still kept as well")
    export = outbox_commands.add(
        "export",
        _of_device(outbox.export),
        "write the scans that wait into files",
        "For a device whose modem is dead: carry the files to another device, and `outbox import` them there.\n"
        "The scans stay here as well until the server has them; it knows a repetition.",
    )
    export.add_argument("directory", type=Path, metavar="DIR", help="where to write, a USB stick for instance")
    export.add_argument("--all", action="store_true", help="those handed in and still kept as well")
    export.add_argument(
        "--from", dest="source", type=Path, metavar="FILE", help="save what can be read of a damaged database instead"
    )
    importing = outbox_commands.add(
        "import",
        _of_device(outbox.import_files),
        "carry another device's exported scans",
        "They are handed in with this device's own. A torn file is refused, and the exit status is 1.",
    )
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a file that `outbox export` wrote")
    outbox_commands.add("upload", _of_device(outbox.upload_now), "hand in what waits, now", "`scan` does so by itself.")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= _MAX_SYNC_SECONDS:
        raise argparse.ArgumentTypeError("between 1 and 86400 seconds")
    return seconds
