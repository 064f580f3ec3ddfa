"""Shows that a freed place in a course goes, whole, to whom the rules call next, for a while, and then on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.booking import BookingRefusal
from models.record import new_id
from models.waitlist import WaitlistState
from services.bookings import book_slot
from services.database import DatabaseUnavailable
from services.delivery import deliver
from services.enrolments import HeldEnrolment, book_course, cancel_course
from services.news import CHANNEL
from services.offers import expire_offers
from services.release import release_all
from services.resources import Resources
from services.waitlist import accept_offer, join_course_waitlist, leave_waitlist
from services.wishes import HeldWish, wishes_of
from tests.services.register import Clock, FakeSms, Holder, Register, open_all

HOURS = (48, 72, 96)


class FullCourse:
    """A course of three sessions in one room, who is in it, and whoever waits."""

    def __init__(self, resources: Resources, register: Register, owner: asyncpg.Connection) -> None:
        self.resources = resources
        self.register = register
        self.owner = owner

    async def open(self, *, capacity: int = 1, hours: Sequence[float] = HOURS, **service: Any) -> "FullCourse":
        """Fill the course."""
        self.service_id = await self.register.service(**service)
        self.room_id = await self.register.resource(self.service_id, kind="room")
        self.course_id = await self.register.course(self.service_id, hours=hours, capacity=capacity)
        self.members = [await self.enrolled(await self.newcomer()) for _ in range(capacity)]
        return self

    async def newcomer(self, holder: Holder | None = None) -> Viewer:
        """A resident's account."""
        return await self.register.viewer(holder or await self.register.resident())

    async def book(self, viewer: Viewer) -> HeldEnrolment | BookingRefusal:
        """Ask for a place."""
        people = await self.register.people(viewer)
        return await book_course(self.resources, viewer, people, self.course_id, None, str(new_id()))

    async def enrolled(self, viewer: Viewer) -> tuple[Viewer, UUID]:
        """A place, where no refusal is expected."""
        held = await self.book(viewer)
        assert isinstance(held, HeldEnrolment), held
        return viewer, held.id

    async def cancel(self, number: int = 0) -> None:
        """Give one of the first places back."""
        viewer, enrolment_id = self.members[number]
        people = await self.register.people(viewer)
        answer = await cancel_course(self.resources, viewer, people, enrolment_id, str(new_id()))
        assert isinstance(answer, HeldEnrolment), answer

    async def join(self, viewer: Viewer, resident_id: UUID | None = None) -> HeldWish | BookingRefusal:
        """Ask to wait."""
        people = await self.register.people(viewer)
        return await join_course_waitlist(self.resources, viewer, people, self.course_id, resident_id, str(new_id()))

    async def wait(self, viewer: Viewer) -> UUID:
        """Wait, where no refusal is expected."""
        wish = await self.join(viewer)
        assert isinstance(wish, HeldWish), wish
        return wish.id

    async def leave(self, viewer: Viewer, entry_id: UUID) -> HeldWish | BookingRefusal:
        """Wait no longer."""
        return await leave_waitlist(self.resources, viewer, await self.register.people(viewer), entry_id, str(new_id()))

    async def accept(self, viewer: Viewer, entry_id: UUID, key: str = "") -> HeldEnrolment | BookingRefusal:
        """Take what is offered."""
        people = await self.register.people(viewer)
        answer = await accept_offer(self.resources, viewer, people, entry_id, key or str(new_id()))
        assert isinstance(answer, HeldEnrolment | BookingRefusal)
        return answer

    async def wish(self, viewer: Viewer) -> HeldWish | None:
        """What the account waits for."""
        own = (await self.register.people(viewer)).own
        assert own is not None
        return next(iter(await wishes_of(self.resources, [own.id])), None)

    async def counts(self) -> tuple[int, set[int], int, int]:
        """What the course counts, what its sessions count, its enrolments, its open offers."""
        row = await self.owner.fetchrow(
            "SELECT taken, (SELECT count(*) FROM enrolment WHERE course_id = c.id AND cancelled_at IS NULL) AS held, "
            "(SELECT count(*) FROM offer o JOIN waitlist_entry e ON e.id = o.entry_id "
            " WHERE e.course_id = c.id AND o.state = 'open') AS offered FROM course c WHERE id = $1",
            self.course_id,
        )
        sessions = await self.owner.fetch("SELECT taken FROM slot WHERE course_id = $1", self.course_id)
        return row["taken"], {each["taken"] for each in sessions}, row["held"], row["offered"]

    async def rooms(self) -> int:
        """For how many of its sessions the room is held."""
        held: int = await self.owner.fetchval(
            "SELECT count(*) FROM allocation WHERE resource_id = $1 AND released_at IS NULL", self.room_id
        )
        return held


@pytest.fixture
def course(resources: Resources, register: Register, owner: asyncpg.Connection) -> FullCourse:
    """Not opened yet."""
    return FullCourse(resources, register, owner)


async def test_a_freed_place_is_offered_and_accepted_as_a_whole(course: FullCourse, clock: Clock) -> None:
    """She has two hours, the room stays held meanwhile, nobody else gets in, and accepting books every session."""
    await course.open()
    first, second = await course.newcomer(), await course.newcomer()
    entry_id = await course.wait(first)
    clock.forward(seconds=1)
    await course.wait(second)

    await course.cancel()

    wish, behind = await course.wish(first), await course.wish(second)
    assert wish
    assert wish.course
    assert behind
    assert (wish.state, wish.offered_until) == (WaitlistState.OFFERED, clock() + timedelta(hours=2))
    assert (wish.slot, wish.course.name, wish.course.free, wish.course.sessions) == (None, "电脑入门", 0, 3)
    assert (behind.state, behind.before) == (WaitlistState.WAITING, 0)
    assert (await course.counts(), await course.rooms()) == ((1, {1}, 0, 1), 3)
    assert await course.book(await course.newcomer()) is BookingRefusal.SLOT_FULL
    held, again = [await course.accept(first, entry_id, key="accept") for _ in range(2)]
    assert isinstance(held, HeldEnrolment)
    assert held == again
    assert [each.state for each in held.bookings] == ["booked"] * 3
    assert (await course.counts(), await course.rooms()) == ((1, {1}, 1, 0), 3)
    assert await course.wish(first) is None


async def test_an_offer_that_runs_out_or_is_declined_passes_on(course: FullCourse, clock: Clock) -> None:
    """Too late for the first is too late; with the last one gone the course is free and so is its room."""
    await course.open()
    people = [await course.newcomer() for _ in range(2)]
    entries = []
    for viewer in people:
        entries.append(await course.wait(viewer))
        clock.forward(seconds=1)
    await course.cancel()
    clock.forward(hours=2)
    late = await course.accept(people[0], entries[0])

    ended = [await expire_offers(course.resources) for _ in range(2)]

    assert late is BookingRefusal.NO_OFFER
    assert ended == [1, 0]
    assert await course.counts() == (1, {1}, 0, 1)
    declined = await course.leave(people[1], entries[1])
    assert isinstance(declined, HeldWish)
    assert declined.state is WaitlistState.LEFT
    assert (await course.counts(), await course.rooms()) == ((0, {0}, 0, 0), 0)
    assert await course.accept(people[1], entries[1]) is BookingRefusal.NO_OFFER


async def test_who_waits_may_leave(course: FullCourse) -> None:
    """She is not called afterwards, and the place is free."""
    await course.open()
    viewer = await course.newcomer()
    left = await course.leave(viewer, await course.wait(viewer))

    await course.cancel()

    assert isinstance(left, HeldWish)
    assert left.state is WaitlistState.LEFT
    assert await course.counts() == (0, {0}, 0, 0)


async def test_nobody_is_called_to_a_course_that_can_no_longer_be_joined(course: FullCourse, clock: Clock) -> None:
    """An offer ends a lead time ahead of the first session; once it has begun places are freed, and wishes lapse."""
    await course.open(capacity=2, lead_minutes=60, cancel_minutes=0)
    viewers = [await course.newcomer() for _ in range(2)]
    entries = [await course.wait(viewer) for viewer in viewers]
    start = clock() + timedelta(hours=HOURS[0])
    clock.forward(hours=46, minutes=30)
    await course.cancel(0)
    wishes = [await course.wish(viewer) for viewer in viewers]
    clock.forward(hours=2)
    await expire_offers(course.resources)

    await course.cancel(1)

    assert [wish.offered_until for wish in wishes if wish and wish.offered_until] == [start - timedelta(hours=1)]
    assert [await course.wish(viewer) for viewer in viewers] == [None, None]
    assert await course.accept(viewers[0], entries[0]) is BookingRefusal.COURSE_BEGUN
    sessions = await course.owner.fetch(
        "SELECT taken FROM slot WHERE course_id = $1 ORDER BY starts_at", course.course_id
    )
    assert [row["taken"] for row in sessions] == [1, 0, 0]


async def test_a_refused_acceptance_leaves_the_offer(course: FullCourse, register: Register) -> None:
    """One session in the way refuses the whole, and the place stays held for her."""
    await course.open()
    viewer = await course.newcomer()
    entry_id = await course.wait(viewer)
    await course.cancel()
    slot_id = await register.slot(await register.service(), hours=HOURS[1] + 0.5)
    await book_slot(course.resources, viewer, await register.people(viewer), slot_id, None, str(new_id()))

    answer = await course.accept(viewer, entry_id)

    assert answer is BookingRefusal.OVERLAPS
    assert (await course.counts(), await course.rooms()) == ((1, {1}, 0, 1), 3)


async def test_nobody_waits_for_a_course_without_need(course: FullCourse, register: Register, clock: Clock) -> None:
    """Not for a free one, twice, in it, without a card, for a stranger, unknown, closed, in the way, or begun."""
    await course.open()
    member, _ = course.members[0]
    viewer, barred = await course.newcomer(), await course.newcomer(await register.resident(state="suspended"))
    busy = await course.newcomer()
    slot_id = await register.slot(await register.service(), hours=HOURS[2])
    await book_slot(course.resources, busy, await register.people(busy), slot_id, None, str(new_id()))
    await course.wait(viewer)
    full = course.course_id

    refused: list[object] = [await course.join(each) for each in (viewer, member, barred, busy)]
    refused.append(await course.join(viewer, new_id()))
    for other in [await register.course(course.service_id, hours=[30]), new_id()]:
        course.course_id = other
        refused.append(await course.join(viewer))
    course.course_id = await register.course(course.service_id, hours=[33])
    await course.owner.execute("UPDATE course SET retired_at = now() WHERE id = $1", course.course_id)
    refused += [await course.join(viewer), await course.book(viewer)]
    course.course_id = full
    clock.forward(hours=48)
    refused.append(await course.join(await course.newcomer()))

    assert refused == [
        BookingRefusal.ALREADY_WAITING,
        BookingRefusal.ALREADY_BOOKED,
        BookingRefusal.CARD_NOT_USABLE,
        BookingRefusal.OVERLAPS,
        BookingRefusal.NOT_ALLOWED,
        BookingRefusal.NOT_FULL,
        BookingRefusal.COURSE_NOT_FOUND,
        BookingRefusal.COURSE_CLOSED,
        BookingRefusal.COURSE_CLOSED,
        BookingRefusal.COURSE_BEGUN,
    ]


async def test_a_strangers_wish_for_a_course_is_not_found(course: FullCourse) -> None:
    """Neither left nor accepted."""
    await course.open()
    entry_id = await course.wait(await course.newcomer())
    await course.cancel()
    stranger = await course.newcomer()

    answers: list[object] = [await course.leave(stranger, entry_id), await course.accept(stranger, entry_id)]

    assert answers == [BookingRefusal.WISH_NOT_FOUND] * 2
    assert await course.counts() == (1, {1}, 0, 1)


async def test_a_card_that_ends_hands_its_courses_on(course: FullCourse, register: Register) -> None:
    """Her place and the offer that was held for her go to the next, and her wish ends."""
    await course.open()
    other = await FullCourse(course.resources, register, course.owner).open(hours=(100, 124, 148))
    holder = await register.resident()
    viewer, heir, second = await course.newcomer(holder), await course.newcomer(), await course.newcomer()
    await other.cancel()
    _, enrolment_id = await other.enrolled(viewer)
    await course.wait(viewer)
    await course.cancel()
    await course.wait(heir)
    await other.wait(second)

    async with course.resources.beyond_reach().database.transaction() as connection:
        ended = await release_all(connection, holder.id, course.resources.clock(), told=True)

    offered, inherited = await course.wish(heir), await other.wish(second)
    assert ended == 3
    assert offered
    assert inherited
    assert {offered.state, inherited.state} == {WaitlistState.OFFERED}
    assert (await course.counts(), await other.counts()) == ((1, {1}, 0, 1), (1, {1}, 0, 1))
    notices = "SELECT count(*) FROM notice n JOIN booking b ON b.id = n.booking_id WHERE b.enrolment_id = $1"
    assert await course.owner.fetchval(notices, enrolment_id) == 1


async def test_places_that_come_with_a_larger_course_are_offered_too(course: FullCourse) -> None:
    """The next look offers them, as many as there are in each session."""
    await course.open()
    for _ in range(3):
        await course.wait(await course.newcomer())
    await course.owner.execute("UPDATE course SET capacity = 4 WHERE id = $1", course.course_id)
    await course.owner.execute("UPDATE slot SET capacity = 3 WHERE course_id = $1", course.course_id)

    for _ in range(2):
        await expire_offers(course.resources)

    assert await course.counts() == (3, {3}, 1, 2)


async def test_who_is_offered_a_course_is_told_of_its_first_session(course: FullCourse, sms: FakeSms) -> None:
    """By the same notice as for a slot, once."""
    await course.open()
    holder = await course.register.resident()
    await course.wait(await course.newcomer(holder))
    await course.cancel()
    notices = await course.owner.fetch("SELECT id FROM notice WHERE resident_id = $1", holder.id)

    for row in notices:
        await deliver(course.resources, row["id"])

    (sent,) = [message for phone, message in sms.sent if phone == holder.phone]
    assert (sent.kind, sent.starts_at) == ("offered", course.resources.clock() + timedelta(hours=HOURS[0]))


async def test_a_booked_or_accepted_course_is_news_to_its_provider(course: FullCourse) -> None:
    """Whoever follows the provider's day hears of each at once, and does not wait for the next reading."""
    await course.open(capacity=2)
    heard = asyncio.Queue[str]()
    await course.owner.add_listener(CHANNEL, lambda *heard_of: heard.put_nowait(str(heard_of[-1])))

    async def hear() -> None:
        async with asyncio.timeout(60):
            while str(course.service_id) not in await heard.get():
                pass

    viewer = await course.newcomer()
    entry_id = await course.wait(viewer)
    await course.cancel()
    await hear()
    while not heard.empty():
        heard.get_nowait()

    accepted = await course.accept(viewer, entry_id)

    assert isinstance(accepted, HeldEnrolment)
    await hear()


async def test_no_place_is_lost_or_doubled_when_all_act_at_once(course: FullCourse, clock: Clock) -> None:
    """Members leave while others join, accept, leave and offers run out: afterwards all counts agree with the rows."""
    await course.open(capacity=3)
    await open_all(course.resources)
    viewers = [await course.newcomer() for _ in range(6)]
    entries = [await course.wait(viewer) for viewer in viewers[:4]]
    await course.cancel(0)
    clock.forward(hours=2)

    async def insist(act: Callable[..., Awaitable[object]], *args: object) -> None:
        for _ in range(40):
            try:
                await act(*args)
            except DatabaseUnavailable:
                continue
            return

    await asyncio.gather(
        *(insist(course.cancel, number) for number in (1, 2)),
        *(insist(course.join, viewer) for viewer in viewers[4:]),
        *(insist(expire_offers, course.resources) for _ in range(2)),
        insist(course.leave, viewers[3], entries[3]),
        *(insist(course.accept, viewer, entry) for viewer, entry in zip(viewers, entries, strict=False)),
    )
    await expire_offers(course.resources)

    taken, sessions, held, offered = await course.counts()
    left = await course.owner.fetchval(
        "SELECT count(*) FROM waitlist_entry WHERE course_id = $1 AND state = 'waiting'", course.course_id
    )
    assert sessions == {taken}
    assert taken == held + offered
    assert taken == 3 or left == 0
