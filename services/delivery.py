"""Delivers one notice: claims it, sends it by WeChat or as a text message, and writes down what became of it.

A crash between claim and outcome leaves `sending`, and then nobody knows whether the message arrived.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from domain.dates import local_date
from models.notice import NoticeChannel, NoticeKind, NoticeState
from models.service import ServiceKind
from services.message import Message, SmsRefused, SmsUnavailable
from services.openid import open_openid
from services.recipients import recipients_of
from services.resources import Resources
from services.template import Lifetime
from services.wechat import (
    WechatMessageInvalid,
    WechatNoConsent,
    WechatNotReached,
    WechatRateLimited,
    WechatUnavailable,
)

log = structlog.get_logger("delivery")

RETRY: Final = timedelta(seconds=20)
AT_ONCE: Final = timedelta()
# Older news of a booking would no longer help anybody; that of a card is still to be read.
STALE_AFTER: Final = timedelta(hours=24)

_NOTICE = """
SELECT n.kind, n.state, n.refusal, n.due_at, n.resident_id, v.kind AS service, o.expires_at,
       coalesce(s.starts_at, m.created_at) AS starts_at, m.detail_sealed,
       coalesce(t.name, '') AS place,
       n.card_notice_id IS NOT NULL OR n.due_at > $3 AND CASE
           WHEN n.offer_id IS NOT NULL THEN o.state = 'open' AND o.expires_at > $2
           WHEN n.kind = 'reminder' THEN b.state = 'booked' AND b.revision = n.revision AND b.starts_at > $2
           ELSE b.revision = n.revision END AS fresh
FROM notice n
LEFT JOIN card_notice m ON m.id = n.card_notice_id LEFT JOIN booking b ON b.id = n.booking_id
LEFT JOIN offer o ON o.id = n.offer_id LEFT JOIN waitlist_entry e ON e.id = o.entry_id
LEFT JOIN slot s ON s.id = coalesce(
    b.slot_id, e.slot_id, (SELECT c.id FROM slot c WHERE c.course_id = e.course_id ORDER BY c.starts_at LIMIT 1))
LEFT JOIN service v ON v.id = s.service_id LEFT JOIN site t ON t.id = v.site_id
WHERE n.id = $1 FOR UPDATE OF n
"""

# Her own account before her guardians'.
_AGREED = """
SELECT c.id, a.openid_index, a.openid_sealed FROM account a JOIN notice_consent c ON c.account_id = a.id
WHERE (a.resident_id = $1 OR a.id = ANY($3::uuid[])) AND c.template = $2 AND c.remaining > 0
AND a.openid_sealed IS NOT NULL
ORDER BY a.resident_id IS DISTINCT FROM $1, a.id LIMIT 1 FOR UPDATE OF c
"""

_SENT = """
WITH sent AS (UPDATE notice SET state = 'sent', sent_at = $2 WHERE id = $1 RETURNING card_notice_id)
UPDATE card_notice SET delivered_at = $2 FROM sent WHERE card_notice.id = sent.card_notice_id
"""


@dataclass(frozen=True)
class _Claimed:
    """A notice that this process sends now: to an openid on the agreement `consent_id`, or else to a phone."""

    id: UUID
    message: Message
    openid: str | None = field(default=None, repr=False)
    consent_id: UUID | None = None
    phone: str | None = field(default=None, repr=False)


def may_repeat(kind: NoticeKind) -> bool:
    """Whether a notice is sent again after an unknown outcome.

    A second reminder confuses and costs a message she agreed to; a change that never arrived costs her the way.
    """
    return kind is not NoticeKind.REMINDER


async def deliver(resources: Resources, notice_id: UUID) -> timedelta | None:
    """Send a notice if it is still to be sent; returns how long to wait before the next try, None when it is done.

    Raises:
        services.database.DatabaseUnavailable: the outcome could not be written; the next try finds `sending`.
    """
    claimed = await _claim(resources, notice_id)
    if claimed is None:
        return None
    if claimed.openid is not None:
        return await _by_wechat(resources, claimed, claimed.openid)
    if claimed.phone is not None and resources.sms is not None:
        return await _by_sms(resources, claimed, claimed.phone)
    return None


async def _claim(resources: Resources, notice_id: UUID) -> _Claimed | None:
    """Take the notice for sending, its agreement with it; None when there is nothing to send."""
    at = resources.clock()
    async with resources.database.transaction() as connection:
        row = await connection.fetchrow(_NOTICE, notice_id, at, at - STALE_AFTER)
        if row is None or row["state"] not in {NoticeState.DUE, NoticeState.SENDING}:
            return None
        kind = NoticeKind(row["kind"])
        if row["state"] == NoticeState.SENDING and not may_repeat(kind):
            await _end(connection, notice_id, NoticeState.UNKNOWN)
            return None
        if not row["fresh"]:
            await _end(connection, notice_id, NoticeState.VOID)
            return None
        service = ServiceKind(row["service"]) if row["service"] else None
        message = Message(kind, service, row["starts_at"], row["place"], row["expires_at"])
        claimed = await _reach(resources, connection, notice_id, message, row, at)
        if claimed is None:
            await _end(connection, notice_id, NoticeState.REFUSED, row["refusal"] or "unreachable")
            return None
        channel = NoticeChannel.WECHAT if claimed.openid is not None else NoticeChannel.SMS
        await connection.execute("UPDATE notice SET state = 'sending', channel = $2 WHERE id = $1", notice_id, channel)
        return claimed


async def _reach(
    resources: Resources,
    connection: asyncpg.Connection,
    notice_id: UUID,
    message: Message,
    row: asyncpg.Record,
    at: datetime,
) -> _Claimed | None:
    """The way to the resident: WeChat while somebody has agreed and it has not refused, else the register's phone."""
    template = resources.settings.templates().get(message.kind)
    who = await recipients_of(resources, connection, row["resident_id"], row["detail_sealed"], local_date(at))
    if template is not None and row["refusal"] is None:
        agreed = await connection.fetchrow(_AGREED, who.resident_id, template.id, who.guardians)
        openid = agreed and open_openid(resources.keys, agreed["openid_index"], agreed["openid_sealed"])
        if openid:
            if template.lifetime is Lifetime.ONCE:
                await connection.execute(
                    "UPDATE notice_consent SET remaining = remaining - 1 WHERE id = $1", agreed["id"]
                )
            return _Claimed(notice_id, message, openid=openid, consent_id=agreed["id"])
    return _Claimed(notice_id, message, phone=who.phone) if who.phone and resources.sms is not None else None


async def _by_wechat(resources: Resources, claimed: _Claimed, openid: str) -> timedelta | None:
    try:
        await resources.wechat.send(openid, claimed.message)
    except WechatNoConsent:
        return await _without_consent(resources, claimed)
    except WechatNotReached:
        return await _again(resources, claimed, give_back=True)
    except (WechatMessageInvalid, WechatRateLimited) as refused:
        log.warning("message refused", kind=claimed.message.kind, reason=str(refused))
        return await _by_other_channel(resources, claimed, str(refused))
    except WechatUnavailable:
        return await _unknown(resources, claimed)
    await _sent(resources, claimed)
    return None


async def _by_sms(resources: Resources, claimed: _Claimed, phone: str) -> timedelta | None:
    assert resources.sms is not None
    try:
        await resources.sms.send(phone, claimed.message)
    except SmsRefused as refused:
        log.warning("text message refused", kind=claimed.message.kind, reason=str(refused))
        async with resources.database.transaction() as connection:
            await _end(connection, claimed.id, NoticeState.REFUSED, str(refused))
        return None
    except SmsUnavailable:
        return await _unknown(resources, claimed)
    await _sent(resources, claimed)
    return None


async def _sent(resources: Resources, claimed: _Claimed) -> None:
    async with resources.database.transaction() as connection:
        await connection.execute(_SENT, claimed.id, resources.clock())


async def _unknown(resources: Resources, claimed: _Claimed) -> timedelta | None:
    if may_repeat(claimed.message.kind):
        return await _again(resources, claimed, give_back=False)
    async with resources.database.transaction() as connection:
        await _end(connection, claimed.id, NoticeState.UNKNOWN)
    return None


async def _again(resources: Resources, claimed: _Claimed, *, give_back: bool) -> timedelta:
    async with resources.database.transaction() as connection:
        await connection.execute("UPDATE notice SET state = 'due' WHERE id = $1", claimed.id)
        template = resources.settings.templates().get(claimed.message.kind)
        if give_back and template is not None and template.lifetime is Lifetime.ONCE:
            await connection.execute(
                "UPDATE notice_consent SET remaining = remaining + 1 WHERE id = $1", claimed.consent_id
            )
    return RETRY


async def _without_consent(resources: Resources, claimed: _Claimed) -> timedelta:
    """WeChat knows better than our count; the next try finds another account or the phone."""
    async with resources.database.transaction() as connection:
        await connection.execute("UPDATE notice_consent SET remaining = 0 WHERE id = $1", claimed.consent_id)
        await connection.execute("UPDATE notice SET state = 'due' WHERE id = $1", claimed.id)
    return AT_ONCE


async def _by_other_channel(resources: Resources, claimed: _Claimed, refusal: str) -> timedelta:
    async with resources.database.transaction() as connection:
        await connection.execute(
            "UPDATE notice SET state = 'due', refusal = $2 WHERE id = $1", claimed.id, refusal[:20]
        )
    return AT_ONCE


async def _end(connection: asyncpg.Connection, notice_id: UUID, state: NoticeState, refusal: str | None = None) -> None:
    await connection.execute(
        "UPDATE notice SET state = $2, refusal = coalesce($3, refusal) WHERE id = $1",
        notice_id,
        state,
        refusal and refusal[:20],
    )
