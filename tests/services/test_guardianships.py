"""An office ends a guardianship: at once, with passes and a waiting objection, and both are told."""

import json
from uuid import UUID

import asyncpg
import pytest

from domain.access import Viewer
from domain.identification import RegistrationRefusal
from services.guardianships import end_guardian
from services.objections import object_to
from services.registration import Registered
from services.resources import Resources
from services.vault import Sealed
from tests.services.office import Office
from tests.services.register import Register, next_number


@pytest.mark.parametrize("acts", ["view,book,ride_code,apply", "view"])
async def test_a_guardian_is_ended_with_all_that_hangs_on_it(
    resources: Resources, register: Register, office: Office, owner: asyncpg.Connection, acts: str
) -> None:
    """She reaches nobody any more; a pass ends where hers could be one, and the objection has its answer."""
    ward, guardian = await register.resident(), await register.viewer()
    own, clerk = await register.viewer(ward), await office.clerk(town="曹娥街道")
    guardian_id = await register.guardian(ward, guardian.account_id)
    await owner.execute("UPDATE guardian SET acts = $2 WHERE id = $1", guardian_id, acts)
    line = {"resident_id": ward.id, "holder_key": b"", "status_index": next_number()}
    times = {"issued_at": resources.clock(), "expires_at": resources.clock()}
    credential = await register._insert("credential", **line, **times)
    filed = await object_to(resources, own, await register.people(own), guardian_id, "她拿走了我的卡。")

    ended = await end_guardian(resources, clerk, await register.people(clerk), guardian_id, " 已搬离本地 ")
    again = await end_guardian(resources, clerk, await register.people(clerk), guardian_id, "已搬离本地")

    assert (ended, again) == (Registered(ward.id, "王**"), RegistrationRefusal.NOT_ALLOWED)
    assert (await register.people(guardian)).wards == ()
    revoked = await owner.fetchval("SELECT revoked_at IS NOT NULL FROM credential WHERE id = $1", credential)
    assert revoked == ("ride_code" in acts)
    assert await owner.fetchval("SELECT outcome FROM guardian_objection WHERE id = $1", filed) == "end"
    rows = await owner.fetch("SELECT detail_sealed FROM card_notice WHERE resident_id = $1 ORDER BY id", ward.id)
    told = [json.loads(ward.key.open(Sealed.NOTICE, row["detail_sealed"])) for row in rows]
    assert [(each["to"], each["reason"]) for each in told] == [("ward", "已搬离本地"), ("guardian", "已搬离本地")]


async def test_who_may_not_ends_nothing(resources: Resources, register: Register, office: Office) -> None:
    """Another area, a commissioner, her own guardianship or ward, and no reason."""
    ward, clerk = await register.resident(), await office.clerk(town="曹娥街道")
    guardian_id = await register.guardian(ward, clerk.account_id)
    elsewhere = await office.clerk(town="东关街道")
    commissioner = await office.clerk(town="曹娥街道", village="一村", role="commissioner")
    colleague = await office.clerk(town="曹娥街道")

    async def end(by: Viewer, reason: str = "已搬离本地", whom: UUID = guardian_id) -> object:
        return await end_guardian(resources, by, await register.people(by), whom, reason)

    answers = [
        await end(elsewhere),
        await end(commissioner),
        await end(clerk),
        await end(colleague, " "),
        await end(colleague, whom=ward.id),
    ]

    assert answers == [
        RegistrationRefusal.NOT_ALLOWED,
        RegistrationRefusal.NOT_ALLOWED,
        RegistrationRefusal.OWN_WARD,
        RegistrationRefusal.TEXT_UNUSABLE,
        RegistrationRefusal.NOT_ALLOWED,
    ]
