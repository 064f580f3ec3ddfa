"""Turns what a request carries as proof into who it is: an access token into a Viewer, an assertion into a Device."""

from starlette.requests import Request

from api.problem import Problem, Reason
from schema import messages
from schema.context import Context
from services.devices import Device, DeviceUnknown, device_of
from services.resources import Resources
from services.sessions import AccessTokenInvalid, read_access_token


def context_of(resources: Resources, request: Request) -> Context:
    """The context of a GraphQL request; a token that proves nothing is no error, as refreshing must still work."""
    token = _bearer(request)
    if token is None:
        return Context(resources, None, token_refused="authorization" in request.headers)
    try:
        return Context(resources, read_access_token(resources, token, _address(request)))
    except AccessTokenInvalid:
        return Context(resources, None, token_refused=True)


async def device_of_request(resources: Resources, request: Request) -> Device:
    """The scanner that signed the request.

    Raises:
        Problem: 401 without an assertion that holds.
    """
    try:
        return await device_of(resources, _bearer(request) or "")
    except DeviceUnknown:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Problem(401, Reason.DEVICE_UNKNOWN, messages.DEVICE_UNKNOWN, challenge) from None


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _address(request: Request) -> str:
    """The peer's address; behind proxies that TRUSTED_PROXIES names, uvicorn has put the client's in its place."""
    return request.client.host if request.client else ""
