"""The engine: what it remembers, what it masks, and what becomes of a request."""

from typing import Any

import pytest
from graphql import parse
from structlog.testing import capture_logs

from schema import execution
from schema.context import Context
from schema.execution import Engine, Fate, Request
from services.database import DatabaseUnavailable
from services.resources import Resources
from services.settings import load_settings
from tests.schema.conftest import Ask
from tests.services.register import Register


@pytest.fixture
def engine() -> Engine:
    """An engine of its own for each test."""
    return Engine(load_settings({"MODE": "demo", "MAX_CHARACTERS": "100", "MAX_TOKENS": "20"}))


async def run(engine: Engine, resources: Resources, query: str, **options: Any) -> execution.Answer:
    """Run a document for nobody."""
    return await engine.run(Request(query, **options), Context(resources, None), "request-id")


async def test_documents_are_remembered_within_bounds(
    engine: Engine, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known document is not parsed again; the least recently used is forgotten, and invalid ones are never kept."""
    parsed: list[str] = []

    def counted(query: str, **options: Any) -> Any:
        parsed.append(query)
        return parse(query, **options)

    monkeypatch.setattr("schema.execution.parse", counted)
    monkeypatch.setattr("schema.execution._REMEMBERED", 2)
    for query in ("{ a: __typename }", "{ b: __typename }", "{ a: __typename }", "{ c: __typename }", "{ nothing }"):
        await run(engine, resources, query)
    parsed.clear()

    for query in ("{ a: __typename }", "{ nothing }", "{ b: __typename }"):
        await run(engine, resources, query)

    assert parsed == ["{ nothing }", "{ b: __typename }"]


@pytest.mark.parametrize(("query", "limit"), [("{" + " a" * 19 + "}", "tokens"), ("# " + "x" * 100, "characters")])
async def test_a_document_that_is_too_long_is_refused_by_its_limit(
    engine: Engine, resources: Resources, query: str, limit: str
) -> None:
    """Before it is parsed to its end."""
    answer = await run(engine, resources, query)

    assert answer.fate is Fate.REFUSED
    assert answer.body["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
    assert limit in answer.body["errors"][0]["message"]


async def test_a_variable_may_not_undo_the_limits(resources: Resources) -> None:
    """A document that was taken with one page size is measured again with another."""
    engine = Engine(load_settings({"MODE": "demo", "MAX_COST": "100"}))
    query = "query($n: Int!) { services(first: $n) { pageInfo { hasNextPage } } }"

    small = await run(engine, resources, query, variables={"n": 1})
    large = await run(engine, resources, query, variables={"n": 100})

    assert (small.fate, large.fate) == (Fate.EXECUTED, Fate.REFUSED)


async def test_a_mutation_is_not_run_where_only_reading_is_allowed(engine: Engine, resources: Resources) -> None:
    """The fate tells the HTTP edge which status that is."""
    refused = await run(engine, resources, "mutation { signOut { __typename } }", read_only=True)
    allowed = await run(engine, resources, "{ __typename }", read_only=True)

    assert (refused.fate, allowed.fate) == (Fate.READ_ONLY, Fate.EXECUTED)
    assert "data" not in refused.body


async def test_an_unexpected_exception_is_masked_and_logged(
    ask: Ask, register: Register, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client gets a request id, the log the exception's type and place, neither its text."""
    viewer = await register.viewer(await register.resident())

    async def fail(*_: object) -> None:
        raise RuntimeError("name-to-hide")

    monkeypatch.setattr(resources.database, "fetch", fail)
    with capture_logs() as logs:
        body = await ask("{ viewer { maskedName } }", viewer)

    assert body["data"] == {"viewer": None}
    assert body["errors"][0]["extensions"] == {"code": "INTERNAL", "requestId": "request-id"}
    assert "name-to-hide" not in str(body) + str(logs)
    assert (logs[0]["error"], logs[0]["path"], logs[0]["request_id"]) == ("RuntimeError", "viewer", "request-id")
    assert any(place.endswith(" fail") for place in logs[0]["at"])


async def test_a_lost_database_is_the_fate_of_the_whole_request(
    engine: Engine, register: Register, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an answer would look like an empty one: the client is told to ask again."""
    viewer = await register.viewer()

    async def away(*_: object) -> None:
        raise DatabaseUnavailable("TimeoutError")

    monkeypatch.setattr(resources.database, "fetch", away)
    answer = await engine.run(Request("{ __typename viewer { maskedName } }"), Context(resources, viewer), "request-id")

    assert answer.fate is Fate.UNAVAILABLE
    assert answer.body["errors"][0]["extensions"] == {"code": "DATABASE_UNAVAILABLE"}
    assert "data" not in answer.body
