"""Shows how a tariff comes to hold: drafted, checked, published by a second person for a day to come, then fixed."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import asyncpg
import pytest

from card.rule import Outcome, TariffRule
from card.tariff import Tariff, local_day, read_tariff, tariff_on
from card.tariff_check import FindingKind
from card.trust import read_bundle
from card.window import Opening, Place, PlaceKind, Window
from domain.scanner import FleetRefusal
from models.record import new_id
from services import drafts, scanners
from services.devices import trust_bundle
from services.drafts import TariffVersion
from services.judgement import COMMITTED_WITHIN
from services.resources import Resources
from services.scanners import Spot
from services.tariffs import terms_of
from tests.services.bus import Bus, shown_code
from tests.services.company import RIDE, Company, done
from tests.services.register import Clock, Register

HALF = TariffRule("ride", Outcome.REDUCED, Decimal("0.5"))
DRAFT = Tariff("-", date(2026, 1, 1), (RIDE,))


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """A bus company."""
    return await Company(resources, register).open()


async def drafted(company: Company, tariff: Tariff = DRAFT) -> TariffVersion:
    """A draft of the company's first member of staff."""
    return done(await drafts.save_draft(company.resources, company.first, company.id, None, tariff))


def tomorrow(resources: Resources) -> date:
    """The first day for which a tariff can be published."""
    return local_day(resources.clock()) + timedelta(days=1)


async def in_bundle(resources: Resources, bus: Bus) -> list[Tariff]:
    """What the scanner's next bundle grants."""
    bundle = await trust_bundle(resources, bus.device)
    read = read_bundle(bundle.signed(), resources.keys.root, bus.device.id, 0)
    return [read_tariff(raw) for raw in read.tariffs]


async def test_a_published_tariff_comes_with_the_next_bundle(
    company: Company, resources: Resources, owner: asyncpg.Connection, clock: Clock
) -> None:
    """Under the operator's own name, from its day on, and each step is on record."""
    bus = await company.bus(Spot(line_id=await company.line()))
    before = await trust_bundle(resources, bus.device)
    draft = await drafted(company)
    while_draft = await trust_bundle(resources, bus.device)

    done(await drafts.publish_tariff(resources, company.second, company.id, draft.id, tomorrow(resources)))

    (tariff,) = await in_bundle(resources, bus)
    assert (tariff.rules, tariff.effective) == (DRAFT.rules, tomorrow(resources))
    assert tariff.operator.startswith("公交")
    assert before.etag == while_draft.etag != (await trust_bundle(resources, bus.device)).etag
    assert tariff_on([tariff], local_day(clock())) is None
    assert (await company.logged(owner))[-2:] == ["draft_tariff", "publish_tariff"]


async def test_a_bundle_has_what_holds_and_what_comes(company: Company, resources: Resources, clock: Clock) -> None:
    """Tariffs that are over are left out, so that a bundle does not grow with the years."""
    bus = await company.bus(Spot(line_id=await company.line()))
    days = [(await company.publish(days=ahead)).effective for ahead in (1, 3, 5)]

    clock.forward(days=3)

    assert [tariff.effective for tariff in await in_bundle(resources, bus)] == days[1:]


async def test_a_scanner_gets_the_rules_of_its_place(company: Company, resources: Resources, clock: Clock) -> None:
    """Those of its line, its town and of everywhere; and others once it is put elsewhere."""
    own, other = await company.line("1 路", "百官街道"), await company.line("2 路")
    bus = await company.bus(Spot(line_id=own))
    await company.publish(
        replace(HALF, place=Place(PlaceKind.LINE, str(other))),
        replace(RIDE, access_class="ride-accompanied", place=Place(PlaceKind.AREA, "百官街道")),
        RIDE,
    )

    (at_home,) = await in_bundle(resources, bus)
    clock.forward(seconds=1)
    await scanners.place(resources, company.first, company.id, bus.device.id, Spot(line_id=other))
    (elsewhere,) = await in_bundle(resources, bus)

    assert [rule.access_class for rule in at_home.rules] == ["ride-accompanied", "ride"]
    assert [rule.outcome for rule in elsewhere.rules] == [Outcome.REDUCED, Outcome.FREE]


async def test_a_scan_is_judged_by_the_tariff_that_its_bundle_held(
    company: Company, resources: Resources, register: Register, clock: Clock, owner: asyncpg.Connection
) -> None:
    """A bus that was out of reach when the price changed granted the old one in good faith."""
    bus = await company.bus(Spot(line_id=await company.line()))
    await company.publish(RIDE, days=1)
    clock.forward(days=1)
    old_bundle = clock()
    clock.forward(seconds=COMMITTED_WITHIN.total_seconds())
    await company.publish(HALF, days=1)
    clock.forward(days=1)
    holder = await register.resident()
    for version in (old_bundle, clock()):
        bus.scan(shown_code(resources, holder.id, clock()), clock(), bundle_version=int(version.timestamp() * 1000))

    await bus.upload()

    rows = await owner.fetch("SELECT admission FROM tap WHERE device_id = $1 ORDER BY sequence", bus.device.id)
    assert [row["admission"] for row in rows] == [Outcome.FREE, Outcome.REDUCED]


async def test_whoever_wrote_last_does_not_publish(company: Company, resources: Resources) -> None:
    """Four eyes, whoever began it; and PostgreSQL holds to it too."""
    draft = await drafted(company)
    publish = drafts.publish_tariff

    alone = await publish(resources, company.first, company.id, draft.id, tomorrow(resources))
    done(await drafts.save_draft(resources, company.second, company.id, draft.id, DRAFT))
    after_change = await publish(resources, company.second, company.id, draft.id, tomorrow(resources))

    assert (alone, after_change) == (FleetRefusal.SAME_PERSON, FleetRefusal.SAME_PERSON)
    done(await publish(resources, company.first, company.id, draft.id, tomorrow(resources)))


async def test_a_published_tariff_never_changes(
    company: Company, resources: Resources, owner: asyncpg.Connection
) -> None:
    """No use case touches it, and neither does PostgreSQL, whoever asks."""
    draft = await drafted(company)
    done(await drafts.publish_tariff(resources, company.second, company.id, draft.id, tomorrow(resources)))

    answers = [
        await drafts.save_draft(resources, company.first, company.id, draft.id, replace(DRAFT, daily_cap=1)),
        await drafts.discard_draft(resources, company.first, company.id, draft.id),
        await drafts.publish_tariff(resources, company.second, company.id, draft.id, tomorrow(resources)),
    ]

    assert answers == [FleetRefusal.NOT_A_DRAFT] * 3
    for statement in ("UPDATE tariff SET effective = effective + 1 WHERE id = $1", "DELETE FROM tariff WHERE id = $1"):
        with pytest.raises(asyncpg.RaiseError, match="does not change"):
            await owner.execute(statement, draft.id)


async def test_a_day_that_has_begun_is_too_late(company: Company, resources: Resources) -> None:
    """Scanners out of reach could not know of it; and a day has one tariff."""
    first, second = await drafted(company), await drafted(company)
    publish = drafts.publish_tariff

    today = await publish(resources, company.second, company.id, first.id, local_day(resources.clock()))
    done(await publish(resources, company.second, company.id, first.id, tomorrow(resources)))
    twice = await publish(resources, company.second, company.id, second.id, tomorrow(resources))

    assert (today, twice) == (FleetRefusal.DAY_PAST, FleetRefusal.DAY_TAKEN)


async def test_a_tariff_with_a_hole_in_time_is_found_and_not_published(company: Company, resources: Resources) -> None:
    """It stays a draft, with the hours of the hole, until it is mended."""
    weekdays = replace(RIDE, window=Window(frozenset(range(1, 6))))
    draft = await drafted(company, replace(DRAFT, rules=(weekdays,)))

    found = await drafts.findings_of(resources, company.id, draft.tariff)
    published = await drafts.publish_tariff(resources, company.second, company.id, draft.id, tomorrow(resources))

    assert [(each.kind, each.window) for each in found] == [
        (FindingKind.HOLE, Window(frozenset({day}))) for day in (6, 7)
    ]
    assert published is FleetRefusal.TARIFF_FINDINGS
    mended = replace(DRAFT, rules=(weekdays, replace(HALF, window=Window(frozenset({6, 7})))))
    done(await drafts.save_draft(resources, company.first, company.id, draft.id, mended))
    done(await drafts.publish_tariff(resources, company.second, company.id, draft.id, tomorrow(resources)))


async def test_names_are_checked_against_rules_and_places(company: Company, resources: Resources) -> None:
    """A class that no programme grants, and a line that the operator does not have."""
    elsewhere = Place(PlaceKind.LINE, str(new_id()))
    tariff = replace(DRAFT, rules=(replace(RIDE, access_class="rides"), replace(RIDE, place=elsewhere)))

    found = await drafts.findings_of(resources, company.id, tariff)

    assert [each.kind for each in found] == [FindingKind.UNKNOWN_CLASS, FindingKind.UNKNOWN_PLACE]
    assert {"ride", "venue"} <= drafts.granted_classes(resources.rules.chinese)


async def test_a_draft_is_put_away(company: Company, resources: Resources, owner: asyncpg.Connection) -> None:
    """It is listed no more and published by nobody; the newest of the others comes first."""
    kept, away = await drafted(company), await drafted(company)

    done(await drafts.discard_draft(resources, company.second, company.id, away.id))
    newer = await drafted(company)

    assert [each.id for each in await drafts.tariffs_of(resources, company.id, 9)] == [newer.id, kept.id]
    assert [each.id for each in await drafts.tariffs_of(resources, company.id, 9, newer.id)] == [kept.id]
    answer = await drafts.publish_tariff(resources, company.second, company.id, away.id, tomorrow(resources))
    assert answer is FleetRefusal.UNKNOWN
    assert "discard_tariff" in await company.logged(owner)


async def test_another_operator_s_draft_is_unknown(company: Company, resources: Resources, register: Register) -> None:
    """And nobody else writes one for this operator."""
    other, draft = await Company(resources, register).open(), await drafted(company)

    answers = [
        await drafts.save_draft(resources, other.first, other.id, draft.id, DRAFT),
        await drafts.discard_draft(resources, other.first, other.id, draft.id),
        await drafts.publish_tariff(resources, other.second, other.id, draft.id, tomorrow(resources)),
        await drafts.save_draft(resources, other.first, company.id, None, DRAFT),
    ]

    assert answers == [FleetRefusal.UNKNOWN] * 3 + [FleetRefusal.NOT_ALLOWED]


async def test_a_scanner_stood_at_its_first_place_from_the_beginning(company: Company, resources: Resources) -> None:
    """Hours of its venue come with its tariff, also for an instant before it was put there."""
    venue = await company.venue()
    bus = await company.bus(Spot(venue_id=venue))
    hours = Window(frozenset(range(1, 8)), 480, 1_080)
    await company.publish(
        TariffRule("venue", Outcome.FREE, Decimal(0), window=hours, place=Place(PlaceKind.VENUE, str(venue))),
        opening=(Opening(Place(PlaceKind.VENUE, str(venue)), hours),),
    )

    (terms,) = await terms_of(resources, [(company.id, bus.device.id)])

    (tariff,) = terms.held(resources.clock())
    assert tariff.opening == (Opening(None, hours),)
    assert terms.held(resources.clock() - timedelta(days=1)) == []
