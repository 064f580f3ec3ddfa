"""Shows that time alone expires, freezes and cancels the cards whose day has come, and no others."""

from collections import Counter
from datetime import date
from typing import Any

import asyncpg
import pytest

from domain.card_event import CardEvent, CardRefusal
from services import card_clock
from services.card_clock import advance
from services.resources import Resources
from tests.services.register import Register


@pytest.fixture(autouse=True)
async def small_pages(owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of one resident, and nobody of other tests' towns is due any more."""
    monkeypatch.setattr(card_clock, "_PAGE", 1)
    await owner.execute("UPDATE card SET moved_out_on = NULL, valid_until = '2029-12-31'")


async def away(register: Register, owner: asyncpg.Connection, since: date, **card: Any) -> Any:
    """A resident who moved away."""
    holder = await register.resident(**card)
    await owner.execute("UPDATE card SET moved_out_on = $2 WHERE id = $1", holder.card_id, since)
    return holder


async def test_what_is_due_happens_once(resources: Resources, register: Register, owner: asyncpg.Connection) -> None:
    """Half a year away freezes, a year cancels, the last day ends; who moved lately and who stays are left alone."""
    holders = [
        await away(register, owner, date(2025, 9, 10)),
        await away(register, owner, date(2025, 9, 11)),
        await away(register, owner, date(2025, 3, 10)),
        await register.resident(valid_until=date(2026, 3, 10)),
        await register.resident(valid_until=date(2026, 3, 11)),
    ]

    first, again = await advance(resources), await advance(resources)

    states = [
        tuple(await owner.fetchrow("SELECT state, cause FROM card WHERE id = $1", holder.card_id)) for holder in holders
    ]
    assert first == Counter({CardEvent.SUSPEND: 1, CardEvent.CANCEL: 1, CardEvent.EXPIRE: 1})
    assert again == Counter()
    assert states == [
        ("suspended", "moved_out"),
        ("active", None),
        ("cancelled", "moved_out"),
        ("expired", None),
        ("active", None),
    ]


async def test_whoever_was_quicker_wins(
    resources: Resources, register: Register, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card that somebody ended between looking and acting is not counted."""
    await away(register, owner, date(2025, 3, 1))

    async def refuse(*_: Any) -> CardRefusal:
        return CardRefusal.WRONG_STATE

    monkeypatch.setattr(card_clock, "report", refuse)

    assert await advance(resources) == Counter()
