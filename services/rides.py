"""A resident's rides and entries, refusals included, each with what she said against it and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.resources import Resources
from services.vault import DataKey, Sealed

RIDES = """
SELECT t.device_id, t.epoch, t.sequence, t.resident_id, t.at, o.name AS operator, d.place, t.device_admission,
       t.device_reason, t.overridden, t.companions, q.id AS dispute_id, q.opened_at, q.reason_sealed, q.upheld,
       q.answer_sealed, q.answered_at
FROM tap t JOIN device d ON d.id = t.device_id JOIN operator o ON o.id = d.operator_id
LEFT JOIN ride_dispute q ON q.device_id = t.device_id AND q.epoch = t.epoch AND q.sequence = t.sequence
"""
_OF_RESIDENT = f"""
{RIDES} WHERE t.resident_id = $1 AND ($2::timestamptz IS NULL OR t.at < $2)
ORDER BY t.at DESC, t.sequence DESC LIMIT $3
"""


class RideKey(NamedTuple):
    """What names a scan: the device, the epoch of its storage, and the number in it."""

    device_id: UUID
    epoch: bytes
    sequence: int


@dataclass(frozen=True)
class RideDispute:
    """What a resident said against a ride, and the answer: `upheld` is None before there is one."""

    id: UUID
    opened_at: datetime
    reason: str
    upheld: bool | None
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class RecordedRide:
    """A scan of a resident's code as it went at the gate; `overridden` when the driver let her aboard all the same."""

    key: RideKey
    at: datetime
    operator: str
    place: str
    outcome: str
    reason: str | None
    overridden: bool
    companions: int
    dispute: RideDispute | None

    @property
    def admitted(self) -> bool:
        """Whether the gate let her in."""
        return self.outcome != "refused"


async def rides_of(
    resources: Resources, resident_id: UUID, data_key: DataKey, first: int, before: datetime | None
) -> Sequence[RecordedRide]:
    """The resident's rides and entries before an instant, refusals included, the latest first, `first` at most."""
    rows = await resources.database.fetch(_OF_RESIDENT, resident_id, before, first)
    return [recorded_ride(row, data_key) for row in rows]


def recorded_ride(row: asyncpg.Record, data_key: DataKey) -> RecordedRide:
    """The ride of a row of RIDES, its dispute opened with the resident's key."""
    return RecordedRide(
        key=RideKey(row["device_id"], row["epoch"], row["sequence"]),
        at=row["at"],
        operator=row["operator"],
        place=row["place"],
        outcome=row["device_admission"],
        reason=row["device_reason"],
        overridden=row["overridden"],
        companions=row["companions"],
        dispute=_dispute(row, data_key) if row["dispute_id"] else None,
    )


def _dispute(row: asyncpg.Record, data_key: DataKey) -> RideDispute:
    return RideDispute(
        id=row["dispute_id"],
        opened_at=row["opened_at"],
        reason=data_key.open(Sealed.RIDE_DISPUTE, row["reason_sealed"]),
        upheld=row["upheld"],
        answer=data_key.open(Sealed.RIDE_ANSWER, row["answer_sealed"]) if row["answer_sealed"] else None,
        answered_at=row["answered_at"],
    )
