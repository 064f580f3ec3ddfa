"""Shows that a desk writes down who came, for its own sessions only, and that claims follow from comings alone."""

from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from card.cose import SigningKey
from card.credential import prove
from card.presentation import encode_text, present
from domain.attendance import DeskRefusal
from models.record import new_id
from services import credentials
from services.appeals import appeal_miss, decide_miss_appeal
from services.attendance import check_in, close_sessions, record_came, record_missed
from services.bookings import bookings_of, cancel_booking
from services.claims import claims_of
from services.credentials import IssuedCode, IssuedPass
from services.desks import DeskBooking, Page, appeals_in_area, day_list, desks_of
from services.resources import Resources
from tests.services.frontdesk import FrontDesk
from tests.services.register import Clock, Holder, Register

FIRST = Page(None, 10)
MARCH = date(2026, 3, 11)


@pytest.fixture
async def desk(resources: Resources, register: Register) -> FrontDesk:
    """A desk of a rehabilitation centre that asks 80 yuan a session."""
    return await FrontDesk(resources, register).open()


async def code_of(desk: FrontDesk, holder: Holder) -> str:
    """A bearer code of a resident, on a guardian's phone."""
    viewer = await desk.register.viewer()
    await desk.register.guardian(holder, viewer.account_id)
    people = await desk.register.people(viewer)
    code = await credentials.issue_online_code(desk.resources, viewer, people, holder.id)
    assert isinstance(code, IssuedCode)
    return code.text


def came(answer: DeskBooking | DeskRefusal) -> tuple[str, str | None]:
    """The state of the booking and how it was known."""
    assert isinstance(answer, DeskBooking), answer
    return answer.booking.state, answer.method


async def test_a_code_checks_her_in_and_makes_a_claim_once(desk: FrontDesk, owner: asyncpg.Connection) -> None:
    """Her session of today is attended, the log names the account and her, and a second time changes nothing."""
    holder = await desk.patient()
    held, _ = await desk.book(holder, hours=2), await desk.book(holder, hours=26)
    code = await code_of(desk, holder)

    answers = [await check_in(desk.resources, desk.staff, desk.provider_id, code) for _ in range(2)]

    assert [came(answer) for answer in answers] == [("attended", "code")] * 2
    claims = await owner.fetch(
        "SELECT booking_id, amount, session_on, state FROM claim WHERE resident_id = $1", holder.id
    )
    assert [tuple(row) for row in claims] == [(held.id, Decimal(80), MARCH, "open")]
    actor = f"account:{desk.staff.account_id}"
    logged = await owner.fetch(
        "SELECT action, detail FROM audit WHERE subject = $1 AND actor = $2", str(holder.id), actor
    )
    assert {tuple(row) for row in logged} == {("record_came", "")}


async def test_of_two_sessions_the_nearest_is_meant(desk: FrontDesk, clock: Clock) -> None:
    """In the morning the first, before the second the second."""
    holder = await desk.patient()
    first, second = await desk.book(holder, hours=1), await desk.book(holder, hours=6)
    morning = await check_in(desk.resources, desk.staff, desk.provider_id, await code_of(desk, holder))
    clock.forward(hours=5)

    afternoon = await check_in(desk.resources, desk.staff, desk.provider_id, await code_of(desk, holder))

    assert isinstance(morning, DeskBooking)
    assert isinstance(afternoon, DeskBooking)
    assert [morning.booking.id, afternoon.booking.id] == [first.id, second.id]


async def test_a_code_that_a_gate_refuses_checks_nobody_in(desk: FrontDesk, clock: Clock) -> None:
    """Noise, a code that is over, a pass revoked by another phone's, one with no session today, and another's desk."""
    holder = await desk.patient()
    viewer = await desk.register.viewer(holder)
    people = await desk.register.people(viewer)

    async def pass_code(key: SigningKey) -> str:
        challenge = credentials.new_challenge(desk.resources, viewer)
        proof = prove(challenge, key)
        issued = await credentials.issue_pass(
            desk.resources, viewer, people, None, key.verifying_key.public, challenge, proof
        )
        assert isinstance(issued, IssuedPass)
        return encode_text(present(issued.token, key, clock()))

    async def ask(code: str) -> DeskBooking | DeskRefusal:
        return await check_in(desk.resources, desk.staff, desk.provider_id, code)

    no_session = await ask(await pass_code(SigningKey.generate()))
    await desk.book(holder, hours=2)
    revoked_code = await pass_code(SigningKey.generate())
    good_code = await pass_code(SigningKey.generate())
    revoked, noise = await ask(revoked_code), await ask("SDC1:NOISE")
    stranger = await check_in(desk.resources, viewer, desk.provider_id, good_code)
    good = await ask(good_code)
    clock.forward(minutes=2)

    assert [no_session, revoked, noise, stranger, await ask(good_code)] == [
        DeskRefusal.NO_BOOKING_TODAY,
        DeskRefusal.CODE_REVOKED,
        DeskRefusal.CODE_INVALID,
        DeskRefusal.NOT_ALLOWED,
        DeskRefusal.CODE_OVER,
    ]
    assert came(good) == ("attended", "code")


async def test_a_miss_waits_for_the_grace_and_is_put_right_by_a_coming(
    desk: FrontDesk, clock: Clock, owner: asyncpg.Connection
) -> None:
    """Not at the start, only when fifteen minutes are over; one who comes later came, and her session is claimed."""
    holder = await desk.patient()
    held = await desk.book(holder, hours=1)
    clock.forward(hours=1, minutes=14)
    early = await record_missed(desk.resources, desk.staff, held.id)
    clock.forward(minutes=1)
    missed = [await record_missed(desk.resources, desk.staff, held.id) for _ in range(2)]
    claims_before = await owner.fetchval("SELECT count(*) FROM claim WHERE booking_id = $1", held.id)
    clock.forward(minutes=20)

    late = await record_came(desk.resources, desk.staff, held.id)

    assert early is DeskRefusal.WITHIN_GRACE
    assert [came(answer) for answer in missed] == [("missed", "desk")] * 2
    assert (came(late), claims_before) == (("attended", "desk"), 0)
    assert await owner.fetchval("SELECT count(*) FROM claim WHERE booking_id = $1", held.id) == 1
    assert await record_missed(desk.resources, desk.staff, held.id) is DeskRefusal.ATTENDED


async def test_another_desk_finds_no_booking(desk: FrontDesk, register: Register) -> None:
    """Neither does one who has left, the resident herself, or anybody for a booking that never was."""
    holder = await desk.patient()
    held = await desk.book(holder, hours=1)
    other = await FrontDesk(desk.resources, register).open()
    left = await register.viewer()
    await register.desk(left.account_id, desk.service_id, left_on=MARCH)

    asked = [(other.staff, held.id), (left, held.id), (await register.viewer(holder), held.id), (desk.staff, new_id())]
    answers = [await record_came(desk.resources, viewer, booking_id) for viewer, booking_id in asked]

    assert set(answers) == {DeskRefusal.BOOKING_NOT_FOUND}
    assert await desks_of(desk.resources, left) == []
    assert [each.provider_id for each in await desks_of(desk.resources, desk.staff)] == [desk.provider_id]


async def test_sessions_that_are_over_are_closed(desk: FrontDesk, clock: Clock, owner: asyncpg.Connection) -> None:
    """Whom nobody saw by the end missed it; what was not confirmed by its start is cancelled; the rest stays."""
    asking = await FrontDesk(desk.resources, desk.register).open(needs_confirmation=True)
    holders = [await desk.patient() for _ in range(3)]
    over, running = await desk.book(holders[0], hours=1), await desk.book(holders[1], hours=1.5)
    requested = await asking.book(holders[2], hours=1.5)
    clock.forward(hours=2)

    closed = [await close_sessions(desk.resources) for _ in range(2)]

    states = {row.id: row.state for row in await bookings_of(desk.resources, [holder.id for holder in holders])}
    assert closed[1] == 0
    assert states == {over.id: "missed", running.id: "booked", requested.id: "cancelled"}
    assert await owner.fetchval("SELECT method FROM attendance WHERE booking_id = $1", over.id) == "grace_over"
    assert await owner.fetchval("SELECT taken FROM slot WHERE id = $1", requested.slot.id) == 0


async def test_an_upheld_appeal_excuses_the_miss(desk: FrontDesk, clock: Clock, owner: asyncpg.Connection) -> None:
    """Her words are sealed, staff of her area read and decide them once, and only a miss can be appealed against."""
    holder = await desk.patient()
    viewer, clerk, elsewhere = [await desk.register.viewer(each) for each in (holder, None, None)]
    await desk.register.staff(clerk.account_id, town="曹娥街道")
    await desk.register.staff(elsewhere.account_id, town="崧厦街道")
    people, clerks, others = [await desk.register.people(each) for each in (viewer, clerk, elsewhere)]
    held = await desk.book(holder, hours=1)
    early = await appeal_miss(desk.resources, viewer, people, held.id, "车坏了")
    clock.forward(hours=3)
    await close_sessions(desk.resources)
    empty = await appeal_miss(desk.resources, viewer, people, held.id, "  ")
    for words in ("公交车坏了，赶不到。", "改一个说法"):
        await appeal_miss(desk.resources, viewer, people, held.id, words)
    assert clerks.staff
    (listed,) = await appeals_in_area(desk.resources, clerks.staff.area, FIRST)

    away = await decide_miss_appeal(desk.resources, elsewhere, others, held.id, upheld=True)
    decided = await decide_miss_appeal(desk.resources, clerk, clerks, held.id, upheld=True)
    again = await decide_miss_appeal(desk.resources, clerk, clerks, held.id, upheld=False)

    assert [early, empty, away, again] == [
        DeskRefusal.NOT_MISSED,
        DeskRefusal.REASON,
        DeskRefusal.BOOKING_NOT_FOUND,
        DeskRefusal.NO_APPEAL,
    ]
    assert (listed.appeal, listed.masked_name) == ("公交车坏了，赶不到。", "王**")
    assert came(decided) == ("excused", "grace_over")
    assert await appeals_in_area(desk.resources, clerks.staff.area, FIRST) == []
    sealed = await owner.fetchval("SELECT appeal_sealed FROM attendance WHERE booking_id = $1", held.id)
    assert "公交".encode() not in sealed


async def test_strangers_appeal_for_nobody_and_only_staff_decide(desk: FrontDesk, clock: Clock) -> None:
    """An appeal that is not upheld leaves the miss."""
    holder = await desk.patient()
    viewer, stranger, clerk = [await desk.register.viewer(each) for each in (holder, None, None)]
    await desk.register.staff(clerk.account_id)
    people, strangers, clerks = [await desk.register.people(each) for each in (viewer, stranger, clerk)]
    held = await desk.book(holder, hours=1)
    clock.forward(hours=3)
    await close_sessions(desk.resources)
    await appeal_miss(desk.resources, viewer, people, held.id, "病了")

    refused = [
        await appeal_miss(desk.resources, stranger, strangers, held.id, "病了"),
        await appeal_miss(desk.resources, viewer, people, new_id(), "病了"),
        await decide_miss_appeal(desk.resources, desk.staff, strangers, held.id, upheld=True),
    ]
    decided = await decide_miss_appeal(desk.resources, clerk, clerks, held.id, upheld=False)

    assert refused == [DeskRefusal.BOOKING_NOT_FOUND, DeskRefusal.BOOKING_NOT_FOUND, DeskRefusal.NOT_ALLOWED]
    assert came(decided) == ("missed", "grace_over")


async def test_the_day_list_has_the_day_of_the_provider_page_by_page(desk: FrontDesk, register: Register) -> None:
    """In order of time, masked, without what was cancelled, of one site where that is asked, and nobody else's."""
    site_id = await register.site(desk.provider_id)
    at_site = await register.service(provider_id=desk.provider_id, site_id=site_id)
    holders = [await desk.patient() for _ in range(4)]
    early, late = await desk.book(holders[0], hours=1), await desk.book(holders[1], hours=5)
    there = await desk.book(holders[2], slot_id=await register.slot(at_site, hours=3))
    viewer = await register.viewer()
    gone = await desk.book_as(viewer, holders[3], hours=4)
    await cancel_booking(desk.resources, viewer, await register.people(viewer), gone.id, str(new_id()))
    await desk.book(holders[0], hours=24)
    await (await FrontDesk(desk.resources, register).open()).book(holders[3], hours=2)

    listed: list[DeskBooking] = []
    while page := await day_list(
        desk.resources,
        desk.provider_id,
        MARCH,
        None,
        Page((listed[-1].booking.slot.starts_at, listed[-1].booking.id) if listed else None, 2),
    ):
        listed += page

    assert [each.booking.id for each in listed] == [early.id, there.id, late.id]
    assert {each.masked_name for each in listed} == {"王**"}
    of_site = await day_list(desk.resources, desk.provider_id, MARCH, site_id, FIRST)
    assert [each.booking.id for each in of_site] == [there.id]


async def test_claims_of_a_month_are_summed_by_provider_and_programme(
    desk: FrontDesk, register: Register, clock: Clock
) -> None:
    """Two comings count, a miss and a session that nobody pays for do not, nor does the month before or after."""
    poor, rich = await desk.patient(), await register.resident()
    await register.fact(rich, "trains_at_rehab_centre", value=True, source="rehab_centre")
    await register.fact(rich, "household_hardship", "none")
    stranger = await register.resident()
    held = [await desk.book(each, hours=1) for each in (poor, rich, stranger)]
    missed = await desk.book(poor, hours=3)
    clock.forward(hours=4)
    for each in held:
        assert isinstance(await record_came(desk.resources, desk.staff, each.id), DeskBooking)
    await record_missed(desk.resources, desk.staff, missed.id)

    sums = [each for each in await claims_of(desk.resources.database, MARCH) if each.provider_id == desk.provider_id]

    assert [(each.programme, each.sessions, each.amount) for each in sums] == [
        ("rehab-training-relief", 2, Decimal(120))
    ]
    for other in (date(2026, 2, 28), date(2026, 4, 1)):
        assert await claims_of(desk.resources.database, other) == []
