"""Walks every query, mutation and type of the schema: each is classified, and answers as the table says."""

import tomllib
from pathlib import Path

import pytest
from graphql import GraphQLField, GraphQLObjectType, GraphQLUnionType, get_named_type

from card.cose import SigningKey
from card.credential import prove
from domain.card_event import CardEvent
from domain.duty import DUTIES, STAFF, Duty
from schema.credential import to_text
from schema.identity import to_id
from schema.permission import FIELDS, Access
from schema.root import build_schema
from services.credentials import new_challenge
from services.resources import Resources
from tests.schema.conftest import Ask
from tests.schema.walk import Part, Scene, document, enter, is_allowed, is_refused, known_of, values
from tests.services.register import Register

TYPES = Path(__file__).with_name("reach.toml")
SCHEMA = build_schema()._schema  # graphql-core's own, which can be walked


def _roots() -> dict[str, tuple[str, GraphQLField]]:
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None
    return {
        name: (kind, field)
        for kind, root in (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type))
        for name, field in root.fields.items()
    }


ROOTS = _roots()


def test_every_query_and_mutation_is_classified() -> None:
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
    name: str, ask: Ask, register: Register, resources: Resources
) -> None:
    """Every part of the play asks for it about a resident of its own: allowed or refused as the table says."""
    kind, field = ROOTS[name]
    told = {}
    for part in Part:
        scene = await enter(register, part)
        known = {**known_of(scene), **await _prepared(name, ask, register, resources, part, scene)}

        body = await ask(document(kind, name, field), scene.viewer, **values(field, known))

        told[part] = not is_refused(body)
    assert told == {part: is_allowed(part, FIELDS[name], field) for part in Part}


async def test_no_type_is_reached_by_others_than_it_says() -> None:
    """Each type with its fields stands in reach.toml beside those who reach it: anybody, an account its own, staff."""
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


async def _prepared(
    name: str, ask: Ask, register: Register, resources: Resources, part: Part, scene: Scene
) -> dict[str, str]:
    """What a request needs to come as far as the question who asks."""
    match name:
        case "issueCredential" if scene.viewer is not None:
            key, challenge = SigningKey.generate(), new_challenge(resources, scene.viewer)
            proof = prove(challenge, key)
            return {
                "holderKey": to_text(key.verifying_key.public),
                "challenge": to_text(challenge),
                "proof": to_text(proof),
            }
        case "cancelBooking":
            return {"bookingId": await _booking(ask, register, part, scene)}
        case "cancelCourse":
            return {"courseBookingId": await _course_booking(ask, register, part, scene)}
        case _:
            return {}


async def _booking(ask: Ask, register: Register, part: Part, scene: Scene) -> str:
    """A place that the resident of the scene holds."""
    booker = scene.viewer if part is Part.HOLDER else await register.viewer(scene.resident)
    slot = to_id("Slot", await register.slot(await register.service()))
    body = await ask(
        "mutation ($slot: ID!, $key: IdempotencyKey!) "
        "{ answer: bookSlot(slotId: $slot, key: $key) { ... on Booking { id } } }",
        booker,
        slot=slot,
        key="books-before-it-is-cancelled",
    )
    booking: str = body["data"]["answer"]["id"]
    return booking


async def _course_booking(ask: Ask, register: Register, part: Part, scene: Scene) -> str:
    """A place in a course that the resident of the scene holds."""
    booker = scene.viewer if part is Part.HOLDER else await register.viewer(scene.resident)
    course = to_id("Course", await register.course(await register.service(), hours=[24, 48]))
    body = await ask(
        "mutation ($course: ID!, $key: IdempotencyKey!) "
        "{ answer: bookCourse(courseId: $course, key: $key) { ... on CourseBooking { id } } }",
        booker,
        course=course,
        key="joins-before-it-is-cancelled",
    )
    place: str = body["data"]["answer"]["id"]
    return place


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
    if access.at_desk:
        return {"desk"}
    own = {"own"} if access.act is not None or access.duty is None else set()
    return own | ({"staff"} if access.duty is not None else set())


def _object(name: str) -> GraphQLObjectType:
    type_ = SCHEMA.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    return type_
