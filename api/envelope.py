"""Wraps every request: an id, security headers, one line of log, and a masked answer for what nobody expected."""

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import Problem, Reason, problem_of
from schema import messages

log = structlog.get_logger("access")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_FROM_HTTP = {
    404: (Reason.NOT_FOUND, messages.NOT_FOUND),
    405: (Reason.METHOD_NOT_ALLOWED, messages.METHOD_NOT_ALLOWED),
}


@dataclass
class Lifecycle:
    """Whether the server is about to stop: it then tells balancers and keep-alive clients to go elsewhere."""

    draining: bool = False


class Envelope:
    """ASGI middleware around the routes; `paths` are those that may be named in the log."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, paths: Collection[str]) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._paths = frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            raise TypeError(f"only HTTP and WebSocket are served, not {scope['type']}")
        exchange = _Exchange(send, secrets.token_hex(8), self._lifecycle)
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        # By this Starlette's routes know that somebody answers for them, and raise instead of answering in plain text.
        scope["app"] = self
        structlog.contextvars.bind_contextvars(request_id=exchange.request_id)
        started = time.perf_counter()
        try:
            await self._app(scope, receive, exchange.send)
        except Exception as error:  # noqa: BLE001 - masked and logged by problem_of
            await exchange.fail(_problem(error), scope, receive)
        finally:
            log.info(
                "request",
                method=scope["method"],
                # Any other path is whatever somebody typed, a number or a token perhaps.
                path=scope["path"] if scope["path"] in self._paths else "other",
                status=exchange.status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket to its end; one line of log, like a request."""
        scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)
        scope["app"] = self
        structlog.contextvars.bind_contextvars(request_id=scope["state"]["request_id"])
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        finally:
            log.info("websocket", seconds=round(time.perf_counter() - started, 1))


class _Exchange:
    """One answer on its way out."""

    def __init__(self, send: Send, request_id: str, lifecycle: Lifecycle) -> None:
        self._send = send
        self._lifecycle = lifecycle
        self.request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Pass a message on; the first carries the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                # A page says itself what it may load.
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.request_id
            headers.setdefault("Cache-Control", "no-store")
            if self._lifecycle.draining:
                headers["Connection"] = "close"
        await self._send(message)

    async def fail(self, problem: Problem, scope: Scope, receive: Receive) -> None:
        """Answer with a problem, unless an answer has begun: then cutting it short is all that is left."""
        if self.status is None:
            await problem.response()(scope, receive, self.send)


def _problem(error: Exception) -> Problem:
    if isinstance(error, HTTPException) and error.status_code in _FROM_HTTP:
        reason, message = _FROM_HTTP[error.status_code]
        return Problem(error.status_code, reason, message, error.headers or {})
    return problem_of(error)
