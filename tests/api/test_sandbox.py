"""The sandbox speaks WeChat's protocol: the real client cannot tell it from WeChat, and each code is good once."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.routing import Router

from api.envelope import Envelope, Lifecycle
from api.sandbox import MAX_CODES, Sandbox
from api.wechat import WechatClient
from services.settings import SANDBOX_PATH, Settings, load_settings
from services.wechat import WechatCodeInvalid, WechatUnavailable
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
