"""The start sheet: what a newcomer can type next, with everything that she would otherwise have to look up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console
from rich.table import Table

from cli.demo.notes import DemoScanner, Notes
from cli.demo.people import district
from cli.demo.picture import draw
from cli.demo.play import ready_phone
from cli.demo.sandbox import CodeKind, new_code
from cli.explanation import CommandFailed
from models.credential import DeviceKind

# Long enough to read the sheet and come back after lunch; `sdc demo code` gives fresh ones.
CODE_LIFETIME: Final = timedelta(hours=12)
PYTHON: Final = ".venv/bin/python"


def start_sheet(notes: Notes, data_dir: Path, console: Console) -> None:
    """Print the sheet; the first person's code stands at its head, so that the rest stays in view."""
    try:
        _print_code(notes, data_dir, console)
        console.print(_people(notes), _scanners(notes), sep="\n")
    except CommandFailed as failed:
        console.print(f"{failed}", style="red", highlight=False)
    _say(console, _next_steps(notes, data_dir))


def _print_code(notes: Notes, data_dir: Path, console: Console) -> None:
    account = notes.accounts[0]
    at = datetime.now(UTC)
    with httpx.Client(base_url=notes.address) as client:
        phone = ready_phone(client, notes, account, data_dir / f"phone-{account.phone}.json", at)
    console.print(draw(phone.show(at)))
    _say(
        console,
        f"{account.name}'s code, as her phone showed it at {at.astimezone():%H:%M:%S}; good for 30 seconds. "
        f"A fresh one every 15: {PYTHON} -m cli demo phone\n",
    )


def _people(notes: Notes) -> Table:
    place = f"{district()['name']}, {notes.residents:,} made-up residents"
    table = Table("", "name", "card number", "register phone", "login code", title=f"People to play in {place}")
    for number, account in enumerate(notes.accounts, 1):
        name = f"{account.name}, guardian of {account.ward}" if account.ward else account.name
        code = new_code(notes.address, CodeKind.LOGIN, account.openid, _seconds())
        table.add_row(f"{number}", name, account.card_number, account.phone, code)
    code = new_code(notes.address, CodeKind.LOGIN, notes.clerk, _seconds())
    table.add_row("", f"clerk of {district()['federation']}", "", "", code)
    return table


def _scanners(notes: Notes) -> Table:
    table = Table("scanner", "where", "enrolment code, for one scanner", title="Scanners to enrol")
    for scanner in notes.scanners:
        table.add_row(scanner.operator, scanner.place, scanner.code)
    return table


def _next_steps(notes: Notes, data_dir: Path) -> str:
    bus: DemoScanner = next(scanner for scanner in notes.scanners if scanner.kind is DeviceKind.BUS)
    return f"""
Serving at {notes.address}
  GraphQL    {notes.address}/graphql    health  {notes.address}/healthz, {notes.address}/readyz
  log        {data_dir}/log/server.log

In another terminal, from this folder:
  play the bus's validator, once, then let it read a code (it works without the server, too)
    {PYTHON} -m card enrol {bus.code} --server {notes.address}
    {PYTHON} -m cli demo phone 1 --once --text | {PYTHON} -m card scan
  a code that stays fresh, drawn for a camera     {PYTHON} -m cli demo phone 2
  another login code, or a code to bind a card    {PYTHON} -m cli demo code 3 [--phone]
  is the audit log whole                          {PYTHON} -m cli audit verify

Ctrl-C stops it and keeps the data; make reset throws them away."""


def _seconds() -> int:
    return int(CODE_LIFETIME.total_seconds())


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)
