"""Stands in for an operator with a bus: taps as the server keeps them, without the codes behind them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from models.record import new_id

_numbers = count(1)
_COLUMNS = (
    "device_id, epoch, sequence, device_at, at, received_at, resident_id, admission, reason, device_admission, "
    "device_reason, companions, overridden, mark, record, kind"
)
_ADD = f"INSERT INTO tap ({_COLUMNS}) VALUES ({', '.join(f'${place}' for place in range(1, 17))})"  # noqa: S608 - named above


@dataclass
class Fleet:
    """One operator with one device, whose taps are numbered as they are added."""

    connection: asyncpg.Connection
    operator_id: UUID = field(default_factory=new_id)
    device_id: UUID = field(default_factory=new_id)
    epoch: bytes = b"epoch--1"
    sequence: int = 0

    async def open(self, kind: str = "bus", place: str = "1 路") -> "Fleet":
        """Register it."""
        name = f"公交 {next(_numbers)}"
        await self.connection.execute(
            "INSERT INTO operator (id, name, tariff) VALUES ($1, $2, '')", self.operator_id, name
        )
        await self.device(kind, place)
        return self

    async def device(self, kind: str = "bus", place: str = "1 路", enrolled_at: datetime | None = None) -> None:
        """Go on with another device of the operator."""
        self.device_id, self.sequence = new_id(), 0
        await self.connection.execute(
            "INSERT INTO device (id, operator_id, kind, place, enrolled_at) VALUES ($1, $2, $3, $4, $5)",
            *(self.device_id, self.operator_id, kind, place, enrolled_at),
        )

    async def stand(self, line: str, since: datetime) -> None:
        """Put the device on a line from an instant on."""
        await self.connection.execute(
            "INSERT INTO line (id, operator_id, name, area) VALUES ($1, $2, $3, '') ON CONFLICT DO NOTHING",
            *(new_id(), self.operator_id, line),
        )
        await self.connection.execute(
            "UPDATE placement SET until = $2 WHERE device_id = $1 AND until IS NULL", self.device_id, since
        )
        await self.connection.execute(
            "INSERT INTO placement (id, device_id, since, line_id) "
            "SELECT $1, $2, $3, id FROM line WHERE operator_id = $4 AND name = $5",
            *(new_id(), self.device_id, since, self.operator_id, line),
        )

    async def tap(self, at: datetime, connection: asyncpg.Connection | None = None, **changes: Any) -> int:
        """Add a tap of a pass that was let in for free, received a minute later; returns its number."""
        self.sequence += 1
        values = {
            "device_id": self.device_id,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "device_at": at,
            "at": at,
            "received_at": at + timedelta(minutes=1),
            "resident_id": None,
            "admission": "free",
            "reason": None,
            "device_admission": "free",
            "device_reason": None,
            "companions": 0,
            "overridden": False,
            "mark": None,
            "record": f"record {self.device_id} {self.sequence}".encode(),
            "kind": "pass",
        } | changes
        await (connection or self.connection).execute(_ADD, *values.values())
        return self.sequence
