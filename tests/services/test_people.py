"""Shows that a viewer sees herself and her wards, each under the card in force, and nothing in the clear."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from domain.access import Act, Viewer
from domain.card import CardState
from models.session import StaffRole
from services.people import People, Person, SessionEnded, mask_name, mask_number
from services.resources import Resources
from services.vault import Sealed
from tests.services.register import Clock, Holder, Register

TODAY = date(2026, 3, 11)


def own(people: People) -> Person:
    """The viewer as a resident."""
    assert people.own is not None
    return people.own


async def test_a_stranger_to_the_register_is_nobody(register: Register) -> None:
    """An account that is bound to no one has no person, no wards and no office."""
    assert await register.people(await register.viewer()) == People(None, (), None)


async def test_a_resident_is_seen_masked(register: Register) -> None:
    """Name and number are masked, and what is printed of a person shows no key."""
    holder = await register.resident(name="王小明", category=7, categories="14", grade=2)

    person = own(await register.people(await register.viewer(holder)))

    assert person.card is not None
    assert (person.id, person.masked_name, person.birth_date, person.town) == (
        holder.id,
        "王**",
        date(1980, 5, 1),
        "曹娥街道",
    )
    assert person.card.masked_number == f"{holder.card_number[:6]}{'*' * 12}72"
    assert (person.card.on_record.category, person.card.on_record.categories) == (7, (1, 4))
    assert holder.name not in repr(person)
    assert repr(person.data_key.secret) not in repr(person)
    assert person.data_key.open(Sealed.NAME, holder.key.seal(Sealed.NAME, "x")) == "x"


@pytest.mark.parametrize(("name", "masked"), [("王小明", "王**"), ("王明", "王*"), ("王", "王*"), ("", "*")])
def test_a_name_keeps_its_first_character_only(name: str, masked: str) -> None:
    """Even the shortest name does not stay in the clear."""
    assert mask_name(name) == masked


def test_a_number_keeps_area_and_end() -> None:
    """Birth date and sequence are covered, of a reissued card as well."""
    assert mask_number("33060419800501001X11") == "330604************11"
    assert mask_number("33060419800501001X11B1") == "330604**************B1"


async def test_a_resident_without_a_card_has_none(register: Register, owner: asyncpg.Connection) -> None:
    """Somebody whose card was never made is still a person."""
    holder = await register.resident()
    await owner.execute("DELETE FROM card WHERE id = $1", holder.card_id)

    assert own(await register.people(await register.viewer(holder))).card is None


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        # Reissued on the day the first was made.
        ({"state": "cancelled", "issued_on": TODAY}, {"state": "active", "issued_on": TODAY}, CardState.ACTIVE),
        ({"state": "active", "issued_on": TODAY}, {"state": "cancelled", "issued_on": TODAY}, CardState.ACTIVE),
        # A renewal under way does not hide the card that is still good.
        ({"state": "active"}, {"state": "applied", "issued_on": TODAY}, CardState.ACTIVE),
        ({"state": "suspended"}, {"state": "under_assessment", "issued_on": TODAY}, CardState.SUSPENDED),
        ({"state": "lost"}, {"state": "applied", "issued_on": TODAY}, CardState.LOST),
        # Without one in force, the newest tells how it stands.
        ({"state": "cancelled"}, {"state": "applied", "issued_on": TODAY}, CardState.APPLIED),
    ],
)
async def test_the_card_in_force_is_shown(
    register: Register, old: dict[str, Any], new: dict[str, Any], shown: CardState
) -> None:
    """Of several cards the one in force wins, whenever the others were made."""
    holder = await register.resident(**old)
    await register.card(holder.id, holder.key, f"{holder.card_number}B1", **new)

    card = own(await register.people(await register.viewer(holder))).card

    assert card is not None
    assert card.on_record.state is shown


async def test_wards_are_seen_during_the_guardians_time(register: Register, clock: Clock) -> None:
    """From the first to the last day of the period, both counted, and on no other."""
    guardian, ward = await register.viewer(), await register.resident()
    await register.guardian(ward, guardian.account_id, valid_from=TODAY, valid_until=TODAY)
    await register.guardian(await register.resident(), (await register.viewer()).account_id)

    seen: list[int] = []
    for _ in range(3):
        clock.forward(days=-1 if not seen else 1)
        seen.append(len((await register.people(guardian)).wards))

    assert seen == [0, 1, 0]


@pytest.mark.parametrize(
    ("scope", "act", "allowed"),
    [("full", Act.BOOK, True), ("full", Act.RIDE_CODE, True), ("view", Act.VIEW, True), ("view", Act.BOOK, False)],
)
async def test_a_guardian_reaches_as_far_as_her_scope(
    register: Register, scope: str, act: Act, *, allowed: bool
) -> None:
    """A ward is reached by id for what the scope allows; nobody else's ward is reached at all."""
    guardian, ward, other = await register.viewer(), await register.resident(), await register.resident()
    await register.guardian(ward, guardian.account_id, scope=scope)

    people = await register.people(guardian)

    assert (people.reach(ward.id, act, TODAY) is not None) is allowed
    assert people.reach(other.id, act, TODAY) is None
    assert people.reach(None, act, TODAY) is None


async def test_a_resident_reaches_herself_with_and_without_her_id(register: Register) -> None:
    """Both mean the same person, beside her wards."""
    holder, ward = await register.resident(), await register.resident()
    viewer = await register.viewer(holder)
    await register.guardian(ward, viewer.account_id)

    people = await register.people(viewer)

    assert people.reach(None, Act.BOOK, TODAY) is people.reach(holder.id, Act.BOOK, TODAY) is people.own
    assert [each.person.id for each in people.wards] == [ward.id]


async def test_a_member_of_staff_is_known_until_she_leaves(register: Register) -> None:
    """Role, area and office are hers to the day before she left."""
    clerk, left = await register.viewer(), await register.viewer()
    await register.staff(clerk.account_id, town="曹娥街道", role="commissioner")
    await register.staff(left.account_id, left_on=TODAY)

    staff = (await register.people(clerk)).staff

    assert staff is not None
    assert (staff.role, staff.area.town, staff.organisation) == (StaffRole.COMMISSIONER, "曹娥街道", "区残联")
    assert (await register.people(left)).staff is None


@pytest.mark.parametrize("change", ["revoked", "stranger"])
async def test_an_ended_or_foreign_session_sees_nothing(
    register: Register, resources: Resources, owner: asyncpg.Connection, change: str
) -> None:
    """A session counts only while it is open, and only for its own account."""
    holder = await register.resident()
    viewer = await register.viewer(holder)
    if change == "revoked":
        await owner.execute("UPDATE session SET revoked_at = $2 WHERE id = $1", viewer.session_id, resources.clock())
    else:
        viewer = Viewer((await register.viewer()).account_id, viewer.session_id, "")

    with pytest.raises(SessionEnded):
        await register.people(viewer)


async def test_all_are_loaded_in_one_statement(
    register: Register, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wards there are, the register is asked once."""
    viewer = await register.viewer(await register.resident())
    wards: list[Holder] = [await register.resident() for _ in range(5)]
    for ward in wards:
        await register.guardian(ward, viewer.account_id)
    asked: list[str] = []
    fetch = resources.database.fetch

    async def counted(sql: str, *values: object) -> object:
        asked.append(sql)
        return await fetch(sql, *values)

    monkeypatch.setattr(resources.database, "fetch", counted)

    people = await register.people(viewer)

    assert {each.person.id for each in people.wards} == {ward.id for ward in wards}
    assert len(asked) == 1
