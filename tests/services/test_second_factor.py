"""Shows that staff act only after a code of their authenticator, which serves once and can be guessed only so often."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pyotp
import pytest

from domain.access import Viewer
from models.record import new_id
from services.resources import Resources
from services.second_factor import Enrolment, FactorRefusal, Proven, enrol, prove
from services.vault import Indexed
from tests.services.register import Clock, Register

CODE = "A1B2C3D4E5F60718"

Prove = Callable[[str], Awaitable[Proven | FactorRefusal]]


@pytest.fixture
async def viewer(register: Register) -> Viewer:
    """A clerk who has proven nothing yet."""
    viewer = await register.viewer()
    await register.staff(viewer.account_id, is_proven=False)
    return viewer


@pytest.fixture
async def app(resources: Resources, register: Register, owner: asyncpg.Connection, viewer: Viewer) -> pyotp.TOTP:
    """Her authenticator, enrolled with an administrator's code."""
    given = await _enrolled(resources, register, owner, viewer)
    assert isinstance(given, Enrolment)
    return pyotp.TOTP(given.secret)


@pytest.fixture
def proves(resources: Resources, register: Register, viewer: Viewer) -> Prove:
    """Tries a code."""

    async def prove_(code: str) -> Proven | FactorRefusal:
        return await prove(resources, viewer, await register.people(viewer), code)

    return prove_


async def test_she_is_staff_for_the_hours_after_her_code(
    app: pyotp.TOTP, proves: Prove, register: Register, viewer: Viewer, clock: Clock
) -> None:
    """Before it she is known but acts as nobody's clerk, and after twelve hours again."""
    before = await register.people(viewer)
    proven = await proves(app.at(clock.at))
    after = await register.people(viewer)
    clock.forward(hours=12)
    later = await register.people(viewer)

    assert proven == Proven(clock.at)
    assert (before.staff, before.unproven is not None) == (None, True)
    assert (after.staff is not None, after.unproven) == (True, None)
    assert (later.staff, later.unproven is not None) == (None, True)


async def test_a_code_serves_once_and_only_in_its_time(app: pyotp.TOTP, proves: Prove, clock: Clock) -> None:
    """A code seen over the shoulder is worth nothing, nor is an older one than the newest used."""
    stale, former, code = (app.at(clock.at - timedelta(seconds=ago)) for ago in (90, 30, 0))

    answers = [await proves(each) for each in (stale, "١٢٣٤٥٦", "\ud800", f" {code} ", code, former)]

    assert [isinstance(answer, Proven) for answer in answers] == [False, False, False, True, False, False]
    assert set(answers) - {answers[3]} == {FactorRefusal.CODE_WRONG}


async def test_another_session_of_hers_proves_itself(
    app: pyotp.TOTP, proves: Prove, register: Register, viewer: Viewer, clock: Clock
) -> None:
    """The proof belongs to one session, so that a stolen refresh token of another makes nobody a clerk."""
    await proves(app.at(clock.at))
    other = Viewer(viewer.account_id, await register.session(viewer.account_id), viewer.address)

    assert (await register.people(other)).staff is None


async def test_wrong_codes_lock_her_out_for_the_day(app: pyotp.TOTP, proves: Prove, clock: Clock) -> None:
    """After ten tries, her enrolment among them, even the right code is refused until tomorrow."""
    wrong = [await proves("no code") for _ in range(9)]
    locked = await proves(app.at(clock.at))
    clock.forward(days=1)

    tomorrow = await proves(app.at(clock.at))

    assert set(wrong) == {FactorRefusal.CODE_WRONG}
    assert locked is FactorRefusal.TOO_MANY_ATTEMPTS
    assert isinstance(tomorrow, Proven)


async def test_an_enrolment_code_is_spent_once_and_in_time(
    resources: Resources, register: Register, owner: asyncpg.Connection, viewer: Viewer, clock: Clock
) -> None:
    """A second use, another code and a code too old give no secret."""
    first = await _enrolled(resources, register, owner, viewer)
    again = await enrol(resources, viewer, await register.people(viewer), CODE)
    await _give_code(resources, owner, viewer.account_id)
    other = await enrol(resources, viewer, await register.people(viewer), "0" * 16)
    clock.forward(days=1)
    late = await enrol(resources, viewer, await register.people(viewer), CODE)

    assert isinstance(first, Enrolment)
    assert first.uri.startswith("otpauth://totp/SDC:")
    assert [again, other, late] == [FactorRefusal.ENROLMENT_CODE_WRONG] * 3


async def test_guessing_enrolment_codes_is_bounded_as_well(
    resources: Resources, register: Register, viewer: Viewer
) -> None:
    """The tries are counted together."""
    people = await register.people(viewer)
    answers = [await enrol(resources, viewer, people, "0" * 16) for _ in range(11)]

    assert answers[-2:] == [FactorRefusal.ENROLMENT_CODE_WRONG, FactorRefusal.TOO_MANY_ATTEMPTS]


async def test_who_is_no_staff_or_has_no_authenticator_is_told_so(
    resources: Resources, register: Register, proves: Prove
) -> None:
    """Neither is a wrong code."""
    stranger = await register.viewer()
    people = await register.people(stranger)

    assert await proves("000000") is FactorRefusal.NOT_ENROLLED
    assert await prove(resources, stranger, people, "000000") is FactorRefusal.NOT_STAFF
    assert await enrol(resources, stranger, people, CODE) is FactorRefusal.NOT_STAFF


async def test_the_secret_is_sealed(app: pyotp.TOTP, owner: asyncpg.Connection, viewer: Viewer) -> None:
    """A dump of the database makes no codes."""
    sealed = await owner.fetchval("SELECT totp_sealed FROM second_factor WHERE account_id = $1", viewer.account_id)

    assert app.secret.encode() not in sealed


async def _enrolled(
    resources: Resources, register: Register, owner: asyncpg.Connection, viewer: Viewer
) -> Enrolment | FactorRefusal:
    await _give_code(resources, owner, viewer.account_id)
    return await enrol(resources, viewer, await register.people(viewer), CODE.lower())


async def _give_code(resources: Resources, owner: asyncpg.Connection, account_id: UUID) -> None:
    await owner.execute(
        "INSERT INTO second_factor (id, account_id, enrolment_hash, enrolment_expires_at) VALUES ($4, $1, $2, $3) "
        "ON CONFLICT (account_id) DO UPDATE SET enrolment_hash = $2, enrolment_expires_at = $3",
        account_id,
        resources.vault.index(Indexed.STAFF_CODE, CODE),
        resources.clock() + timedelta(days=1),
        new_id(),
    )
