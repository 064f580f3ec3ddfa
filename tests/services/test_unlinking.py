"""Shows that one account serves a resident and several wards, and is untied from each alone, passes included."""

from datetime import timedelta

import asyncpg
import pytest

from domain.access import Viewer
from services.credentials import new_line
from services.people import SessionEnded
from services.resources import Resources
from services.sessions import sessions_of, sign_out_everywhere
from services.unlinking import UnlinkRefusal, unlink
from tests.services.register import Clock, Register


async def test_an_account_is_untied_from_one_ward_alone(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Her own card and the other ward stay; the ward's pass ends, and her code on paper does not."""
    own, first, second = [await register.resident() for _ in range(3)]
    viewer = await register.viewer(own)
    for ward in (first, second):
        await register.guardian(ward, viewer.account_id)
    at = resources.clock()
    await new_line(owner, first.id, bytes(32), at, at + timedelta(days=7))
    await new_line(owner, first.id, None, at, at + timedelta(days=7))
    before = await register.people(viewer)

    answer = await unlink(resources, viewer, before, first.id)

    after = await register.people(viewer)
    revoked = await owner.fetch("SELECT revoked_at FROM credential WHERE resident_id = $1 ORDER BY id", first.id)
    assert answer is None
    assert {ward.person.id for ward in before.wards} == {first.id, second.id}
    assert ([ward.person.id for ward in after.wards], after.own and after.own.id) == ([second.id], own.id)
    assert [row["revoked_at"] is not None for row in revoked] == [True, False]


async def test_an_account_is_untied_from_its_own_resident(resources: Resources, register: Register) -> None:
    """It may be bound to another then; a stranger's id unties nothing."""
    own, stranger = await register.resident(), await register.resident()
    viewer = await register.viewer(own)

    refused = await unlink(resources, viewer, await register.people(viewer), stranger.id)
    answer = await unlink(resources, viewer, await register.people(viewer), own.id)

    assert (refused, answer) == (UnlinkRefusal.NOT_LINKED, None)
    assert (await register.people(viewer)).own is None


async def test_all_sessions_are_listed_and_end_together(resources: Resources, register: Register, clock: Clock) -> None:
    """Another account's goes on; a session that idled too long is not listed."""
    viewer, other = await register.viewer(), await register.viewer()
    await register.session(viewer.account_id)
    clock.forward(days=8)
    fresh = Viewer(viewer.account_id, await register.session(viewer.account_id), "")
    listed = await sessions_of(resources, viewer.account_id)

    await sign_out_everywhere(resources, fresh)

    assert [session.id for session in listed] == [fresh.session_id]
    assert await sessions_of(resources, viewer.account_id) == []
    for ended in (viewer, fresh):
        with pytest.raises(SessionEnded):
            await register.people(ended)
    assert (await register.people(other)).own is None
