"""Sets the stage for the walk where it is about a ride of the resident, or a statement of the operator."""

from datetime import date
from uuid import UUID

from schema.identity import to_id
from schema.ride import ride_id
from tests.schema.ride_scene import disputed, ridden
from tests.schema.walk import Scene
from tests.services.register import Register


async def settled(name: str, register: Register, scene: Scene) -> dict[str, str | None]:
    """The arguments of one root field that name them; none of a field about something else."""
    match name:
        case "disputeRide":
            return {"rideId": ride_id(await ridden(register, scene.resident.id))}
        case "answerRideDispute":
            return {"disputeId": await disputed(register, scene.resident, (await register.viewer()).account_id)}
        case "openLineDispute":
            return {"statementId": to_id("OperatorStatement", (await _statement_line(register, scene))[0])}
        case "answerLineDispute" | "settleLineDispute":
            return {"disputeId": await _line_dispute(register, scene)}
        case _:
            return {}


async def _statement_line(register: Register, scene: Scene) -> tuple[UUID, UUID]:
    """The operator's statement, and its only line."""
    at = register._resources.clock()
    statement_id = await register._insert(
        "statement",
        operator_id=scene.operator_id,
        month=date(2026, 2, 1),
        closed_at=at,
        closed_by="operator:settle",
        taps=1,
        signed=b"",
        key_set=b"",
    )
    counted = {"line": "1 路", "day": date(2026, 2, 10), "verdict": "free", "evidence": "bearer", "rides": 1}
    return statement_id, await register._insert("statement_line", statement_id=statement_id, number=1, **counted)


async def _line_dispute(register: Register, scene: Scene) -> str:
    """What somebody said against that line."""
    _, line_id = await _statement_line(register, scene)
    said = {"side": "operator", "claimed": 2, "reason": "少算了", "opened_by": "account:1"}
    opened_at = register._resources.clock()
    return to_id(
        "LineDispute", await register._insert("statement_dispute", line_id=line_id, opened_at=opened_at, **said)
    )
