"""Shows that people of providers and operators work only after a second factor, which the district's code gives."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import asyncpg
import pyotp
import pytest

from domain.access import Viewer
from services import operators, providers
from services.desks import desks_of, services_of
from services.factor_codes import FactorCode, give_code
from services.operators import operators_of
from services.people import People
from services.resources import Resources
from services.second_factor import Enrolment, FactorRefusal, Proven, enrol, prove
from tests.services.register import Clock, Register

if TYPE_CHECKING:
    from uuid import UUID


class Work:
    """Somebody who is at a desk, works for an operator or both, and the clerk who took her up."""

    def __init__(self, resources: Resources, register: Register, clerk: Viewer, her: Viewer) -> None:
        self.resources, self.register, self.clerk, self.her = resources, register, clerk, her
        self.provider: UUID | None = None
        self.operator: UUID | None = None

    async def begins(self, *, at_desk: bool, at_operator: bool) -> None:
        """Put her there; she has proven nothing."""
        if at_desk:
            self.provider = await self.register.provider()
            service = await self.register.service(provider_id=self.provider)
            await self.register.desk(self.her.account_id, service, is_proven=False)
        if at_operator:
            self.operator = await self.register.operator()
            await self.register.operator_staff(self.her.account_id, self.operator, is_proven=False)

    async def people(self) -> People:
        """Her people now."""
        return await self.register.people(self.her)

    async def gives(self, by: Viewer | None = None, whom: Viewer | None = None) -> FactorCode | FactorRefusal:
        """A code, by default from the clerk to her."""
        by, whom = by or self.clerk, whom or self.her
        return await give_code(self.resources, by, await self.register.people(by), whom.account_id)

    async def app(self) -> pyotp.TOTP:
        """Her authenticator, with a fresh secret."""
        given = await self.gives()
        assert isinstance(given, FactorCode)
        enrolled = await enrol(self.resources, self.her, await self.people(), given.code)
        assert isinstance(enrolled, Enrolment)
        assert enrolled.uri.startswith("otpauth://totp/SDC:")
        return pyotp.TOTP(enrolled.secret)

    async def proves(self, code: str) -> Proven | FactorRefusal:
        """A try."""
        return await prove(self.resources, self.her, await self.people(), code)

    async def works(self) -> bool:
        """Whether she may do anything there now."""
        return bool([*await desks_of(self.resources, self.her), *await operators_of(self.resources, self.her)])


Begin = Callable[..., Awaitable[Work]]


@pytest.fixture
def begin(resources: Resources, register: Register) -> Begin:
    """Makes somebody who works."""

    async def make(*, at_desk: bool = True, at_operator: bool = False) -> Work:
        clerk, her = await register.viewer(), await register.viewer(await register.resident())
        await register.staff(clerk.account_id)
        work = Work(resources, register, clerk, her)
        await work.begins(at_desk=at_desk, at_operator=at_operator)
        return work

    return make


@pytest.mark.parametrize("at_desk", [True, False])
async def test_she_works_for_the_hours_after_her_code(begin: Begin, clock: Clock, *, at_desk: bool) -> None:
    """Before it and after twelve hours there is no work for her, and she herself is there all the time."""
    work = await begin(at_desk=at_desk, at_operator=not at_desk)
    app = await work.app()
    seen = [(await work.works(), (await work.people()).own is not None)]
    proven = await work.proves(app.at(clock.at))
    for hours in (0, 11, 1):
        clock.forward(hours=hours)
        seen.append((await work.works(), (await work.people()).own is not None))

    assert isinstance(proven, Proven)
    assert seen == [(False, True), (True, True), (True, True), (False, True)]


async def test_another_session_of_hers_does_no_work(begin: Begin, register: Register, clock: Clock) -> None:
    """The proof belongs to one session."""
    work = await begin()
    await work.proves((await work.app()).at(clock.at))
    account_id = work.her.account_id
    other = Viewer(account_id, await register.session(account_id), "")

    assert await work.works()
    assert list(await desks_of(work.resources, other)) == []


async def test_wrong_codes_lock_her_out(begin: Begin, clock: Clock) -> None:
    """The right one, too, is refused after ten tries a day, her enrolment among them."""
    work = await begin()
    app = await work.app()
    wrong = {await work.proves("no code") for _ in range(9)}

    assert wrong == {FactorRefusal.CODE_WRONG}
    assert await work.proves(app.at(clock.at)) is FactorRefusal.TOO_MANY_ATTEMPTS


async def test_the_district_alone_gives_codes(begin: Begin, register: Register) -> None:
    """Neither a colleague nor a town nor administrators, nobody to herself, and only to who works outside."""
    work = await begin()
    town, administrator, stranger = [await register.viewer() for _ in range(3)]
    await register.staff(town.account_id, town="曹娥街道")
    await register.staff(administrator.account_id, role="administrator")
    service = await register.service(provider_id=work.provider)
    for each in (administrator, work.clerk):
        await register.desk(each.account_id, service)

    by_others = [await work.gives(by, whom=stranger) for by in (work.her, town, administrator)]
    others = [await work.gives(whom=whom) for whom in (work.clerk, stranger, administrator)]

    assert by_others == [FactorRefusal.NOT_ALLOWED] * 3
    assert others == [FactorRefusal.OWN_CODE, FactorRefusal.NOT_AT_WORK, FactorRefusal.NOT_AT_WORK]


async def test_a_new_code_ends_the_old_authenticator(begin: Begin, clock: Clock, owner: asyncpg.Connection) -> None:
    """What was proven with it counts no more from that moment, and it is on record who gave the code."""
    work = await begin()
    app = await work.app()
    await work.proves(app.at(clock.at))

    given = await work.gives()

    clock.forward(minutes=5)
    assert isinstance(given, FactorCode)
    assert not await work.works()
    assert await work.proves(app.at(clock.at)) is FactorRefusal.NOT_ENROLLED
    logged = await owner.fetchval(
        "SELECT count(*) FROM audit WHERE action = 'give_factor_code' AND subject = $1",
        f"account:{work.her.account_id}",
    )
    assert logged == 2


@pytest.mark.parametrize("at_operator", [False, True])
async def test_a_leaver_keeps_no_second_factor_for_nothing(begin: Begin, clock: Clock, *, at_operator: bool) -> None:
    """It goes with the last place where she works, and she herself stays signed in."""
    work = await begin(at_operator=at_operator)
    await work.proves((await work.app()).at(clock.at))
    assert work.provider is not None

    people = await work.register.people(work.clerk)
    ended = await providers.end_at_desk(work.resources, work.clerk, people, work.provider, work.her.account_id)

    hers = await work.people()
    assert ended is None
    assert list(await desks_of(work.resources, work.her)) == []
    assert (hers.proven_until is not None, await work.works()) == (at_operator, at_operator)
    assert hers.own is not None


async def test_an_operators_leaver_is_cut_off_as_well(begin: Begin, clock: Clock) -> None:
    """Her secret and her proof are gone, and she is told that she works nowhere."""
    work = await begin(at_desk=False, at_operator=True)
    app = await work.app()
    await work.proves(app.at(clock.at))
    assert work.operator is not None

    people = await work.register.people(work.clerk)
    await operators.end_operator_staff(work.resources, people, work.operator, work.her.account_id)

    clock.forward(minutes=5)
    assert not await work.works()
    assert (await work.people()).proven_until is None
    assert await work.proves(app.at(clock.at)) is FactorRefusal.NOT_STAFF


async def test_who_follows_a_desks_day_is_told_that_somebody_left(
    begin: Begin, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The news names the provider's services, which the list of its day waits for."""
    told: list[object] = []
    monkeypatch.setattr(resources.news, "tell", lambda *ids: told.extend(ids))
    work = await begin()
    assert work.provider is not None

    people = await work.register.people(work.clerk)
    await providers.end_at_desk(resources, work.clerk, people, work.provider, work.her.account_id)

    assert told == await services_of(resources, work.provider)
    assert len(told) == 1
