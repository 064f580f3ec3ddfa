"""The sandbox's messages: takes what WeChat and a text gateway would take, keeps it to be read, and fails as told."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.body import read_as
from api.problem import Problem, Reason, json_response
from schema import messages
from services.addresses import SANDBOX_PATH, SMS_SANDBOX_PATH
from services.settings import Settings

TOKEN_INVALID: Final = 40001
_TEMPLATE_INVALID: Final = 40037
_FIELD_INVALID: Final = 47003
_MOST_KEPT: Final = 10_000
_SILENT_SECONDS: Final = 60
_FORMS: Final = {
    "thing": re.compile(r".{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "time": re.compile(r"\d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d"),
    "date": re.compile(r"\d{4}年\d{1,2}月\d{1,2}日( \d\d:\d\d)?"),
}


class _Message(msgspec.Struct):
    touser: str
    template_id: str
    data: dict[str, dict[str, str]]


class _Text(msgspec.Struct):
    phone: str
    text: str


class _Outcome(msgspec.Struct):
    """What becomes of the next messages: an errcode, or silence after they were kept, as when a line breaks."""

    errcode: int = 0
    silent: bool = False
    times: int = 1


class Messages:
    """What was sent, in memory, and how the next ones fare."""

    def __init__(self, settings: Settings, holds_token: Callable[[Request], bool]) -> None:
        self._settings = settings
        self._holds_token = holds_token
        self._kept: deque[dict[str, Any]] = deque(maxlen=_MOST_KEPT)
        self._outcomes: deque[_Outcome] = deque(maxlen=_MOST_KEPT)

    def routes(self) -> list[Route]:
        """WeChat's endpoint, the text gateway's, and those of whoever tries the demo."""
        return [
            Route(f"{SANDBOX_PATH}/cgi-bin/message/subscribe/send", self.subscribe, methods=["POST"]),
            Route(SMS_SANDBOX_PATH, self.text, methods=["POST"]),
            Route(f"{SANDBOX_PATH}/messages", self.kept, methods=["GET"]),
            Route(f"{SANDBOX_PATH}/outcomes", self.outcomes, methods=["POST"]),
        ]

    async def subscribe(self, request: Request) -> Response:
        """`subscribeMessage.send`."""
        if not self._holds_token(request):
            return error(TOKEN_INVALID, "invalid credential, access_token is invalid or not latest")
        sent = await read_as(request, _Message, self._settings)
        fields = {
            template.id: {name for name, _ in template.fields} for template in self._settings.templates().values()
        }
        if sent.template_id not in fields:
            return error(_TEMPLATE_INVALID, "invalid template_id")
        texts = {name: field.get("value", "") for name, field in sent.data.items()}
        if set(texts) != fields[sent.template_id] or not all(_fits(*each) for each in texts.items()):
            return error(_FIELD_INVALID, "argument invalid! data is invalid")
        return await self._fate("wechat", {"to": sent.touser, "template": sent.template_id, "data": texts})

    async def text(self, request: Request) -> Response:
        """A text gateway."""
        sent = await read_as(request, _Text, self._settings)
        return await self._fate("sms", {"to": sent.phone, "text": sent.text})

    async def kept(self, request: Request) -> Response:
        """Everything that was sent since the start; only for callers on this machine."""
        refuse_strangers(request)
        return json_response(list(self._kept))

    async def outcomes(self, request: Request) -> Response:
        """Decide how the next messages fare; only for callers on this machine."""
        refuse_strangers(request)
        asked = await read_as(request, _Outcome, self._settings)
        self._outcomes.extend([asked] * min(max(asked.times, 0), _MOST_KEPT))
        return json_response({}, 201)

    async def _fate(self, channel: Literal["wechat", "sms"], message: dict[str, Any]) -> Response:
        fate = self._outcomes.popleft() if self._outcomes else _Outcome()
        if fate.errcode:
            return error(fate.errcode, "as the sandbox was told")
        self._kept.append({"channel": channel, **message})
        if fate.silent:
            await asyncio.sleep(_SILENT_SECONDS)
        return json_response({"errcode": 0, "errmsg": "ok"})


def refuse_strangers(request: Request) -> None:
    """Let nobody but this machine's own programs pass.

    Raises:
        Problem: 403.
    """
    if request.client is None or not ip_address(request.client.host).is_loopback:
        raise Problem(403, Reason.NOT_FOUND, messages.NOT_FOUND)


def error(errcode: int, errmsg: str) -> Response:
    """A refusal as WeChat answers it, with status 200."""
    return json_response({"errcode": errcode, "errmsg": errmsg})


def _fits(name: str, text: str) -> bool:
    form = _FORMS.get(name.rstrip("0123456789"))
    return form is not None and form.fullmatch(text) is not None
