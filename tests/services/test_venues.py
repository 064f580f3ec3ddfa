"""Shows a venue's public page, and that visitors are counted without anybody being named."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from card.admission import Admission, Cue
from card.clock import ClockState
from card.messages import display
from card.rule import CompanionTerms, Outcome, TariffRule
from card.window import Opening, Place, PlaceKind, Window
from domain.scanner import FleetRefusal
from models.record import new_id
from services import scanners, venues
from services.catalogue import Accessibility
from services.fleet import Price
from services.resources import Resources
from services.scanners import Spot
from services.venues import Visitors
from tests.services.bus import shown_code
from tests.services.company import Company, done
from tests.services.register import Clock, Register

HOURS = Window(frozenset(range(1, 8)), 480, 1_080)


@pytest.fixture
async def company(resources: Resources, register: Register) -> Company:
    """Who runs venues."""
    return await Company(resources, register).open()


def entry(venue_id: object) -> TariffRule:
    """Free with one companion, at one venue, while it is open."""
    place = Place(PlaceKind.VENUE, str(venue_id))
    return TariffRule("venue", Outcome.FREE, Decimal(0), 1, CompanionTerms.FREE, place, HOURS)


async def test_the_page_says_what_a_card_is_worth(company: Company, resources: Resources, clock: Clock) -> None:
    """Address, accessibility, prices, hours and rules: those of the tariff in force, and none before its day."""
    venue = await company.venue(
        "博物馆", accessibility=frozenset({Accessibility.STEP_FREE}), prices=(Price("成人", Decimal("20.50")),)
    )
    place = Place(PlaceKind.VENUE, str(venue))
    tariff = await company.publish(entry(venue), opening=(Opening(place, HOURS),))
    before = await venues.venue(resources, venue)

    clock.forward(days=1)
    page = await venues.venue(resources, venue)

    assert before is not None
    assert (list(before.rules), list(before.opening)) == ([], [])
    assert page is not None
    assert (page.name, page.operator, page.address) == ("博物馆", tariff.operator, "公园路 1 号")
    assert page.accessibility == {Accessibility.STEP_FREE}
    assert page.prices == (Price("成人", Decimal("20.50")),)
    assert [rule.companions for rule in page.rules] == [1]
    assert page.opening == [HOURS]
    assert await venues.venue(resources, new_id()) is None


async def test_the_clerk_reads_three_words(company: Company, clock: Clock) -> None:
    """What the gate shows for that rule: the price, the person with whom she comes, and an invitation."""
    rule = entry(await company.venue())
    terms = (rule.outcome, None, rule.price_share, rule.companions, rule.companion_terms)
    admission = Admission(*terms, Cue.GO, None, ClockState.SIGNED, timedelta(0), bundle_stale=False, recorded=True)

    assert display(admission) == "免费 · 本人+1 · 请进"
    assert clock()


async def test_venues_are_listed_by_town(company: Company, resources: Resources) -> None:
    """A page at a time; of a town that has none, none."""
    ids = [await company.venue(name, f"镇 {company.id}") for name in ("甲馆", "乙馆")]
    town = f"镇 {company.id}"

    assert [each.id for each in await venues.venues(resources, 9, None, town)] == ids
    assert [each.id for each in await venues.venues(resources, 9, ids[0], town)] == ids[1:]
    assert len(await venues.venues(resources, 1, None, None)) == 1


async def test_visitors_are_counted_where_the_scanner_stood(
    company: Company, resources: Resources, register: Register, clock: Clock
) -> None:
    """By day and outcome with their companions; refusals, stolen scanners and other venues do not count."""
    venue, other = await company.venue(), await company.venue("城西公园")
    bus = await company.bus(Spot(venue_id=venue))
    holder, at = await register.resident(), clock() + timedelta(hours=1)
    day = date(2026, 3, 11)
    for outcome in (Outcome.FREE, Outcome.FREE, Outcome.REFUSED):
        bus.scan(shown_code(resources, holder.id, at), at, admission=outcome, companions=int(outcome is Outcome.FREE))
    clock.forward(hours=2)
    await scanners.place(resources, company.first, company.id, bus.device.id, Spot(venue_id=other))
    bus.scan(shown_code(resources, holder.id, clock()), clock(), admission=Outcome.FULL)
    await bus.upload()

    counted = done(await venues.visitors(resources, company.first, company.id, venue, day, day))
    elsewhere = done(await venues.visitors(resources, company.first, company.id, other, day, day))
    tomorrow = day + timedelta(days=1)
    next_day = done(await venues.visitors(resources, company.first, company.id, venue, tomorrow, tomorrow))

    assert counted == [Visitors(day, "free", 2, 2)]
    assert elsewhere == [Visitors(day, "full", 1, 0)]
    assert next_day == []
    done(await scanners.report_stolen(resources, company.first, company.id, bus.device.id, clock()))
    assert done(await venues.visitors(resources, company.first, company.id, other, day, day)) == []


@pytest.mark.parametrize("days", [-1, 366])
async def test_a_span_of_no_days_or_of_years_is_refused(company: Company, resources: Resources, days: int) -> None:
    """A year at most, and its end not before its beginning; and strangers count nothing."""
    begins = date(2026, 1, 1)
    ends = begins + timedelta(days=days)

    answer = await venues.visitors(resources, company.first, company.id, new_id(), begins, ends)
    stranger = await venues.visitors(resources, company.clerk, company.id, new_id(), begins, begins)

    assert (answer, stranger) == (FleetRefusal.TIME_INVALID, FleetRefusal.NOT_ALLOWED)
