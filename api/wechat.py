"""Asks WeChat who somebody is, by its server API; knows its protocol, its time-outs and its error codes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import structlog

from services.settings import Settings
from services.wechat import WechatCodeInvalid, WechatRateLimited, WechatRefusal, WechatRisky, WechatUnavailable

log = structlog.get_logger("wechat")

# Shorter than a request may take, so that a silent WeChat still becomes a typed answer.
CALL_SECONDS = 1.8
_CONNECT_SECONDS = 1.0
_MAX_ANSWER_BYTES = 64 * 1024
# Tokens are fetched anew this long before they end.
_TOKEN_MARGIN_SECONDS = 300.0
_TOKEN_ENDED = {40001, 40014, 42001}
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
        self, http: httpx.AsyncClient, app_id: str, app_secret: Callable[[], str], seconds: float = CALL_SECONDS
    ) -> None:
        self._http = http
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
        async with _in_time(self._seconds):
            token = await self._access_token(unlike=None)
            answer = await self._phone_number(token, code)
            if answer.get("errcode") in _TOKEN_ENDED:
                answer = await self._phone_number(await self._access_token(unlike=token), code)
        _check(answer)
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise WechatUnavailable("phone_info")
        if _text(info, "countryCode") != _MAINLAND:
            raise WechatCodeInvalid("country")
        return _text(info, "purePhoneNumber")

    async def _phone_number(self, token: str, code: str) -> dict[str, Any]:
        return await self._call(
            "POST", "/wxa/business/getuserphonenumber", params={"access_token": token}, json={"code": code}
        )

    async def _access_token(self, unlike: str | None) -> str:
        """The token of this mini program, fetched once for all who wait; `unlike` is one that WeChat refused."""
        async with self._fetching:
            now = asyncio.get_running_loop().time()
            if self._token is None or now >= self._token.ends or self._token.text == unlike:
                request = {
                    "grant_type": "client_credential",
                    "appid": self._app_id,
                    "secret": self._app_secret(),
                    "force_refresh": unlike is not None,
                }
                answer = await self._call("POST", "/cgi-bin/stable_token", json=request)
                _check(answer)
                seconds = answer.get("expires_in")
                if not isinstance(seconds, int):
                    raise WechatUnavailable("expires_in")
                self._token = _Token(_text(answer, "access_token"), now + seconds - _TOKEN_MARGIN_SECONDS)
            return self._token.text

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
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError, ValueError) as error:
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
        yield WechatClient(http, settings.wechat_app_id, settings.wechat_app_secret.get_secret_value)


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


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise WechatUnavailable(name)
    return value
