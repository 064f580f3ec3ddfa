"""The HTTP client: bounded, and with two ways to fail only."""

from __future__ import annotations

import gzip
import socket
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from card import client
from card.admission import Cue
from card.client import Server, ServerRefused, ServerUnreachable, base64url, from_base64url
from card.rule import Outcome
from tests.card.conftest import ONLINE

if TYPE_CHECKING:
    from tests.card.conftest import RestServer

NONCE = bytes(16)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    "url", ["ftp://host", "host", "http://", "https://host/?query=1", "https://user@host", "http://host:port"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """A technician's slip is found before anything is sent."""
    with pytest.raises(ValueError):  # noqa: PT011 - the class is the contract
        Server(url)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_is_away_is_unreachable(scheme: str) -> None:
    """No answer is no exception of the network's own."""
    server = Server(f"{scheme}://127.0.0.1:{closed_port()}", timeout=2)

    with pytest.raises(ServerUnreachable, match="ConnectionRefusedError"):
        server.time(NONCE)


def test_a_server_that_is_silent_is_unreachable() -> None:
    """A link that swallows everything costs no more than the time limit."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.05)

        with pytest.raises(ServerUnreachable, match="TimeoutError"):
            server.time(NONCE)


def test_a_refusal_carries_the_server_s_words(rest_server: RestServer) -> None:
    """Reason and status are there to decide by, the message to read."""
    rest_server.replies["/v1/time"] = rest_server.refusal(429, "rate_limited")

    with pytest.raises(ServerRefused, match="不行") as refusal:
        Server(rest_server.url).time(NONCE)

    assert (refusal.value.status, refusal.value.reason) == (429, "rate_limited")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"reason": 1, "message": ""}', b"\xff"])
def test_an_error_of_another_kind_of_server_is_unreachable(rest_server: RestServer, body: bytes) -> None:
    """A hotel's login page is not this service."""
    reply = rest_server.refusal(404, "")
    rest_server.replies["/v1/time"] = type(reply)(404, body)

    with pytest.raises(ServerUnreachable, match="HTTP 404"):
        Server(rest_server.url).time(NONCE)


@pytest.mark.parametrize(
    "content",
    [{}, [], {"results": [{"epoch": "zz"}], "chain": "whole"}, {"results": [], "chain": "?"}],
)
def test_an_upload_answer_of_another_shape_is_unreachable(rest_server: RestServer, content: object) -> None:
    """An answer that does not name what became of the scans acknowledges none of them."""
    reply = rest_server.refusal(200, "")
    rest_server.replies["/v1/devices/scans"] = type(reply).of(200, content)

    with pytest.raises(ServerUnreachable, match="another kind"):
        Server(rest_server.url).scans("assertion", b"body")


@pytest.mark.parametrize(
    "wrong",
    [
        {"admission": "perhaps"},
        {"reason": "?"},
        {"price_share": "half"},
        {"price_share": 1},
        {"companions": None},
        {"cue": 1},
        {"masked_name": 1},
    ],
)
def test_an_online_answer_of_another_shape_is_unreachable(rest_server: RestServer, wrong: dict[str, object]) -> None:
    """Whoever waits is told the gate's own answer rather than half of another."""
    reply = rest_server.refusal(200, "")
    rest_server.replies["/v1/devices/verify"] = type(reply).of(200, {"outcome": "stored", **ONLINE, **wrong})

    with pytest.raises(ServerUnreachable, match="another kind"):
        Server(rest_server.url).verify("assertion", b"record")


def test_an_online_answer_may_name_nobody_or_somebody(rest_server: RestServer) -> None:
    """An admission has no reason, and a printed code a masked name to compare."""
    reply = rest_server.refusal(200, "")
    admitted = {**ONLINE, "admission": "reduced", "reason": None, "price_share": "0.5", "cue": "look"}
    told = {"outcome": "stored", **admitted, "masked_name": "王**"}
    rest_server.replies["/v1/devices/verify"] = type(reply).of(200, told)

    answer = Server(rest_server.url).verify("assertion", b"record")

    assert (answer.admission, answer.reason, answer.price_share) == (Outcome.REDUCED, None, Decimal("0.5"))
    assert (answer.cue, answer.masked_name) == (Cue.LOOK, "王**")


@pytest.mark.parametrize("content", [{}, [], {"device_id": "x"}, "text"])
def test_an_enrolment_answer_of_another_shape_is_unreachable(rest_server: RestServer, content: object) -> None:
    """Nobody is enrolled by half an answer."""
    reply = rest_server.refusal(200, "")
    rest_server.replies["/v1/devices/enrol"] = type(reply).of(201, content)

    with pytest.raises(ServerUnreachable, match="another kind"):
        Server(rest_server.url).enrol("secret", bytes(32), bytes(64))


@pytest.mark.parametrize("plain", [True, False])
def test_an_answer_beyond_the_limit_is_refused(
    rest_server: RestServer,
    monkeypatch: pytest.MonkeyPatch,
    plain: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Neither a long answer nor a short one that inflates fills the device's memory."""
    monkeypatch.setattr(client, "_TIME_BYTES", 1_000)
    body = bytes(100_000)
    headers = {} if plain else {"Content-Encoding": "gzip"}
    reply = rest_server.refusal(200, "")
    rest_server.replies["/v1/time"] = type(reply)(200, body if plain else gzip.compress(body), headers)

    with pytest.raises(ServerUnreachable):
        Server(rest_server.url).time(NONCE)


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b"time" * 20)[:-12]])
def test_a_damaged_compressed_answer_is_refused(rest_server: RestServer, body: bytes) -> None:
    """Half a stream is no answer."""
    reply = rest_server.refusal(200, "")
    rest_server.replies["/v1/time"] = type(reply)(200, body, {"Content-Encoding": "gzip"})

    with pytest.raises(ServerUnreachable):
        Server(rest_server.url).time(NONCE)


def test_a_server_may_live_below_a_path(rest_server: RestServer) -> None:
    """An address with a path is kept."""
    reply = rest_server.refusal(200, "")
    rest_server.replies["/scanners/v1/time"] = type(reply)(200, b"time")

    assert Server(f"{rest_server.url}/scanners/").time(NONCE) == b"time"


def test_base64url_has_no_padding_and_is_strict() -> None:
    """Both directions, and no stray characters."""
    assert base64url(b"\xff\xfe") == "__4"
    assert from_base64url("__4") == b"\xff\xfe"
    with pytest.raises(ValueError):  # noqa: PT011 - the class is the contract
        from_base64url("_ _4")
