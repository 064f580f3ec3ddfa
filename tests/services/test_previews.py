"""Shows what a draft would have changed: recent scans judged again as gates do, and nobody told whose they were."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from card.cose import SigningKey
from card.refusal import RefusalReason
from card.rule import Outcome, TariffRule
from card.tariff import Tariff
from domain.scanner import FleetRefusal
from models.record import new_id
from services import drafts
from services.keys import make_keys
from services.previews import Preview, preview
from services.resources import Resources
from services.scanners import Spot
from tests.services.bus import Bus, shown_code
from tests.services.company import RIDE, Company, done
from tests.services.register import Clock, Register

HALF = TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))


@pytest.fixture
async def company(resources: Resources, register: Register, clock: Clock) -> Company:
    """A bus company whose tariff lets everybody ride for free since yesterday."""
    opened = await Company(resources, register).open()
    await opened.publish(RIDE)
    clock.forward(days=2)
    return opened


@pytest.fixture
async def bus(company: Company) -> Bus:
    """A scanner of it."""
    return await company.bus(Spot(line_id=await company.line()))


async def would_change(company: Company, *rules: TariffRule, **changes: object) -> Preview:
    """What a tariff of those rules would have changed."""
    tariff = replace(Tariff("-", date(2026, 1, 1), rules), **changes)  # type: ignore[arg-type] # the tests name fields
    draft = done(await drafts.save_draft(company.resources, company.first, company.id, None, tariff))
    return done(await preview(company.resources, company.second, company.id, draft.id))


async def rides(bus: Bus, register: Register, clock: Clock, *hours: float) -> None:
    """One resident's rides, so many hours ago."""
    holder = await register.resident()
    for ago in hours:
        at = clock() - timedelta(hours=ago)
        bus.scan(shown_code(bus.resources, holder.id, at), at)
    await bus.upload()


async def test_changed_prices_are_counted_with_examples(
    company: Company, bus: Bus, register: Register, clock: Clock
) -> None:
    """Two free rides would have cost half; the latest stands first, and nothing names a person."""
    await rides(bus, register, clock, 2, 1)

    shown = await would_change(company, HALF)

    assert shown.scans == 2
    (((before, after), count),) = shown.changed.items()
    assert (before.outcome, after.outcome, after.price_share, count) == (Outcome.FREE, Outcome.REDUCED, "0.5", 2)
    assert [(each.at, each.place) for each in shown.examples] == [
        (clock() - timedelta(hours=1), "1 路"),
        (clock() - timedelta(hours=2), "1 路"),
    ]


async def test_caps_count_as_a_gate_would_count(company: Company, bus: Bus, register: Register, clock: Clock) -> None:
    """With one ride a day the second of the same person is refused, as the gate with its memory would."""
    await rides(bus, register, clock, 2, 1)
    await rides(Bus(bus.resources, bus.device, bus.key, b"epoch--2"), register, clock, 1.5)

    shown = await would_change(company, RIDE, daily_cap=1)

    (((_, after), count),) = shown.changed.items()
    assert (shown.scans, after.reason, count) == (3, RefusalReason.DAILY_CAP, 1)


async def test_the_same_rules_change_nothing(company: Company, bus: Bus, register: Register, clock: Clock) -> None:
    """Nor do scans of another week, of codes that are none of ours, or of passes revoked since, tell of a tariff."""
    await rides(bus, register, clock, 8 * 24, 1)
    bus.scan("SDC1:1", clock())
    await bus.upload()

    shown = await would_change(company, RIDE)

    assert (shown.scans, dict(shown.changed), list(shown.examples)) == (1, {}, [])


async def test_before_its_first_tariff_everything_would_change(
    resources: Resources, register: Register, clock: Clock
) -> None:
    """An operator without a tariff granted nothing, and its gates said so."""
    company = await Company(resources, register).open()
    bus = await company.bus(Spot(line_id=await company.line()))
    await rides(bus, register, clock, 1)

    shown = await would_change(company, RIDE)

    (((before, after), _),) = shown.changed.items()
    assert (before.reason, after.outcome) == (RefusalReason.NO_TARIFF, Outcome.FREE)


async def test_a_code_whose_key_was_withdrawn_tells_nothing(
    company: Company, bus: Bus, register: Register, clock: Clock, root: SigningKey
) -> None:
    """It is left out instead of counted as a change."""
    await rides(bus, register, clock, 1)
    keys = make_keys(root, demo=True, at=clock())
    company.resources = replace(company.resources, keys=keys)

    assert (await would_change(company, HALF)).scans == 0


async def test_another_operator_s_draft_is_unknown(
    company: Company, bus: Bus, resources: Resources, register: Register
) -> None:
    """And nobody else looks at this operator's scans."""
    stranger = await Company(resources, register).open()

    assert await preview(resources, company.first, company.id, new_id()) is FleetRefusal.UNKNOWN
    assert await preview(resources, stranger.first, company.id, new_id()) is FleetRefusal.NOT_ALLOWED
    assert bus.device.operator_id == company.id
