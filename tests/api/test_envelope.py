"""What surrounds every request: unexpected exceptions are masked, logged without their text, and answered once."""

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from api.envelope import Envelope, Lifecycle
from services.database import DatabaseUnavailable


class Broken(Exception):
    """Something that nobody expected."""


async def broken(request: Request) -> Response:
    """Fails as its address says."""
    failures = {"unexpected": Broken("name-to-hide"), "database": DatabaseUnavailable("x"), "late": TimeoutError()}
    raise failures.get(request.path_params["how"], HTTPException(418))


async def torn(scope: Scope, receive: Receive, send: Send) -> None:
    """Begins an answer and fails within it."""
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise Broken("name-to-hide")


async def fine(request: Request) -> Response:
    """Answers, with a header of its own."""
    del request
    return PlainTextResponse("ok", headers={"Cache-Control": "max-age=1"})


def app(lifecycle: Lifecycle | None = None) -> Envelope:
    """Both, wrapped."""
    routes = [Route("/broken/{how}", broken), Route("/fine", fine)]
    return Envelope(Router(routes), lifecycle or Lifecycle(), {"/fine"})


def client(lifecycle: Lifecycle | None = None) -> httpx.AsyncClient:
    """A client of them."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app(lifecycle)), base_url="http://test")


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("unexpected", 500, "internal"),
        ("database", 503, "database_unavailable"),
        ("late", 503, "timeout"),
        ("teapot", 500, "internal"),
    ],
)
async def test_a_failure_is_told_without_its_text(how: str, status: int, reason: str) -> None:
    """A client gets a reason and a request id; the log gets the exception's type and place."""
    with capture_logs() as logs:
        answer = await client().get(f"/broken/{how}")

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer.headers["X-Request-ID"]
    assert "name-to-hide" not in answer.text + str(logs)
    failed = [entry for entry in logs if entry["event"] == "request failed"]
    assert bool(failed) == (status == 500)
    if how == "unexpected":
        assert failed[0]["error"] == "Broken"
        assert "test_envelope.py" in failed[0]["at"][-1]


async def test_an_answer_that_broke_off_is_not_begun_again() -> None:
    """What was sent stays sent, and the failure is logged."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    with capture_logs() as logs:
        await Envelope(torn, Lifecycle(), ())({"type": "http", "method": "GET", "path": "/"}, receive, send)

    assert [message["type"] for message in sent] == ["http.response.start"]
    assert [entry["event"] for entry in logs] == ["request failed", "request"]


async def test_only_known_paths_are_logged() -> None:
    """Others may be whatever somebody typed."""
    with capture_logs() as logs:
        known, unknown = await client().get("/fine"), await client().get("/name-to-hide")

    assert [entry["path"] for entry in logs] == ["/fine", "other"]
    assert known.headers["Cache-Control"] == "max-age=1"
    assert unknown.headers["Cache-Control"] == "no-store"
    assert "name-to-hide" not in str(logs)


async def test_a_draining_server_closes_its_connections() -> None:
    """Keep-alive clients look for another server before this one is gone."""
    lifecycle = Lifecycle()
    http = client(lifecycle)

    before = await http.get("/fine")
    lifecycle.draining = True
    after = await http.get("/fine")

    assert ("Connection" in before.headers, after.headers["Connection"]) == (False, "close")


async def test_nothing_but_http_and_websocket_is_served() -> None:
    """A lifespan is a mistake of the server's configuration."""
    with pytest.raises(TypeError, match="lifespan"):
        await app()({"type": "lifespan"}, None, None)  # type: ignore[arg-type] # never called
