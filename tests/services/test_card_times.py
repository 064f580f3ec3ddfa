"""Shows how long cards and applications stay in a state, from the moves on record."""

import pytest

from domain.card_event import CardEvent
from domain.standing import Findings
from services.card_times import StateTime, card_times
from services.resources import Resources
from tests.services.office import Office
from tests.services.register import Clock, Register


async def test_days_in_each_state_are_counted_by_town(
    resources: Resources, register: Register, office: Office, clock: Clock
) -> None:
    """Two renewals of different length in one town and one in another: medians, nine of ten, and who still waits."""
    first, second = await office.clerk(), await office.clerk()
    towns = {"甲镇": (2, 4), "乙镇": (8,)}
    for town, waits in towns.items():
        for days in waits:
            holder = await register.resident(town=town)
            await office.done(first, CardEvent.REASSESS, holder.id)
            await office.done(first, CardEvent.REFER, holder.id)
            clock.forward(days=days)
            await office.done(first, CardEvent.ASSESS, holder.id, findings=Findings(((1, 1),)))
            await office.done(second, CardEvent.ISSUE, holder.id)
    waiting = await register.resident(town="乙镇")
    await office.done(first, CardEvent.REASSESS, waiting.id)

    rows = {(row.state, row.town): row for row in await card_times(resources.database)}

    under = [rows["under_assessment", town] for town in (None, "甲镇", "乙镇")]
    assert [(row.finished, row.median_days) for row in under] == [(3, 4), (2, 3), (1, 8)]
    assert under[0] == StateTime("application", "under_assessment", None, 3, 0, 4, under[0].ninety_days)
    assert under[0].ninety_days == pytest.approx(7.2)
    assert rows["applied", "乙镇"].current == 1
    assert {state for state, _ in rows} == {"applied", "under_assessment", "assessed"}
