"""Walks every query, mutation, subscription and type: each is classified, and answers as the table says."""

import tomllib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLUnionType, get_named_type

from domain.access import Viewer
from domain.card_event import CardEvent
from domain.duty import DUTIES, STAFF, Duty
from schema.context import Context
from schema.execution import Engine, Request
from schema.permission import FIELDS, Access
from schema.root import build_schema
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.schema.props import prepared
from tests.schema.settlement_props import settled
from tests.schema.walk import Part, document, enter, is_allowed, is_refused, known_of, values
from tests.services.register import Register

TYPES = Path(__file__).with_name("reach.toml")
SCHEMA = build_schema()._schema  # graphql-core's own, which can be walked


def _roots() -> dict[str, tuple[str, GraphQLField]]:
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None
    assert SCHEMA.subscription_type is not None
    return {
        name: (kind, field)
        for kind, root in (
            ("query", SCHEMA.query_type),
            ("mutation", SCHEMA.mutation_type),
            ("subscription", SCHEMA.subscription_type),
        )
        for name, field in root.fields.items()
    }


ROOTS = _roots()


@pytest.fixture
def follow(resources: Resources, engine: Engine) -> Ask:
    """Runs a subscription and returns the body of its first answer."""

    async def run(document: str, viewer: Viewer, **variables: object) -> dict[str, Any]:
        bodies = await engine.subscribe(Request(document, None, variables), Context(resources, viewer), "request-id")
        assert isinstance(bodies, AsyncGenerator), bodies
        async with aclosing(bodies):
            return dict(await anext(bodies))

    return run


def test_every_field_of_a_root_is_classified() -> None:
    """schema/permission.py names each of them, and nothing else."""
    assert set(FIELDS) == set(ROOTS), "classify what is new in schema/permission.py"


def test_every_duty_is_somebodys() -> None:
    """No duty is forgotten, none is given to others than staff, and every one is asked for by some field."""
    asked = {access.duty for access in FIELDS.values()} - {None}

    assert set(DUTIES) == {*Duty, *CardEvent}
    assert all(roles <= STAFF for roles in DUTIES.values())
    # The register alone brings about an expiry, an appeal's decision the revision, and bookings are reviewed in
    # `viewer.staff`.
    assert {duty for duty in DUTIES if DUTIES[duty]} - asked == {CardEvent.REVISE, Duty.REVIEW_BOOKINGS}


@pytest.mark.parametrize("name", ROOTS)
async def test_a_field_is_for_those_whom_the_table_names(
    name: str, ask: Ask, follow: Ask, register: Register, resources: Resources
) -> None:
    """Every part of the play asks for it about a resident of its own: allowed or refused as the table says."""
    kind, field = ROOTS[name]
    # Nobody opens a WebSocket without a token.
    run, parts = (follow, [*Part][1:]) if kind == "subscription" else (ask, [*Part])
    told = {}
    for part in parts:
        scene = await enter(register, part)
        known = {**known_of(scene), **await prepared(name, ask, register, resources, part, scene)}
        known |= await settled(name, register, scene)

        body = await run(document(kind, name, field), scene.viewer, **values(field, known))

        told[part] = not is_refused(body)
    assert told == {part: is_allowed(part, FIELDS[name], field) for part in parts}


async def test_no_type_is_reached_by_others_than_it_says() -> None:
    """Each type with its fields stands in reach.toml beside those who reach it."""
    reached: dict[str, set[str]] = {}
    for name, (_, field) in ROOTS.items():
        for type_ in _types_of(field):
            reached.setdefault(type_, set()).update(_parties(FIELDS[name]))
    found = {
        name: {"reach": " ".join(sorted(parties)), "fields": " ".join(_object(name).fields)}
        for name, parties in reached.items()
    }

    declared = tomllib.loads(TYPES.read_text(encoding="utf-8"))

    for name, says in found.items():
        assert declared.get(name) == says, f"classify the type {name} in {TYPES.name}: {says}"
    assert set(declared) == set(found), "reach.toml names types that are gone"


def _types_of(field: GraphQLField) -> set[str]:
    """The object types that an answer of a field can hold, at any depth."""
    seen: set[str] = set()
    waiting = [get_named_type(field.type)]
    while waiting:
        match waiting.pop():
            case GraphQLUnionType() as union:
                waiting.extend(union.types)
            case GraphQLObjectType() as type_ if type_.name not in seen:
                seen.add(type_.name)
                waiting.extend(get_named_type(each.type) for each in type_.fields.values())
    return seen


def _parties(access: Access) -> set[str]:
    if not access.needs_sign_in:
        return {"anybody"}
    parties = {"staff": access.duty is not None, "desk": access.at_desk, "operator": access.at_operator}
    named = {party for party, comes in parties.items() if comes}
    return named | ({"own"} if access.act is not None or not named else set())


def _object(name: str) -> GraphQLObjectType:
    type_ = SCHEMA.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    return type_
