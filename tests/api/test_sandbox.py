"""The sandbox speaks WeChat's protocol: the real client cannot tell it from WeChat, and each code is good once."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.routing import Router

from api.envelope import Envelope, Lifecycle
from api.sandbox import MAX_CODES, Sandbox
from api.wechat import WechatClient
from models.notice import NoticeKind
from models.service import ServiceKind
from services.addresses import SANDBOX_PATH
from services.message import Message
from services.settings import Settings, load_settings
from services.wechat import WechatCodeInvalid, WechatNoConsent, WechatUnavailable
from tests.services.register import Clock

START = datetime(2026, 3, 11, 2, tzinfo=UTC)
APP = {"WECHAT_APP_ID": "wx-1", "WECHAT_APP_SECRET": "s-1"}


class Bench:
    """A sandbox with a client of WeChat's protocol and one of its own."""

    def __init__(self, settings: Settings, clock: Clock, peer: str = "127.0.0.1") -> None:
        routes = Sandbox(settings, clock).routes()
        app = Envelope(Router(routes), Lifecycle(), ())
        transport = httpx.ASGITransport(app, client=(peer, 1))
        self.http = httpx.AsyncClient(transport=transport, base_url=f"http://wechat.test{SANDBOX_PATH}")
        self.wechat = self.client()

    def client(self, app_id: str = APP["WECHAT_APP_ID"], secret: str = APP["WECHAT_APP_SECRET"]) -> WechatClient:
        """The real client."""
        return WechatClient(self.http, app_id, lambda: secret)

    async def code(self, **wish: Any) -> str:
        """A code that the sandbox made."""
        answer = await self.http.post("/codes", json=wish)
        assert answer.status_code == 201, answer.text
        code: str = answer.json()["code"]
        return code


@pytest.fixture
def clock() -> Clock:
    """The sandbox's time."""
    return Clock(START)


@pytest.fixture
def bench(clock: Clock) -> Bench:
    """A sandbox at work."""
    return Bench(load_settings({"MODE": "demo", **APP}), clock)


async def test_a_login_code_is_good_once(bench: Bench) -> None:
    """Its second use is refused, as WeChat does."""
    code = await bench.code(kind="login", openid="o-1")

    assert await bench.wechat.openid(code) == "o-1"
    with pytest.raises(WechatCodeInvalid, match="40163"):
        await bench.wechat.openid(code)


async def test_a_code_ends_with_its_time(bench: Bench, clock: Clock) -> None:
    """After the seconds that it was made for it is unknown."""
    code = await bench.code(kind="login", openid="o-1", seconds=60)
    clock.forward(seconds=60)

    with pytest.raises(WechatCodeInvalid, match="40029"):
        await bench.wechat.openid(code)


async def test_a_phone_code_gives_its_number_and_no_login(bench: Bench) -> None:
    """A code is good for what it was made for only."""
    code = await bench.code(kind="phone", phone="13800000000")

    with pytest.raises(WechatCodeInvalid):
        await bench.wechat.openid(code)
    assert await bench.wechat.phone_number(code) == "13800000000"
    with pytest.raises(WechatCodeInvalid):
        await bench.wechat.phone_number("unknown")


async def test_a_token_that_was_replaced_is_renewed_by_the_client(bench: Bench) -> None:
    """Another client forces a new token; the first finds its own refused, and fetches the newest."""
    await bench.wechat.phone_number(await bench.code(kind="phone", phone="13800000000"))
    body = {"grant_type": "client_credential", "appid": "wx-1", "secret": "s-1", "force_refresh": True}
    await bench.http.post("/cgi-bin/stable_token", json=body)

    number = await bench.wechat.phone_number(await bench.code(kind="phone", phone="13900000000"))

    assert number == "13900000000"


async def test_a_stranger_to_the_app_is_refused(bench: Bench) -> None:
    """A wrong id or secret is WeChat's refusal too, for sessions and tokens."""
    code = await bench.code(kind="login", openid="o-1")

    for stranger in (bench.client(app_id="wx-2"), bench.client(secret="s-2")):
        with pytest.raises(WechatUnavailable):
            await stranger.openid(code)
        with pytest.raises(WechatUnavailable):
            await stranger.phone_number(code)


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "login"},
        {"kind": "phone", "openid": "o-1"},
        {"kind": "other", "openid": "o-1"},
        {"kind": "login", "openid": "o-1", "seconds": 0},
        {"kind": "login", "openid": "o-1", "seconds": 86_401},
        {},
    ],
)
async def test_a_wish_that_names_nobody_makes_no_code(bench: Bench, wish: dict[str, object]) -> None:
    """Codes stand for an openid or a number, and for a day at most."""
    answer = await bench.http.post("/codes", json=wish)

    assert (answer.status_code, answer.json()["reason"]) == (400, "malformed")


async def test_only_this_machine_makes_codes(clock: Clock) -> None:
    """A demo that listens to the network does not hand sign-ins to it."""
    bench = Bench(load_settings({"MODE": "demo", **APP}), clock, peer="192.0.2.7")

    answer = await bench.http.post("/codes", json={"kind": "login", "openid": "o-1"})

    assert answer.status_code == 403


async def test_codes_do_not_pile_up(bench: Bench, clock: Clock) -> None:
    """A bounded number is kept, and room is made as they end."""
    sandbox_codes = [await bench.code(kind="login", openid="o-1") for _ in range(3)]
    full = await bench.http.post("/codes", json={"kind": "login", "openid": "o-1"})

    assert len(set(sandbox_codes)) == 3
    assert full.status_code == 201
    assert MAX_CODES == 10_000
    clock.forward(hours=1)
    assert await bench.code(kind="login", openid="o-2")


MESSAGE = Message(NoticeKind.CHANGED, ServiceKind.DAY_CARE, START, "城东站")
DATA = {name: {"value": "训练"} for name in ("thing1", "thing3", "phrase4")} | {
    "time2": {"value": "2026年3月11日 10:00"}
}


@pytest.fixture
def settings() -> Settings:
    """The demo's."""
    return load_settings({"MODE": "demo", **APP})


async def test_a_message_is_kept_to_be_read(bench: Bench, settings: Settings) -> None:
    """As WeChat got it."""
    client = WechatClient(bench.http, APP["WECHAT_APP_ID"], lambda: APP["WECHAT_APP_SECRET"], 5, settings.templates())

    await client.send("o-1", MESSAGE)

    (kept,) = (await bench.http.get("/messages")).json()
    assert (kept["channel"], kept["to"], kept["template"]) == ("wechat", "o-1", "demo-changed")
    assert kept["data"]["time2"] == "2026年3月11日 10:00"


async def test_a_message_fares_as_the_sandbox_was_told(bench: Bench, settings: Settings) -> None:
    """A refused one is not kept."""
    client = WechatClient(bench.http, APP["WECHAT_APP_ID"], lambda: APP["WECHAT_APP_SECRET"], 5, settings.templates())
    await bench.http.post("/outcomes", json={"errcode": 43101, "times": 1})

    with pytest.raises(WechatNoConsent):
        await client.send("o-1", MESSAGE)
    await client.send("o-1", MESSAGE)

    assert len((await bench.http.get("/messages")).json()) == 1


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({}, 0),
        ({"template_id": "another"}, 40037),
        ({"data": {}}, 47003),
        ({"data": {**DATA, "thing9": {"value": "x"}}}, 47003),
        ({"data": {**DATA, "thing1": {"value": "长" * 21}}}, 47003),
        ({"data": {**DATA, "thing1": {}}}, 47003),
        ({"data": {**DATA, "phrase4": {"value": "abc"}}}, 47003),
        ({"data": {**DATA, "time2": {"value": "tomorrow"}}}, 47003),
    ],
)
async def test_a_message_is_checked_as_wechat_checks_it(bench: Bench, changes: dict[str, Any], errcode: int) -> None:
    """Template, names of fields, lengths and forms."""
    credentials = {"grant_type": "client_credential", "appid": APP["WECHAT_APP_ID"], "secret": APP["WECHAT_APP_SECRET"]}
    token = (await bench.http.post("/cgi-bin/stable_token", json=credentials)).json()["access_token"]
    body = {"touser": "o-1", "template_id": "demo-changed", "data": DATA, **changes}

    answer = await bench.http.post("/cgi-bin/message/subscribe/send", params={"access_token": token}, json=body)
    without = await bench.http.post("/cgi-bin/message/subscribe/send", params={"access_token": "x"}, json=body)

    assert answer.json()["errcode"] == errcode
    assert without.json()["errcode"] == 40001


async def test_strangers_read_no_messages(settings: Settings, clock: Clock) -> None:
    """Nor decide how they fare."""
    bench = Bench(settings, clock, peer="192.0.2.1")

    answers = [await bench.http.get("/messages"), await bench.http.post("/outcomes", json={})]

    assert [each.status_code for each in answers] == [403, 403]


async def test_who_can_be_played_is_named_by_this_machine_alone(bench: Bench, clock: Clock) -> None:
    """The demo phone is told the people whom the start sheet introduces; a stranger learns and changes nothing."""
    person = {"openid": "o-1", "name": "陈玉兰", "phone": "19900100001", "cardNumber": "1", "ward": None}
    stranger = Bench(load_settings({"MODE": "demo", **APP}), clock, peer="192.0.2.7")

    before = await bench.http.get("/people")
    named = await bench.http.put("/people", json={"people": [person]})
    after = await bench.http.get("/people")
    refused = [await stranger.http.get("/people"), await stranger.http.put("/people", json={"people": []})]

    assert before.json() == []
    assert named.status_code == 200
    assert after.json() == [person]
    assert [answer.status_code for answer in refused] == [403, 403]
