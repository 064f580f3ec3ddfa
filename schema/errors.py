"""What leaves the server when a field fails: a code and a sentence if expected, else no more than a request id."""

import traceback
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import structlog
from graphql import GraphQLError

from schema import messages
from services.database import DatabaseUnavailable

log = structlog.get_logger("schema")


class ErrorCode(StrEnum):
    """The `code` in an error's extensions, by which clients tell errors apart."""

    BAD_REQUEST = "BAD_REQUEST"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    PAGE_SIZE = "PAGE_SIZE"
    CURSOR_INVALID = "CURSOR_INVALID"
    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"


class ExpectedError(GraphQLError):
    """An error that clients may read as it is; every other exception is masked."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message, extensions={"code": code.value})


def is_database_away(errors: Iterable[GraphQLError]) -> bool:
    """Whether a field failed because PostgreSQL did not answer: the whole request is then worth a retry."""
    return any(isinstance(error.original_error, DatabaseUnavailable) for error in errors)


def present(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """An error as JSON. GraphQL's own and expected ones stay; others are logged and leave only the request id."""
    original = error.original_error or error
    if error.path is None or isinstance(original, ExpectedError):
        return {"extensions": {"code": ErrorCode.DOCUMENT_INVALID.value}, **error.formatted}
    log.error("field failed", request_id=request_id, path=_path(error), **describe(original))
    hidden = {"code": ErrorCode.INTERNAL.value, "requestId": request_id}
    return {**error.formatted, "message": messages.INTERNAL, "extensions": hidden}


def describe(error: BaseException) -> dict[str, Any]:
    """What a log may hold of an exception: its type and where it arose. Its text may quote a name or a token."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return {"error": type(error).__name__, "at": places}


def _path(error: GraphQLError) -> str:
    return ".".join(str(part) for part in error.path or ())
