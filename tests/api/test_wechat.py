"""The WeChat client: its protocol against a scripted API, each error code, each failure, and no secret in any."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from api.wechat import WechatClient, open_wechat
from models.notice import NoticeKind
from models.service import ServiceKind
from services.message import Message
from services.settings import load_settings
from services.template import parse_template
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
from tests.api.live import free_port

SECRET = "very-secret-app-secret"
TEMPLATE = parse_template("tmpl-1 once thing1=service time2=time")
MESSAGE = Message(NoticeKind.CHANGED, ServiceKind.DAY_CARE, datetime(2026, 3, 11, 2, tzinfo=UTC), "")
PHONE = {"phoneNumber": "+8613800000000", "purePhoneNumber": "13800000000", "countryCode": "86"}


class ScriptedWechat:
    """WeChat's API with answers that the test sets; `requests` keeps what was asked."""

    def __init__(self) -> None:
        self.session: Any = {"openid": "o-1", "session_key": "k"}
        self.phones: list[Any] = [{"errcode": 0, "errmsg": "ok", "phone_info": PHONE}]
        self.token: Any = {"access_token": "t-1", "expires_in": 7200}
        self.tokens = 0
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.sent: list[Any] = [{"errcode": 0, "errmsg": "ok", "msgid": 1}]
        self.silent = False

    def client(self, seconds: float = 5.0) -> WechatClient:
        """A client of this API."""
        routes = [
            Route("/sns/jscode2session", self._answer(lambda: self.session)),
            Route("/cgi-bin/stable_token", self._answer(self._next_token), methods=["POST"]),
            Route("/cgi-bin/message/subscribe/send", self._answer(lambda: self.sent.pop(0)), methods=["POST"]),
            Route("/wxa/business/getuserphonenumber", self._answer(lambda: self.phones.pop(0)), methods=["POST"]),
        ]
        transport = httpx.ASGITransport(Starlette(routes=routes))
        http = httpx.AsyncClient(transport=transport, base_url="http://wechat.test")
        return WechatClient(http, "wx-1", lambda: SECRET, seconds, {NoticeKind.CHANGED: TEMPLATE})

    def _next_token(self) -> Any:
        self.tokens += 1
        return self.token

    def _answer(self, script: Callable[[], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            self.requests.append((request.url.path, dict(request.query_params), await request.body()))
            if self.silent:
                await asyncio.sleep(3_600)
            answer = script()
            if isinstance(answer, Response):
                return answer
            return PlainTextResponse(JSONResponse(answer).body)  # WeChat calls its JSON text/plain

        return handle


@pytest.fixture
def wechat() -> ScriptedWechat:
    """A WeChat that answers well."""
    return ScriptedWechat()


async def test_a_login_code_is_exchanged_for_an_openid(wechat: ScriptedWechat) -> None:
    """The request has the four parameters of `auth.code2Session`."""
    openid = await wechat.client().openid("c-1")

    assert openid == "o-1"
    path, query, _ = wechat.requests[0]
    assert path == "/sns/jscode2session"
    assert query == {"appid": "wx-1", "secret": SECRET, "js_code": "c-1", "grant_type": "authorization_code"}


async def test_a_phone_code_is_exchanged_for_a_number(wechat: ScriptedWechat) -> None:
    """With an access token that is fetched once and kept."""
    client = wechat.client()
    wechat.phones *= 2

    numbers = [await client.phone_number("p-1"), await client.phone_number("p-2")]

    assert numbers == ["13800000000"] * 2
    assert wechat.tokens == 1
    assert wechat.requests[1][1:] == ({"access_token": "t-1"}, b'{"code":"p-1"}')


async def test_a_token_that_wechat_refuses_is_fetched_anew_once(wechat: ScriptedWechat) -> None:
    """A token can end before its time; the second refusal is the answer."""
    client = wechat.client()
    wechat.phones = [{"errcode": 40001}, {"errcode": 0, "phone_info": PHONE}, {"errcode": 42001}, {"errcode": 42001}]

    assert await client.phone_number("p-1") == "13800000000"
    with pytest.raises(WechatUnavailable):
        await client.phone_number("p-2")

    assert wechat.tokens == 5
    assert b'"force_refresh":false' in wechat.requests[2][2]
    assert b'"force_refresh":true' in wechat.requests[3][2]


async def test_a_token_near_its_end_is_fetched_anew(wechat: ScriptedWechat) -> None:
    """Requests under way must not meet an ended token."""
    client = wechat.client()
    wechat.token = {"access_token": "t-1", "expires_in": 299}
    wechat.phones *= 2

    await client.phone_number("p-1")
    await client.phone_number("p-2")

    assert wechat.tokens == 2


@pytest.mark.parametrize(
    ("errcode", "refusal"),
    [
        (40029, WechatCodeInvalid),
        (40163, WechatCodeInvalid),
        (45011, WechatRateLimited),
        (45009, WechatRateLimited),
        (40226, WechatRisky),
        (-1, WechatUnavailable),
        (40013, WechatUnavailable),
        (40125, WechatUnavailable),
        (99999, WechatUnavailable),
        ("40029", WechatUnavailable),
    ],
)
async def test_each_error_code_is_one_kind_of_refusal(
    wechat: ScriptedWechat, errcode: object, refusal: type[WechatRefusal]
) -> None:
    """Codes of the user's making are told apart; all others mean that WeChat cannot be asked."""
    wechat.session = {"errcode": errcode, "errmsg": "…"}
    wechat.phones = [wechat.session]

    for question in (wechat.client().openid, wechat.client().phone_number):
        wechat.phones = [wechat.session]
        with pytest.raises(WechatRefusal) as refused:
            await question("c-1")
        assert type(refused.value) is refusal


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"openid": ""},
        {"openid": 1},
        [],
        PlainTextResponse("<html>busy</html>"),
        PlainTextResponse("{}", status_code=502),
        PlainTextResponse(b"\xff"),
        PlainTextResponse('"' + "x" * 70_000 + '"'),
    ],
)
async def test_an_answer_outside_the_protocol_is_no_answer(wechat: ScriptedWechat, answer: object) -> None:
    """Whatever stands in for WeChat on a bad day, sign-in is refused in words."""
    wechat.session = answer

    with pytest.raises(WechatUnavailable):
        await wechat.client().openid("c-1")


@pytest.mark.parametrize(
    ("token", "phone", "refusal"),
    [
        ({"access_token": "t"}, {}, WechatUnavailable),
        ({"expires_in": 7200}, {}, WechatUnavailable),
        ({"errcode": 40125}, {}, WechatUnavailable),
        ({"access_token": "t", "expires_in": 7200}, {"errcode": 0}, WechatUnavailable),
        ({"access_token": "t", "expires_in": 7200}, {"phone_info": {**PHONE, "countryCode": "852"}}, WechatCodeInvalid),
        ({"access_token": "t", "expires_in": 7200}, {"phone_info": {"countryCode": "86"}}, WechatUnavailable),
    ],
)
async def test_a_phone_number_needs_a_whole_answer(
    wechat: ScriptedWechat, token: object, phone: object, refusal: type[WechatRefusal]
) -> None:
    """A missing member is no number, and a number from elsewhere is not in the register."""
    wechat.token, wechat.phones = token, [phone]

    with pytest.raises(refusal):
        await wechat.client().phone_number("p-1")


async def test_a_silent_wechat_is_given_up(wechat: ScriptedWechat) -> None:
    """Both questions end within the time that is given for them, token included."""
    wechat.silent = True

    for question in (wechat.client(0.05).openid, wechat.client(0.05).phone_number):
        with pytest.raises(WechatUnavailable):
            await question("c-1")


async def test_an_unreachable_wechat_tells_no_secret() -> None:
    """The refusal has neither the secret nor the exception that carries the request."""
    settings = load_settings(
        {
            "MODE": "demo",
            "WECHAT_API": f"http://127.0.0.1:{free_port()}",
            "WECHAT_APP_ID": "wx-1",
            "WECHAT_APP_SECRET": SECRET,
        }
    )

    async with open_wechat(settings) as client:
        with pytest.raises(WechatUnavailable) as refused:
            await client.openid("c-1")

    assert refused.value.__suppress_context__
    assert SECRET not in repr(refused.value)
    assert str(refused.value) == "ConnectError"


async def test_a_message_is_sent_by_its_template(wechat: ScriptedWechat) -> None:
    """The request is that of `subscribeMessage.send`."""
    await wechat.client().send("o-1", MESSAGE)

    path, query, body = wechat.requests[1]
    assert (path, query) == ("/cgi-bin/message/subscribe/send", {"access_token": "t-1"})
    assert httpx.Response(200, content=body).json() == {
        "touser": "o-1",
        "template_id": "tmpl-1",
        "lang": "zh_CN",
        "data": {"thing1": {"value": "日间活动"}, "time2": {"value": "2026年3月11日 10:00"}},
    }


@pytest.mark.parametrize(
    ("errcode", "refusal"),
    [
        (43101, WechatNoConsent),
        (47003, WechatMessageInvalid),
        (40037, WechatMessageInvalid),
        (40003, WechatMessageInvalid),
        (45009, WechatRateLimited),
        (-1, WechatNotReached),
        ("x", WechatMessageInvalid),
    ],
)
async def test_each_refusal_of_a_message_says_what_to_do(
    wechat: ScriptedWechat, errcode: object, refusal: type[WechatRefusal]
) -> None:
    """Ask again, ask her, or mend the template."""
    wechat.sent = [{"errcode": errcode, "errmsg": "no"}]

    with pytest.raises(WechatRefusal) as refused:
        await wechat.client().send("o-1", MESSAGE)

    assert type(refused.value) is refusal


@pytest.mark.parametrize("ended", [40001, 42001])
async def test_a_message_survives_one_ended_token_and_not_two(wechat: ScriptedWechat, ended: int) -> None:
    """The second refusal of a token is our credentials' fault, and says so."""
    client = wechat.client()
    wechat.sent = [{"errcode": ended}, {"errcode": 0}, {"errcode": ended}, {"errcode": ended}]

    await client.send("o-1", MESSAGE)
    with pytest.raises(WechatMessageInvalid, match=str(ended)):
        await client.send("o-1", MESSAGE)


async def test_another_process_may_have_renewed_the_token(wechat: ScriptedWechat) -> None:
    """Then the kept one has changed, and nothing is forced, which would end theirs."""
    client = wechat.client()
    wechat.sent = [{"errcode": 0}, {"errcode": 40001}, {"errcode": 0}]
    await client.send("o-1", MESSAGE)
    wechat.token = {"access_token": "t-2", "expires_in": 7200}

    await client.send("o-1", MESSAGE)

    assert wechat.tokens == 2
    assert not any(b'"force_refresh":true' in body for _, _, body in wechat.requests)


async def test_silence_after_a_message_is_an_unknown_outcome(wechat: ScriptedWechat) -> None:
    """It may have arrived; before the token came, it cannot have."""
    known = wechat.client(0.2)
    await known.send("o-1", MESSAGE)
    wechat.silent = True

    with pytest.raises(WechatUnavailable) as unknown:
        await known.send("o-1", MESSAGE)
    with pytest.raises(WechatNotReached):
        await wechat.client(0.2).send("o-1", MESSAGE)

    assert not isinstance(unknown.value, WechatNotReached)


async def test_a_host_that_nobody_reaches_was_sent_nothing() -> None:
    """A refused connection is certain."""
    settings = load_settings({"MODE": "demo", "WECHAT_API": f"http://127.0.0.1:{free_port()}"})

    async with open_wechat(settings) as client:
        with pytest.raises(WechatNotReached):
            await client.send("o-1", MESSAGE)
