"""Limits of a document: each at its bound and one beyond, and no shape of fragments gets around them."""

from collections.abc import Mapping

import pytest
from graphql import GraphQLError, get_introspection_query, parse

from schema import limits
from schema.errors import ErrorCode, ExpectedError
from schema.limits import Limit, LimitExceeded
from schema.root import build_schema
from services.settings import Mode, Settings

SCHEMA = build_schema()._schema


def check(document: str, settings: Settings | None = None, variables: Mapping[str, object] | None = None) -> None:
    """Measure a document by the settings."""
    limits.check(SCHEMA, parse(document), settings or settings_of(), variables or {})


def settings_of(**values: object) -> Settings:
    """Settings of a demo server."""
    return Settings(mode=Mode.DEMO, **values)  # type: ignore[arg-type] # names and values of fields


def nested(levels: int) -> str:
    """A query of so many fields within one another."""
    return "{ viewer " + "{ wards " * (levels - 2) + "{ maskedName }" + " }" * (levels - 1)


def bomb(length: int, fan: int) -> str:
    """A chain of fragments, each of which spreads the next `fan` times: fan ** length fields when expanded."""
    links = [f"fragment f{n} on Viewer {{ {f'...f{n + 1} ' * fan}}}" for n in range(length)]
    return f"{{ viewer {{ ...f0 }} }} {' '.join(links)} fragment f{length} on Viewer {{ maskedName }}"


@pytest.mark.parametrize(
    ("limit", "setting", "within", "beyond"),
    [
        (Limit.DEPTH, {"max_depth": 5}, nested(5), nested(6)),
        (Limit.ALIASES, {"max_aliases": 1}, "{ a: __typename }", "{ a: __typename b: __typename }"),
        (Limit.ALIASES, {"max_aliases": 1}, "{ __typename __typename }", "{ __typename __typename __typename }"),
        (
            Limit.DIRECTIVES,
            {"max_directives": 1},
            "{ __typename @skip(if: false) }",
            "query @include(if: true) { __typename @skip(if: false) }",
        ),
        (
            Limit.FRAGMENT_SPREADS,
            {"max_fragment_spreads": 1},
            "{ ...a } fragment a on Query { __typename }",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { __typename }",
        ),
        # The connection, its page information and as many flags as entries were asked for; see the module.
        (
            Limit.COST,
            {"max_cost": 21},
            "{ services(first: 10) { pageInfo { hasNextPage } } }",
            "{ services(first: 11) { pageInfo { hasNextPage } } }",
        ),
        (
            Limit.NODES,
            {"max_nodes": 20},
            "{ services(first: 10) { pageInfo { hasNextPage } } }",
            "{ services(first: 11) { pageInfo { hasNextPage } } }",
        ),
    ],
)
def test_each_limit_holds_at_its_bound(limit: Limit, setting: dict[str, int], within: str, beyond: str) -> None:
    """A document at the bound passes, and one beyond it is refused by the limit's name."""
    settings = settings_of(**setting)

    check(within, settings)
    with pytest.raises(LimitExceeded) as refused:
        check(beyond, settings)

    assert refused.value.limit is limit
    assert str(next(iter(setting.values()))) in refused.value.message


@pytest.mark.parametrize("fan", [2, 3, 7, 40])
def test_a_bomb_of_fragments_is_measured_without_expanding_it(fan: int) -> None:
    """Sixty fragments that multiply one another are refused; walked one by one they would never end."""
    with pytest.raises(LimitExceeded) as refused:
        check(bomb(60, fan))

    assert refused.value.limit is Limit.FRAGMENT_SPREADS


def test_a_bomb_that_no_operation_uses_is_refused_too() -> None:
    """Validation walks unused fragments, so they are measured as operations are."""
    with pytest.raises(LimitExceeded):
        check("{ __typename } " + bomb(20, 3).replace("{ viewer { ...f0 } }", ""))


def test_aliases_and_depth_count_through_fragments() -> None:
    """What a fragment holds counts as often as it is spread."""
    aliased = "{ ...f } fragment f on Query { a: __typename b: __typename }"
    deep = "{ viewer { ...f } } fragment f on Viewer { card { state } }"

    with pytest.raises(LimitExceeded) as aliases:
        check(aliased, settings_of(max_aliases=1))
    with pytest.raises(LimitExceeded) as depth:
        check(deep, settings_of(max_depth=2))

    assert (aliases.value.limit, depth.value.limit) == (Limit.ALIASES, Limit.DEPTH)


def test_fields_repeated_by_several_fragments_count_as_aliases() -> None:
    """Merging fields of one name is as costly as answering aliases, wherever they come from."""
    document = "{ ...a ...b ... { __typename } } fragment a on Query { __typename } fragment b on Query { __typename }"

    check(document, settings_of(max_aliases=2))
    with pytest.raises(LimitExceeded) as refused:
        check(document, settings_of(max_aliases=1))

    assert refused.value.limit is Limit.ALIASES


def test_nesting_that_adds_no_depth_is_bounded() -> None:
    """Fragments within fragments end long before Python's stack does."""
    links = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(150))
    document = f"{{ ...f0 }} {links} fragment f150 on Query {{ __typename }}"

    with pytest.raises(LimitExceeded):
        check(document, settings_of(max_fragment_spreads=1_000))


def test_fragments_in_a_cycle_are_refused() -> None:
    """A fragment that comes back to itself has no size."""
    with pytest.raises(ExpectedError) as refused:
        check("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }")

    assert refused.value.extensions == {"code": ErrorCode.DOCUMENT_INVALID}


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ services(first: 0) { __typename } }", {}),
        ("{ services(first: 101) { __typename } }", {}),
        ("{ services(first: 99999999999999999999) { __typename } }", {}),
        ("query($n: Int!) { services(first: $n) { __typename } }", {"n": 101}),
        ("query($n: Int! = 101) { services(first: $n) { __typename } }", {}),
        ("query($n: Int! = 101) { services(first: $n) { __typename } }", {"m": 1}),
        (
            "query a($n: Int! = 1) { services(first: $n) { __typename } } query b($n: Int! = 101) { __typename }",
            {},
        ),
    ],
)
def test_a_page_has_one_to_a_hundred_entries(document: str, variables: dict[str, int]) -> None:
    """The size is refused whether it is written, given as a variable, or is a variable's default."""
    with pytest.raises(ExpectedError) as refused:
        check(document, variables=variables)

    assert refused.value.extensions == {"code": ErrorCode.PAGE_SIZE}


@pytest.mark.parametrize("value", [1, 100])
def test_a_page_within_its_bounds_passes(value: int) -> None:
    """Both ends of the range are sizes."""
    check("query($n: Int!) { services(first: $n) { __typename } }", variables={"n": value})


@pytest.mark.parametrize("value", [None, "x", 1.5, True, [1]])
def test_a_page_size_of_another_type_is_left_to_graphql(value: object) -> None:
    """Meanwhile it costs as much as the largest page, so that it is no way around the limit."""
    document = "query($n: Int!) { services(first: $n) { pageInfo { hasNextPage } } }"

    check(document, settings_of(max_cost=201), {"n": value})
    with pytest.raises(LimitExceeded):
        check(document, settings_of(max_cost=200), {"n": value})


def test_lists_without_pages_count_as_long_as_they_usually_are() -> None:
    """Wards say how many they usually are; other lists are taken to have four entries."""
    check("{ viewer { wards { relation } } }", settings_of(max_cost=5))
    check("{ viewer { credentials { id } } }", settings_of(max_cost=6))

    with pytest.raises(LimitExceeded):
        check("{ viewer { wards { relation } } }", settings_of(max_cost=4))
    with pytest.raises(LimitExceeded):
        check("{ viewer { credentials { id } } }", settings_of(max_cost=5))


def test_the_usual_introspection_query_passes_in_the_demo_only() -> None:
    """Tools can read a demo server's schema; in production it is a file."""
    document = get_introspection_query()

    check(document)
    with pytest.raises(ExpectedError) as refused:
        check(document, Settings.model_construct(**{**settings_of().model_dump(), "mode": Mode.PRODUCTION}))

    assert refused.value.extensions == {"code": ErrorCode.DOCUMENT_INVALID}


@pytest.mark.parametrize(
    "document", ["{ nothing { here } }", "{ ...missing }", "{ viewer { ... on Nobody { name } } }", "{ a: b { c } }"]
)
def test_what_the_schema_does_not_know_is_left_to_validation(document: str) -> None:
    """Unknown fields, types and fragments are measured as they stand."""
    check(document)

    assert limits.depends_on_variables(parse(document)) is False


@pytest.mark.parametrize(
    ("document", "varies"),
    [
        ("query ($n: Int!) { services(first: $n) { edges { cursor } } }", True),
        ("query ($a: String) { services(first: 9, after: $a) { edges { cursor } } }", False),
    ],
)
def test_only_a_page_of_variable_size_is_measured_again(document: str, varies: bool) -> None:  # noqa: FBT001
    """What else a variable holds does not change what a document costs."""
    assert limits.depends_on_variables(parse(document)) is varies


def test_limits_are_errors_that_clients_may_read() -> None:
    """A refusal is a GraphQL error with a code, not a fault of the server."""
    error = LimitExceeded(Limit.FRAGMENT_SPREADS, 50)

    assert isinstance(error, GraphQLError)
    assert error.message == "The operation exceeds the limit of 50 for fragment spreads."
    assert error.extensions == {"code": "LIMIT_EXCEEDED"}
