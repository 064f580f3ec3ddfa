"""Runs GraphQL documents: parsed, measured, validated once and remembered, then executed by graphql-core itself.

Strawberry's own `Schema.execute` builds its extensions anew for each request and measures nothing before validation.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSyntaxError,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    subscribe,
    validate,
)
from graphql.validation import specified_rules
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema import limits, messages
from schema.context import Context
from schema.errors import ErrorCode, ExpectedError, is_database_away, present
from schema.root import build_schema
from services.settings import Settings

_REMEMBERED = 256
_MAX_ERRORS = 20
_TOO_MANY_TOKENS = "Parsing aborted"


class Fate(Enum):
    """What became of a request."""

    EXECUTED = auto()
    REFUSED = auto()
    READ_ONLY = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True)
class Request:
    """A GraphQL request: the document, which of its operations, and the values of its variables."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    read_only: bool = False


@dataclass(frozen=True)
class Answer:
    """The body of the answer; only an executed one holds `data`."""

    fate: Fate
    body: Mapping[str, Any]


@dataclass(frozen=True)
class _Prepared:
    document: DocumentNode
    varies: bool


class Engine:
    """The schema with its limits, for one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._strawberry = build_schema()
        self._schema = self._strawberry._schema  # noqa: SLF001 - Strawberry has no public name for it
        self._remembered: OrderedDict[str, _Prepared] = OrderedDict()

    async def run(self, request: Request, context: Context, request_id: str) -> Answer:
        """Answer one request; never raises for what a client can send."""
        try:
            prepared = self._recall(request) or self._prepare(request)
            if isinstance(prepared, list):
                return _refused(prepared, request_id)
        except GraphQLError as error:
            return _refused([error], request_id)
        operation = get_operation_ast(prepared.document, request.operation_name)
        if operation is not None and operation.operation is OperationType.SUBSCRIPTION:
            return _refused([ExpectedError(ErrorCode.BAD_REQUEST, messages.SUBSCRIPTION_BY_HTTP)], request_id)
        if request.read_only and operation is not None and operation.operation is not OperationType.QUERY:
            refusal = ExpectedError(ErrorCode.BAD_REQUEST, messages.MUTATION_BY_GET)
            return Answer(Fate.READ_ONLY, _body([refusal], request_id))
        return _answer(await self._execute(prepared.document, request, context), request_id)

    async def subscribe(
        self, request: Request, context: Context, request_id: str
    ) -> Answer | AsyncIterator[Mapping[str, Any]]:
        """The bodies of a subscription's answers, each when it is due, within the limits of every document.

        The iterator raises what its resolver raises: the session ended, or the database is away.
        """
        try:
            prepared = self._recall(request) or self._prepare(request)
            if isinstance(prepared, list):
                return _refused(prepared, request_id)
        except GraphQLError as error:
            return _refused([error], request_id)
        operation = get_operation_ast(prepared.document, request.operation_name)
        if operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            return _refused([ExpectedError(ErrorCode.BAD_REQUEST, messages.ONLY_SUBSCRIPTIONS)], request_id)
        stream = subscribe(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            hide_suggestions=True,
        )
        stream = await stream if isawaitable(stream) else stream
        if isinstance(stream, ExecutionResult):
            return _refused(stream.errors or [], request_id)
        return _bodies(stream, request_id)

    def _recall(self, request: Request) -> _Prepared | None:
        """A document that was seen before; with other variables it may be too large now."""
        known = self._remembered.get(request.query)
        if known is not None:
            self._remembered.move_to_end(request.query)
            if known.varies:
                limits.check(self._schema, known.document, self._settings, request.variables)
        return known

    def _prepare(self, request: Request) -> _Prepared | list[GraphQLError]:
        """Parse, measure and validate, in this order: each step bounds the work of the next.

        Raises:
            GraphQLError: the document cannot be read, or exceeds a limit.
        """
        query = request.query
        if len(query) > self._settings.max_characters:
            raise limits.LimitExceeded(limits.Limit.CHARACTERS, self._settings.max_characters)
        document = self._parse(query)
        limits.check(self._schema, document, self._settings, request.variables)
        errors = validate(self._schema, document, specified_rules, max_errors=_MAX_ERRORS, hide_suggestions=True)
        if errors:
            return errors
        prepared = _Prepared(document, limits.depends_on_variables(document))
        self._remembered[query] = prepared
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return prepared

    def _parse(self, query: str) -> DocumentNode:
        try:
            return parse(query, max_lexical_tokens=self._settings.max_tokens)
        except GraphQLSyntaxError as error:
            if _TOO_MANY_TOKENS in error.message:
                raise limits.LimitExceeded(limits.Limit.TOKENS, self._settings.max_tokens) from None
            raise

    async def _execute(self, document: DocumentNode, request: Request, context: Context) -> ExecutionResult:
        result = execute(
            self._schema,
            document,
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            hide_suggestions=True,
        )
        return await result if isawaitable(result) else result


async def _bodies(stream: AsyncIterator[ExecutionResult], request_id: str) -> AsyncIterator[Mapping[str, Any]]:
    async for result in stream:
        yield _answer(result, request_id).body


def _answer(result: ExecutionResult, request_id: str) -> Answer:
    errors = result.errors or []
    if is_database_away(errors):
        away = ExpectedError(ErrorCode.DATABASE_UNAVAILABLE, messages.DATABASE_UNAVAILABLE)
        return Answer(Fate.UNAVAILABLE, _body([away], request_id))
    # Before execution began, errors have no path: an unknown operation, or variables of the wrong type.
    if result.data is None and errors and all(error.path is None for error in errors):
        return _refused(errors, request_id)
    body: dict[str, Any] = {"data": result.data}
    return Answer(Fate.EXECUTED, {**_body(errors, request_id), **body} if errors else body)


def _refused(errors: list[GraphQLError], request_id: str) -> Answer:
    return Answer(Fate.REFUSED, _body(errors, request_id))


def _body(errors: list[GraphQLError], request_id: str) -> dict[str, Any]:
    return {"errors": [present(error, request_id) for error in errors]}
