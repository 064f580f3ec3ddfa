"""Asks WeChat who somebody is and sends its messages; knows its protocol, its time-outs and its error codes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import httpx
import msgspec
import structlog

from api.wording import fields_of
from models.notice import NoticeKind
from services.message import Message
from services.settings import Settings
from services.template import Template
from services.wechat import (
    WechatCodeInvalid,
    WechatMessageInvalid,
    WechatNoConsent,
    WechatNotReached,
    WechatRateLimited,
    WechatRefusal,
    WechatRisky,
    WechatUnavailable,
)

log = structlog.get_logger("wechat")

# Shorter than a request may take, so that a silent WeChat still becomes a typed answer.
CALL_SECONDS = 1.8
_CONNECT_SECONDS = 1.0
_MAX_ANSWER_BYTES = 64 * 1024
# Tokens are fetched anew this long before they end.
_TOKEN_MARGIN_SECONDS = 300.0
_TOKEN_ENDED = {40001, 40014, 42001}
_BUSY = -1
_NO_CONSENT = 43101
# Nothing of these reached WeChat's application.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL)
_REFUSALS: dict[int, type[WechatRefusal]] = {
    40029: WechatCodeInvalid,
    40163: WechatCodeInvalid,
    45011: WechatRateLimited,
    45009: WechatRateLimited,
    40226: WechatRisky,
}
_MAINLAND = "86"


@dataclass(frozen=True)
class _Token:
    text: str
    ends: float


class WechatClient:
    """`services.wechat.Wechat` over HTTP; the app secret is in no log and no error."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        app_id: str,
        app_secret: Callable[[], str],
        seconds: float = CALL_SECONDS,
        templates: Mapping[NoticeKind, Template] = MappingProxyType({}),
    ) -> None:
        self._http = http
        self._templates = templates
        self._seconds = seconds
        self._app_id = app_id
        self._app_secret = app_secret
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    async def openid(self, code: str) -> str:
        """See `Wechat`; `auth.code2Session`, GET /sns/jscode2session."""
        query = {
            "appid": self._app_id,
            "secret": self._app_secret(),
            "js_code": code,
            "grant_type": "authorization_code",
        }
        async with _in_time(self._seconds):
            answer = await self._call("GET", "/sns/jscode2session", params=query)
        _check(answer)
        return _text(answer, "openid")

    async def phone_number(self, code: str) -> str:
        """See `Wechat`; `phonenumber.getPhoneNumber`, POST /wxa/business/getuserphonenumber."""
        path = "/wxa/business/getuserphonenumber"
        async with _in_time(self._seconds):
            answer = await self._with_token(self._access_token, path, {"code": code})
        _check(answer)
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise WechatUnavailable("phone_info")
        if _text(info, "countryCode") != _MAINLAND:
            raise WechatCodeInvalid("country")
        return _text(info, "purePhoneNumber")

    async def send(self, openid: str, message: Message) -> None:
        """See `Wechat`; `subscribeMessage.send`, POST /cgi-bin/message/subscribe/send."""
        template = self._templates[message.kind]
        sent = {
            "touser": openid,
            "template_id": template.id,
            "lang": "zh_CN",
            "data": {name: {"value": text} for name, text in fields_of(template, message).items()},
        }
        async with _in_time(self._seconds):
            answer = await self._with_token(self._token_for_sending, "/cgi-bin/message/subscribe/send", sent)
        _check_sent(answer)

    async def _with_token(
        self, token_of: Callable[[str | None], Awaitable[str]], path: str, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Call with an access token, and once more with another when WeChat says that it has ended."""
        token = await token_of(None)
        answer = await self._call("POST", path, params={"access_token": token}, json=body)
        if answer.get("errcode") in _TOKEN_ENDED:
            token = await token_of(token)
            answer = await self._call("POST", path, params={"access_token": token}, json=body)
        return answer

    async def _token_for_sending(self, unlike: str | None) -> str:
        try:
            async with _in_time(self._seconds / 2):
                return await self._access_token(unlike)
        except WechatRefusal as refusal:
            raise WechatNotReached(str(refusal)) from None

    async def _access_token(self, unlike: str | None) -> str:
        """The token of this mini program, fetched once for all who wait; `unlike` is one that WeChat refused.

        WeChat keeps one token for all processes: another may have renewed it already, and renewing it by force ends
        theirs and is allowed twenty times a day. So force is used only where the kept one is the refused one.
        """
        async with self._fetching:
            now = asyncio.get_running_loop().time()
            if self._token is None or now >= self._token.ends or self._token.text == unlike:
                self._token = await self._fetch_token(now, force=False)
                if self._token.text == unlike:
                    self._token = await self._fetch_token(now, force=True)
            return self._token.text

    async def _fetch_token(self, now: float, *, force: bool) -> _Token:
        """`auth.getStableAccessToken`, POST /cgi-bin/stable_token."""
        request = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret(),
            "force_refresh": force,
        }
        answer = await self._call("POST", "/cgi-bin/stable_token", json=request)
        _check(answer)
        seconds = answer.get("expires_in")
        if not isinstance(seconds, int):
            raise WechatUnavailable("expires_in")
        return _Token(_text(answer, "access_token"), now + seconds - _TOKEN_MARGIN_SECONDS)

    async def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            async with self._http.stream(method, path, **options) as response:
                raw = b""
                async for chunk in response.aiter_bytes():
                    raw += chunk
                    if len(raw) > _MAX_ANSWER_BYTES:
                        raise WechatUnavailable("size")
            # WeChat answers 200 with an errcode, whatever happened, and calls its JSON text/plain.
            answer = msgspec.json.decode(raw) if response.status_code == httpx.codes.OK else None
        except _NOT_SENT as error:
            raise WechatNotReached(type(error).__name__) from None
        except (httpx.HTTPError, msgspec.MsgspecError, ValueError) as error:
            # Without its cause: an httpx error carries the request, whose URL holds the secret.
            raise WechatUnavailable(type(error).__name__) from None
        if not isinstance(answer, dict):
            raise WechatUnavailable("protocol")
        return answer


@asynccontextmanager
async def open_wechat(settings: Settings) -> AsyncIterator[WechatClient]:
    """The client of the API at `wechat_api`, the real one or the sandbox."""
    timeout = httpx.Timeout(CALL_SECONDS, connect=_CONNECT_SECONDS)
    # No proxy and no netrc of the machine's environment: the settings alone say where requests go.
    async with httpx.AsyncClient(base_url=settings.wechat_api, timeout=timeout, trust_env=False) as http:
        secret = settings.wechat_app_secret.get_secret_value
        yield WechatClient(http, settings.wechat_app_id, secret, CALL_SECONDS, settings.templates())


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise WechatUnavailable("timeout") from None


def _check(answer: dict[str, Any]) -> None:
    """Raise for an answer that is an error; unknown codes mean our own fault or WeChat's, never the user's."""
    errcode = answer.get("errcode", 0)
    if errcode == 0:
        return
    refusal = _REFUSALS.get(errcode) if isinstance(errcode, int) else None
    if refusal is None:
        log.warning("wechat refused", errcode=errcode if isinstance(errcode, int) else None)
        raise WechatUnavailable(str(errcode)[:20])
    raise refusal(str(errcode))


def _check_sent(answer: dict[str, Any]) -> None:
    """Raise for a message that was not sent; whatever else WeChat says, saying it again will not help."""
    errcode = answer.get("errcode", 0)
    if errcode == _BUSY:
        raise WechatNotReached("busy")
    if errcode == _NO_CONSENT:
        raise WechatNoConsent
    if errcode == 0 or _REFUSALS.get(errcode) is WechatRateLimited:
        return _check(answer)
    raise WechatMessageInvalid(str(errcode)[:20])


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise WechatUnavailable(name)
    return value
