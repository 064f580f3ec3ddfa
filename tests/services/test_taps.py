"""Proves that each scan is kept once, judged anew by what its device could know, and shown to the right resident."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from card.cose import SigningKey
from card.refusal import RefusalReason
from card.scan import NO_RECORD, encode_upload, scan_hash, sign_head
from card.tariff import Outcome
from models.record import new_id
from services import taps
from services.chain import ChainState
from services.resources import Resources
from services.settings import load_settings
from services.tap_rows import ScanOutcome
from services.taps import UploadRefusal, UploadRefused
from tests.services.bus import Bus, enrolled_bus, shown_code
from tests.services.register import Register


@pytest.fixture
async def bus(resources: Resources, owner: asyncpg.Connection) -> Bus:
    """A bus whose chain is empty."""
    return await enrolled_bus(resources, owner)


async def kept(owner: asyncpg.Connection, bus: Bus) -> list[asyncpg.Record]:
    """The taps of a bus in order."""
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT * FROM tap WHERE device_id = $1 ORDER BY sequence", bus.device.id
    )
    return rows


def outcomes(answer: taps.UploadAnswer) -> list[ScanOutcome]:
    """What became of each scan."""
    return [result.outcome for result in answer.results]


async def revoked_line(owner: asyncpg.Connection, register: Register, at: datetime, index: int) -> UUID:
    """A resident whose pass, at that place of the status list, is revoked from an instant on."""
    holder = await register.resident()
    await owner.execute(
        "INSERT INTO credential (id, resident_id, holder_key, status_index, issued_at, expires_at, revoked_at) "
        "VALUES ($1, $2, '', $3, $4, $5, $6)",
        new_id(),
        holder.id,
        index,
        at - timedelta(days=1),
        at + timedelta(days=3),
        at,
    )
    return holder.id


async def test_a_ride_is_kept_and_shown_to_its_resident(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A scan becomes one tap, verified by the server itself, and a ride in the resident's list alone."""
    holder, other = await register.resident(), await register.resident()
    at = resources.clock()
    bus.scan(shown_code(resources, holder.id, at), at, companions=1)

    answer = await bus.upload()

    assert outcomes(answer) == [ScanOutcome.STORED]
    assert answer.chain is ChainState.WHOLE
    (tap,) = await kept(owner, bus)
    assert (tap["resident_id"], tap["admission"], tap["reason"]) == (holder.id, "free", None)
    (ride,) = await taps.rides_of(resources, holder.id, 10, None)
    assert (ride.at, ride.operator, ride.place) == (at, bus.device.operator, bus.device.place)
    assert (ride.admitted, ride.outcome, ride.companions) == (True, "free", 1)
    assert not await taps.rides_of(resources, other.id, 10, None)


async def test_a_repeated_upload_changes_nothing(bus: Bus, resources: Resources, owner: asyncpg.Connection) -> None:
    """The answer got lost and the device sends again: the same taps, the same chain."""
    for minute in range(3):
        bus.scan("SDC1:WHATEVER", resources.clock() - timedelta(minutes=minute))
    await bus.upload()
    first = await kept(owner, bus)

    again = await bus.upload()

    assert outcomes(again) == [ScanOutcome.REPEATED] * 3
    assert again.chain is ChainState.WHOLE
    assert await kept(owner, bus) == first


async def test_the_same_upload_at_once_is_kept_once(bus: Bus, resources: Resources, owner: asyncpg.Connection) -> None:
    """Two connections carry the same scans at the same moment: one stores them, the other finds them stored."""
    for _ in range(5):
        bus.scan("SDC1:WHATEVER", resources.clock())

    answers = await asyncio.gather(*(bus.upload() for _ in range(4)))

    counts = Counter(outcome for answer in answers for outcome in outcomes(answer))
    assert counts == {ScanOutcome.STORED: 5, ScanOutcome.REPEATED: 15}
    assert len(await kept(owner, bus)) == 5


async def test_other_content_under_a_kept_number_is_a_conflict(
    bus: Bus, resources: Resources, owner: asyncpg.Connection
) -> None:
    """The first content counts, the second is kept as evidence, although its device time makes another key."""
    at = resources.clock()
    first = bus.scan("SDC1:FIRST", at)
    await bus.upload()
    bus.records.clear()
    second = bus.scan("SDC1:SECOND", at + timedelta(seconds=1))

    answer = await bus.upload()

    assert outcomes(answer) == [ScanOutcome.CONFLICT]
    assert answer.chain is ChainState.BROKEN
    assert [tap["record"] for tap in await kept(owner, bus)] == [first]
    evidence = await owner.fetch("SELECT record FROM tap_conflict WHERE device_id = $1", bus.device.id)
    assert [row["record"] for row in evidence] == [second]


async def test_two_contents_for_one_number_in_one_upload(
    bus: Bus, resources: Resources, owner: asyncpg.Connection
) -> None:
    """The earlier one in the upload is kept, the later one is the conflict; a literal repetition is none."""
    first = bus.scan("SDC1:FIRST", resources.clock())
    bus.records.clear()
    second = bus.scan("SDC1:SECOND", resources.clock())

    answer = await bus.upload(first, second, first)

    assert outcomes(answer) == [ScanOutcome.STORED, ScanOutcome.CONFLICT, ScanOutcome.STORED]
    assert [tap["record"] for tap in await kept(owner, bus)] == [first]


async def test_the_device_is_not_believed(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A device that claims a free ride for a made-up or altered code is answered by the server's own verdict."""
    holder = await register.resident()
    genuine = shown_code(resources, holder.id, resources.clock())
    altered = genuine[:60] + ("A" if genuine[60] != "A" else "B") + genuine[61:]
    bus.scan(altered, resources.clock())
    bus.scan("SDC1:MADE UP", resources.clock())

    await bus.upload()

    taps_ = await kept(owner, bus)
    assert [(tap["admission"], tap["device_admission"], tap["resident_id"]) for tap in taps_] == [
        ("refused", "free", None),
        ("refused", "free", None),
    ]
    assert all(tap["reason"] for tap in taps_)
    assert not await taps.rides_of(resources, holder.id, 10, None)


async def test_a_class_that_the_tariff_does_not_know_is_refused(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """The operator's own tariff decides, not the device's answer."""
    holder = await register.resident()
    bus.scan(shown_code(resources, holder.id, resources.clock(), classes=("venue",)), resources.clock())

    await bus.upload()

    (tap,) = await kept(owner, bus)
    assert (tap["admission"], tap["reason"]) == ("refused", RefusalReason.NO_ACCESS)


async def test_before_the_tariff_nobody_is_admitted(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A tariff that begins tomorrow gives nothing today."""
    bus = await enrolled_bus(resources, owner, effective=resources.clock().date() + timedelta(days=1))
    holder = await register.resident()
    bus.scan(shown_code(resources, holder.id, resources.clock()), resources.clock())

    await bus.upload()

    (tap,) = await kept(owner, bus)
    assert (tap["reason"], tap["resident_id"]) == (RefusalReason.NO_TARIFF, holder.id)


@pytest.mark.parametrize(
    ("revoked_before_bundle", "reason"),
    [(600, RefusalReason.REVOKED), (5, RefusalReason.REVOKED), (4, None), (-600, None)],
)
async def test_an_honest_admission_stands_though_revoked_since(
    bus: Bus,
    resources: Resources,
    register: Register,
    owner: asyncpg.Connection,
    revoked_before_bundle: int,
    reason: RefusalReason | None,
) -> None:
    """The bundle of 20 minutes ago decides: what it said was revoked is refused, what came later could not be known."""
    at = resources.clock()
    index = 1_000 + revoked_before_bundle
    revoked_at = at - timedelta(minutes=20, seconds=revoked_before_bundle)
    resident_id = await revoked_line(owner, register, revoked_at, index)
    bundle_version = int((at - timedelta(minutes=20)).timestamp() * 1000)
    bus.scan(shown_code(resources, resident_id, at, index=index), at, bundle_version=bundle_version)

    await bus.upload()

    (tap,) = await kept(owner, bus)
    assert tap["reason"] == reason


@pytest.mark.parametrize(("since_minutes", "reason"), [(30, RefusalReason.SUSPENDED), (10, None)])
async def test_a_pass_that_was_suspended_by_then_is_refused(
    bus: Bus,
    resources: Resources,
    register: Register,
    owner: asyncpg.Connection,
    since_minutes: int,
    reason: RefusalReason | None,
) -> None:
    """As with a revocation, the bundle of 20 minutes ago decides what the gate could know."""
    at, index = resources.clock(), 5_000 + since_minutes
    resident_id = await revoked_line(owner, register, at, index)
    await owner.execute(
        "UPDATE credential SET revoked_at = NULL, suspended_at = $2 WHERE status_index = $1",
        index,
        at - timedelta(minutes=since_minutes),
    )
    bundle_version = int((at - timedelta(minutes=20)).timestamp() * 1000)
    bus.scan(shown_code(resources, resident_id, at, index=index), at, bundle_version=bundle_version)

    await bus.upload()

    (tap,) = await kept(owner, bus)
    assert tap["reason"] == reason


async def test_an_index_beyond_the_status_list_is_refused(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A pass whose state nobody can know is not admitted."""
    holder = await register.resident()
    bus.scan(shown_code(resources, holder.id, resources.clock(), index=1 << 20), resources.clock())

    await bus.upload()

    (tap,) = await kept(owner, bus)
    assert tap["reason"] == RefusalReason.STATUS_UNKNOWN


@pytest.mark.parametrize(
    ("seconds_slow", "seconds_corrected", "mark"),
    [(4, 0, None), (60, 60, None), (-60, -60, None), (299, 299, None), (301, 301, "clock")],
)
async def test_a_wrong_clock_is_corrected_and_a_very_wrong_one_waits_for_a_person(
    bus: Bus,
    resources: Resources,
    register: Register,
    owner: asyncpg.Connection,
    seconds_slow: int,
    seconds_corrected: int,
    mark: str | None,
) -> None:
    """The difference at the upload moves each scan to the server's time; within 5 s it is the network's doing."""
    holder, at = await register.resident(), resources.clock() - timedelta(minutes=10)
    slow = timedelta(seconds=seconds_slow)
    bus.scan(shown_code(resources, holder.id, at), at - slow)

    await bus.upload(at=resources.clock() - slow)

    (tap,) = await kept(owner, bus)
    assert tap["at"] == at - slow + timedelta(seconds=seconds_corrected)
    assert (tap["device_at"], tap["mark"]) == (at - slow, mark)
    assert tap["admission"] == "free"


async def test_late_scans_are_marked_by_their_age(bus: Bus, resources: Resources, owner: asyncpg.Connection) -> None:
    """Over a day old is flagged, over a week old waits for a person; on the limit itself a scan is as any other."""
    now = resources.clock()
    second = timedelta(seconds=1)
    for age in (timedelta(days=7) + second, timedelta(days=7), timedelta(days=1) + second, timedelta(days=1)):
        bus.scan("SDC1:OLD", now - age)

    await bus.upload()

    assert [tap["mark"] for tap in await kept(owner, bus)] == ["very_late", "late", "late", None]


async def test_a_gap_shows_until_it_is_filled(bus: Bus, resources: Resources) -> None:
    """Scans that come out of order are kept; the chain is whole once the missing one is there."""
    first, second, third = (bus.scan(f"SDC1:{number}", resources.clock()) for number in range(3))

    states = [(await bus.upload(record)).chain for record in (first, third, second)]

    assert states == [ChainState.GAP, ChainState.GAP, ChainState.WHOLE]


async def test_more_scans_than_a_page_are_followed(bus: Bus, resources: Resources) -> None:
    """A chain of more than a thousand scans is walked to its end."""
    for number in range(1_001):
        bus.scan(f"SDC1:{number}", resources.clock())
    await bus.upload(*bus.records[1:])

    answer = await bus.upload(bus.records[0])

    assert answer.chain is ChainState.WHOLE


async def test_a_chain_that_was_made_anew_is_broken(bus: Bus, resources: Resources) -> None:
    """A scan that does not carry the hash of the one before shows that something was replaced."""
    bus.scan("SDC1:1", resources.clock())
    await bus.upload()
    bus.scan("SDC1:2", resources.clock(), previous=NO_RECORD)

    answer = await bus.upload()

    assert outcomes(answer) == [ScanOutcome.REPEATED, ScanOutcome.STORED]
    assert answer.chain is ChainState.BROKEN


async def test_a_head_over_other_content_is_broken(bus: Bus, resources: Resources) -> None:
    """The device signed another last scan than the one that came."""
    record = bus.scan("SDC1:1", resources.clock())
    head = sign_head(bus.device.id, bus.epoch, 1, scan_hash(b"another"), resources.clock(), bus.key)

    answer = await taps.upload(resources, bus.device, encode_upload(head, [record]))

    assert answer.chain is ChainState.BROKEN


async def test_one_bad_record_does_not_cost_the_others(
    bus: Bus, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Bytes that are no scan and a scan of another epoch are answered by themselves; the rest is stored."""
    good = bus.scan("SDC1:1", resources.clock())
    foreign = bus.scan("SDC1:2", resources.clock(), epoch=b"epoch--2")
    bus.records.remove(foreign)

    answer = await bus.upload(good, b"\xff", foreign)

    assert outcomes(answer) == [ScanOutcome.STORED, ScanOutcome.MALFORMED, ScanOutcome.FOREIGN]
    assert len(await kept(owner, bus)) == 1


async def test_an_upload_of_nothing_readable_keeps_nothing(bus: Bus, resources: Resources) -> None:
    """Every record is answered, none is stored, and the server is well."""
    bus.scan("SDC1:1", resources.clock())

    answer = await bus.upload(b"\xff", b"")

    assert outcomes(answer) == [ScanOutcome.MALFORMED, ScanOutcome.MALFORMED]


@pytest.mark.parametrize("body", [b"", b"\xff", b"\xa0", b"\xa2\x01\x41\x00\x02\x80\x00"])
async def test_a_body_that_is_no_upload_is_refused(bus: Bus, resources: Resources, body: bytes) -> None:
    """Whatever the bytes are, the answer is a typed refusal."""
    with pytest.raises(UploadRefused) as refused:
        await taps.upload(resources, bus.device, body)

    assert refused.value.reason is UploadRefusal.MALFORMED


async def test_too_many_scans_are_refused(bus: Bus, resources: Resources) -> None:
    """One scan more than a batch may have."""
    bus.scan("SDC1:1", resources.clock())
    most = load_settings({"MODE": "demo"}).max_batch_taps

    with pytest.raises(UploadRefused) as refused:
        await bus.upload(*(bus.records * (most + 1)))

    assert refused.value.reason is UploadRefusal.TOO_MANY


async def test_a_head_of_a_stranger_is_refused(bus: Bus, resources: Resources) -> None:
    """A head that the device did not sign, or that it signed for another device, keeps nothing."""
    record = bus.scan("SDC1:1", resources.clock())
    at, stranger = resources.clock(), SigningKey.generate()
    heads = [
        sign_head(bus.device.id, bus.epoch, 1, scan_hash(record), at, stranger),
        sign_head(new_id(), bus.epoch, 1, scan_hash(record), at, bus.key),
    ]

    for head in heads:
        with pytest.raises(UploadRefused) as refused:
            await taps.upload(resources, bus.device, encode_upload(head, [record]))

        assert refused.value.reason is UploadRefusal.HEAD_INVALID


async def test_a_colleague_carries_the_scans_of_a_dead_device(
    bus: Bus, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Scans exported from a retired bus come in through another of the same operator, judged as the first one's."""
    bus.scan("SDC1:1", resources.clock())
    colleague = await enrolled_bus(resources, owner, bus.device.operator_id)
    await owner.execute("UPDATE device SET retired_at = now() WHERE id = $1", bus.device.id)

    answer = await taps.upload(resources, colleague.device, bus.body())

    assert outcomes(answer) == [ScanOutcome.STORED]
    assert len(await kept(owner, bus)) == 1


async def test_nobody_carries_scans_of_another_operator(
    bus: Bus, resources: Resources, owner: asyncpg.Connection
) -> None:
    """Neither a competitor's scans nor those of a device that never was are taken."""
    competitor = await enrolled_bus(resources, owner)
    bus.scan("SDC1:1", resources.clock())
    unknown = Bus(resources, bus.device, bus.key)
    unknown.scan("SDC1:1", resources.clock(), device_id=new_id())

    for body in (bus.body(), unknown.body()):
        with pytest.raises(UploadRefused) as refused:
            await taps.upload(resources, competitor.device, body)

        assert refused.value.reason is UploadRefusal.FOREIGN


async def test_a_refusal_and_an_override_are_kept_as_they_went(
    bus: Bus, resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """The resident sees that she was refused; that the driver took her along is in the tap."""
    holder, at = await register.resident(), resources.clock()
    code = shown_code(resources, holder.id, at)
    bus.scan(code, at, admission=Outcome.REFUSED, reason=RefusalReason.REPLAYED)
    bus.scan(code, at, admission=Outcome.REFUSED, reason=RefusalReason.REPLAYED, override=True)

    await bus.upload()

    assert [tap["overridden"] for tap in await kept(owner, bus)] == [False, True]
    newest, _ = await taps.rides_of(resources, holder.id, 10, None)
    assert (newest.admitted, newest.outcome, newest.reason) == (False, "refused", "replayed")


async def test_rides_are_paged_by_time(bus: Bus, resources: Resources, register: Register) -> None:
    """The latest come first, and `before` goes on where a page ended."""
    holder, at = await register.resident(), resources.clock()
    for minutes in (30, 20, 10):
        then = at - timedelta(minutes=minutes)
        bus.scan(shown_code(resources, holder.id, then), then)
    await bus.upload()

    first_page = await taps.rides_of(resources, holder.id, 2, None)
    second_page = await taps.rides_of(resources, holder.id, 2, first_page[-1].at)

    assert [at - ride.at for ride in (*first_page, *second_page)] == [
        timedelta(minutes=minutes) for minutes in (10, 20, 30)
    ]
