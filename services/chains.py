"""Tells whose scans do not hang together: what is missing, was replaced, or came twice with other content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.duty import Duty
from services.chain import ChainState
from services.people import People
from services.resources import Resources

_TROUBLED = """
SELECT * FROM (
    SELECT c.device_id, d.place, o.name AS operator, c.epoch, c.state, c.sequence, c.head_sequence, c.clock_offset,
           c.received_at,
           (SELECT count(*) FROM tap_conflict x WHERE x.device_id = c.device_id AND x.epoch = c.epoch) AS conflicts
    FROM scan_chain c JOIN device d ON d.id = c.device_id JOIN operator o ON o.id = d.operator_id
    WHERE ($1::uuid IS NULL OR d.operator_id = $1)
) chain
WHERE (state <> 'whole' OR conflicts > 0) AND ($2::timestamptz IS NULL OR (received_at, device_id) < ($2, $3::uuid))
ORDER BY received_at DESC, device_id DESC LIMIT $4
"""


class ChainRefusal(StrEnum):
    """Why no chains are shown."""

    NOT_STAFF = "not_staff"


@dataclass(frozen=True)
class TroubledChain:
    """The scans of one device since its storage was made.

    Nothing is missing up to `whole_until`; the device has signed for scans up to `signed_until`. `conflicts` came with
    other content under a number that was taken. `clock_offset` is how far its clock was behind at the last upload.
    """

    device_id: UUID
    operator: str
    place: str
    epoch: bytes
    state: ChainState
    whole_until: int
    signed_until: int
    conflicts: int
    clock_offset: timedelta
    received_at: datetime


@dataclass(frozen=True)
class ChainPage:
    """Which part of the list: of one operator or of all, behind a place in it, `limit` at most."""

    operator_id: UUID | None
    behind: tuple[datetime, UUID] | None
    limit: int


async def troubled_chains(
    resources: Resources, people: People, page: ChainPage
) -> Sequence[TroubledChain] | ChainRefusal:
    """The chains with a gap, a break or a conflict, for the federation's staff, the latest first."""
    if people.on_duty(Duty.JUDGE_TAPS) is None:
        return ChainRefusal.NOT_STAFF
    return await chains_of(resources, page)


async def chains_of(resources: Resources, page: ChainPage) -> Sequence[TroubledChain]:
    """The same for an operator, of its own; nobody's code is told."""
    rows = await resources.database.fetch(_TROUBLED, page.operator_id, *(page.behind or (None, None)), page.limit)
    return [
        TroubledChain(
            device_id=row["device_id"],
            operator=row["operator"],
            place=row["place"],
            epoch=row["epoch"],
            state=ChainState(row["state"]),
            whole_until=row["sequence"],
            signed_until=row["head_sequence"],
            conflicts=row["conflicts"],
            clock_offset=row["clock_offset"],
            received_at=row["received_at"],
        )
        for row in rows
    ]
