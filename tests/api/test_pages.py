"""The pages for browsers as files: what each is, what a browser may do with it, and that none is sent twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.routing import Router

from api.envelope import Envelope, Lifecycle
from api.pages import page_routes

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A page as it is built."""
    folder = tmp_path / "scanner"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>扫码核验</title>", encoding="utf-8")
    (folder / "main.js").write_bytes(SCRIPT)
    (folder / "zxing.wasm").write_bytes(b"\0asm")
    return tmp_path


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a cache of its own."""
    app = Envelope(Router(page_routes("scanner", built), redirect_slashes=False), Lifecycle(), ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://page.test") as opened:
        yield opened


async def test_a_page_says_what_it_may_load(client: httpx.AsyncClient) -> None:
    """Nothing foreign, nothing inline, WebAssembly of its own, and the camera for itself alone."""
    answer = await client.get("/scanner/")

    policy = answer.headers["content-security-policy"].split("; ")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "扫码核验" in answer.text
    assert policy[0] == "default-src 'none'"
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert not any("http" in rule or "unsafe-inline" in rule or "*" in rule for rule in policy)
    assert "camera=(self)" in answer.headers["permissions-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_is_compressed_for_who_takes_that(client: httpx.AsyncClient) -> None:
    """The same content either way, and a cache that sits between is told that there are two."""
    packed = await client.get("/scanner/main.js")
    plain = await client.get("/scanner/main.js", headers={"Accept-Encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    assert packed.content == plain.content == SCRIPT
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == "Accept-Encoding"


async def test_what_a_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    """It asks each time, so that a new version is seen at once."""
    first = await client.get("/scanner/zxing.wasm")
    again = await client.get("/scanner/zxing.wasm", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})

    assert (first.status_code, first.headers["content-type"]) == (200, "application/wasm")
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_the_address_without_a_slash_leads_to_the_page(client: httpx.AsyncClient) -> None:
    """A service worker's reach ends at the slash, so the page stands behind it."""
    answer = await client.get("/scanner")

    assert (answer.status_code, answer.headers["location"]) == (307, "/scanner/")


async def test_only_the_files_of_the_page_are_served(client: httpx.AsyncClient) -> None:
    """No name leads out of the folder."""
    answers = [await client.get(path) for path in ("/scanner/../pages.py", "/scanner/index.html", "/scanner/other.js")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_a_page_that_was_not_built_is_not_served(tmp_path: Path) -> None:
    """A checkout without Node serves all the rest."""
    assert page_routes("scanner", tmp_path) == []
