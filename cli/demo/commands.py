"""The commands that play a person of the demo: her phone, and the codes that WeChat would give it."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.environment import operator_settings

if TYPE_CHECKING:
    from cli.demo.notes import DemoAccount
    from cli.demo.phone import Phone

REFRESH_SECONDS: Final = 15
FRESH: Final = timedelta(seconds=30)
STAFF: Final = ("clerk", "administrator", "second-administrator")

app = typer.Typer(help="Play a person of the running demo.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="Her number on the start sheet, her name, or her register phone.")]


@app.command("phone")
def show_phone(
    who: Who = "1",
    once: Annotated[bool, typer.Option("--once", help="Show one code and end.")] = False,
    as_text: Annotated[bool, typer.Option("--text", help="Print bare code texts, as a scanner reads them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a code.")] = False,
) -> None:
    """Show her code, fresh every 15 seconds; works without the server once the phone has a pass."""
    import httpx

    from cli.demo.notes import notes_file, read_notes
    from cli.demo.play import account_of, ready_phone

    settings = operator_settings()
    notes = read_notes(notes_file(settings))
    account = account_of(notes, who)
    file = settings.data_dir / f"phone-{account.phone}.json"
    show = _show_json if as_json else _show_text if as_text else _show_picture
    # Ctrl-C is how a phone is put away.
    with suppress(KeyboardInterrupt), httpx.Client(base_url=notes.address) as client:
        while True:
            at = datetime.now(UTC)
            show(ready_phone(client, notes, account, file, at), account, at)
            if once:
                return
            time.sleep(REFRESH_SECONDS)


@app.command("code")
def print_code(
    who: Annotated[str, typer.Argument(help=f"As for `phone`, or {', '.join(STAFF)}.")] = "1",
    phone: Annotated[
        bool, typer.Option("--phone", help="A code that proves her phone number, to bind a card.")
    ] = False,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="What the authenticator of the demo's staff shows now.")
    ] = False,
) -> None:
    """Print a fresh single-use code: by default the login code of wx.login, for `signInWithWechat`."""
    import pyotp

    from cli.demo.fixtures import SECOND_FACTOR
    from cli.demo.notes import notes_file, read_notes
    from cli.demo.play import account_of
    from cli.demo.sandbox import CodeKind, new_code
    from cli.explanation import CommandFailed

    notes = read_notes(notes_file(operator_settings()))
    if who in STAFF:
        if phone:
            raise CommandFailed("Staff bind no card: a phone code is for the people on the start sheet.")
        typer.echo(
            pyotp.TOTP(SECOND_FACTOR).now() if second_factor else new_code(notes.address, CodeKind.LOGIN, f"demo-{who}")
        )
        return
    account = account_of(notes, who)
    kind, subject = (CodeKind.PHONE, account.phone) if phone else (CodeKind.LOGIN, account.openid)
    typer.echo(new_code(notes.address, kind, subject))


@app.command("messages")
def print_messages() -> None:
    """Print what the demo has sent: WeChat's messages and text messages, one a line."""
    from cli.demo.notes import notes_file, read_notes
    from cli.demo.sandbox import messages

    notes = read_notes(notes_file(operator_settings()))
    for each in messages(notes.address):
        typer.echo(f"{each.channel}  {each.to}  {'  '.join(each.texts)}")


def _show_text(phone: "Phone", account: "DemoAccount", at: datetime) -> None:
    del account
    typer.echo(phone.show(at))


def _show_json(phone: "Phone", account: "DemoAccount", at: datetime) -> None:
    shown = {
        "text": phone.show(at),
        "for": account.ward or account.name,
        "presented_at": at.isoformat(timespec="seconds"),
        "fresh_until": (at + FRESH).isoformat(timespec="seconds"),
        "pass_until": phone.memory.pass_until.isoformat(timespec="seconds"),
    }
    typer.echo(json.dumps(shown, ensure_ascii=False))


def _show_picture(phone: "Phone", account: "DemoAccount", at: datetime) -> None:
    from rich.console import Console

    from cli.demo.picture import draw

    console = Console()
    text = phone.show(at)
    if console.is_terminal:
        console.clear()
    console.print(draw(text))
    holder = f"{account.ward} ({account.name})" if account.ward else account.name
    console.print(f"{holder}  shown {at.astimezone():%H:%M:%S}, fresh for {FRESH.seconds} seconds", highlight=False)
    console.print(text, soft_wrap=True, highlight=False, markup=False)
