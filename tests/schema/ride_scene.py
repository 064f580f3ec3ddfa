"""What is said and seen of a ward's rides and of what looks odd in them, by the entry that each use case leaves."""

from typing import Any
from uuid import UUID

from models.record import new_id
from schema.identity import to_id
from schema.ride import ride_id
from services.rides import RideKey
from services.vault import Sealed
from tests.schema.desk_scene import SHOWN as SHOWN_ELSEWHERE
from tests.schema.desk_scene import DeskScene
from tests.services.fleet import Fleet
from tests.services.register import Holder, Register


async def ridden(register: Register, resident_id: UUID) -> RideKey:
    """A resident was let in on a bus just now."""
    fleet = await Fleet(register._owner).open()
    number = await fleet.tap(register._resources.clock(), resident_id=resident_id)
    return RideKey(fleet.device_id, fleet.epoch, number)


async def disputed(register: Register, holder: Holder, account_id: UUID) -> str:
    """The id of a dispute that waits for an answer."""
    dispute_id, key = new_id(), await ridden(register, holder.id)
    await register._insert(
        "ride_dispute",
        id=dispute_id,
        resident_id=holder.id,
        **key._asdict(),
        reason_sealed=holder.key.seal(Sealed.RIDE_DISPUTE, "没有乘车"),
        opened_by_id=account_id,
        opened_at=register._resources.clock(),
    )
    return to_id("RideDispute", dispute_id)


async def dispute_ride(scene: DeskScene) -> dict[str, Any]:
    """The guardian says that she did not ride."""
    ride = ride_id(await ridden(scene._register, scene.ward.id))
    mutation = f'disputeRide(rideId: "{ride}", reason: "没有乘车")'
    return await scene._says(scene.guardian, mutation, "Ride")


async def view_ride_disputes(scene: DeskScene) -> dict[str, Any]:
    """A clerk looks at what waits for an answer."""
    await disputed(scene._register, scene.ward, scene.guardian.account_id)
    return await scene._ask(
        "{ viewer { staff { rideDisputes(first: 100) { edges { node { maskedName } } } } } }", scene.clerk
    )


async def answer_ride_dispute(scene: DeskScene) -> dict[str, Any]:
    """And answers."""
    dispute = await disputed(scene._register, scene.ward, scene.guardian.account_id)
    mutation = f'answerRideDispute(disputeId: "{dispute}", answer: "已更正", upheld: true)'
    return await scene._says(scene.clerk, mutation, "DisputedRide")


async def found(register: Register, holder: Holder) -> str:
    """The id of a finding that nobody has judged."""
    finding_id, at = new_id(), register._resources.clock()
    await register._insert(
        "tap_finding",
        id=finding_id,
        resident_id=holder.id,
        kind="same_code",
        first_at=at,
        last_at=at,
        found_at=at,
        evidence="[]",
        same=finding_id.bytes,
    )
    return to_id("TapFinding", finding_id)


async def view_finding(scene: DeskScene) -> dict[str, Any]:
    """A clerk looks at the newest of what was found odd."""
    await found(scene._register, scene.ward)
    return await scene._ask(
        "{ tapFindings(first: 1) { ... on TapFindingConnection { edges { node { id } } } } }", scene.clerk
    )


async def decide_finding(scene: DeskScene) -> dict[str, Any]:
    """And says what it was."""
    finding = await found(scene._register, scene.ward)
    mutation = f'decideTapFinding(findingId: "{finding}", note: "家人代用", upheld: false)'
    return await scene._says(scene.clerk, mutation, "TapFinding")


SHOWN = {
    **SHOWN_ELSEWHERE,
    "dispute_ride": dispute_ride,
    "view_ride_disputes": view_ride_disputes,
    "answer_ride_dispute": answer_ride_dispute,
    "view_finding": view_finding,
    "decide_finding": decide_finding,
}
