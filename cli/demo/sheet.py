"""The start sheet: what a newcomer can type next, with everything that she would otherwise have to look up."""

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from cli.demo.fixtures import SECOND_FACTOR
from cli.demo.notes import DemoScanner, Notes
from cli.demo.people import district
from cli.demo.picture import draw
from cli.demo.play import ready_phone
from cli.demo.sandbox import CodeKind, introduce, new_code
from cli.explanation import CommandFailed
from models.credential import DeviceKind

# Long enough to read the sheet and come back after lunch; `sdc demo code` gives fresh ones.
CODE_LIFETIME: Final = timedelta(hours=12)
PYTHON: Final = ".venv/bin/python"
DEFAULT_DATA_DIR: Final = Path(".data")


def start_sheet(notes: Notes, data_dir: Path, console: Console) -> None:
    """Print the sheet; the first person's code stands at its head, so that the rest stays in view."""
    for part in (_code, _people, _scanners, _browser, _next_steps):
        try:
            part(notes, data_dir, console)
        except CommandFailed as failed:
            _say(console, f"{failed}\n")


def _code(notes: Notes, data_dir: Path, console: Console) -> None:
    account = notes.accounts[0]
    at = datetime.now(UTC)
    with httpx.Client(base_url=notes.address) as client:
        phone = ready_phone(client, notes, account, data_dir / f"phone-{account.phone}.json", at)
    console.print(draw(phone.show(at)))
    shown = f"{at.astimezone():%H:%M:%S}"
    _say(
        console,
        f"The code of {account.name}, as her phone showed it at {shown}; scanners take it for 30 seconds.\n"
        f"Draw it anew every 15 seconds:  {_sdc(data_dir)} demo phone 1\n",
    )


def _people(notes: Notes, data_dir: Path, console: Console) -> None:
    # Without lines, so that it fits 80 columns.
    table = Table("", "name", "card number", "register phone", "login code", box=None, padding=(0, 2, 0, 0))
    for number, account in enumerate(notes.accounts, 1):
        name = f"{account.name}\nguardian of {account.ward}" if account.ward else account.name
        table.add_row(f"{number}", name, account.card_number, account.phone, _login_code(notes, account.openid))
    table.add_row("", f"clerk of\n{district()['federation']}", "", "", _login_code(notes, notes.clerk))
    _say(console, f"People to play, of {notes.residents:,} made up for {district()['name']}:")
    console.print(table)
    _say(
        console,
        f"Staff act after their second factor; the demo's authenticator holds {SECOND_FACTOR}:\n"
        f"  {_sdc(data_dir)} demo code clerk --second-factor",
    )


def _scanners(notes: Notes, data_dir: Path, console: Console) -> None:
    _say(console, "\nScanners to enrol; each code serves one, and another is ready at the next start:")
    for scanner in notes.scanners:
        state = _state(scanner, data_dir)
        _say(console, f"  {scanner.operator} {scanner.place}")
        _say(console, f"    {PYTHON} -m card enrol {scanner.code} --server {notes.address} --state {state}")


def _browser(notes: Notes, data_dir: Path, console: Console) -> None:
    del data_dir
    introduce(notes.address, notes.accounts)
    # A checkout whose pages were not built serves all the rest.
    if not httpx.get(f"{notes.address}/phone/").is_success:
        return
    _say(
        console,
        f"""
In a browser, one window held to the other:
  phone    {notes.address}/phone/      play one of the people above
  scanner  {notes.address}/scanner/    enrol it with a code from above, then show it the phone's window""",
    )


def _next_steps(notes: Notes, data_dir: Path, console: Console) -> None:
    bus = next(scanner for scanner in notes.scanners if scanner.kind is DeviceKind.BUS)
    sdc = _sdc(data_dir)
    _say(
        console,
        f"""
Next, in another terminal from this folder:
  enrol the bus with the line above, then let it read a code; with the server stopped, too
    {sdc} demo phone 1 --once --text | {PYTHON} -m card scan --state {_state(bus, data_dir)}
  a fresh login code; and one that proves her phone, to bind her card
    {sdc} demo code 2
    {sdc} demo code 2 --phone
  whether the audit log is whole
    {sdc} audit verify

GraphQL  {notes.address}/graphql    health  {notes.address}/readyz    log  {data_dir}/log/server.log
Ctrl-C stops it and keeps the data; `make reset` throws them away.""",
    )


def _login_code(notes: Notes, openid: str) -> str:
    return new_code(notes.address, CodeKind.LOGIN, openid, int(CODE_LIFETIME.total_seconds()))


def _state(scanner: DemoScanner, data_dir: Path) -> Path:
    """Where the scanner keeps its state; the end of its code's secret tells it from those of earlier starts."""
    return data_dir / "scanners" / f"{scanner.kind}-{scanner.code.partition('.')[0][-4:].lower()}"


def _sdc(data_dir: Path) -> str:
    """How to call the command about this very demo."""
    command = f"{PYTHON} -m cli"
    return command if data_dir == DEFAULT_DATA_DIR else f"DATA_DIR={shlex.quote(str(data_dir))} {command}"


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
