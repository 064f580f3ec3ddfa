"""Every answer that is a refusal or a failure, as one value: a status, a reason for programs, a sentence for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
import structlog
from starlette.responses import Response

from schema import messages
from schema.errors import describe
from services.database import DatabaseUnavailable

log = structlog.get_logger("api")

RETRY = {"Retry-After": "1"}
CLOSE = {"Connection": "close"}


class Reason(StrEnum):
    """Why a request got no answer of its own kind."""

    MALFORMED = "malformed"
    NOT_ACCEPTABLE = "not_acceptable"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_OFTEN = "too_often"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    DEVICE_UNKNOWN = "device_unknown"
    DATABASE_UNAVAILABLE = "database_unavailable"
    TIMEOUT = "timeout"
    INTERNAL = "internal"


@dataclass
class Problem(Exception):
    """A request that ends here; `reason` is a `Reason` or a refusal's own."""

    status: int
    reason: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The problem as JSON."""
        return json_response({"reason": self.reason, "message": self.message}, self.status, self.headers)


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def malformed(message: str = messages.MALFORMED) -> Problem:
    """The request cannot be read."""
    return Problem(400, Reason.MALFORMED, message)


def problem_of(error: Exception) -> Problem:
    """What a client is told of an exception; an unexpected one is logged, without its text, and masked."""
    match error:
        case Problem():
            return error
        case DatabaseUnavailable():
            return Problem(503, Reason.DATABASE_UNAVAILABLE, messages.DATABASE_UNAVAILABLE, RETRY)
        case TimeoutError():
            return Problem(503, Reason.TIMEOUT, messages.TIMEOUT, RETRY)
        case _:
            log.error("request failed", **describe(error))
            return Problem(500, Reason.INTERNAL, messages.INTERNAL)
