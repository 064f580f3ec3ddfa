"""Notices: told once, by WeChat while somebody agreed and else as a text message, and what a broken sending leaves."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models.notice import NoticeKind
from models.record import new_id
from services.bookings import HeldBooking, book_slot, cancel_booking
from services.delivery import AT_ONCE, RETRY, deliver
from services.message import SmsRefused, SmsUnavailable
from services.notices import queue_lost, remind, tell_of_booking, tell_of_offer
from services.resources import Resources
from services.wechat import (
    WechatMessageInvalid,
    WechatNoConsent,
    WechatNotReached,
    WechatRateLimited,
    WechatUnavailable,
)
from tests.services.register import Clock, FakeSms, FakeWechat, Register


class Scene:
    """A resident with an account, a place in a session of tomorrow, and what became of the notices about it."""

    def __init__(self, resources: Resources, register: Register, owner: asyncpg.Connection) -> None:
        self.resources = resources
        self.register = register
        self.owner = owner

    async def booked(self, *, openid: str | None = None, hours: float = 30, **resident: Any) -> "Scene":
        """Let her book."""
        self.holder = await self.register.resident(**resident)
        self.viewer = await self.register.viewer(self.holder, openid=openid)
        service = await self.register.service()
        slot = await self.register.slot(service, hours=hours)
        people = await self.register.people(self.viewer)
        booking = await book_slot(self.resources, self.viewer, people, slot, None, str(new_id()))
        assert isinstance(booking, HeldBooking), booking
        self.booking_id = booking.id
        return self

    async def cancelled(self) -> UUID:
        """Let her cancel; the notice of it."""
        people = await self.register.people(self.viewer)
        told = await cancel_booking(self.resources, self.viewer, people, self.booking_id, str(new_id()))
        assert isinstance(told, HeldBooking), told
        return await self.notice()

    async def told(self, kind: NoticeKind) -> UUID:
        """Make a notice of that kind."""
        async with self.resources.database.transaction() as connection:
            await tell_of_booking(connection, self.booking_id, kind, self.resources.clock())
        return await self.notice()

    async def agreed(self, kind: NoticeKind, remaining: int = 1, account_id: UUID | None = None) -> UUID:
        """Let an account agree to messages of that kind."""
        account_id = account_id or self.viewer.account_id
        return await self.register.consent(account_id, f"demo-{kind}", remaining)

    async def notice(self) -> UUID:
        """The only notice about the booking."""
        (row,) = await self.owner.fetch("SELECT id FROM notice WHERE booking_id = $1", self.booking_id)
        notice_id: UUID = row["id"]
        return notice_id

    async def state(self) -> tuple[str, str | None, str | None]:
        """State, channel and refusal of that notice."""
        row = await self.owner.fetchrow(
            "SELECT state, channel, refusal FROM notice WHERE booking_id = $1", self.booking_id
        )
        return row["state"], row["channel"], row["refusal"]

    async def remaining(self, consent_id: UUID) -> int:
        """How many messages of an agreement are left."""
        left: int = await self.owner.fetchval("SELECT remaining FROM notice_consent WHERE id = $1", consent_id)
        return left

    async def jobs(self) -> int:
        """How many jobs wait."""
        waiting: int = await self.owner.fetchval("SELECT count(*) FROM pgqueuer")
        return waiting


@pytest.fixture
async def scene(resources: Resources, register: Register, owner: asyncpg.Connection) -> Scene:
    """Nobody yet; no job and no booking of another test."""
    await owner.execute("DELETE FROM pgqueuer")
    await owner.execute("DELETE FROM notice")
    await owner.execute("UPDATE booking SET state = 'attended' WHERE cancelled_at IS NULL")
    return Scene(resources, register, owner)


async def test_a_cancellation_goes_out_by_wechat_and_costs_one_agreement(scene: Scene, wechat: FakeWechat) -> None:
    """The message names time and place, and nothing of who she is."""
    await scene.booked(openid="o-1")
    consent = await scene.agreed(NoticeKind.CANCELLED, 2)
    notice = await scene.cancelled()

    again = await deliver(scene.resources, notice)

    assert again is None
    assert [(openid, message.kind, message.place) for openid, message in wechat.sent] == [
        ("o-1", NoticeKind.CANCELLED, "")
    ]
    assert await scene.state() == ("sent", "wechat", None)
    assert await scene.remaining(consent) == 1


async def test_notice_and_job_stand_or_fall_with_the_booking(scene: Scene) -> None:
    """A transaction that fails leaves neither, and one that is repeated makes neither twice."""
    await scene.booked()

    with suppress(ZeroDivisionError):
        async with scene.resources.database.transaction() as connection:
            await tell_of_booking(connection, scene.booking_id, NoticeKind.CHANGED, scene.resources.clock())
            raise ZeroDivisionError
    none = await scene.jobs()
    await scene.told(NoticeKind.CHANGED)
    await scene.told(NoticeKind.CHANGED)

    assert (none, await scene.jobs()) == (0, 1)


async def test_without_agreement_a_text_message_goes_out(scene: Scene, sms: FakeSms) -> None:
    """To the number in the register."""
    await scene.booked(phone="13912345678")
    notice = await scene.cancelled()

    await deliver(scene.resources, notice)

    assert [phone for phone, _ in sms.sent] == ["13912345678"]
    assert await scene.state() == ("sent", "sms", None)


async def test_a_guardian_is_told_where_she_cannot_be(scene: Scene, wechat: FakeWechat, sms: FakeSms) -> None:
    """Her own account goes before, then the guardian's, then the guardian's phone; a former guardian's never."""
    await scene.booked(openid="o-ward", phone=None)
    mother, stranger = await scene.register.viewer(openid="o-mother"), await scene.register.viewer(openid="o-former")
    await scene.register.guardian(scene.holder, mother.account_id)
    yesterday = scene.resources.clock().date() - timedelta(days=1)
    await scene.register.guardian(scene.holder, stranger.account_id, phone="13600000000", valid_until=yesterday)
    await scene.agreed(NoticeKind.CHANGED, 1, mother.account_id)
    await scene.agreed(NoticeKind.CANCELLED, 1, stranger.account_id)

    await deliver(scene.resources, await scene.told(NoticeKind.CHANGED))
    await scene.owner.execute("DELETE FROM notice")
    await deliver(scene.resources, await scene.cancelled())

    assert [openid for openid, _ in wechat.sent] == ["o-mother"]
    assert [phone for phone, _ in sms.sent] == ["13700000000"]


async def test_nobody_to_reach_is_said(scene: Scene, sms: FakeSms) -> None:
    """Without agreement and number the notice ends as refused."""
    await scene.booked(phone=None)

    await deliver(scene.resources, await scene.cancelled())

    assert await scene.state() == ("refused", None, "unreachable")
    assert not sms.sent


async def test_a_user_who_took_back_her_agreement_gets_a_text_message(
    scene: Scene, wechat: FakeWechat, sms: FakeSms
) -> None:
    """WeChat's 43101 ends our count, and the next try at once takes the other channel."""
    await scene.booked()
    consent = await scene.agreed(NoticeKind.CANCELLED, 3)
    notice = await scene.cancelled()
    wechat.failures = [WechatNoConsent()]

    again = [await deliver(scene.resources, notice), await deliver(scene.resources, notice)]

    assert again == [AT_ONCE, None]
    assert await scene.remaining(consent) == 0
    assert len(sms.sent) == 1


@pytest.mark.parametrize("failure", [WechatMessageInvalid("47003"), WechatMessageInvalid("40037"), WechatRateLimited()])
async def test_what_wechat_will_never_send_goes_out_as_a_text_message(
    scene: Scene, wechat: FakeWechat, sms: FakeSms, failure: Exception
) -> None:
    """A wrong template, a wrong field and a used-up quota are ours to mend; she is told all the same."""
    await scene.booked()
    await scene.agreed(NoticeKind.CANCELLED, 3)
    notice = await scene.cancelled()
    wechat.failures = [failure]

    await deliver(scene.resources, notice)
    await deliver(scene.resources, notice)

    assert await scene.state() == ("sent", "sms", str(failure))
    assert len(sms.sent) == 1


async def test_what_never_reached_wechat_is_tried_again(scene: Scene, wechat: FakeWechat) -> None:
    """A reminder too, and the agreement is given back meanwhile."""
    await scene.booked()
    consent = await scene.agreed(NoticeKind.REMINDER)
    notice = await scene.told(NoticeKind.REMINDER)
    wechat.failures = [WechatNotReached()]

    waits = await deliver(scene.resources, notice)
    left = await scene.remaining(consent)
    await deliver(scene.resources, notice)

    assert (waits, left) == (RETRY, 1)
    assert await scene.state() == ("sent", "wechat", None)
    assert await scene.remaining(consent) == 0


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (NoticeKind.REMINDER, "unknown"),
        (NoticeKind.CONFIRMED, "due"),
        (NoticeKind.CHANGED, "due"),
        (NoticeKind.CANCELLED, "due"),
    ],
)
@pytest.mark.parametrize("by", ["wechat", "sms"])
async def test_only_reminders_are_not_repeated_after_silence(
    scene: Scene, wechat: FakeWechat, sms: FakeSms, kind: NoticeKind, outcome: str, by: str
) -> None:
    """WeChat or the gateway fell silent in mid-send: a reminder ends as unknown, everything else waits to go again."""
    await scene.booked()
    if by == "wechat":
        await scene.agreed(kind, 2)
    wechat.failures, sms.failures = [WechatUnavailable()], [SmsUnavailable()]
    notice = await scene.told(kind)

    again = await deliver(scene.resources, notice)

    assert (await scene.state())[0] == outcome
    assert again == (RETRY if outcome == "due" else None)


@pytest.mark.parametrize(("kind", "sent"), [(NoticeKind.REMINDER, 0), (NoticeKind.CANCELLED, 1)])
async def test_a_crash_in_mid_send_leaves_reminders_alone(
    scene: Scene, sms: FakeSms, kind: NoticeKind, sent: int
) -> None:
    """What a dead worker left as `sending` may have arrived."""
    await scene.booked()
    notice = await scene.told(kind)
    await scene.owner.execute("UPDATE notice SET state = 'sending' WHERE id = $1", notice)

    await deliver(scene.resources, notice)

    assert len(sms.sent) == sent
    assert (await scene.state())[0] == ("sent" if sent else "unknown")


async def test_a_gateway_that_refuses_ends_it(scene: Scene, sms: FakeSms) -> None:
    """There is no third way."""
    await scene.booked()
    sms.failures = [SmsRefused("403")]

    await deliver(scene.resources, await scene.cancelled())

    assert await scene.state() == ("refused", "sms", "403")


async def later(scene: Scene, clock: Clock) -> None:
    """Let a day and a bit pass."""
    del scene
    clock.forward(hours=31)


async def moved(scene: Scene, clock: Clock) -> None:
    """Let the booking change once more."""
    del clock
    await scene.owner.execute("UPDATE booking SET revision = revision + 1 WHERE id = $1", scene.booking_id)


@pytest.mark.parametrize("meanwhile", [later, moved])
@pytest.mark.parametrize("kind", [NoticeKind.REMINDER, NoticeKind.CHANGED])
async def test_old_news_is_not_told(
    scene: Scene, sms: FakeSms, clock: Clock, kind: NoticeKind, meanwhile: Callable[[Scene, Clock], object]
) -> None:
    """A notice of a former revision, or of a day ago, is void."""
    await scene.booked()
    notice = await scene.told(kind)
    await meanwhile(scene, clock)  # type: ignore[misc] # a coroutine

    await deliver(scene.resources, notice)

    assert (await scene.state())[0] == "void"
    assert not sms.sent


async def test_two_workers_send_once(scene: Scene, sms: FakeSms) -> None:
    """The claim is one: the second finds nothing to do once the first has ended."""
    await scene.booked()
    notice = await scene.cancelled()

    await deliver(scene.resources, notice)
    await deliver(scene.resources, notice)
    await deliver(scene.resources, new_id())

    assert len(sms.sent) == 1


async def test_reminders_are_made_a_day_ahead_and_once(scene: Scene, clock: Clock, sms: FakeSms) -> None:
    """Not sooner, not twice, and not for whoever booked within that day."""
    await scene.booked(hours=30)
    early = await remind(scene.resources)
    clock.forward(hours=7)
    late = Scene(scene.resources, scene.register, scene.owner)
    await late.booked(hours=5)

    made = [await remind(scene.resources), await remind(scene.resources)]

    assert (early, made) == (0, [1, 0])
    await deliver(scene.resources, await scene.notice())
    assert [message.kind for _, message in sms.sent] == [NoticeKind.REMINDER]


async def test_a_notice_without_a_job_is_queued_again(scene: Scene, clock: Clock) -> None:
    """A job can be lost with a database that goes away; one that is still there is not doubled."""
    await scene.booked()
    notice = await scene.cancelled()
    clock.forward(minutes=3)
    await queue_lost(scene.resources)
    still = await scene.jobs()
    await scene.owner.execute("DELETE FROM pgqueuer")

    lost = await queue_lost(scene.resources)

    assert (still, list(lost), await scene.jobs()) == (1, [notice], 1)


async def offered(scene: Scene) -> UUID:
    """An offer of a freed place to the resident, as the wait-list makes it; the notice of it."""
    at = scene.resources.clock()
    slot = await scene.owner.fetchval("SELECT slot_id FROM booking WHERE id = $1", scene.booking_id)
    entry, offer = new_id(), new_id()
    await scene.owner.execute(
        "INSERT INTO waitlist_entry (id, slot_id, resident_id, state, priority, joined_at) "
        "VALUES ($1, $2, $3, 'offered', 1, $4)",
        *(entry, slot, scene.holder.id, at),
    )
    await scene.owner.execute(
        "INSERT INTO offer (id, entry_id, resident_id, state, offered_at, expires_at) "
        "VALUES ($1, $2, $3, 'open', $4, $5)",
        *(offer, entry, scene.holder.id, at, at + timedelta(hours=2)),
    )
    async with scene.resources.database.transaction() as connection:
        await tell_of_offer(connection, offer, at)
    notice: UUID = await scene.owner.fetchval("SELECT id FROM notice WHERE offer_id = $1", offer)
    return notice


async def test_an_offered_place_is_told_with_its_end(scene: Scene, sms: FakeSms) -> None:
    """So that she knows until when to answer."""
    await scene.booked()

    await deliver(scene.resources, await offered(scene))

    ((_, message),) = sms.sent
    assert message.until == scene.resources.clock() + timedelta(hours=2)


async def test_an_offer_that_ran_out_is_not_told(scene: Scene, sms: FakeSms, clock: Clock) -> None:
    """Its place has passed on."""
    await scene.booked()
    notice = await offered(scene)
    clock.forward(hours=3)

    await deliver(scene.resources, notice)

    assert not sms.sent


async def test_an_openid_that_no_key_opens_is_passed_over(scene: Scene, sms: FakeSms) -> None:
    """Until she signs in again, which seals it anew."""
    await scene.booked()
    await scene.agreed(NoticeKind.CANCELLED)
    await scene.owner.execute(
        "UPDATE account SET openid_sealed = '\\x00112233445566778899aabbccddeeff' WHERE id = $1",
        scene.viewer.account_id,
    )

    await deliver(scene.resources, await scene.cancelled())

    assert len(sms.sent) == 1


async def test_concurrent_reminders_are_made_once(scene: Scene, clock: Clock) -> None:
    """Two workers whose clocks strike together."""
    await scene.booked(hours=30)
    clock.forward(hours=7)

    await asyncio.gather(*(remind(scene.resources) for _ in range(4)))

    assert await scene.owner.fetchval("SELECT count(*) FROM notice") == 1
