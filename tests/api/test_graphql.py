"""GraphQL over HTTP: what is negotiated, what is refused, and that nothing hostile keeps the server from answering."""

import asyncio
import json

import httpx
import pytest

from api.graphql import JSON, RESPONSE_JSON, negotiate
from tests.schema.test_limits import bomb


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/html, */*;q=0.1", JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE_JSON),
        (f"{JSON}, {RESPONSE_JSON};q=0.5", JSON),
        (f"{JSON};q=0, */*", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=x, {JSON}", JSON),
        (f"{RESPONSE_JSON.upper()}; Q=0.9", RESPONSE_JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
    ],
)
def test_the_answer_has_a_type_that_the_client_takes(accept: str | None, media: str | None) -> None:
    """The specification's type is for those who name it, JSON for others, nothing for those who take neither."""
    assert negotiate(accept) == media


async def test_a_client_that_takes_neither_type_is_told(http: httpx.AsyncClient) -> None:
    """406, still as JSON, because that is all this server speaks."""
    answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"Accept": "text/html"})

    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize(("media", "status"), [(RESPONSE_JSON, 400), (JSON, 200)])
@pytest.mark.parametrize(
    "request_body",
    [
        {"query": "{ nothing"},
        {"query": "{ nothing }"},
        {"query": "query($n: Int!) { services(first: $n) { __typename } }", "variables": {"n": "x"}},
        {"query": "query a { __typename } query b { __typename }"},
        {"query": "{ services(first: 0) { __typename } }"},
        {"query": bomb(60, 7)},
    ],
)
async def test_a_request_that_was_not_executed_has_no_data(
    http: httpx.AsyncClient, request_body: dict[str, object], media: str, status: int
) -> None:
    """The specification's type carries the status; plain JSON keeps the 200 its clients expect."""
    answer = await http.post("/graphql", json=request_body, headers={"Accept": media})

    assert answer.status_code == status
    assert list(answer.json()) == ["errors"]
    assert "Did you mean" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        '[{"query": "{ __typename }"}]',
        '{"query": ""}',
        '{"query": "{ __typename }", "operationName": "' + "x" * 201 + '"}',
        '{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
        '{"query": "{ __typename }", "variables": {"n": ' + "9" * 20_000 + "}}",
        '{"query": "{ __typename }", "variables": ' + "[" * 40 + "]" * 40 + "}",
        "[" * 50_000,
        '{"query": "' + '\\"' * 40_000,
    ],
)
async def test_a_body_that_is_no_request_is_a_bad_request(http: httpx.AsyncClient, body: str) -> None:
    """Batches, wrong types and JSON that is hostile to parsers are all told with 400."""
    answer = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert answer.json()["errors"][0]["extensions"]["code"] == "MALFORMED"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json; charset=gbk", "multipart/form-data"])
async def test_only_json_in_utf_8_is_read(http: httpx.AsyncClient, content_type: str) -> None:
    """Any other type is refused, so that no form on a foreign page can send a request."""
    headers = {"Content-Type": content_type} if content_type else {}

    answer = await http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)

    assert answer.status_code == 415


async def test_a_mutation_is_not_executed_by_get(http: httpx.AsyncClient) -> None:
    """GET must be safe to repeat and to prefetch."""
    answer = await http.get("/graphql", params={"query": "mutation { signOut { __typename } }"})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "data" not in answer.json()


async def test_a_query_by_get_takes_its_variables_from_the_address(http: httpx.AsyncClient) -> None:
    """As the specification allows; malformed variables are a bad request."""
    query = "query($name: String!) { __type(name: $name) { name } }"

    good = await http.get("/graphql", params={"query": query, "variables": '{"name": "Card"}'})
    bad = await http.get("/graphql", params={"query": query, "variables": "{"})

    assert good.json() == {"data": {"__type": {"name": "Card"}}}
    assert bad.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(http: httpx.AsyncClient, method: str) -> None:
    """Only GET and POST are GraphQL."""
    answer = await http.request(method, "/graphql")

    assert answer.status_code == 405
    assert answer.json()["reason"] == "method_not_allowed"


async def test_nobody_is_signed_in_without_a_token(http: httpx.AsyncClient) -> None:
    """A query for the viewer says so in a code, a mutation in its union."""
    query = await http.post("/graphql", json={"query": "{ viewer { maskedName } }"})
    mutation = await http.post("/graphql", json={"query": "mutation { signOut { ... on NotSignedIn { message } } }"})

    assert query.json()["data"] == {"viewer": None}
    assert query.json()["errors"][0]["extensions"]["code"] == "NOT_SIGNED_IN"
    assert mutation.json() == {"data": {"signOut": {"message": "请先登录。"}}}


@pytest.mark.parametrize("authorization", ["Bearer x", "Bearer", "Basic eDp5", "Bearer a.b.c", "nonsense"])
async def test_a_token_that_proves_nothing_is_nobody(http: httpx.AsyncClient, authorization: str) -> None:
    """The answer says that the session has ended, which tells the app to refresh it."""
    answer = await http.post(
        "/graphql",
        json={"query": "mutation { signOut { ... on NotSignedIn { message } } }"},
        headers={"Authorization": authorization},
    )

    assert answer.json() == {"data": {"signOut": {"message": "登录已失效，请重新登录。"}}}


async def test_bombs_do_not_keep_the_server_from_answering(http: httpx.AsyncClient) -> None:
    """While fragments that would expand to 10 ** 40 fields arrive in a stream, health is still answered."""
    bombs = [http.post("/graphql", json={"query": bomb(40, 10)}) for _ in range(20)]
    health = [http.get("/healthz") for _ in range(20)]

    answers = await asyncio.gather(*bombs, *health)

    assert all(answer.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED" for answer in answers[:20])
    assert [answer.status_code for answer in answers[20:]] == [200] * 20


async def test_text_outside_ascii_arrives_and_leaves_whole(http: httpx.AsyncClient) -> None:
    """UTF-8 both ways, declared."""
    query = 'mutation { signInWithWechat(code: "测试") { ... on WechatRefused { reason message } } }'

    answer = await http.post(
        "/graphql", content=json.dumps({"query": query}, ensure_ascii=False).encode(), headers={"Content-Type": JSON}
    )

    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json()["data"]["signInWithWechat"]["reason"] == "CODE_INVALID"
    assert "验证码无效" in answer.text
