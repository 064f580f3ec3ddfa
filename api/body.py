"""Reads what clients send within bounds: so many bytes in so much time, and JSON that is nested only so deep."""

import asyncio
import re
import zlib
from contextlib import suppress
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from api.problem import CLOSE, Problem, Reason, malformed
from schema import messages
from services.settings import Settings

Shape = TypeVar("Shape", bound=msgspec.Struct)

# What is still received of a body that is too large, so that its sender gets to read the answer.
_DISCARDED_BYTES = 1 << 20
_DISCARD_SECONDS = 1.0
_GZIP = 31

# A string, closed or not, or one bracket; possessive, so that no input makes it look back.
_JSON_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?+|[\[{]|[\]}]', re.DOTALL)


async def read_body(request: Request, most: int, seconds: float) -> bytes:
    """The body of a request, whatever length it announces or does not announce.

    Raises:
        Problem: 413 above `most` bytes, 408 when it has not come after `seconds`.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    break
                chunks.append(chunk)
            else:
                return b"".join(chunks)
    except TimeoutError:
        raise Problem(408, Reason.TOO_SLOW, messages.TOO_SLOW, CLOSE) from None
    except ClientDisconnect:
        raise malformed() from None
    await _discard(request)
    raise Problem(413, Reason.TOO_LARGE, messages.TOO_LARGE, CLOSE)


async def _discard(request: Request) -> None:
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while size < _DISCARDED_BYTES:
                message = await request.receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def read_json(raw: bytes, most_nesting: int) -> object:
    """The value of a JSON text in UTF-8.

    Raises:
        Problem: 400 when it is none, or is nested deeper than `most_nesting` arrays and objects.
    """
    depth = 0
    for match in _JSON_STRUCTURE.finditer(raw):
        first = match[0][0]
        if first in b"[{":
            depth += 1
            if depth > most_nesting:
                raise malformed(messages.NESTED_TOO_DEEP)
        elif first in b"]}":
            depth -= 1
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError):
        raise malformed(messages.NOT_JSON) from None


async def read_as(request: Request, shape: type[Shape], settings: Settings) -> Shape:
    """The body of a REST request as a struct; unknown members are ignored.

    Raises:
        Problem: 415 for another type than JSON, 400 for another shape, and as `read_body` and `read_json`.
    """
    if media_type(request)[0] != "application/json":
        raise Problem(415, Reason.UNSUPPORTED_TYPE, messages.UNSUPPORTED_TYPE)
    body = await read_body(request, settings.max_body_bytes, settings.body_seconds)
    try:
        return msgspec.convert(read_json(body, settings.max_json_nesting), shape)
    except msgspec.ValidationError:
        raise malformed() from None


def gunzip(raw: bytes, most: int) -> bytes:
    """The content of one gzip member; inflating stops at `most` bytes, never after.

    Raises:
        Problem: 413 above that, 400 for anything else than one whole member.
    """
    inflater = zlib.decompressobj(_GZIP)
    try:
        content = inflater.decompress(raw, most + 1)
    except zlib.error:
        raise malformed() from None
    if len(content) > most:
        raise Problem(413, Reason.TOO_LARGE, messages.TOO_LARGE)
    if not inflater.eof or inflater.unused_data:
        raise malformed()
    return content


def media_type(request: Request) -> tuple[str, str]:
    """The media type of a body and its charset, both in lower case; UTF-8 when none is named."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = re.search(r'charset\s*=\s*"?([^\s;"]+)', parameters)
    return kind.strip(), charset[1] if charset else "utf-8"
