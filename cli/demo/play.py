"""Plays one of the demo's people: her phone, ready to show codes, with the sandbox's codes in place of her taps."""

from datetime import datetime
from pathlib import Path

import httpx

from cli.demo.notes import DemoAccount, Notes
from cli.demo.phone import Memory, Phone, PhoneRefused, ServerAway
from cli.demo.sandbox import CodeKind, new_code
from cli.explanation import CommandFailed


def account_of(notes: Notes, who: str) -> DemoAccount:
    """The account that a number of the start sheet, a name or a register phone means.

    Raises:
        CommandFailed: it means none.
    """
    for number, account in enumerate(notes.accounts, 1):
        if who in {str(number), account.name, account.phone}:
            return account
    names = ", ".join(f"{number} {account.name}" for number, account in enumerate(notes.accounts, 1))
    raise CommandFailed(f"The demo has no {who!r} to play: name one of {names}.")


def ready_phone(client: httpx.Client, notes: Notes, account: DemoAccount, file: Path, at: datetime) -> Phone:
    """The account's phone with its memory from `file`, holding a pass; renewed where that is due and possible.

    Raises:
        CommandFailed: the phone has no valid pass and cannot get one.
    """
    phone = Phone(client, Memory.read(file))
    if phone.needs_pass(at):
        try:
            _renew(phone, notes, account, at)
        except PhoneRefused as refused:
            raise CommandFailed(f"The server refused {account.name}'s phone: {refused}") from refused
        except ServerAway:
            if at >= phone.memory.pass_until:
                raise CommandFailed(
                    f"No server answers at {notes.address}, and the phone has no valid pass: start it with `make run`."
                ) from None
        phone.memory.write(file)
    return phone


def _renew(phone: Phone, notes: Notes, account: DemoAccount, at: datetime) -> None:
    """Renew within the session that there is, and where it has ended do what the person would: sign in and bind."""
    try:
        phone.renew_pass(at)
    except PhoneRefused as refused:
        if refused.kind not in {"RefreshRefused", "NotSignedIn"}:
            raise
        phone.sign_in(new_code(notes.address, CodeKind.LOGIN, account.openid))
        phone_code = new_code(notes.address, CodeKind.PHONE, account.phone)
        phone.bind(account.name, account.card_number, phone_code=phone_code)
        phone.renew_pass(at)
