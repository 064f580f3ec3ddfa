"""Bodies within bounds: bytes and time on a live server, nesting and inflating by themselves."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from api.body import gunzip, read_json
from api.problem import Problem
from tests.api.live import LiveServer, serving

BOUND = 2_048


@pytest.fixture(scope="module")
def live(environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that takes 2 KiB within half a second."""
    bounds = {"MAX_BODY_BYTES": str(BOUND), "BODY_SECONDS": "0.5"}
    with serving(tmp_path_factory.mktemp("live") / "log", {**environ, **bounds}) as server:
        yield server


def padded(size: int) -> bytes:
    """A request of exactly so many bytes."""
    return b'{"query":"{__typename}"}'.ljust(size)


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    """The body in pieces, so that its length is not announced."""
    for start in range(0, len(body), 100):
        yield body[start : start + 100]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_may_be_as_large_as_the_bound(http: httpx.AsyncClient, announced: bool) -> None:  # noqa: FBT001
    """The bound itself is taken and one byte more is refused, whether the length is announced or not."""
    headers = {"Content-Type": "application/json"}

    def content(size: int) -> bytes | AsyncIterator[bytes]:
        return padded(size) if announced else chunks(padded(size))

    within = await http.post("/graphql", content=content(BOUND), headers=headers)
    beyond = await http.post("/graphql", content=content(BOUND + 1), headers=headers)

    assert within.json() == {"data": {"__typename": "Query"}}
    assert beyond.status_code == 413
    assert beyond.headers["Connection"] == "close"
    assert beyond.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"


async def test_a_far_too_large_body_is_refused_and_the_server_goes_on(http: httpx.AsyncClient) -> None:
    """Even a sender of many megabytes gets an answer or a closed connection, and the next one is served."""
    try:
        refused = await http.post("/v1/time", content=b" " * 20_000_000, headers={"Content-Type": "application/json"})
        assert refused.status_code == 413
    except httpx.TransportError:
        pass

    answer = await http.get("/healthz")

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/graphql", "/v1/time"])
async def test_a_body_that_does_not_come_is_given_up(live: LiveServer, path: str) -> None:
    """A connection that dribbles is told 408 and closed, instead of being held for ever."""
    reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    writer.write(head.encode() + b"{")
    await writer.drain()

    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_client_that_goes_away_leaves_no_trace(live: LiveServer, http: httpx.AsyncClient) -> None:
    """Half a body and a closed connection are no error of the server."""
    _, writer = await asyncio.open_connection("127.0.0.1", live.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    answer = await http.get("/healthz")

    assert answer.status_code == 200
    assert '"level": "error"' not in live.logged()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", '"', "\\", "[{"]), inner),
    max_leaves=20,
)


def nesting(value: object) -> int:
    """How many arrays and objects are within one another."""
    if isinstance(value, list):
        return 1 + max(map(nesting, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    return 0


@given(JSON_VALUES)
def test_json_is_read_up_to_its_nesting_and_not_beyond(value: object) -> None:
    """Brackets within strings do not count, and the bound is exact."""
    raw, depth = json.encode(value), nesting(value)

    assert read_json(raw, depth) == value
    if depth:
        with pytest.raises(Problem) as refused:
            read_json(raw, depth - 1)
        assert refused.value.status == 400


@pytest.mark.parametrize("raw", [b"", b"{", b"NaN", b"1 2", b"\xff", b'"\\ud800"', b"1e999", b"'a'"])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    """Neither Python's extensions nor broken text pass."""
    with pytest.raises(Problem) as refused:
        read_json(raw, 8)

    assert (refused.value.status, refused.value.reason) == (400, "malformed")


def test_gzip_is_inflated_up_to_its_bound() -> None:
    """The bound itself is taken; a bomb is given up at the bound, not after inflating."""
    assert gunzip(gzip.compress(b"x" * 1_000), 1_000) == b"x" * 1_000

    with pytest.raises(Problem) as refused:
        gunzip(gzip.compress(bytes(50_000_000)), 1_000)

    assert refused.value.status == 413


@pytest.mark.parametrize(
    "raw",
    [b"", b"plain", zlib.compress(b"x"), gzip.compress(b"x")[:-1], gzip.compress(b"x") + b"y", gzip.compress(b"") * 2],
)
def test_what_is_not_one_whole_gzip_member_is_refused(raw: bytes) -> None:
    """Other formats, cut ones and trailing bytes are malformed."""
    with pytest.raises(Problem) as refused:
        gunzip(raw, 1_000)

    assert (refused.value.status, refused.value.reason) == (400, "malformed")
