"""Shows that the log keeps its order under any concurrency, and that whatever is done to it shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import asyncpg
import pytest

from card.cose import SigningKey
from card.credential import prove
from card.enrolment import prove_enrolment, split_enrolment_code
from services import audit, bookings
from services.audit import Breach, ChainBroken, Event, head_of, verify_chain
from services.binding import BindingRequest, bind_card, issue_binding_code
from services.credentials import issue_pass, new_challenge
from services.database import Database
from services.devices import enrol
from services.resources import Resources
from tests.conftest import DatabaseAddresses, fresh_database
from tests.services.recorder import Recorder, after
from tests.services.register import FakeWechat, Register, open_all

PUT_IN_BETWEEN = """
UPDATE audit SET sequence = 4 WHERE sequence = 3;
INSERT INTO audit SELECT 3, at, actor, action, '9', detail, previous, hash FROM audit WHERE sequence = 4
"""
AT = datetime(2026, 3, 11, 2, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
async def database(postgres: DatabaseAddresses, template: str) -> AsyncIterator[DatabaseAddresses]:
    """A database for each test, because a log that was tampered with stays so."""
    async with fresh_database(postgres, template) as made:
        yield made


async def append(resources: Resources, number: int, at: datetime = AT) -> None:
    """One entry in a transaction of its own."""
    async with resources.database.transaction() as connection:
        await audit.record(connection, Event("account:1", "act", str(number), "细节"), at)


async def tamper(owner: asyncpg.Connection, statement: str) -> None:
    """What somebody with the owner's password could do."""
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER USER")
    await owner.execute(statement)
    await owner.execute("ALTER TABLE audit ENABLE TRIGGER USER")


async def test_an_empty_log_is_whole(resources: Resources) -> None:
    """Nothing logged is no breach."""
    assert await verify_chain(resources.database, {}) == 0


async def test_entries_follow_from_one_another(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry verifies, whatever zone its time was given in and however many pages there are."""
    monkeypatch.setattr(audit, "_PAGE", 4)
    for number in range(9):
        await append(resources, number, AT.astimezone(timezone(timedelta(hours=8))))

    assert await verify_chain(resources.database, {}) == 9


async def test_concurrent_writers_keep_the_chain(resources: Resources) -> None:
    """Many at once get one order without a gap, and none is lost."""
    await open_all(resources)
    await asyncio.gather(*(append(resources, number) for number in range(40)))

    assert await verify_chain(resources.database, {}) == 40


async def test_an_entry_is_kept_only_with_what_it_tells(resources: Resources) -> None:
    """A use case that fails leaves no entry, and the next takes its place in the chain."""

    async def fail() -> None:
        async with resources.database.transaction() as connection:
            await audit.record(connection, Event("account:1", "act", "1"), AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await append(resources, 2)

    assert await verify_chain(resources.database, {}) == 1


@pytest.mark.parametrize(
    ("statement", "first", "breach"),
    [
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE sequence = 2", 2, Breach.ALTERED),
        ("UPDATE audit SET actor = 'account:2' WHERE sequence = 1", 1, Breach.ALTERED),
        ("UPDATE audit SET action = 'other' WHERE sequence = 3", 3, Breach.ALTERED),
        ("UPDATE audit SET subject = '9' WHERE sequence = 2", 2, Breach.ALTERED),
        ("UPDATE audit SET detail = '' WHERE sequence = 2", 2, Breach.ALTERED),
        ("UPDATE audit SET previous = hash WHERE sequence = 2", 2, Breach.ALTERED),
        ("UPDATE audit SET hash = previous WHERE sequence = 3", 3, Breach.ALTERED),
        ("DELETE FROM audit WHERE sequence = 1", 1, Breach.MISSING),
        ("DELETE FROM audit WHERE sequence = 2", 2, Breach.MISSING),
        ("UPDATE audit SET sequence = 7 WHERE sequence = 3", 3, Breach.MISSING),
        # A field moved over the border to the next must not hash alike.
        ("UPDATE audit SET actor = 'account:1act', action = '' WHERE sequence = 2", 2, Breach.ALTERED),
        (
            "INSERT INTO audit SELECT 4, at, actor, action, subject, detail, hash, hash FROM audit WHERE sequence = 3",
            4,
            Breach.ALTERED,
        ),
        (
            "INSERT INTO audit SELECT 0, at, actor, action, subject, detail, hash, hash FROM audit WHERE sequence = 3",
            1,
            Breach.ALTERED,
        ),
        (PUT_IN_BETWEEN, 3, Breach.ALTERED),
    ],
)
async def test_any_change_is_found(
    resources: Resources, owner: asyncpg.Connection, statement: str, first: int, breach: Breach
) -> None:
    """The first entry that was altered, moved, left out or made up is named."""
    for number in range(3):
        await append(resources, number)
    await tamper(owner, statement)

    assert await verify_chain(resources.database, {}) == ChainBroken(first, breach)


async def test_an_end_that_was_cut_off_shows_by_what_was_signed(
    resources: Resources, owner: asyncpg.Connection
) -> None:
    """The rest follows from one another, but a checkpoint elsewhere knows of more; the first that is gone is named."""
    for number in range(4):
        await append(resources, number)
    head = await head_of(resources.database)
    assert head is not None
    await tamper(owner, "DELETE FROM audit WHERE sequence > 2")

    assert await verify_chain(resources.database, {}) == 2
    assert await verify_chain(resources.database, {head.sequence: head.hash}) == ChainBroken(3, Breach.CUT_OFF)


async def test_a_log_that_was_written_anew_shows_by_what_was_signed(
    resources: Resources, owner: asyncpg.Connection
) -> None:
    """Whoever can compute hashes can forge every entry, but not the one that a checkpoint signed."""
    for number in range(3):
        await append(resources, number)
    head = await head_of(resources.database)
    assert head is not None
    await tamper(owner, "DELETE FROM audit")
    for number in range(5):
        await append(resources, number + 7)

    assert await verify_chain(resources.database, {}) == 5
    assert await verify_chain(resources.database, {head.sequence: head.hash}) == ChainBroken(3, Breach.REWRITTEN)


UseCase = Callable[[Resources, Register, FakeWechat], Awaitable[object]]


async def book_and_cancel(resources: Resources, register: Register, _: FakeWechat, *, cancel: bool) -> object:
    """A guardian's booking, or its cancellation."""
    ward, guardian = await register.resident(), await register.viewer()
    await register.guardian(ward, guardian.account_id)
    slot_id, people = await register.slot(await register.service()), await register.people(guardian)
    if not cancel:
        return await bookings.book_slot(resources, guardian, people, slot_id, ward.id, "key")
    quiet = replace(resources, database=Database(resources.database._client))
    booking = await bookings.book_slot(quiet, guardian, people, slot_id, ward.id, "key")
    assert isinstance(booking, bookings.HeldBooking)
    return await bookings.cancel_booking(resources, guardian, people, booking.id, "another")


async def bind(resources: Resources, register: Register, wechat: FakeWechat) -> object:
    """A holder's binding by phone."""
    holder = await register.resident()
    request = BindingRequest(holder.name, holder.card_number, wechat.phone_code(holder.phone or ""), None)
    return await bind_card(resources, await register.viewer(), request)


async def issue_code(resources: Resources, register: Register, _: FakeWechat) -> object:
    """A clerk's one-time code."""
    holder, clerk = await register.resident(), await register.viewer()
    await register.staff(clerk.account_id)
    return await issue_binding_code(resources, await register.people(clerk), holder.card_number)


async def give_pass(resources: Resources, register: Register, _: FakeWechat) -> object:
    """A ward's pass on the guardian's phone."""
    ward, guardian, key = await register.resident(), await register.viewer(), SigningKey.generate()
    await register.guardian(ward, guardian.account_id)
    challenge = new_challenge(resources, guardian)
    proof = prove(challenge, key)
    people = await register.people(guardian)
    return await issue_pass(resources, guardian, people, ward.id, key.verifying_key.public, challenge, proof)


async def enrol_device(resources: Resources, register: Register, _: FakeWechat) -> object:
    """A scanner's enrolment."""
    code = await register.device_code()
    secret, _fingerprint = split_enrolment_code(code)
    key = SigningKey.generate()
    return await enrol(resources, secret, key.verifying_key.public, prove_enrolment(secret, key))


@pytest.mark.parametrize(
    "use",
    [
        partial(book_and_cancel, cancel=False),
        partial(book_and_cancel, cancel=True),
        bind,
        issue_code,
        give_pass,
        enrol_device,
    ],
    ids=["book", "cancel", "bind", "code", "pass", "enrol"],
)
async def test_the_logs_lock_is_the_last_that_a_use_case_takes(
    resources: Resources, register: Register, wechat: FakeWechat, use: UseCase
) -> None:
    """Behind it only the entry itself and the answer to a retry are written: no two use cases wait for each other."""
    recorder = Recorder(resources.database)

    await use(recorder.over(resources), register, wechat)

    behind = [" ".join(sql.split()[:3]) for sql in after(recorder.statements, "pg_advisory_xact_lock")]
    own = {"SELECT sequence, hash", "INSERT INTO audit", "UPDATE idempotency_key SET"}
    assert len(recorder.statements) > len(behind) + 1
    assert set(behind) <= own
