"""Asks the running demo's stand-in for WeChat for the codes that a real phone would get from WeChat itself."""

from enum import StrEnum
from typing import Final

import httpx

from cli.explanation import CommandFailed
from services.settings import SANDBOX_PATH

TIMEOUT_SECONDS: Final = 10


class CodeKind(StrEnum):
    """What a code proves: who signs in, or which phone number she has."""

    LOGIN = "login"
    PHONE = "phone"


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
