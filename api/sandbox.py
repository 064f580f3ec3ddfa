"""WeChat's protocol for the demo: its requests, answers and error codes, with codes that this machine can make."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.body import read_as
from api.problem import Problem, Reason, json_response, malformed
from api.sandbox_messages import TOKEN_INVALID, Messages, error, refuse_strangers
from schema import messages
from services.addresses import SANDBOX_PATH
from services.settings import Settings

TOKEN_LIFETIME = timedelta(hours=2)
MAX_CODES = 10_000
MAX_SECONDS = 86_400

CODE_INVALID = 40029
CODE_USED = 40163
APP_ID_INVALID = 40013
APP_SECRET_INVALID = 40125


class _CodeRequest(msgspec.Struct):
    """A login code for an openid, or a phone code for a mainland number; both as WeChat gives them to a phone."""

    kind: Literal["login", "phone"]
    openid: str = ""
    phone: str = ""
    seconds: int = 300


class Person(msgspec.Struct, rename="camel"):
    """Somebody to play on the demo phone: herself, or the guardian of `ward`."""

    openid: str
    name: str
    phone: str
    card_number: str
    ward: str | None = None


class _Introduction(msgspec.Struct):
    people: tuple[Person, ...]


class _TokenRequest(msgspec.Struct):
    grant_type: Literal["client_credential"]
    appid: str
    secret: str
    force_refresh: bool = False


class _PhoneRequest(msgspec.Struct):
    code: str


@dataclass
class _Code:
    kind: str
    value: str
    ends: datetime
    used: bool = False


class Sandbox:
    """Codes and tokens in memory; a restart forgets them."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self._people: tuple[Person, ...] = ()
        self._token = ""
        self._token_ends = clock()
        self._messages = Messages(settings, self.holds_token)

    def routes(self) -> list[Route]:
        """Where WeChat's endpoints stand under the sandbox's path."""
        return [
            Route(f"{SANDBOX_PATH}/sns/jscode2session", self.session, methods=["GET"]),
            Route(f"{SANDBOX_PATH}/cgi-bin/stable_token", self.token, methods=["POST"]),
            Route(f"{SANDBOX_PATH}/wxa/business/getuserphonenumber", self.phone, methods=["POST"]),
            Route(f"{SANDBOX_PATH}/codes", self.codes, methods=["POST"]),
            Route(f"{SANDBOX_PATH}/people", self.people, methods=["GET"]),
            Route(f"{SANDBOX_PATH}/people", self.introduce, methods=["PUT"]),
            *self._messages.routes(),
        ]

    async def codes(self, request: Request) -> Response:
        """Make a code, as a phone would get it; only for callers on this machine."""
        refuse_strangers(request)
        asked = await read_as(request, _CodeRequest, self._settings)
        value = asked.openid if asked.kind == "login" else asked.phone
        if not value or not 1 <= asked.seconds <= MAX_SECONDS:
            raise malformed()
        now = self._clock()
        self._codes = {code: held for code, held in self._codes.items() if held.ends > now}
        if len(self._codes) >= MAX_CODES:
            raise Problem(503, Reason.TOO_LARGE, messages.TOO_LARGE)
        code = secrets.token_urlsafe(12)
        self._codes[code] = _Code(asked.kind, value, now + timedelta(seconds=asked.seconds))
        return json_response({"code": code}, 201)

    async def people(self, request: Request) -> Response:
        """Who can be played on the demo phone; only for callers on this machine."""
        refuse_strangers(request)
        return json_response(self._people)

    async def introduce(self, request: Request) -> Response:
        """Name those who can be played; the command that started the demo knows them."""
        refuse_strangers(request)
        self._people = (await read_as(request, _Introduction, self._settings)).people
        return json_response(self._people)

    async def session(self, request: Request) -> Response:
        """`auth.code2Session`."""
        query = request.query_params
        if (refused := self._refuse_app(query.get("appid", ""), query.get("secret", ""))) is not None:
            return refused
        held = self._spend("login", query.get("js_code", ""))
        if isinstance(held, Response):
            return held
        return json_response({"openid": held.value, "session_key": secrets.token_urlsafe(16)})

    async def token(self, request: Request) -> Response:
        """`auth.getStableAccessToken`: the same token until it ends, or until a new one is forced."""
        asked = await read_as(request, _TokenRequest, self._settings)
        if (refused := self._refuse_app(asked.appid, asked.secret)) is not None:
            return refused
        now = self._clock()
        if asked.force_refresh or now >= self._token_ends:
            self._token, self._token_ends = secrets.token_urlsafe(32), now + TOKEN_LIFETIME
        return json_response({"access_token": self._token, "expires_in": int((self._token_ends - now).total_seconds())})

    async def phone(self, request: Request) -> Response:
        """`phonenumber.getPhoneNumber`."""
        if not self.holds_token(request):
            return error(TOKEN_INVALID, "invalid credential, access_token is invalid or not latest")
        held = self._spend("phone", (await read_as(request, _PhoneRequest, self._settings)).code)
        if isinstance(held, Response):
            return held
        watermark = {"timestamp": int(self._clock().timestamp()), "appid": self._settings.wechat_app_id}
        number = {"phoneNumber": held.value, "purePhoneNumber": held.value, "countryCode": "86", "watermark": watermark}
        return json_response({"errcode": 0, "errmsg": "ok", "phone_info": number})

    def holds_token(self, request: Request) -> bool:
        """Whether the request carries the access token that is good now."""
        given = request.query_params.get("access_token", "")
        return self._clock() < self._token_ends and secrets.compare_digest(given.encode(), self._token.encode())

    def _refuse_app(self, app_id: str, app_secret: str) -> Response | None:
        if app_id != self._settings.wechat_app_id:
            return error(APP_ID_INVALID, "invalid appid")
        if app_secret != self._settings.wechat_app_secret.get_secret_value():
            return error(APP_SECRET_INVALID, "invalid appsecret")
        return None

    def _spend(self, kind: str, code: str) -> _Code | Response:
        held = self._codes.get(code)
        if held is None or held.kind != kind or held.ends <= self._clock():
            return error(CODE_INVALID, "invalid code")
        if held.used:
            return error(CODE_USED, "code been used")
        held.used = True
        return held
