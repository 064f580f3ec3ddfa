"""GraphQL subscriptions over WebSocket, protocol graphql-transport-ws: bounded, and closed as soon as a right ends."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.body import read_json
from api.current import Current
from api.graphql import request_of
from api.problem import Problem
from schema import messages
from schema.context import Context
from schema.errors import ErrorCode, describe
from schema.execution import Answer, Engine
from services.database import DatabaseUnavailable
from services.people import SessionEnded
from services.sessions import AccessTokenInvalid, access_token_ends, read_access_token

log = structlog.get_logger("subscriptions")

PROTOCOL: Final = "graphql-transport-ws"
MAX_ID: Final = 64


class _Closed(Exception):
    """The connection ends here, with a code of the protocol or of WebSocket itself."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def _bad(reason: str = "Bad Request") -> _Closed:
    return _Closed(4400, reason)


# The client is to refresh its token and come back.
_FORBIDDEN: Final = (4403, "Forbidden")
_TRY_AGAIN: Final = (1013, "Try Again Later")


class SubscriptionEndpoint:
    """The WebSocket of /graphql."""

    def __init__(self, current: Current, engine: Engine) -> None:
        self._current = current
        self._engine = engine

    async def handle(self, socket: WebSocket) -> None:
        """Serve one connection to its end."""
        if PROTOCOL not in socket.scope.get("subprotocols", []):
            await socket.accept()
            await socket.close(4406, "Subprotocol not acceptable")
            return
        await socket.accept(PROTOCOL)
        connection = _Connection(self._current, self._engine, socket)
        try:
            await connection.serve()
        except WebSocketDisconnect:
            return
        except _Closed as closed:
            with suppress(RuntimeError, WebSocketDisconnect):  # it has gone meanwhile
                if socket.application_state is WebSocketState.CONNECTED:
                    await socket.close(closed.code, closed.reason)


class _Connection:
    """One client: who it is, what it follows, and why it ends."""

    def __init__(self, current: Current, engine: Engine, socket: WebSocket) -> None:
        self._current = current
        self._settings = current.resources.settings
        self._engine = engine
        self._socket = socket
        self._context: Context | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._end: asyncio.Future[_Closed] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Read until the client leaves or something ends the connection."""
        reading = asyncio.create_task(self._read())
        try:
            waiting: list[asyncio.Future[Any]] = [reading, self._end]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self._end.done():
                raise self._end.result()
            await reading
        finally:
            tasks = [reading, *self._running.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self, closed: _Closed) -> None:
        if not self._end.done():
            self._end.set_result(closed)

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._settings.websocket_init_seconds):
                token = await self._initialised()
        except TimeoutError:
            raise _Closed(4408, "Connection initialisation timeout") from None
        ends = access_token_ends(self._current.resources, token) - self._current.resources.clock()
        expiry = asyncio.get_running_loop().call_later(ends.total_seconds(), self._stop, _Closed(*_FORBIDDEN))
        try:
            await self._send({"type": "connection_ack"})
            while True:
                await self._answer(await self._message())
        finally:
            expiry.cancel()

    async def _initialised(self) -> str:
        """The access token of the first message, which must come in time; a ping may come before it."""
        while (message := await self._message())["type"] in {"ping", "pong"}:
            await self._answer(message)
        if message["type"] != "connection_init":
            raise _Closed(4401, "Unauthorized")
        payload = message.get("payload")
        token = payload.get("accessToken") if isinstance(payload, dict) else None
        try:
            address = self._socket.client.host if self._socket.client else ""
            viewer = read_access_token(self._current.resources, token if isinstance(token, str) else "", address)
        except AccessTokenInvalid:
            raise _Closed(*_FORBIDDEN) from None
        self._context = Context(self._current.resources, viewer)
        return str(token)

    async def _message(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        text = received.get("text")
        if text is None:
            raise _bad("Messages are text")
        try:
            message = read_json(text.encode(errors="surrogatepass"), self._settings.max_json_nesting)
        except Problem:
            raise _bad("Messages are JSON") from None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise _bad("Messages have a type")
        return message

    async def _answer(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(_id(message), message.get("payload"))
            case "complete":
                task = self._running.pop(_id(message), None)
                if task is not None:
                    task.cancel()
            case "connection_init":
                raise _Closed(4429, "Too many initialisation requests")
            case _:
                raise _bad("Unknown type")

    async def _subscribe(self, operation_id: str, payload: object) -> None:
        if operation_id in self._running:
            raise _Closed(4409, "Subscriber already exists")
        if len(self._running) >= self._settings.max_subscriptions:
            error = {"message": messages.TOO_MANY_SUBSCRIPTIONS, "extensions": {"code": ErrorCode.LIMIT_EXCEEDED.value}}
            await self._send({"id": operation_id, "type": "error", "payload": [error]})
            return
        self._running[operation_id] = asyncio.create_task(self._run(operation_id, payload))

    async def _run(self, operation_id: str, payload: object) -> None:
        try:
            await self._follow(operation_id, payload)
        except Problem:
            self._stop(_bad("Not a request"))
        except SessionEnded:
            self._stop(_Closed(*_FORBIDDEN))
        except (DatabaseUnavailable, TimeoutError):
            self._stop(_Closed(*_TRY_AGAIN))
        except WebSocketDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - masked, as in every answer
            log.error("subscription failed", **describe(error))  # noqa: TRY400 - a traceback quotes values
            self._stop(_Closed(4500, "Internal server error"))
        finally:
            if self._running.get(operation_id) is asyncio.current_task():
                del self._running[operation_id]

    async def _follow(self, operation_id: str, payload: object) -> None:
        assert self._context is not None
        context = Context(self._current.resources, self._context.viewer)
        stream = await self._engine.subscribe(request_of(payload), context, self._socket.state.request_id)
        if isinstance(stream, Answer):
            await self._send({"id": operation_id, "type": "error", "payload": stream.body["errors"]})
            return
        try:
            async for body in stream:
                await self._send({"id": operation_id, "type": "next", "payload": body})
        finally:
            await _close(stream)
        await self._send({"id": operation_id, "type": "complete"})

    async def _send(self, message: Mapping[str, Any]) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())


def _id(message: dict[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= MAX_ID:
        raise _bad("Operations have an id")
    return operation_id


async def _close(stream: AsyncIterator[Any]) -> None:
    aclose = getattr(stream, "aclose", None)
    if aclose is not None:
        await aclose()
