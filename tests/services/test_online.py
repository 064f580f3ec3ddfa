"""Proves that one scan is judged by what all gates know, kept before it is answered, and told the same again."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal

import asyncpg
import pytest

from card.refusal import RefusalReason
from card.tariff import Outcome, TariffRule
from domain.dates import start_of
from models.record import new_id
from services.online import OnlineAnswer, verify_online
from services.resources import Resources
from services.tap_rows import ScanOutcome
from services.taps import UploadRefusal, UploadRefused
from tests.services.bus import Bus, enrolled_bus, shown_code
from tests.services.register import Clock, Register, open_all


@pytest.fixture
async def bus(resources: Resources, owner: asyncpg.Connection) -> Bus:
    """A bus on which one rides at most twice a day, and not twice within five minutes."""
    return await enrolled_bus(resources, owner, daily_cap=2, pass_back_seconds=300)


async def ask(bus: Bus, record: bytes) -> OnlineAnswer:
    """The answer to a record."""
    return await verify_online(bus.resources, bus.device, record)


def told(answer: OnlineAnswer) -> tuple[ScanOutcome, Outcome, RefusalReason | None]:
    """What matters of an answer."""
    return answer.outcome, answer.admission.outcome, answer.admission.reason


async def taps_of(owner: asyncpg.Connection, bus: Bus) -> list[asyncpg.Record]:
    """The taps of a bus in order."""
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM tap WHERE device_id = $1 ORDER BY sequence", bus.device.id
    )
    return rows


async def test_a_scan_is_kept_before_it_is_answered_and_found_by_the_upload(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """The tap is there with the answer; the same record in the next upload is a repetition, and the chain whole."""
    holder, at = await register.resident(), resources.clock()
    record = bus.scan(shown_code(resources, holder.id, at), at)

    answer = await ask(bus, record)
    (tap,) = await taps_of(owner, bus)
    upload = await bus.upload()

    assert told(answer) == (ScanOutcome.STORED, Outcome.FREE, None)
    assert (tap["resident_id"], tap["admission"], tap["kind"], len(tap["presentation"])) == (
        holder.id,
        "free",
        "pass",
        16,
    )
    assert [result.outcome for result in upload.results] == [ScanOutcome.REPEATED]
    assert upload.chain == "whole"
    assert len(await taps_of(owner, bus)) == 1


async def test_a_repeated_question_is_answered_as_before(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Neither an admission nor a refusal changes because the answer got lost; other content is a conflict."""
    holder, at = await register.resident(), resources.clock()
    code = shown_code(resources, holder.id, at)
    admitted, refused = bus.scan(code, at), bus.scan(code, at)
    first = [told(await ask(bus, record)) for record in (admitted, refused)]

    again = [told(await ask(bus, record)) for record in (admitted, refused)]
    bus.records.clear()
    other = told(await ask(bus, bus.scan("SDC1:OTHER", at)))

    assert [each[1:] for each in again] == [each[1:] for each in first]
    assert [each[0] for each in again] == [ScanOutcome.REPEATED, ScanOutcome.REPEATED]
    assert first[1] == (ScanOutcome.STORED, Outcome.REFUSED, RefusalReason.REPLAYED)
    assert other[0] is ScanOutcome.CONFLICT
    assert len(await taps_of(owner, bus)) == 2


async def test_a_code_shown_elsewhere_is_replayed(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Another bus of another operator, uploaded or asked online, makes the same presentation old."""
    holder, at = await register.resident(), resources.clock()
    code = shown_code(resources, holder.id, at)
    elsewhere = await enrolled_bus(resources, owner)
    elsewhere.scan(code, at)
    await elsewhere.upload()

    answer = await ask(bus, bus.scan(code, at))

    assert told(answer) == (ScanOutcome.STORED, Outcome.REFUSED, RefusalReason.REPLAYED)


async def test_two_gates_at_once_admit_one_code_once(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """However close together two screenshots are shown, one is let in."""
    await open_all(resources)
    for _ in range(5):
        holder, at = await register.resident(), resources.clock()
        code = shown_code(resources, holder.id, at)
        gates = [await enrolled_bus(resources, owner) for _ in range(4)]

        answers = await asyncio.gather(*(ask(gate, gate.scan(code, at)) for gate in gates))

        assert sorted(answer.admission.outcome for answer in answers) == ["free", "refused", "refused", "refused"]


async def test_rides_are_counted_over_all_gates(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Pass-back and the daily cap hold the person, wherever she rode before; yesterday's rides do not count."""
    holder, now = await register.resident(), resources.clock()
    other = await enrolled_bus(resources, owner)
    for then in (now - timedelta(days=1), now - timedelta(minutes=30), now - timedelta(minutes=4)):
        other.scan(shown_code(resources, holder.id, then), then)
    await other.upload(*other.records[:2])

    second = await ask(bus, bus.scan(shown_code(resources, holder.id, now), now))
    await other.upload()
    at_once = await ask(bus, bus.scan(shown_code(resources, holder.id, now), now))

    assert told(second)[1:] == (Outcome.FREE, None)
    assert told(at_once)[1:] == (Outcome.REFUSED, RefusalReason.PASS_BACK)


async def test_the_daily_cap_holds_over_gates(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Two rides elsewhere are two rides."""
    holder, now = await register.resident(), resources.clock()
    other = await enrolled_bus(resources, owner)
    for then in (now - timedelta(minutes=60), now - timedelta(minutes=30)):
        other.scan(shown_code(resources, holder.id, then), then)
    await other.upload()
    capped = await enrolled_bus(resources, owner, daily_cap=2)

    answer = await ask(capped, capped.scan(shown_code(resources, holder.id, now), now))

    assert told(answer)[1:] == (Outcome.REFUSED, RefusalReason.DAILY_CAP)


async def test_the_monthly_cap_holds_over_gates(
    resources: Resources, register: Register, owner: asyncpg.Connection, clock: Clock
) -> None:
    """A ride on the first of the local month counts, though in UTC that was the month before; an earlier one not."""
    holder, month = await register.resident(), start_of(date(2026, 4, 1))
    other, capped = await enrolled_bus(resources, owner), await enrolled_bus(resources, owner, monthly_cap=2)
    for clock.at in (month - timedelta(minutes=30), month + timedelta(minutes=90)):
        other.scan(shown_code(resources, holder.id, clock.at), clock.at)
    await other.upload()
    clock.forward(days=1)
    codes = [shown_code(resources, holder.id, clock.at) for _ in range(2)]

    second, third = [await ask(capped, capped.scan(code, clock.at)) for code in codes]

    assert [tap["admission"] for tap in await taps_of(owner, other)] == ["free", "free"]
    assert told(second)[1:] == (Outcome.FREE, None)
    assert told(third)[1:] == (Outcome.REFUSED, RefusalReason.MONTHLY_CAP)


@pytest.mark.parametrize(
    ("column", "reason"), [("revoked_at", RefusalReason.REVOKED), ("suspended_at", RefusalReason.SUSPENDED)]
)
async def test_what_was_revoked_this_moment_is_refused(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection, column: str, reason: RefusalReason
) -> None:
    """No bundle stands between the register and an online answer."""
    holder, at = await register.resident(), resources.clock()
    index = 900 if column == "revoked_at" else 901
    await owner.execute(
        f"INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at, {column}) "  # noqa: S608 - named above
        "VALUES ($1, $2, '', $3, $4, $5, $4)",
        *(new_id(), holder.id, index, at, at + timedelta(days=3)),
    )

    answer = await ask(bus, bus.scan(shown_code(resources, holder.id, at, index=index), at))

    assert told(answer) == (ScanOutcome.STORED, Outcome.REFUSED, reason)


async def test_an_index_beyond_the_list_is_refused(bus: Bus, resources: Resources, register: Register) -> None:
    """However large it is."""
    holder, at = await register.resident(), resources.clock()

    answer = await ask(bus, bus.scan(shown_code(resources, holder.id, at, index=1 << 40), at))

    assert told(answer) == (ScanOutcome.STORED, Outcome.REFUSED, RefusalReason.STATUS_UNKNOWN)


async def test_a_made_up_code_is_kept_and_refused(bus: Bus, resources: Resources, owner: asyncpg.Connection) -> None:
    """What was read is known afterwards, and whose it was is nobody."""
    answer = await ask(bus, bus.scan("SDC1:MADE UP", resources.clock()))

    assert told(answer)[:2] == (ScanOutcome.STORED, Outcome.REFUSED)
    (tap,) = await taps_of(owner, bus)
    assert (tap["resident_id"], tap["kind"], tap["presentation"]) == (None, None, None)


async def test_without_a_tariff_nobody_is_admitted(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A tariff that begins tomorrow gives nothing today."""
    bus = await enrolled_bus(resources, owner, effective=resources.clock().date() + timedelta(days=1))
    holder, at = await register.resident(), resources.clock()

    answer = await ask(bus, bus.scan(shown_code(resources, holder.id, at), at))

    assert told(answer)[1:] == (Outcome.REFUSED, RefusalReason.NO_TARIFF)


async def test_the_answer_says_what_the_tariff_grants(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Half the price is half the price online as well."""
    bus = await enrolled_bus(resources, owner, rules=(TariffRule("ride", Outcome.REDUCED, Decimal("0.5")),))
    holder, at = await register.resident(), resources.clock()

    answer = await ask(bus, bus.scan(shown_code(resources, holder.id, at), at))

    assert (answer.admission.outcome, answer.admission.price_share) == (Outcome.REDUCED, Decimal("0.5"))


async def test_what_is_no_record_of_this_device_is_refused(bus: Bus, resources: Resources) -> None:
    """Garbage and another device's record are typed refusals, and nothing is kept."""
    foreign = bus.scan("SDC1:1", resources.clock(), device_id=new_id())

    for record, reason in ((b"\xff", UploadRefusal.MALFORMED), (foreign, UploadRefusal.FOREIGN)):
        with pytest.raises(UploadRefused) as refused:
            await ask(bus, record)

        assert refused.value.reason is reason
