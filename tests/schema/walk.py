"""Plays everybody who may come: strangers, family, people of a provider or operator, staff of every role and area."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)
from graphql.pyutils import Undefined

from domain.access import Act, Viewer
from domain.duty import AnyDuty, may
from domain.standing import Role
from schema.identity import to_id
from schema.permission import SIGNED_IN, Access
from tests.services.register import Holder, Register

TOWN, VILLAGE = "曹娥街道", "一村"
# How a service says that somebody may not, or must not even learn whether there is something.
REFUSALS = {
    *("NOT_ALLOWED", "NOT_FOUND", "BOOKING_NOT_FOUND", "WISH_NOT_FOUND", "REFERRAL_NOT_FOUND", "SERVICE_NOT_FOUND"),
    "NOT_LINKED",
}
_SAMPLES = {
    "Date": "2026-03-11",
    "DateTime": "2026-03-11T02:00:00Z",
    "Int": 1,
    "Boolean": True,
    "Float": 1.0,
    "Decimal": "1",
}
# Arguments that name a resident of some area, or a place that she holds.
_WHOM = {"residentId", "number", "cardNumber", "bookingId", "courseBookingId", "entryId", "guardianId", "disputeId"}

# Arguments that are asked for although they may be left out.
_ASKED = {"residentId", "providerId"}


class Part(StrEnum):
    """Who comes."""

    NOBODY = "nobody"
    STRANGER = "stranger"
    HOLDER = "holder"
    GUARDIAN = "guardian"
    WATCHING_GUARDIAN = "watching_guardian"
    DESK = "desk"
    OPERATOR = "operator"
    COMMISSIONER = "commissioner"
    OTHER_COMMISSIONER = "other_commissioner"
    TOWN = "town"
    OTHER_TOWN = "other_town"
    DISTRICT = "district"
    ADMINISTRATOR = "administrator"
    UNPROVEN = "unproven"
    UNPROVEN_DESK = "unproven_desk"
    UNPROVEN_OPERATOR = "unproven_operator"


_ROLES = {
    Part.COMMISSIONER: Role.COMMISSIONER,
    Part.TOWN: Role.TOWN,
    Part.DISTRICT: Role.DISTRICT,
    Part.ADMINISTRATOR: Role.ADMINISTRATOR,
}
_STAFF: dict[Part, dict[str, Any]] = {
    Part.COMMISSIONER: {"role": "commissioner", "town": TOWN, "village": VILLAGE},
    Part.OTHER_COMMISSIONER: {"role": "commissioner", "town": TOWN, "village": "二村"},
    Part.TOWN: {"role": "clerk", "town": TOWN},
    Part.OTHER_TOWN: {"role": "clerk", "town": "东关街道"},
    Part.DISTRICT: {"role": "clerk"},
    Part.ADMINISTRATOR: {"role": "administrator"},
    # The district's clerk before her second factor.
    Part.UNPROVEN: {"role": "clerk", "is_proven": False},
}


@dataclass(frozen=True)
class Scene:
    """A viewer, the resident whom her request is about, a provider with a service there, and an operator."""

    viewer: Viewer | None
    resident: Holder
    provider_id: UUID
    service_id: UUID
    operator_id: UUID


async def enter(register: Register, part: Part) -> Scene:
    """Somebody of that part, and a resident of her own household or area."""
    resident, provider_id = await register.resident(town=TOWN), await register.provider()
    service_id = await register.service(provider_id=provider_id)
    operator_id = await register.operator()
    viewer = None
    match part:
        case Part.NOBODY:
            pass
        case Part.HOLDER:
            viewer = await register.viewer(resident)
        case Part.GUARDIAN | Part.WATCHING_GUARDIAN:
            viewer = await register.viewer()
            await register.guardian(resident, viewer.account_id, scope="full" if part is Part.GUARDIAN else "view")
        case Part.OPERATOR | Part.UNPROVEN_OPERATOR:
            viewer = await register.viewer()
            await register.operator_staff(viewer.account_id, operator_id, is_proven=part is Part.OPERATOR)
        case Part.DESK | Part.UNPROVEN_DESK:
            viewer = await register.viewer()
            await register.desk(viewer.account_id, service_id, is_proven=part is Part.DESK)
        case _:
            viewer = await register.viewer()
            if part in _STAFF:
                await register.staff(viewer.account_id, **_STAFF[part])
    return Scene(viewer, resident, provider_id, service_id, operator_id)


def is_allowed(part: Part, access: Access, field: GraphQLField) -> bool:
    """What the table says of a part."""
    if part is Part.NOBODY or not access.needs_sign_in:
        return not access.needs_sign_in
    if access == SIGNED_IN:
        return True
    match part:
        case Part.HOLDER | Part.GUARDIAN:
            return access.act is not None
        case Part.WATCHING_GUARDIAN:
            return access.act is Act.VIEW
        case Part.DESK | Part.OPERATOR:
            return access.at_desk if part is Part.DESK else access.at_operator
        case _:
            return access.duty is not None and _is_duty_of(part, access.duty, field)


def _is_duty_of(part: Part, duty: AnyDuty, field: GraphQLField) -> bool:
    """Whether a part has a duty, and the scene's resident in her area where one is named."""
    if part in {Part.OTHER_COMMISSIONER, Part.OTHER_TOWN}:
        role = Role.TOWN if part is Part.OTHER_TOWN else Role.COMMISSIONER
        return not _WHOM & set(field.args) and may(role, duty)
    return part in _ROLES and may(_ROLES[part], duty)


def document(kind: str, name: str, field: GraphQLField) -> str:
    """A document that asks for one root field with each required argument, and each of `_ASKED`, as a variable."""
    asked = [(argument, given.type) for argument, given in field.args.items() if _is_given(argument, given)]
    declared = ", ".join(f"${argument}: {type_}" for argument, type_ in asked)
    passed = ", ".join(f"{argument}: ${argument}" for argument, _ in asked)
    head = f"{kind} ({declared})" if asked else kind
    return f"{head} {{ answer: {name}{f'({passed})' if passed else ''} {{ __typename {_selected(field)} }} }}"


def values(field: GraphQLField, known: dict[str, Any]) -> dict[str, Any]:
    """A value for each of those variables: what the scene knows, or any of its type."""
    return {
        argument: known.get(argument, _sample(given.type, known))
        for argument, given in field.args.items()
        if _is_given(argument, given)
    }


def known_of(scene: Scene) -> dict[str, Any]:
    """The arguments that name the scene's resident, and the provider."""
    number = scene.resident.card_number
    return {
        "residentId": to_id("Resident", scene.resident.id),
        "number": number,
        "cardNumber": number,
        "providerId": to_id("Provider", scene.provider_id),
        "serviceId": to_id("Service", scene.service_id),
        "operatorId": to_id("Operator", scene.operator_id),
    }


def is_refused(body: dict[str, Any]) -> bool:
    """Whether an answer says that the viewer may not."""
    answer = (body.get("data") or {}).get("answer")
    if answer is None:
        assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_SIGNED_IN"], body
        return True
    reasons = {value for key, value in answer.items() if key.startswith("reason")}
    # Of a second factor, too, it says NOT_STAFF; but to be told that one needs none is an answer.
    is_no_staff = "NOT_STAFF" in reasons and answer["__typename"] != "SecondFactorRefused"
    return answer["__typename"] in {"NotSignedIn", "FollowRefused"} or is_no_staff or bool(reasons & REFUSALS)


def _is_given(argument: str, given: GraphQLArgument) -> bool:
    required = isinstance(given.type, GraphQLNonNull) and given.default_value is Undefined
    return required or argument in _ASKED


def _selected(field: GraphQLField) -> str:
    """The reason of whatever refuses; kinds of reasons differ, so each has an alias in the answer's own name."""
    named = get_named_type(field.type)
    if not isinstance(named, GraphQLUnionType):
        return ""
    refused = [type_.name for type_ in named.types if isinstance(type_, GraphQLObjectType) and "reason" in type_.fields]
    return " ".join(f"... on {name} {{ reason{index or ''}: reason }}" for index, name in enumerate(refused))


def _sample(type_: GraphQLInputType, known: dict[str, Any]) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _sample(type_.of_type, known)
    match type_:
        case GraphQLList():
            return []
        case GraphQLEnumType():
            return next(iter(type_.values))
        case GraphQLInputObjectType():
            return {
                name: known.get(name, _sample(field.type, known))
                for name, field in type_.fields.items()
                if isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined
            }
        case _:
            return _SAMPLES.get(str(type_), "key-of-sixteen-characters")
