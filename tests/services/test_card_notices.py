"""News of a card goes out as a message: to the resident or who acts for her, or to the one guardian it is for."""

import json
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from models.notice import NoticeKind
from services.card_notices import tell_resident
from services.delivery import AT_ONCE, RETRY, deliver
from services.resources import Resources
from services.wechat import WechatNoConsent, WechatNotReached
from tests.services.register import Clock, FakeSms, FakeWechat, Holder, Register

TEMPLATE = f"demo-{NoticeKind.CARD}"


@pytest.fixture
async def holder(register: Register) -> Holder:
    """Somebody with a phone and an account."""
    made = await register.resident()
    await register.consent((await register.viewer(made, openid=f"o-{made.phone}")).account_id, TEMPLATE, 2)
    return made


async def told(resources: Resources, holder: Holder, **detail: str) -> UUID:
    """Write down news of her card; the message that says so."""
    async with resources.database.transaction() as connection:
        await tell_resident(connection, holder.key, "card_issue", json.dumps(detail), resources.clock())
    (row,) = await resources.database.fetch(
        "SELECT id FROM notice WHERE resident_id = $1 AND state = 'due' AND kind = 'card'", holder.id
    )
    notice_id: UUID = row["id"]
    return notice_id


async def test_news_of_a_card_is_queued_and_goes_out(
    resources: Resources, holder: Holder, wechat: FakeWechat, clock: Clock, owner: asyncpg.Connection
) -> None:
    """With the transaction that wrote it; the message tells nothing of it, and the register knows when it was told."""
    notice = await told(resources, holder)
    queued = await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE payload = $1", notice.bytes)
    clock.forward(hours=72)

    done = [await deliver(resources, notice), await deliver(resources, notice)]

    assert (queued, done) == (1, [None, None])
    assert [(openid, each.kind, each.service, each.place) for openid, each in wechat.sent] == [
        (f"o-{holder.phone}", NoticeKind.CARD, None, "")
    ]
    delivered = await owner.fetchval("SELECT delivered_at FROM card_notice WHERE resident_id = $1", holder.id)
    assert delivered == clock.at


async def test_a_text_message_stands_behind(
    resources: Resources, holder: Holder, wechat: FakeWechat, sms: FakeSms
) -> None:
    """Where WeChat knows of no agreement, her phone gets it."""
    notice = await told(resources, holder)
    wechat.failures = [WechatNoConsent()]

    again = [await deliver(resources, notice), await deliver(resources, notice)]

    assert again == [AT_ONCE, None]
    assert [phone for phone, _ in sms.sent] == [holder.phone]


async def test_what_a_crash_left_is_sent_again(
    resources: Resources, holder: Holder, wechat: FakeWechat, owner: asyncpg.Connection
) -> None:
    """A second message says no more than the first, and one that never came costs her a date: as with changes."""
    notice = await told(resources, holder)
    wechat.failures = [WechatNotReached()]
    before = await deliver(resources, notice)
    await owner.execute("UPDATE notice SET state = 'sending' WHERE id = $1", notice)

    after = await deliver(resources, notice)

    assert (before, after) == (RETRY, None)
    assert len(wechat.sent) == 1


async def test_what_is_for_a_guardian_goes_to_her_alone(
    resources: Resources, register: Register, holder: Holder, wechat: FakeWechat, sms: FakeSms
) -> None:
    """Also when she stopped acting; another guardian, and the ward, who has news of her own, hear nothing."""
    former, other = await register.viewer(openid="o-former"), await register.viewer(openid="o-other")
    ended = resources.clock().date() - timedelta(days=1)
    guardian = await register.guardian(holder, former.account_id, phone="13600000021", valid_until=ended)
    await register.guardian(holder, other.account_id)
    for viewer in (former, other):
        await register.consent(viewer.account_id, TEMPLATE)

    for _ in range(2):
        await deliver(resources, await told(resources, holder, to="guardian", guardian=str(guardian)))

    assert [openid for openid, _ in wechat.sent] == ["o-former"]
    assert [phone for phone, _ in sms.sent] == ["13600000021"]


async def test_a_minor_without_a_phone_is_told_through_who_acts_for_her(
    resources: Resources, register: Register, wechat: FakeWechat, sms: FakeSms
) -> None:
    """Whoever may not even look at her record is not written to, nor is who has no account."""
    ward, onlooker = await register.resident(phone=None), await register.viewer(openid="o-onlooker")
    await register.guardian(ward, phone="13600000022")
    nobody = await register.guardian(ward, onlooker.account_id)
    await register._owner.execute("UPDATE guardian SET acts = 'book' WHERE id = $1", nobody)
    await register.consent(onlooker.account_id, TEMPLATE)

    await deliver(resources, await told(resources, ward))

    assert wechat.sent == []
    assert [phone for phone, _ in sms.sent] == ["13600000022"]
