"""GraphQL over HTTP as its specification has it: media types, statuses, and no mutation by GET."""

import asyncio
from collections.abc import Mapping
from typing import Any, assert_never

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.auth import context_of
from api.body import media_type, read_body, read_json
from api.current import Current
from api.problem import RETRY, Problem, Reason, malformed, problem_of
from schema import execution, messages
from schema.execution import Answer, Engine, Fate

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
MAX_NAME = 200


class GraphQLEndpoint:
    """POST and GET of /graphql; one operation a request."""

    def __init__(self, current: Current, engine: Engine) -> None:
        self._current = current
        self._settings = current.resources.settings
        self._engine = engine

    async def handle(self, request: Request) -> Response:
        """Answer one request; every failure is a GraphQL error in JSON."""
        media = negotiate(request.headers.get("accept"))
        if media is None:
            return _failure(Problem(406, Reason.NOT_ACCEPTABLE, messages.NOT_ACCEPTABLE), JSON, _id(request))
        try:
            asked = await self._read(request)
            async with asyncio.timeout(self._settings.request_seconds):
                context = context_of(self._current.resources, request)
                answer = await self._engine.run(asked, context, _id(request))
            return _response(answer, media)
        except Exception as error:  # noqa: BLE001 - masked and logged by problem_of
            return _failure(problem_of(error), media, _id(request))

    async def _read(self, request: Request) -> execution.Request:
        if request.method == "GET":
            parameters: dict[str, object] = dict(request.query_params)
            for name in ("variables", "extensions"):
                text = parameters.get(name)
                if isinstance(text, str):
                    parameters[name] = read_json(text.encode(), self._settings.max_json_nesting)
            return request_of(parameters, read_only=True)
        if media_type(request) != (JSON, "utf-8"):
            raise Problem(415, Reason.UNSUPPORTED_TYPE, messages.UNSUPPORTED_TYPE)
        body = await read_body(request, self._settings.max_body_bytes, self._settings.body_seconds)
        return request_of(read_json(body, self._settings.max_json_nesting))


def negotiate(accept: str | None) -> str | None:
    """The media type of the answer; None when the client takes neither of ours.

    The specification's own type is given to those who name it; everybody else gets plain JSON.
    """
    if not accept:
        return JSON
    qualities = dict(_quality(entry) for entry in accept.split(","))
    fallback = qualities.get("application/*", qualities.get("*/*", 0.0))
    plain = qualities.get(JSON, fallback)
    if (named := qualities.get(RESPONSE_JSON, 0.0)) > 0 and named >= plain:
        return RESPONSE_JSON
    if plain > 0:
        return JSON
    return RESPONSE_JSON if qualities.get(RESPONSE_JSON, fallback) > 0 else None


def _quality(entry: str) -> tuple[str, float]:
    media, *parameters = (part.strip().lower() for part in entry.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media, float(value)
            except ValueError:
                return media, 0.0
    return media, 1.0


def request_of(parameters: object, *, read_only: bool = False) -> execution.Request:
    """The request in a JSON object.

    Raises:
        Problem: 400 when a parameter is missing or of the wrong type; several requests in a list are not taken.
    """
    if not isinstance(parameters, dict):
        raise malformed(messages.NOT_A_REQUEST)
    query, name = parameters.get("query"), parameters.get("operationName")
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    if not isinstance(query, str) or not query:
        raise malformed(messages.NO_QUERY)
    if name is not None and (not isinstance(name, str) or len(name) > MAX_NAME):
        raise malformed(messages.NOT_A_REQUEST)
    if not isinstance(variables, dict | None) or not isinstance(extensions, dict | None):
        raise malformed(messages.NOT_A_REQUEST)
    return execution.Request(query, name or None, variables or {}, read_only)


def _response(answer: Answer, media: str) -> Response:
    match answer.fate:
        case Fate.EXECUTED:
            return _json(answer.body, 200, media)
        case Fate.REFUSED:
            # Plain JSON is older than the statuses: its clients expect 200 and read `errors`.
            return _json(answer.body, 400 if media == RESPONSE_JSON else 200, media)
        case Fate.READ_ONLY:
            return _json(answer.body, 405, media, {"Allow": "POST"})
        case Fate.UNAVAILABLE:
            return _json(answer.body, 503, media, RETRY)
        case _:
            assert_never(answer.fate)


def _id(request: Request) -> str:
    return str(request.state.request_id)


def _failure(problem: Problem, media: str, request_id: str) -> Response:
    extensions = {"code": problem.reason.upper(), "requestId": request_id}
    body = {"errors": [{"message": problem.message, "extensions": extensions}]}
    return _json(body, problem.status, media, problem.headers)


def _json(body: Mapping[str, Any], status: int, media: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(body),
        status,
        {"Vary": "Accept", **(headers or {})},
        f"{media}; charset=utf-8",
    )
