"""Answers 304 to whoever has a representation already, by its ETag (RFC 9110, section 13.1.2)."""

from starlette.requests import Request


def is_known(request: Request, etag: str) -> bool:
    """Whether the request names the representation that would be sent."""
    known = request.headers.get("if-none-match", "").split(",")
    return etag in (tag.strip().removeprefix("W/") for tag in known)
