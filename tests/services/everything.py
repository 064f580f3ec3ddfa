"""One row of every table about a resident, for tests of what may be seen of her and of what is left of her."""

from datetime import timedelta
from typing import Any

from models.record import new_id
from services.vault import Sealed
from tests.services.register import Holder, Register, next_number

# What a member of staff wrote, or the resident herself, where a table has such a text.
WORDS = "王小明很难过"


async def everything(register: Register, holder: Holder) -> None:
    """Fill the tables; her card is there already."""
    at = register._resources.clock()
    guardian_id, said = await register.guardian(holder), holder.key.seal(Sealed.OBJECTION, WORDS)
    objection = {"guardian_id": guardian_id, "reason_sealed": said, "filed_at": register._resources.clock()}
    await register._insert("guardian_objection", **objection)
    await register.fact(holder, "monthly_income", "100")
    await register.receipt(holder, "living-subsidy")
    await _places(register, holder)
    await _life(register, holder)
    device_id = new_id()
    operator_id = await register._insert("operator", name="公交", tariff=b"")
    await register._insert("device", id=device_id, operator_id=operator_id, kind="bus", place="1 路")
    await register._owner.execute(
        "INSERT INTO tap VALUES ($1, '', 1, $2, $2, $2, $3, 'free', NULL, 'free', NULL, 0, false, NULL, '')",
        *(device_id, at, holder.id),
    )
    await _row(
        *(register, holder, "ride_dispute"),
        device_id=device_id,
        epoch=b"",
        sequence=1,
        reason_sealed=holder.key.seal(Sealed.RIDE_DISPUTE, WORDS),
        opened_by_id=(await register.viewer()).account_id,
        opened_at=at,
    )
    await _row(
        *(register, holder, "tap_finding"),
        kind="same_code",
        first_at=at,
        last_at=at,
        found_at=at,
        evidence="[]",
        same=new_id().bytes,
        note_sealed=holder.key.seal(Sealed.NOTE, WORDS),
    )
    staff_id = await register.staff((await register.viewer()).account_id)
    export_id = await register._insert(
        *("data_export",), recipient="tax", purpose="核对", columns="name", actor="operator:li", at=at
    )
    await _row(register, holder, "data_export_subject", export_id=export_id)
    await _row(
        *(register, holder, "reveal"),
        staff_id=staff_id,
        field="phone",
        reason="contact",
        note_sealed=holder.key.seal(Sealed.NOTE, "约时间"),
        at=at,
    )


async def _row(register: Register, holder: Holder, table: str, **columns: Any) -> Any:
    return await register._insert(table, resident_id=holder.id, **columns)


async def _places(register: Register, holder: Holder) -> None:
    at = register._resources.clock()
    provider_id = await register.provider()
    service_id = await register.service(provider_id=provider_id)
    slot_id = await register.slot(service_id, taken=1)
    times = {"starts_at": at + timedelta(hours=24), "ends_at": at + timedelta(hours=25)}
    booking_id = await _row(register, holder, "booking", slot_id=slot_id, state="booked", booked_at=at, **times)
    wanted = await register.slot(service_id, hours=48, capacity=1, taken=1)
    entry_id = await _row(register, holder, "waitlist_entry", slot_id=wanted, state="offered", priority=0, joined_at=at)
    ends = {"offered_at": at, "expires_at": at + timedelta(hours=1)}
    await _row(register, holder, "offer", entry_id=entry_id, state="open", **ends)
    course_id = await register.course(service_id, hours=[72])
    await _row(register, holder, "enrolment", course_id=course_id, enrolled_at=at)
    await _row(register, holder, "notice", booking_id=booking_id, kind="reminder", state="due", due_at=at)
    account_id = (await register.viewer()).account_id
    await _row(register, holder, "calendar_feed", token_hash=new_id().bytes, account_id=account_id, made_at=at)
    appeal = {"appealed_at": at, "appeal_sealed": holder.key.seal(Sealed.APPEAL, WORDS)}
    await _row(register, holder, "attendance", booking_id=booking_id, method="desk", recorded_at=at, **appeal)
    await _row(
        *(register, holder, "referral"),
        from_provider_id=provider_id,
        to_provider_id=await register.provider(),
        note_sealed=holder.key.seal(Sealed.REFERRAL, WORDS),
        state="proposed",
        proposed_by_id=account_id,
        proposed_at=at,
        valid_until=at.date(),
    )
    await _row(
        *(register, holder, "claim"),
        booking_id=booking_id,
        provider_id=provider_id,
        programme="rehab-training-relief",
        session_on=at.date(),
        amount=50,
        state="open",
        made_at=at,
    )
    issued = {"status_index": next_number(), "issued_at": at, "expires_at": at + timedelta(days=7)}
    await _row(register, holder, "credential", holder_key=b"", **issued)


async def _life(register: Register, holder: Holder) -> None:
    at, account_id = register._resources.clock(), (await register.viewer()).account_id
    sealed = holder.key.seal(Sealed.CARD_REASON, WORDS)
    applied = {"kind": "renewal", "state": "assessed", "findings": "1:1", "hospital": "区人民医院", "applied_at": at}
    application_id = await _row(register, holder, "card_application", **applied)
    event = {"event": "renew", "role": "town", "account_id": account_id, "at": at, "reason_sealed": sealed}
    await _row(register, holder, "card_event", application_id=application_id, **event)
    appeal = {"level": "city", "filed_by_id": account_id, "role": "holder", "reason_sealed": sealed, "filed_at": at}
    await _row(register, holder, "card_appeal", application_id=application_id, **appeal)
    detail = holder.key.seal(Sealed.NOTICE, "{}")
    await _row(register, holder, "card_notice", kind="card_renew", detail_sealed=detail, created_at=at)
    text = holder.key.seal(Sealed.FILE_TEXT, WORDS)
    written = {"kind": "note", "text_sealed": text, "happened_on": at.date(), "written_at": at}
    entry_id = await _row(register, holder, "file_entry", **written)
    staff_id = await register.staff((await register.viewer()).account_id)
    await register._insert("file_sight", entry_id=entry_id, staff_id=staff_id, at=at)
