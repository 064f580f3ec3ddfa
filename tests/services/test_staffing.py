"""Shows that two administrators give a post, nobody gives one to herself, and a leaver is cut off at once."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from domain.access import Area, Viewer
from models.session import StaffRole
from services.appointments import Appointment, Post, StaffRefusal, appoint_first
from services.people import SessionEnded
from services.resources import Resources
from services.second_factor import Enrolment, enrol
from services.staffing import Grant, colleagues, confirm, end, propose, waiting
from tests.services.register import Clock, Register

COMMISSIONER = Post(StaffRole.COMMISSIONER, "一村村委会", Area("曹娥街道", "一村"))


class Council:
    """Two administrators and a candidate."""

    def __init__(self, resources: Resources, register: Register, first: Viewer, second: Viewer, her: Viewer) -> None:
        self.resources, self.register = resources, register
        self.first, self.second, self.her = first, second, her

    async def proposes(self, by: Viewer, whom: Viewer | None = None, post: Post = COMMISSIONER) -> Any:
        """A proposal, by default for the candidate."""
        account_id = (whom or self.her).account_id
        return await propose(self.resources, await self.register.people(by), account_id, post)

    async def confirms(self, by: Viewer, grant: Grant) -> Any:
        """A confirmation."""
        return await confirm(self.resources, by, await self.register.people(by), grant.id)

    async def appointed(self) -> Appointment:
        """The candidate, in office."""
        given = await self.confirms(self.second, await self.proposes(self.first))
        assert isinstance(given, Appointment)
        return given


@pytest.fixture
async def council(resources: Resources, register: Register) -> Council:
    """The three of them."""
    viewers = [await register.viewer() for _ in range(3)]
    for administrator in viewers[:2]:
        await register.staff(administrator.account_id, role="administrator")
    return Council(resources, register, *viewers)


async def test_two_administrators_make_a_commissioner_who_enrols(council: Council) -> None:
    """From the proposal to the secret of her authenticator; she acts as nobody before she proved it."""
    grant = await council.proposes(council.first)
    listed = await waiting(council.resources, await council.register.people(council.second))
    appointment = await council.confirms(council.second, grant)
    people = await council.register.people(council.her)
    enrolled = await enrol(council.resources, council.her, people, appointment.given.code)

    assert grant in listed
    assert people.staff is None
    assert people.unproven is not None
    assert (people.unproven.role, people.unproven.area) == (StaffRole.COMMISSIONER, COMMISSIONER.area)
    assert isinstance(enrolled, Enrolment)


async def test_nobody_gives_a_role_to_herself_or_alone(council: Council) -> None:
    """Neither by proposing it, nor by confirming it, nor by confirming her own proposal."""
    own = await council.proposes(council.first, council.first)
    alone = await council.confirms(council.first, await council.proposes(council.first))
    for_her = await council.proposes(council.first, council.second)
    herself = await council.confirms(council.second, for_her)

    assert (own, alone, herself) == (StaffRefusal.OWN_ROLE, StaffRefusal.SAME_PERSON, StaffRefusal.OWN_ROLE)


async def test_a_proposal_holds_for_a_week_and_while_its_proposer_is_there(council: Council, clock: Clock) -> None:
    """What is confirmed already, what is too old, and what a leaver proposed cannot be confirmed."""
    done, left = await council.proposes(council.first), await council.proposes(council.first)
    await council.confirms(council.second, done)
    again = await council.confirms(council.second, done)
    old = await council.proposes(council.second)
    proposer = await council.register.people(council.first)
    assert proposer.staff is not None
    await end(council.resources, await council.register.people(council.second), proposer.staff.id)
    of_a_leaver = await council.confirms(council.second, left)
    third = await council.register.viewer()
    await council.register.staff(third.account_id, role="administrator")
    clock.forward(days=7)
    late = await council.confirms(third, old)

    assert (again, of_a_leaver, late) == (StaffRefusal.NO_GRANT, StaffRefusal.NO_GRANT, StaffRefusal.NO_GRANT)


async def test_a_leaver_is_cut_off_in_the_same_moment(council: Council, owner: asyncpg.Connection) -> None:
    """Her sessions end with her post, and her secret is gone; nobody cuts off herself."""
    appointment = await council.appointed()
    administrator = await council.register.people(council.first)
    assert administrator.staff is not None

    ended = await end(council.resources, administrator, appointment.staff_id)
    herself = await end(council.resources, administrator, administrator.staff.id)
    twice = await end(council.resources, administrator, appointment.staff_id)

    with pytest.raises(SessionEnded):
        await council.register.people(council.her)
    assert not isinstance(ended, StaffRefusal)
    assert (herself, twice) == (StaffRefusal.OWN_ROLE, StaffRefusal.NO_STAFF)
    assert (
        await owner.fetchval("SELECT totp_sealed FROM second_factor WHERE id = $1", appointment.given.factor_id) is None
    )


async def test_a_new_post_ends_the_old_proof(council: Council, register: Register) -> None:
    """Who gets another role or area enrols anew, so a lost authenticator is replaced in the same way."""
    await council.appointed()
    await register.prove(council.her.account_id)
    before = (await register.people(council.her)).staff

    changed = await council.confirms(
        council.first, await council.proposes(council.second, post=Post(StaffRole.CLERK, "街道残联", Area("曹娥街道")))
    )

    after = await register.people(council.her)
    assert before is not None
    assert after.staff is None
    assert after.unproven is not None
    assert (after.unproven.id, after.unproven.role) == (changed.staff_id, StaffRole.CLERK)


@pytest.mark.parametrize(
    "post",
    [
        Post(StaffRole.COMMISSIONER, "村委会", Area("曹娥街道")),
        Post(StaffRole.COMMISSIONER, "村委会", Area("", "一村")),
        Post(StaffRole.CLERK, "街道残联", Area("曹娥街道", "一村")),
        Post(StaffRole.CLERK, "街道残联", Area("街" * 41)),
        Post(StaffRole.ADMINISTRATOR, "区残联", Area("曹娥街道")),
    ],
)
async def test_a_role_has_the_area_that_it_needs(council: Council, post: Post) -> None:
    """A commissioner without a village would reach a town, an administrator with a town none."""
    assert await council.proposes(council.first, post=post) is StaffRefusal.AREA_WRONG


async def test_only_administrators_meddle_with_posts(council: Council) -> None:
    """A clerk of the district is told so, and sees no list."""
    clerk = await council.register.viewer()
    staff_id = await council.register.staff(clerk.account_id)
    people = await council.register.people(clerk)
    grant = await council.proposes(council.first)

    assert await council.proposes(clerk) is StaffRefusal.NOT_ALLOWED
    assert await council.confirms(clerk, grant) is StaffRefusal.NOT_ALLOWED
    assert await end(council.resources, people, staff_id) is StaffRefusal.NOT_ALLOWED
    assert await colleagues(council.resources, people, None, 10) is StaffRefusal.NOT_ALLOWED
    assert await waiting(council.resources, people) == []


async def test_what_is_unknown_is_refused(council: Council) -> None:
    """An account that never signed in, an organisation without a name."""
    people = await council.register.people(council.first)

    nobody = await propose(council.resources, people, uuid4(), COMMISSIONER)
    nameless = await council.proposes(council.first, post=Post(StaffRole.CLERK, " ", Area()))

    assert (nobody, nameless) == (StaffRefusal.NO_ACCOUNT, StaffRefusal.ORGANISATION_UNUSABLE)


async def test_the_operator_makes_two_administrators_and_no_third(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """From then on they make the others; the same one may be made again when she lost her authenticator."""
    await owner.execute("UPDATE staff SET left_on = '2020-01-01'")
    first, second, third = [(await register.viewer()).account_id for _ in range(3)]

    answers = [await appoint_first(resources, account, "区残联") for account in (uuid4(), first, second, third, first)]
    nameless = await appoint_first(resources, first, "")

    assert [isinstance(answer, Enrolment) for answer in answers] == [False, True, True, False, True]
    assert (answers[0], answers[3]) == (StaffRefusal.NO_ACCOUNT, StaffRefusal.ENOUGH_ADMINISTRATORS)
    assert nameless is StaffRefusal.ORGANISATION_UNUSABLE


async def test_colleagues_are_listed_by_pages(council: Council) -> None:
    """All in office, none twice, leavers left out."""
    appointment = await council.appointed()
    people = await council.register.people(council.first)

    first = await colleagues(council.resources, people, None, 1)
    assert not isinstance(first, StaffRefusal)
    rest = await colleagues(council.resources, people, first[0].id, 100)

    assert not isinstance(rest, StaffRefusal)
    assert appointment.staff_id in {each.id for each in rest}
    assert first[0].id not in {each.id for each in rest}
