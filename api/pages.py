"""Serves the pages that run in a browser, made from `api/browser`: the scanner, and in demo mode a phone."""

import gzip
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.etag import is_known

log = structlog.get_logger("api")

BUILT: Final = Path(__file__).parent / "browser" / "dist"
SCANNER: Final = "scanner"
PHONE: Final = "phone"
_INDEX: Final = "index.html"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
# Nothing foreign, nothing inline; WebAssembly is the page's own file.
_POLICY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), display-capture=(self), screen-wake-lock=(self), microphone=()",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


@dataclass
class _File:
    """One file of a page, read when somebody first asks for it."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        """As it was built."""
        return self.path.read_bytes()

    @cached_property
    def packed(self) -> bytes:
        """The same, compressed."""
        return gzip.compress(self.content, 9, mtime=0)

    @cached_property
    def etag(self) -> str:
        """What tells this content from another."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    async def send(self, request: Request) -> Response:
        """The content, compressed for whoever takes that."""
        headers = {**_POLICY, "ETag": self.etag}
        if is_known(request, self.etag):
            return Response(status_code=304, headers=headers)
        media_type = _MEDIA_TYPES[self.path.suffix]
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.content, headers=headers, media_type=media_type)
        return Response(self.packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=media_type)


def page_routes(page: str, built: Path = BUILT) -> list[Route]:
    """Where a page and its files are; none where it was not built, which a checkout without Node may do without."""
    folder = built / page
    if not (folder / _INDEX).exists():
        log.warning("page_not_built", page=page, remedy="make pages")
        return []
    return [Route(f"/{page}", _redirect(f"/{page}/"), methods=["GET"]), *_file_routes(page, folder)]


def _file_routes(page: str, folder: Path) -> Iterator[Route]:
    for path in sorted(folder.iterdir()):
        name = "" if path.name == _INDEX else path.name
        yield Route(f"/{page}/{name}", _File(path).send, methods=["GET"])


def _redirect(address: str) -> Callable[[Request], Awaitable[Response]]:
    async def redirect(request: Request) -> Response:
        del request
        return RedirectResponse(address)

    return redirect
