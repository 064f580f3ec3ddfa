"""Shows that a full value is given for a reason, in the clerk's area, so often a day, and never past the log."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from domain.access import Area
from services.people import People
from services.resources import Resources
from services.reveals import (
    NOTE_LENGTH,
    Revealed,
    RevealField,
    RevealReason,
    RevealRefusal,
    RevealRequest,
    reveal,
)
from services.settings import Settings, load_settings
from services.vault import Sealed
from tests.services.register import Clock, Register


def asking(resident_id: UUID, field: RevealField = RevealField.PHONE, note: str = "约评定时间") -> RevealRequest:
    """A request to contact a resident."""
    return RevealRequest(resident_id, field, RevealReason.CONTACT, note)


async def clerk(register: Register, town: str = "曹娥街道") -> People:
    """A clerk of a town, with nobody of her own."""
    viewer = await register.viewer()
    await register.staff(viewer.account_id, town=town)
    return await register.people(viewer)


async def test_each_value_is_shown_in_full(resources: Resources, register: Register) -> None:
    """Name, numbers, phone and address as they were recorded, at the time that the resident will read."""
    holder, people = await register.resident(name="欧阳小明"), await clerk(register)

    shown = {field: await reveal(resources, people, asking(holder.id, field)) for field in RevealField}

    values = {field: each.value for field, each in shown.items() if isinstance(each, Revealed)}
    assert values == {
        RevealField.NAME: "欧阳小明",
        RevealField.ID_NUMBER: holder.card_number[:18],
        RevealField.CARD_NUMBER: holder.card_number,
        RevealField.PHONE: holder.phone,
        RevealField.ADDRESS: "绍兴市上虞区某路 1 号",
    }
    assert holder.card_number not in repr(shown)


async def test_the_reason_is_logged_and_the_words_are_sealed(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """The log, which is never erased, has field and reason; the clerk's own words go with the resident's key."""
    holder, people = await register.resident(), await clerk(register)

    await reveal(resources, people, asking(holder.id, note="  邻居王五说搬走了 "))

    entry = await owner.fetchrow("SELECT * FROM audit WHERE subject = $1", str(holder.id))
    row = await owner.fetchrow("SELECT * FROM reveal WHERE resident_id = $1", holder.id)
    assert people.staff is not None
    assert (entry["actor"], entry["detail"]) == (f"staff:{people.staff.id}", "phone contact")
    assert (row["staff_id"], row["field"], row["reason"]) == (people.staff.id, "phone", "contact")
    assert holder.key.open(Sealed.NOTE, row["note_sealed"]) == "邻居王五说搬走了"


@pytest.mark.parametrize("note", ["", "   ", "长" * (NOTE_LENGTH + 1)])
async def test_a_purpose_has_to_be_told(resources: Resources, register: Register, note: str) -> None:
    """Neither nothing nor a novel."""
    holder, people = await register.resident(), await clerk(register)

    assert await reveal(resources, people, asking(holder.id, note=note)) is RevealRefusal.NOTE_NEEDED


async def test_only_staff_are_shown_anything(resources: Resources, register: Register) -> None:
    """Not the resident's own account, nor anybody else's."""
    holder = await register.resident()
    people = await register.people(await register.viewer(holder))

    assert await reveal(resources, people, asking(holder.id)) is RevealRefusal.NOT_STAFF


async def test_other_areas_are_answered_as_if_nobody_were_there(resources: Resources, register: Register) -> None:
    """A resident of another town and an unknown id alike; the district's clerk finds the first."""
    far, people = await register.resident(town="百官街道"), await clerk(register)

    assert await reveal(resources, people, asking(far.id)) is RevealRefusal.NOT_FOUND
    assert await reveal(resources, people, asking(UUID(int=1))) is RevealRefusal.NOT_FOUND
    assert isinstance(await reveal(resources, await clerk(register, ""), asking(far.id)), Revealed)


async def test_what_was_never_recorded_is_said(resources: Resources, register: Register) -> None:
    """A resident without a phone number has none to be shown, and none is logged as shown."""
    holder, people = await register.resident(phone=None), await clerk(register)

    assert await reveal(resources, people, asking(holder.id)) is RevealRefusal.NOT_RECORDED


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Six full values a day."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    return load_settings({"MODE": "demo", "DATABASE_URL": url, "REVEALS_STAFF": "6"})


async def test_so_many_a_day_and_no_more(resources: Resources, register: Register, clock: Clock) -> None:
    """Ids that are tried in vain count too; another clerk has her own count, and a new day begins anew."""
    holder, people = await register.resident(), await clerk(register)
    tried = [await reveal(resources, people, asking(UUID(int=number))) for number in range(6)]

    spent = await reveal(resources, people, asking(holder.id))
    other = await reveal(resources, await clerk(register), asking(holder.id))
    clock.forward(hours=24)
    tomorrow = await reveal(resources, people, asking(holder.id))

    assert set(tried) == {RevealRefusal.NOT_FOUND}
    assert spent is RevealRefusal.TOO_MANY
    assert isinstance(other, Revealed)
    assert isinstance(tomorrow, Revealed)


async def test_the_second_wall_holds_where_the_first_were_missing(resources: Resources, register: Register) -> None:
    """A clerk whose area were judged wrongly still finds nobody of another town."""
    far, viewer = await register.resident(town="百官街道"), await register.viewer()
    await register.staff(viewer.account_id, town="曹娥街道")
    people = await register.people(viewer)
    assert people.staff is not None
    mistaken = replace(people, staff=replace(people.staff, area=Area()))
    narrowed = resources.reaching(viewer.account_id, resources.clock().date())

    assert await reveal(narrowed, mistaken, asking(far.id)) is RevealRefusal.NOT_FOUND
