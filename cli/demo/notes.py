"""Remembers beside the demo's database what only its start knows: who can be played, and scanners' enrolment codes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cli.explanation import CommandFailed
from models.credential import DeviceKind

if TYPE_CHECKING:
    from services.settings import Settings


class DemoAccount(msgspec.Struct, frozen=True):
    """A person to play: her WeChat account and register phone, and the name and card she binds, her own or a ward's."""

    openid: str
    name: str
    phone: str
    card_number: str
    ward: str | None = None


class DemoScanner(msgspec.Struct, frozen=True):
    """A scanner that waits for its technician, who types `code`."""

    kind: DeviceKind
    operator: str
    place: str
    code: str


class Notes(msgspec.Struct, frozen=True):
    """Everything the start sheet says that can be said again; `address` is the running server's base URL."""

    address: str
    residents: int
    accounts: tuple[DemoAccount, ...]
    clerk: str
    scanners: tuple[DemoScanner, ...]


def notes_file(settings: "Settings") -> Path:
    """Where the notes of the demo under DATA_DIR are."""
    return settings.data_dir / "demo.json"


def write_notes(file: Path, notes: Notes) -> None:
    """Keep the notes where only the caller may read them: enrolment codes are secrets until they are spent."""
    unfinished = file.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(msgspec.json.format(msgspec.json.encode(notes), indent=2))
    unfinished.replace(file)


def read_notes(file: Path) -> Notes:
    """The notes of a demo that was started before.

    Raises:
        CommandFailed: there are none, or they are of another version.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Notes)
    except FileNotFoundError:
        raise CommandFailed(f"No demo was started with {file.parent} yet: start one with `make run`.") from None
    except msgspec.DecodeError:
        raise CommandFailed(f"{file} is damaged or of another version: start the demo again with `make run`.") from None
