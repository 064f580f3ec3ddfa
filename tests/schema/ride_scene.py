"""What is said and seen of a ward's rides, by the entry that each use case leaves."""

from typing import Any

from models.record import new_id
from schema.identity import to_id
from schema.ride import ride_id
from services.rides import RideKey
from services.vault import Sealed
from tests.schema.desk_scene import SHOWN as SHOWN_ELSEWHERE
from tests.schema.desk_scene import DeskScene
from tests.services.fleet import Fleet


async def _ride(scene: DeskScene) -> RideKey:
    """The ward was let in on a bus just now."""
    fleet = await Fleet(scene._register._owner).open()
    number = await fleet.tap(scene._register._resources.clock(), resident_id=scene.ward.id)
    return RideKey(fleet.device_id, fleet.epoch, number)


async def _disputed(scene: DeskScene) -> str:
    dispute_id, key = new_id(), await _ride(scene)
    await scene._row(
        "ride_dispute",
        id=dispute_id,
        **key._asdict(),
        reason_sealed=scene.ward.key.seal(Sealed.RIDE_DISPUTE, "没有乘车"),
        opened_by_id=scene.guardian.account_id,
        opened_at=scene._register._resources.clock(),
    )
    return to_id("RideDispute", dispute_id)


async def dispute_ride(scene: DeskScene) -> dict[str, Any]:
    """The guardian says that she did not ride."""
    mutation = f'disputeRide(rideId: "{ride_id(await _ride(scene))}", reason: "没有乘车")'
    return await scene._says(scene.guardian, mutation, "Ride")


async def view_ride_disputes(scene: DeskScene) -> dict[str, Any]:
    """A clerk looks at what waits for an answer."""
    await _disputed(scene)
    return await scene._ask(
        "{ viewer { staff { rideDisputes(first: 100) { edges { node { maskedName } } } } } }", scene.clerk
    )


async def answer_ride_dispute(scene: DeskScene) -> dict[str, Any]:
    """And answers."""
    mutation = f'answerRideDispute(disputeId: "{await _disputed(scene)}", answer: "已更正", upheld: true)'
    return await scene._says(scene.clerk, mutation, "DisputedRide")


SHOWN = {
    **SHOWN_ELSEWHERE,
    "dispute_ride": dispute_ride,
    "view_ride_disputes": view_ride_disputes,
    "answer_ride_dispute": answer_ride_dispute,
}
