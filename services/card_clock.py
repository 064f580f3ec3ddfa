"""Lets time pass over the register: cards that expire, freeze or end because a holder moved away long ago."""

from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

from domain.card_event import CardEvent, CardRefusal
from domain.card_terms import months_after
from domain.dates import local_date
from domain.lifecycle import due
from services.cards import report
from services.resources import Resources
from services.standings import find

_PAGE = 500

# Wider than what is due by a day at the ends of months; what is due is decided card by card.
_CANDIDATES = """
SELECT DISTINCT resident_id FROM card
WHERE state IN ('active', 'suspended', 'lost')
  AND (valid_until < $1 OR moved_out_on <= $2 OR (state = 'active' AND moved_out_on <= $3))
  AND ($4::uuid IS NULL OR resident_id > $4)
ORDER BY resident_id LIMIT $5
"""


async def advance(resources: Resources) -> Counter[CardEvent]:
    """Carry out everything that has come due by today, each resident in a transaction of her own; safe to repeat.

    Returns how often each event happened.
    """
    on = local_date(resources.clock())
    terms = resources.card_law.on(on)
    happened: Counter[CardEvent] = Counter()
    async for resident_id in _candidates(resources):
        async with resources.database.transaction() as connection:
            found = await find(resources, connection, resident_id, lock=False)
        step = due(found.standing, terms, on) if found else None
        # Decided again under the lock: whoever was quicker wins.
        if step is not None and not isinstance(await report(resources, resident_id, step, "time"), CardRefusal):
            happened[step.event] += 1
    return happened


async def _candidates(resources: Resources) -> AsyncIterator[UUID]:
    on = local_date(resources.clock())
    terms = resources.card_law.on(on)
    days = (on, months_after(on, -terms.cancel_months), months_after(on, -terms.freeze_months))
    last: UUID | None = None
    while rows := await resources.database.fetch(_CANDIDATES, *days, last, _PAGE):
        for row in rows:
            yield row["resident_id"]
        last = rows[-1]["resident_id"]
