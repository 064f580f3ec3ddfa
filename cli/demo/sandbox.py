"""Asks the running demo's stand-in for WeChat for what a real phone would get: codes, and the messages sent to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import httpx

from cli.demo.notes import DemoAccount
from cli.explanation import CommandFailed
from services.addresses import SANDBOX_PATH

TIMEOUT_SECONDS: Final = 10


class CodeKind(StrEnum):
    """What a code proves: who signs in, or which phone number she has."""

    LOGIN = "login"
    PHONE = "phone"


@dataclass(frozen=True)
class SentMessage:
    """A message that the demo sent: by which channel, to whom, and its texts in order."""

    channel: str
    to: str
    texts: tuple[str, ...]


def messages(address: str) -> Sequence[SentMessage]:
    """Every message since the demo's server started, the oldest first.

    Raises:
        CommandFailed: no demo server answers at `address`.
    """
    try:
        answer = httpx.get(f"{address}{SANDBOX_PATH}/messages", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return [SentMessage(each["channel"], each["to"], _texts(each)) for each in answer.json()]
    except (httpx.HTTPError, ValueError, KeyError):
        raise CommandFailed(f"No demo server keeps messages at {address}: start it with `make run`.") from None


def introduce(address: str, accounts: Sequence[DemoAccount]) -> None:
    """Name to the demo phone in the browser whom it can play.

    Raises:
        CommandFailed: no demo server answers at `address`.
    """
    people = [
        {
            "openid": account.openid,
            "name": account.name,
            "phone": account.phone,
            "cardNumber": account.card_number,
            "ward": account.ward,
        }
        for account in accounts
    ]
    try:
        httpx.put(
            f"{address}{SANDBOX_PATH}/people", json={"people": people}, timeout=TIMEOUT_SECONDS
        ).raise_for_status()
    except httpx.HTTPError:
        raise CommandFailed(f"No demo server takes people to play at {address}: start it with `make run`.") from None


def _texts(message: dict[str, Any]) -> tuple[str, ...]:
    return (message["text"],) if "text" in message else tuple(message["data"].values())


def new_code(address: str, kind: CodeKind, subject: str, seconds: int | None = None) -> str:
    """A fresh single-use code for an openid or a phone number; it lives as long as WeChat's, or `seconds`.

    Raises:
        CommandFailed: no demo server answers at `address`.
    """
    field = "openid" if kind is CodeKind.LOGIN else "phone"
    asked = {"kind": kind.value, field: subject} | ({} if seconds is None else {"seconds": seconds})
    try:
        answer = httpx.post(f"{address}{SANDBOX_PATH}/codes", json=asked, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        code: str = answer.json()["code"]
    except (httpx.HTTPError, ValueError, KeyError):
        raise CommandFailed(f"No demo server gives codes at {address}: start it with `make run`.") from None
    return code
