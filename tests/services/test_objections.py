"""Shows that a ward sees who acts for her and is heard: taken once, decided by staff of her area, and told to both."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from domain.access import Act, Viewer
from domain.dates import local_date
from domain.guardianship import ObjectionOutcome
from services.credentials import new_line
from services.objections import (
    ObjectionRefusal,
    OpenObjection,
    Ruling,
    decide,
    guardians_of,
    object_to,
    open_objections,
)
from services.resources import Resources
from services.vault import Sealed
from tests.services.office import Office
from tests.services.register import Holder, Register

SOME = frozenset({Act.VIEW, Act.BOOK})


class Voice:
    """A ward of age with her own account, and a guardian with hers."""

    def __init__(self, resources: Resources, register: Register) -> None:
        self.resources, self.register = resources, register

    async def begin(self, **guardian: Any) -> "Voice":
        """Put the two on record."""
        self.ward = await self.register.resident()
        self.own, self.other = await self.register.viewer(self.ward), await self.register.viewer()
        self.guardian_id = await self.register.guardian(self.ward, self.other.account_id, **guardian)
        return self

    async def object(
        self, reason: str = "她拿走了我的卡。", guardian_id: UUID | None = None
    ) -> UUID | ObjectionRefusal:
        """Object to the guardian, or to another."""
        people = await self.register.people(self.own)
        return await object_to(self.resources, self.own, people, guardian_id or self.guardian_id, reason)

    async def objected(self) -> UUID:
        """The id of an objection that was taken."""
        filed = await self.object()
        assert isinstance(filed, UUID)
        return filed

    async def decide(
        self,
        clerk: Viewer,
        objection_id: UUID,
        outcome: ObjectionOutcome = ObjectionOutcome.END,
        acts: frozenset[Act] = frozenset(),
        reason: str = "已上门核实",
    ) -> ObjectionOutcome | ObjectionRefusal:
        """Decide it as a member of staff."""
        people = await self.register.people(clerk)
        return await decide(self.resources, clerk, people, Ruling(objection_id, outcome, acts, reason))

    async def reach(self) -> set[Act]:
        """What the guardian may do for the ward."""
        people = await self.register.people(self.other)
        today = local_date(self.resources.clock())
        return {act for act in Act if people.reach(self.ward.id, act, today) is not None}


@pytest.fixture
async def voice(resources: Resources, register: Register) -> Voice:
    """The two people."""
    return await Voice(resources, register).begin()


async def told(owner: asyncpg.Connection, ward: Holder) -> list[tuple[str, str]]:
    """Who is to be told of which outcome."""
    rows = await owner.fetch("SELECT detail_sealed FROM card_notice WHERE resident_id = $1 ORDER BY id", ward.id)
    details = [json.loads(ward.key.open(Sealed.NOTICE, row["detail_sealed"])) for row in rows]
    return [(detail["to"], detail["outcome"]) for detail in details]


async def test_a_ward_sees_who_acts_for_her(voice: Voice, register: Register) -> None:
    """Masked, with relation, acts and since when; nobody whose time is over or has not come."""
    over, to_come = date(2026, 3, 1), date(2026, 4, 1)
    await register.guardian(voice.ward, valid_until=over)
    await register.guardian(voice.ward, valid_from=to_come)
    own = (await register.people(voice.own)).own
    assert own is not None

    (seen,) = await guardians_of(voice.resources, own, local_date(voice.resources.clock()))

    assert (seen.id, seen.masked_name, seen.relation) == (voice.guardian_id, "李*", "母亲")
    assert (seen.guardianship.acts, seen.guardianship.valid_from) == (frozenset(Act), date(2026, 1, 1))
    assert (seen.last_day, seen.objection_is_open) == (None, False)


async def test_an_objection_waits_for_staff_of_the_area(
    voice: Voice, office: Office, owner: asyncpg.Connection
) -> None:
    """Once, with its reason; only the area's offices read it, and that they did is on record."""
    filed = await voice.objected()
    again = await voice.object()
    town, elsewhere = await office.clerk(town="曹娥街道"), await office.clerk(town="东关街道")
    commissioner = await office.clerk(town="曹娥街道", village="一村", role="commissioner")

    lists = [
        await open_objections(voice.resources, await voice.register.people(clerk), None, 100)
        for clerk in (town, elsewhere, commissioner)
    ]

    assert again is ObjectionRefusal.ALREADY_OPEN
    assert not isinstance(lists[0], ObjectionRefusal)
    (seen,) = [one for one in lists[0] if one.id == filed]
    assert isinstance(seen, OpenObjection)
    assert (seen.ward_name, seen.guardian_name, seen.reason) == ("王**", "李*", "她拿走了我的卡。")
    assert lists[1:] == [[], ObjectionRefusal.NOT_ALLOWED]
    logged = await owner.fetch("SELECT action FROM audit WHERE subject = $1 ORDER BY sequence", str(voice.ward.id))
    assert [row["action"] for row in logged] == ["object_to_guardian", "read_objection"]


@pytest.mark.parametrize(
    ("outcome", "acts", "left", "has_pass"),
    [
        (ObjectionOutcome.KEEP, frozenset(), set(Act), True),
        (ObjectionOutcome.NARROW, SOME, set(SOME), False),
        (ObjectionOutcome.NARROW, frozenset({Act.VIEW, Act.RIDE_CODE}), {Act.VIEW, Act.RIDE_CODE}, True),
        (ObjectionOutcome.END, frozenset(), set(), False),
    ],
)
async def test_a_decision_takes_effect_at_once_and_is_told_to_both(
    voice: Voice,
    office: Office,
    owner: asyncpg.Connection,
    outcome: ObjectionOutcome,
    acts: frozenset[Act],
    left: set[Act],
    *,
    has_pass: bool,
) -> None:
    """The guardian reaches as far as it says, passes end where she may show none, and the row is kept."""
    at = voice.resources.clock()
    filed, clerk = await voice.objected(), await office.clerk()
    await new_line(owner, voice.ward.id, bytes(32), at, at + timedelta(days=7))

    answer = await voice.decide(clerk, filed, outcome, acts)
    second = await voice.decide(clerk, filed, outcome, acts)

    assert (answer, second) == (outcome, ObjectionRefusal.NO_OBJECTION)
    assert await voice.reach() == left
    revoked = await owner.fetchval("SELECT revoked_at FROM credential WHERE resident_id = $1", voice.ward.id)
    assert (revoked is None) is has_pass
    assert await told(owner, voice.ward) == [("ward", outcome), ("guardian", outcome)]
    kept = await owner.fetchrow("SELECT * FROM guardian_objection WHERE id = $1", filed)
    assert (kept["outcome"], kept["decided_at"]) == (outcome, at)
    assert voice.ward.key.open(Sealed.OBJECTION, kept["decision_sealed"]) == "已上门核实"


async def test_a_guardian_without_an_account_has_no_pass_to_lose(
    resources: Resources, register: Register, office: Office, owner: asyncpg.Connection
) -> None:
    """Nobody else's pass ends with her."""
    ward, at = await register.resident(), resources.clock()
    voice = Voice(resources, register)
    voice.ward, voice.own = ward, await register.viewer(ward)
    voice.guardian_id = await register.guardian(ward)
    await new_line(owner, ward.id, bytes(32), at, at + timedelta(days=7))

    answer = await voice.decide(await office.clerk(), await voice.objected())

    assert answer is ObjectionOutcome.END
    assert await owner.fetchval("SELECT revoked_at FROM credential WHERE resident_id = $1", ward.id) is None


async def test_an_objection_needs_a_ward_of_age_and_her_own_guardian(
    resources: Resources, register: Register, voice: Voice
) -> None:
    """A minor asks in person; a stranger's guardian, or nobody's account, has none; without a reason there is none."""
    minor, stranger = Voice(resources, register), await Voice(resources, register).begin()
    minor.ward = await register.resident(birth_date=date(2008, 3, 12))
    minor.own = await register.viewer(minor.ward)
    minor.guardian_id = await register.guardian(minor.ward, ground="minor")

    answers = [
        await minor.object(),
        await voice.object(guardian_id=stranger.guardian_id),
        await voice.object("   "),
        await object_to(resources, voice.other, await register.people(voice.other), voice.guardian_id, "她自己没有卡"),
    ]

    assert answers == [
        ObjectionRefusal.NOT_OF_AGE,
        ObjectionRefusal.NO_GUARDIAN,
        ObjectionRefusal.TEXT_UNUSABLE,
        ObjectionRefusal.NO_GUARDIAN,
    ]


async def test_a_decision_needs_the_area_a_reason_and_nobody_concerned(voice: Voice, office: Office) -> None:
    """Each refusal leaves the guardian as she was."""
    filed, district = await voice.objected(), await office.clerk()
    await voice.register.staff(voice.other.account_id)
    await voice.register.staff(voice.own.account_id)

    answers = [
        await voice.decide(await office.clerk(town="东关街道"), filed),
        await voice.decide(await office.clerk(town="曹娥街道", village="一村", role="commissioner"), filed),
        await voice.decide(district, uuid4()),
        await voice.decide(district, filed, reason=""),
        await voice.decide(district, filed, ObjectionOutcome.NARROW),
        await voice.decide(voice.other, filed),
        await voice.decide(voice.own, filed),
    ]

    assert answers == [
        ObjectionRefusal.NO_OBJECTION,
        ObjectionRefusal.NOT_ALLOWED,
        ObjectionRefusal.NO_OBJECTION,
        ObjectionRefusal.TEXT_UNUSABLE,
        ObjectionRefusal.ACTS_WRONG,
        ObjectionRefusal.OWN_WARD,
        ObjectionRefusal.OWN_WARD,
    ]
    assert await voice.reach() == set(Act)
