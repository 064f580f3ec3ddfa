"""Speaks to the server over HTTP with the standard library alone, each call bounded in time and size."""

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from card.admission import Cue
from card.refusal import RefusalReason
from card.rule import CompanionTerms, Outcome

TIMEOUT_SECONDS: Final = 10.0
MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
_TIME_BYTES: Final = 4 * 1024
_HTTP_OK: Final = 200
_HTTP_CREATED: Final = 201
_HTTP_NO_CONTENT: Final = 204
_HTTP_NOT_MODIFIED: Final = 304


class ServerUnreachable(Exception):
    """No answer, or one that is not of this service; the message says which, and trying again later may help."""


class ServerRefused(Exception):
    """The server answered that it does not do this: `reason` is its word for why, `status` the HTTP status."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"the server refused ({status} {reason}): {message}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Enrolled:
    """What the server says of a device that it has just enrolled; `root` is the root's public key, not checked yet."""

    device_id: UUID
    operator: str
    place: str
    kind: str
    root: bytes


@dataclass(frozen=True)
class FetchedBundle:
    """A trust bundle as it came, not checked yet, and the tag to ask by next time."""

    raw: bytes
    etag: str | None


@dataclass(frozen=True)
class ScanAnswer:
    """What the server did with one scan."""

    epoch: bytes
    sequence: int
    outcome: str


class Chain(StrEnum):
    """How the server finds a device's chain of scans; from good to bad."""

    WHOLE = "whole"
    GAP = "gap"
    BROKEN = "broken"


@dataclass(frozen=True)
class UploadAnswer:
    """The answers to the scans of an upload, and what the server found of the device's chain."""

    results: tuple[ScanAnswer, ...]
    chain: Chain


@dataclass(frozen=True)
class OnlineAnswer:
    """The server's own answer to one scan, by what all gates know; it has the scan, as `outcome` says.

    `price_share` is the share of the price that is paid.
    """

    outcome: str
    admission: Outcome
    reason: RefusalReason | None
    price_share: Decimal
    companions: int
    companion_terms: CompanionTerms
    cue: Cue
    masked_name: str | None


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Server:
    """A server's REST interface for devices; its methods raise ServerUnreachable or ServerRefused and nothing else."""

    def __init__(self, url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        """Raise ValueError unless the URL is an http or https address without query or user."""
        address = urlsplit(url.rstrip("/"))
        if address.scheme not in ("http", "https") or not address.hostname or address.query or "@" in address.netloc:
            raise ValueError("the server's address begins with https:// (or http:// for trying), and names a host")
        self._address = address
        self._port = address.port
        self._timeout = timeout

    def time(self, nonce: bytes) -> bytes:
        """The server's signed time for a nonce of 16 to 32 bytes, not checked yet."""
        return self._call("POST", "/v1/time", _json({"nonce": base64url(nonce)}), limit=_TIME_BYTES).body

    def enrol(self, secret: str, public_key: bytes, proof: bytes) -> Enrolled:
        """Tie a key to the place that an enrolment code was made for."""
        body = {"code": secret, "key": base64url(public_key), "proof": base64url(proof)}
        answer = self._call("POST", "/v1/devices/enrol", _json(body))
        try:
            told = json.loads(answer.body)
            operator, place, kind = (_text(told[name]) for name in ("operator", "place", "kind"))
            return Enrolled(UUID(told["device_id"]), operator, place, kind, from_base64url(told["root"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _foreign() from error

    def rotate(self, assertion: str, public_key: bytes, proof: bytes) -> None:
        """Be known by another key from now on."""
        body = {"key": base64url(public_key), "proof": base64url(proof)}
        self._call("POST", "/v1/devices/key", _json(body), {"Authorization": f"Bearer {assertion}"})

    def bundle(self, assertion: str, etag: str | None) -> FetchedBundle | None:
        """The device's trust bundle; None if it is still the one with this tag."""
        headers = {"Authorization": f"Bearer {assertion}"} | ({"If-None-Match": etag} if etag else {})
        answer = self._call("GET", "/v1/devices/bundle", headers=headers)
        return None if answer.status == _HTTP_NOT_MODIFIED else FetchedBundle(answer.body, answer.headers.get("etag"))

    def scans(self, assertion: str, body: bytes) -> UploadAnswer:
        """Hand in an upload body; the answer names what became of each scan."""
        headers = {
            "Authorization": f"Bearer {assertion}",
            "Content-Type": "application/cbor",
            "Content-Encoding": "gzip",
        }
        answer = self._call("POST", "/v1/devices/scans", gzip.compress(body, 6), headers)
        try:
            told = json.loads(answer.body)
            results = tuple(
                ScanAnswer(bytes.fromhex(each["epoch"]), int(each["sequence"]), _text(each["outcome"]))
                for each in told["results"]
            )
            return UploadAnswer(results, Chain(told["chain"]))
        except (ValueError, KeyError, TypeError) as error:
            raise _foreign() from error

    def verify(self, assertion: str, record: bytes) -> OnlineAnswer:
        """Have one scan's record judged by what all gates know, and kept before the answer."""
        headers = {"Authorization": f"Bearer {assertion}", "Content-Type": "application/cbor"}
        answer = self._call("POST", "/v1/devices/verify", record, headers)
        try:
            told = json.loads(answer.body)
            return OnlineAnswer(
                outcome=_text(told["outcome"]),
                admission=Outcome(told["admission"]),
                reason=None if told["reason"] is None else RefusalReason(told["reason"]),
                price_share=Decimal(_text(told["price_share"])),
                companions=int(told["companions"]),
                companion_terms=CompanionTerms(told["companion_terms"]),
                cue=Cue(told["cue"]),
                masked_name=None if told["masked_name"] is None else _text(told["masked_name"]),
            )
        except (ValueError, KeyError, TypeError, DecimalException) as error:
            raise _foreign() from error

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        limit: int = MAX_ANSWER_BYTES,
    ) -> _Answer:
        connect = HTTPSConnection if self._address.scheme == "https" else HTTPConnection
        connection = connect(self._address.hostname or "", self._port, timeout=self._timeout)
        sent = {"Accept-Encoding": "gzip", "Content-Type": "application/json", **(headers or {})}
        try:
            connection.request(method, self._address.path + path, body, sent)
            answer = _read(connection.getresponse(), limit)
        except (OSError, HTTPException) as error:
            raise ServerUnreachable(f"no answer from {self._address.netloc} ({type(error).__name__})") from error
        finally:
            connection.close()
        if answer.status not in (_HTTP_OK, _HTTP_CREATED, _HTTP_NO_CONTENT, _HTTP_NOT_MODIFIED):
            raise _refusal(answer)
        return answer


def base64url(raw: bytes) -> str:
    """Base 64 in the alphabet for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of `base64url`.

    Raises:
        ValueError: the text is none.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _read(response: HTTPResponse, limit: int) -> _Answer:
    body = response.read(limit + 1)
    if len(body) <= limit and response.headers.get("Content-Encoding") == "gzip":
        body = _unzipped(body, limit)
    if len(body) > limit:
        raise HTTPException("the answer is too large")
    return _Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, body)


def _unzipped(body: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = stream.decompress(body, limit + 1)
    except zlib.error as error:
        raise HTTPException("the answer is not gzip") from error
    if not stream.eof and len(content) <= limit:
        raise HTTPException("the answer is cut off")
    return content


def _refusal(answer: _Answer) -> ServerRefused | ServerUnreachable:
    try:
        told = json.loads(answer.body)
        return ServerRefused(answer.status, _text(told["reason"]), _text(told["message"]))
    except (ValueError, KeyError, TypeError):
        return ServerUnreachable(f"an answer of another kind came (HTTP {answer.status}): check the server's address")


def _foreign() -> ServerUnreachable:
    return ServerUnreachable("an answer of another kind came: check the server's address, and that it is up to date")


def _json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value).encode()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value
