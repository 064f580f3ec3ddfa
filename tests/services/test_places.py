"""Shows what a booking is quoted at: by the rules and the price of the session's day, and what is left of the year."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from domain.booking import BookingRefusal
from domain.entitlement import Verdict
from models.record import new_id
from services.bookings import HeldBooking, book_slot
from services.resources import Resources
from tests.services.register import Holder, Register


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A resident of whom the register knows no more than her card."""
    return await register.resident()


@pytest.fixture
async def service_id(register: Register) -> UUID:
    """A rehab training of 80 yuan, of 90 from the middle of March on."""
    service_id = await register.service(documents="残疾人证\n病历", horizon_days=400)
    await register.price(service_id, "80")
    await register.price(service_id, "90.50", date(2026, 3, 15))
    return service_id


async def book(resources: Resources, register: Register, holder: Holder, slot_id: UUID) -> HeldBooking | BookingRefusal:
    """A request of hers."""
    viewer = await register.viewer()
    await register.guardian(holder, viewer.account_id)
    return await book_slot(resources, viewer, await register.people(viewer), slot_id, holder.id, str(new_id()))


async def booked(resources: Resources, register: Register, holder: Holder, slot_id: UUID) -> HeldBooking:
    """Her booking, where no refusal is expected."""
    held = await book(resources, register, holder, slot_id)
    assert isinstance(held, HeldBooking)
    return held


async def trains(register: Register, holder: Holder, hardship: str = "none") -> None:
    """Let the register know that she trains, and how poor her household is."""
    await register.fact(holder, "trains_at_rehab_centre", value=True, source="federation")
    await register.fact(holder, "household_hardship", hardship)


async def test_who_cannot_show_it_yet_books_and_is_told_what_to_bring(
    resources: Resources, register: Register, holder: Holder, service_id: UUID
) -> None:
    """Undetermined is no refusal: no share is promised, and what would settle it is named after the papers."""
    held = await booked(resources, register, holder, await register.slot(service_id))

    assert (held.verdict, held.cost_share, held.price) == (Verdict.UNDETERMINED, None, Decimal(80))
    assert held.to_bring[:2] == ("残疾人证", "病历")
    assert len(held.to_bring) > 2


@pytest.mark.parametrize(("hardship", "share"), [("none", "0.5"), ("living_guarantee", "1"), ("margin", "1")])
async def test_the_programme_bears_its_share(
    resources: Resources, register: Register, holder: Holder, service_id: UUID, hardship: str, share: str
) -> None:
    """The poor pay nothing, others a half, and the service's own papers are all there is to bring."""
    await trains(register, holder, hardship)

    held = await booked(resources, register, holder, await register.slot(service_id))

    assert (held.verdict, held.cost_share) == (Verdict.ELIGIBLE, Decimal(share))
    assert held.to_bring == ("残疾人证", "病历")


async def test_price_and_rules_are_those_of_the_sessions_day(
    resources: Resources, register: Register, holder: Holder, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """A session after the rise costs more; one after her household has left hardship is borne by half."""
    await register.fact(holder, "trains_at_rehab_centre", value=True, source="federation")
    await register.fact(holder, "household_hardship", "living_guarantee", valid_until=date(2026, 3, 14))
    await register.fact(holder, "household_hardship", "none", valid_from=date(2026, 3, 15))
    days = (3, 4)

    before, after = [
        await booked(resources, register, holder, await register.slot(service_id, hours=24 * day)) for day in days
    ]

    assert (before.price, before.cost_share) == (Decimal(80), Decimal(1))
    assert (after.price, after.cost_share) == (Decimal("90.5"), Decimal("0.5"))
    kept = await owner.fetchrow("SELECT programme, rule_effective FROM booking WHERE id = $1", after.id)
    assert tuple(kept) == ("rehab-training-relief", date(2016, 12, 4))


async def test_a_service_that_no_programme_pays_for_asks_nobody(
    resources: Resources, register: Register, holder: Holder
) -> None:
    """No verdict, no share, and free of charge where it has no price."""
    held = await booked(resources, register, holder, await register.slot(await register.service(programme="")))

    assert (held.verdict, held.cost_share, held.price, held.to_bring) == (None, None, Decimal(0), ())


async def test_who_is_not_entitled_pays_or_is_refused(
    resources: Resources, register: Register, holder: Holder, service_id: UUID
) -> None:
    """A plain no lowers no price; where a service is for the entitled alone, there is no place either."""
    await register.fact(holder, "trains_at_rehab_centre", value=False, source="federation")
    closed = await register.slot(await register.service(only_entitled=True), hours=48)

    held = await booked(resources, register, holder, await register.slot(service_id))
    refused = await book(resources, register, holder, closed)

    assert (held.verdict, held.cost_share, held.price) == (Verdict.NOT_ELIGIBLE, None, Decimal(80))
    assert refused is BookingRefusal.NOT_ELIGIBLE


async def test_the_sessions_of_the_year_run_out(
    resources: Resources, register: Register, holder: Holder, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """The 200th session borne this year is the last, one she paid herself counts for nothing, and a new year begins."""
    await trains(register, holder)
    await owner.execute(
        "WITH past AS (INSERT INTO slot (id, service_id, starts_at, ends_at, capacity, taken) "
        "SELECT gen_random_uuid(), $1, $3::timestamptz - n * interval '2 hours', $3 - n * interval '1 hour', 1, 1 "
        "FROM generate_series(1, 200) n RETURNING id, starts_at, ends_at) "
        "INSERT INTO booking (id, slot_id, resident_id, state, starts_at, ends_at, booked_at, programme, cost_share) "
        "SELECT gen_random_uuid(), id, $2, 'attended', starts_at, ends_at, $3, 'rehab-training-relief', "
        "CASE WHEN row_number() OVER () < 200 THEN 0.5 END FROM past",
        service_id,
        holder.id,
        resources.clock(),
    )

    last, beyond, next_year = [
        await booked(resources, register, holder, await register.slot(service_id, hours=24 * days))
        for days in (2, 3, 300)
    ]

    assert (last.verdict, last.cost_share) == (Verdict.ELIGIBLE, Decimal("0.5"))
    assert (beyond.verdict, beyond.cost_share) == (Verdict.ELIGIBLE, Decimal(0))
    assert next_year.cost_share == Decimal("0.5")


async def test_a_request_waits_for_the_provider(resources: Resources, register: Register, holder: Holder) -> None:
    """Where a provider confirms, a booking begins as a request, and holds its place."""
    service_id = await register.service(needs_confirmation=True)

    held = await booked(resources, register, holder, await register.slot(service_id))

    assert (held.state, held.slot.free) == ("requested", 0)


@pytest.mark.parametrize(
    ("hours", "refusal"),
    [(1.9, BookingRefusal.SHORT_NOTICE), (24 * 7 + 1, BookingRefusal.TOO_EARLY)],
)
async def test_a_slot_is_open_between_horizon_and_lead(
    resources: Resources, register: Register, holder: Holder, hours: float, refusal: BookingRefusal
) -> None:
    """Two hours ahead at the latest and a week ahead at the earliest, with a reason either way."""
    service_id = await register.service(lead_minutes=120, horizon_days=7)

    assert await book(resources, register, holder, await register.slot(service_id, hours=hours)) is refusal


async def test_a_withdrawn_slot_is_not_offered(
    resources: Resources, register: Register, holder: Holder, service_id: UUID, owner: asyncpg.Connection
) -> None:
    """Whoever still has it on her screen is told to choose another."""
    slot_id = await register.slot(service_id)
    await owner.execute("UPDATE slot SET state = 'withdrawn' WHERE id = $1", slot_id)

    assert await book(resources, register, holder, slot_id) is BookingRefusal.NOT_OFFERED
