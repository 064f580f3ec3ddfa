"""The server as a process: how it starts, survives a lost database, logs, and stops."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.server import serve, uvicorn_configuration
from services import audit
from services.bootstrap import now
from services.checkpoints import read_checkpoints
from services.keys import Keys
from services.settings import SettingsInvalid, load_settings
from tests.api.live import APP_SECRET, LiveServer, serving
from tests.conftest import DatabaseAddresses
from tests.services.link import Link

HOME = {"query": "{ services(first: 1) { edges { node { name } } } }"}


async def test_health_and_readiness_answer(http: httpx.AsyncClient) -> None:
    """Alive and ready, with an id, and with headers that keep browsers from making more of an answer than it is."""
    health, ready, unknown = await http.get("/healthz"), await http.get("/readyz"), await http.get("/nothing/here")

    assert (health.status_code, ready.status_code, unknown.status_code) == (200, 200, 404)
    assert unknown.json() == {"reason": "not_found", "message": "没有这个地址。"}
    assert re.fullmatch(r"[0-9a-f]{16}", health.headers["X-Request-ID"])
    assert health.headers["X-Content-Type-Options"] == "nosniff"
    assert health.headers["Cache-Control"] == "no-store"
    assert "Server" not in health.headers


async def test_a_silent_database_gives_503_and_service_comes_back(
    database: DatabaseAddresses, environ: dict[str, str], tmp_path: Path
) -> None:
    """Nothing hangs while the link is dead, liveness stays, and no restart is needed afterwards."""
    async with Link(database.app_url) as link:
        with serving(tmp_path / "log", {**environ, "DATABASE_URL": link.url}) as server:
            async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as http:
                before = await http.post("/graphql", json=HOME)
                link.silence()
                away = await http.post("/graphql", json=HOME)
                device = await http.post("/v1/devices/enrol", json={"code": "x", "key": "A" * 43, "proof": "A" * 86})
                ready, health = await http.get("/readyz"), await http.get("/healthz")
                link.restore()
                after = await _until_ready(http)

    assert before.json() == after.json() == {"data": {"services": {"edges": []}}}
    assert away.status_code == 503
    assert away.headers["Retry-After"] == "1"
    assert away.json()["errors"][0]["extensions"]["code"] in {"DATABASE_UNAVAILABLE", "TIMEOUT"}
    assert device.status_code in {403, 503}
    assert (ready.status_code, health.status_code) == (503, 200)


async def _until_ready(http: httpx.AsyncClient) -> httpx.Response:
    while (await http.get("/readyz")).status_code != 200:
        pass
    return await http.post("/graphql", json=HOME)


async def test_every_line_of_log_is_json_without_personal_data(http: httpx.AsyncClient, live: LiveServer) -> None:
    """Requests are told by path, status and time; no code, token, secret or number is, wherever it was sent."""
    code = (await http.post("/sandbox/wechat/codes", json={"kind": "login", "openid": "openid-to-hide"})).json()["code"]
    document = (
        "mutation($code: String!) { signInWithWechat(code: $code) { ... on Session { accessToken refreshToken } } }"
    )
    signed_in = await http.post("/graphql", json={"query": document, "variables": {"code": code}})
    session = signed_in.json()["data"]["signInWithWechat"]
    await http.get("/330604198001010011", params={"name": "name-to-hide"}, headers={"Authorization": "Bearer to-hide"})

    # An answer leaves before its line is written, so another request is waited for.
    await http.get("/healthz")
    lines = [json.loads(line) for line in live.logged().splitlines()]

    seen = [line for line in lines if line["event"] == "request"]
    assert {"method", "path", "status", "ms", "request_id", "level", "timestamp"} <= set(seen[0])
    assert signed_in.headers["X-Request-ID"] in {line["request_id"] for line in seen}
    assert ("other", 404) in {(line["path"], line["status"]) for line in seen}
    hidden = [code, APP_SECRET, session["accessToken"], session["refreshToken"], "to-hide", "330604198001010011"]
    assert [secret for secret in hidden if secret in live.logged()] == []


@pytest.fixture
def slow(environ: dict[str, str], tmp_path: Path) -> Iterator[LiveServer]:
    """A server that announces its stop for a while, and takes slow requests."""
    with serving(tmp_path / "log", {**environ, "DRAIN_SECONDS": "1", "BODY_SECONDS": "30"}) as server:
        yield server


async def test_a_stop_is_announced_and_running_requests_end_well(slow: LiveServer) -> None:
    """After SIGTERM readiness fails and connections are told to close, and a request under way gets its answer."""
    body = json.dumps({"query": "{ __typename }"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", slow.port)
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[:5])
    await writer.drain()

    async with httpx.AsyncClient(base_url=slow.url, timeout=30, trust_env=False) as http:
        before = await http.get("/healthz")
        slow.process.send_signal(signal.SIGTERM)
        ready = await _until_draining(http)
    await _until_refused(slow)
    writer.write(body[5:])
    answer = await reader.read()
    writer.close()

    assert "Connection" not in before.headers
    assert ready.headers["Connection"] == "close"
    assert ready.json() == {"status": "stopping"}
    assert answer.endswith(b'{"data":{"__typename":"Query"}}')
    assert await asyncio.to_thread(slow.process.wait, 30) == 0


async def _until_draining(http: httpx.AsyncClient) -> httpx.Response:
    while (answer := await http.get("/readyz")).status_code != 503:
        pass
    return answer


async def _until_refused(server: LiveServer) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        except ConnectionRefusedError:
            return
        writer.close()
        await asyncio.sleep(0.05)


async def test_a_second_signal_stops_at_once(environ: dict[str, str], tmp_path: Path) -> None:
    """An operator who insists does not wait for the drain."""
    with serving(tmp_path / "log", {**environ, "DRAIN_SECONDS": "300"}) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as http:
            server.process.send_signal(signal.SIGINT)
            await _until_draining(http)
        server.process.send_signal(signal.SIGINT)
        status = await asyncio.to_thread(server.process.wait, 30)

    assert status == 0


@pytest.mark.parametrize(
    ("trusted", "peer", "seen"),
    [
        ("", "10.0.0.1", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "192.0.2.7"),
        ("10.0.0.0/8", "172.16.0.1", "172.16.0.1"),
    ],
)
async def test_only_a_trusted_proxy_says_who_the_client_is(trusted: str, peer: str, seen: str) -> None:
    """Card bindings are limited by address, so anybody else's header counts for nothing."""

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["client"][0])(scope, receive, send)

    configuration = uvicorn_configuration(load_settings({"MODE": "demo", "TRUSTED_PROXIES": trusted}), echo)
    configuration.load()
    transport = httpx.ASGITransport(configuration.loaded_app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/", headers={"X-Forwarded-For": "192.0.2.7"})

    assert answer.text == seen


async def test_a_server_without_keys_does_not_start(environ: dict[str, str]) -> None:
    """It says which variable is missing."""
    settings = load_settings({"MODE": "demo", "DATABASE_URL": environ["DATABASE_URL"]})

    with pytest.raises(SettingsInvalid, match="KEYS_FILE"):
        await serve(settings)


async def test_a_running_server_signs_how_far_the_log_has_come(
    database: DatabaseAddresses, environ: dict[str, str], keys: Keys, tmp_path: Path
) -> None:
    """With a folder for it a checkpoint stands there as soon as it serves; without, it says so and serves as well."""
    owner = await asyncpg.connect(database.owner_url)
    async with owner.transaction():
        await audit.record(owner, audit.Event("staff:1", "look", "-"), now())
    await owner.close()

    with serving(tmp_path / "log", {**environ, "AUDIT_DIR": str(tmp_path / "audit")}) as server:
        _wait_for(tmp_path / "audit/checkpoints.jsonl")
        silent = "audit_dir_missing" not in server.logged()
    with serving(tmp_path / "other", environ) as server:
        told = "audit_dir_missing" in server.logged()

    (checkpoint,) = read_checkpoints(tmp_path / "audit", keys)
    assert checkpoint.head.sequence >= 1
    assert (silent, told) == (True, True)


def _wait_for(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)
