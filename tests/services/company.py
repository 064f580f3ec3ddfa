"""A bus company with two members of staff, its places, scanners and scans, for the tests about fleets."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from card.cose import SigningKey
from card.enrolment import prove_enrolment, split_enrolment_code
from card.rule import Outcome, TariffRule
from card.tariff import Tariff, local_day
from domain.access import Viewer
from domain.scanner import FleetRefusal
from services import devices, drafts, fleet, operators, scanners
from services.resources import Resources
from tests.services.bus import Bus
from tests.services.register import Register, next_number

_Done = TypeVar("_Done")
RIDE = TariffRule("ride", Outcome.FREE, Decimal(0))


@dataclass
class Company:
    """An operator whom the district made, with whoever works there."""

    resources: Resources
    register: Register
    id: UUID = field(default_factory=lambda: UUID(int=0))
    clerk: Viewer = field(init=False)
    first: Viewer = field(init=False)
    second: Viewer = field(init=False)

    async def open(self) -> "Company":
        """Let the district make it and appoint two people."""
        self.clerk, self.first, self.second = [await self.register.viewer() for _ in range(3)]
        await self.register.staff(self.clerk.account_id, town="")
        people = await self.register.people(self.clerk)
        made = await operators.create_operator(self.resources, people, f"公交 {next_number()}")
        assert isinstance(made, operators.Operator)
        self.id = made.id
        for viewer in (self.first, self.second):
            await operators.appoint_operator_staff(self.resources, people, self.id, viewer.account_id)
            await self.register.prove(viewer.account_id)
        return self

    async def line(self, name: str = "1 路", area: str = "") -> UUID:
        """A line."""
        return done(await fleet.add_line(self.resources, self.first, self.id, name, area)).id

    async def venue(self, name: str = "城东公园", area: str = "", **details: Any) -> UUID:
        """A venue."""
        values = {"address": "公园路 1 号", "accessibility": frozenset(), "prices": (), **details}
        saved = await fleet.save_venue(
            self.resources, self.first, self.id, None, fleet.VenueDetails(name, area, **values)
        )
        return done(saved).id

    async def scanner(self, spot: scanners.Spot, name: str = "一号机") -> scanners.Registered:
        """A scanner that waits for its enrolment."""
        return done(await scanners.register(self.resources, self.first, self.id, name, spot))

    async def bus(self, spot: scanners.Spot) -> Bus:
        """An enrolled scanner."""
        return await enrolled(self.resources, (await self.scanner(spot)).code)

    async def publish(self, *rules: TariffRule, days: int = 1, **changes: Any) -> Tariff:
        """A tariff that holds from tomorrow on, or from a later day."""
        tariff = Tariff("-", date(2026, 1, 1), rules or (RIDE,), **changes)
        draft = done(await drafts.save_draft(self.resources, self.first, self.id, None, tariff))
        on = local_day(self.resources.clock()) + timedelta(days=days)
        return done(await drafts.publish_tariff(self.resources, self.second, self.id, draft.id, on)).tariff

    async def logged(self, owner: asyncpg.Connection) -> list[str]:
        """What the audit log says was done for it."""
        rows = await owner.fetch("SELECT action FROM audit WHERE subject = $1 ORDER BY sequence", f"operator:{self.id}")
        return [row["action"] for row in rows]


def done(answer: _Done | FleetRefusal) -> _Done:
    """The answer of what was not refused."""
    assert not isinstance(answer, FleetRefusal), answer
    return answer


async def enrolled(resources: Resources, code: str) -> Bus:
    """The scanner that a technician enrols with a code."""
    key = SigningKey.generate()
    secret, _ = split_enrolment_code(code)
    device = await devices.enrol(resources, secret, key.verifying_key.public, prove_enrolment(secret, key))
    assert isinstance(device, devices.Device)
    return Bus(resources, device, key)
