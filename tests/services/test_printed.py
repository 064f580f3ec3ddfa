"""Shows that a code on paper is issued, replaced and ended by an office, and that a lost phone ends in one step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from card.credential import CredentialKind
from card.presentation import verify_token
from domain.access import Viewer
from domain.card_event import CardEvent
from schema.printed import page
from services.credentials import new_line
from services.people import SessionEnded
from services.printed import Ended, PaperRefusal, PrintedCode, end_phones, print_code, revoke_printed
from services.resources import Resources
from tests.services.lawbook import rules_with
from tests.services.office import Office
from tests.services.register import Holder, Register

TOWN = "曹娥街道"


@pytest.fixture
async def holder(register: Register) -> Holder:
    """A severe holder with a card in force."""
    return await register.resident(town=TOWN)


@pytest.fixture
async def clerk(office: Office) -> Viewer:
    """A clerk of her town."""
    return await office.clerk(town=TOWN)


@pytest.fixture
def does(resources: Resources, register: Register, holder: Holder) -> Callable[..., Any]:
    """Has a member of staff do something for the holder, or for another resident."""

    async def do(what: Callable[..., Any], viewer: Viewer, whom: Holder = holder) -> Any:
        return await what(resources, await register.people(viewer), whom.id)

    return do


async def states(owner: asyncpg.Connection, holder: Holder) -> list[bool]:
    """Whether each line of hers is revoked, in the order of issue."""
    rows = await owner.fetch("SELECT revoked_at FROM credential WHERE resident_id = $1 ORDER BY id", holder.id)
    return [row["revoked_at"] is not None for row in rows]


async def test_a_printed_code_says_that_it_is_one(
    does: Callable[..., Any], clerk: Viewer, holder: Holder, resources: Resources
) -> None:
    """Half a year, the masked name, no key, a place in the status list, and the classes of a pass."""
    code = await does(print_code, clerk)

    assert isinstance(code, PrintedCode)
    claims = verify_token(code.text, resources.keys.trusted(resources.clock())).credential.claims
    assert (claims.kind, claims.holder_key) == (CredentialKind.PRINTED, None)
    assert claims.masked_name == code.masked_name == "王**"
    assert claims.access_classes == ("ride-accompanied", "venue-accompanied")
    assert claims.expires_at == code.expires_at == resources.clock() + timedelta(days=180)
    assert claims.status is not None
    assert resources.vault.resident_of(claims.pseudonym, date(2026, 3, 1)) == holder.id


async def test_a_new_code_ends_the_old_one_and_a_phone_keeps_its_pass(
    does: Callable[..., Any], clerk: Viewer, holder: Holder, owner: asyncpg.Connection, resources: Resources
) -> None:
    """One paper a person; revoking ends the newest as well."""
    at = resources.clock()
    await new_line(owner, holder.id, bytes(32), at, at + timedelta(days=7))
    first, second = await does(print_code, clerk), await does(print_code, clerk)
    printed = await states(owner, holder)

    ended = await does(revoke_printed, clerk)

    assert first.text != second.text
    assert printed == [False, True, False]
    assert ended == Ended(1, 0)
    assert await states(owner, holder) == [False, True, True]


async def test_a_lost_phone_ends_passes_and_sessions_together(
    does: Callable[..., Any], office: Office, register: Register, holder: Holder, owner: asyncpg.Connection
) -> None:
    """A commissioner does it in one step; what is on paper stays, and so does another person's session."""
    at = office.resources.clock()
    viewer, other = await register.viewer(holder), await register.viewer()
    await new_line(owner, holder.id, bytes(32), at, at + timedelta(days=7))
    await new_line(owner, holder.id, None, at, at + timedelta(days=7))
    commissioner = await office.clerk(role="commissioner", town=TOWN, village="一村")

    ended = await does(end_phones, commissioner)

    assert ended == Ended(1, 1)
    assert await states(owner, holder) == [True, False]
    with pytest.raises(SessionEnded):
        await register.people(viewer)
    assert (await register.people(other)).own is None


async def test_a_lost_card_ends_the_paper_too(
    does: Callable[..., Any], office: Office, clerk: Viewer, holder: Holder, owner: asyncpg.Connection
) -> None:
    """The paper stands for the card; none is printed for one that is not in force."""
    await does(print_code, clerk)
    await office.done(clerk, CardEvent.REPORT_LOST, holder.id)

    assert await states(owner, holder) == [True]
    assert await does(print_code, clerk) is PaperRefusal.CARD_NOT_USABLE


async def test_a_loss_in_the_same_moment_leaves_no_paper(
    does: Callable[..., Any], clerk: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is looked at again under the resident's lock."""

    async def is_gone(*_: object) -> bool:
        return False

    monkeypatch.setattr("services.printed.has_active_card", is_gone)

    assert await does(print_code, clerk) is PaperRefusal.CARD_NOT_USABLE


async def test_without_a_class_there_is_nothing_to_print(
    resources: Resources, register: Register, holder: Holder, clerk: Viewer, tmp_path: Path
) -> None:
    """A code that opens nothing is not given on paper either."""
    bare = replace(resources, rules=rules_with(tmp_path, {"free-bus.toml": None, "venue-access.toml": None}))

    assert await print_code(bare, await register.people(clerk), holder.id) is PaperRefusal.NO_ACCESS


async def test_nobody_prints_for_herself_or_outside_her_area(
    does: Callable[..., Any], office: Office, register: Register, clerk: Viewer, owner: asyncpg.Connection
) -> None:
    """Own and wards' codes are another clerk's work, and an administrator's are nobody's."""
    elsewhere = await register.resident(town="东关街道")
    ward, own = await register.resident(town=TOWN), await register.resident(town=TOWN)
    await register.guardian(ward, clerk.account_id, scope="view")
    await owner.execute("UPDATE account SET resident_id = $2 WHERE id = $1", clerk.account_id, own.id)

    for what in (print_code, revoke_printed, end_phones):
        assert await does(what, clerk, elsewhere) is PaperRefusal.NOT_ALLOWED
        assert await does(what, clerk, ward) is PaperRefusal.OWN_CODE
        assert await does(what, clerk, own) is PaperRefusal.OWN_CODE
    administrator = await office.clerk(role="administrator")
    assert await does(print_code, administrator) is PaperRefusal.NOT_ALLOWED


def test_the_page_is_large_print_and_escapes_what_it_shows() -> None:
    """The symbol is 60 mm wide, letters are of 20 points and more, and a name is never markup."""
    code = PrintedCode("SDC1:A+B", "<**", datetime(2026, 9, 1, tzinfo=UTC))

    html = page(code)

    assert "width: 60mm; height: 60mm" in html
    assert "&lt;**" in html
    assert "<?xml" not in html
    assert "有效期到2026年9月1日。" in html
