"""Carries what the police report into the life of cards: deaths and moves, within the transaction of their batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import asyncpg

from domain.card_event import CardEvent, CardRefusal, Step
from domain.dates import local_date
from domain.intake import Happening
from domain.lifecycle import decide, due
from services import audit
from services.card_records import Occurrence
from services.cards import REGISTER, enact
from services.redecision import stated_facts
from services.resources import Resources
from services.standings import Found, find

# Whoever has died is no longer counted after that month (`services.register`); whoever moved away for good lives on.
_END_RECEIPTS = """
UPDATE receipt SET valid_until = last.day
FROM (SELECT (date_trunc('month', $2::date) + interval '1 month' - interval '1 day')::date AS day) last
WHERE resident_id = $1 AND (valid_until IS NULL OR valid_until > last.day)
"""

Reported = tuple[int, UUID, Happening]
Events = dict[int, tuple[CardEvent, ...]]


async def foresee(resources: Resources, connection: asyncpg.Connection, reported: Iterable[Reported]) -> Events:
    """Which rows would bring about which events, judged by where each person stands now."""
    at = resources.clock()
    on = local_date(at)
    events: dict[int, tuple[CardEvent, ...]] = {}
    terms = resources.card_law.on(on)
    for row, resident_id, happening in reported:
        standing = (await _found(resources, connection, resident_id, lock=False)).standing
        step: Step | None = Step(happening.event, day=happening.day)
        while step is not None:
            decided = decide(standing, step, REGISTER, terms, on)
            if isinstance(decided, CardRefusal):
                break
            events[row] = (*events.get(row, ()), step.event)
            standing = decided.after
            step = due(standing, terms, on)
    return events


async def bring_about(
    resources: Resources, connection: asyncpg.Connection, reported: Sequence[Reported], name: str
) -> tuple[Events, Sequence[audit.Event]]:
    """Carry the events out, and what is due by them already, as a freeze; the audit entries are left to the caller.

    What is known already, or asks nothing of a card that has ended, is passed over. The residents' rows are locked
    first and in order, so that two use cases never wait for each other.
    """
    at = resources.clock()
    on = local_date(at)
    await connection.execute(
        "SELECT FROM resident WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE",
        [resident_id for _, resident_id, _ in reported],
    )
    events: dict[int, tuple[CardEvent, ...]] = defaultdict(tuple)
    entries: list[audit.Event] = []
    for row, resident_id, happening in reported:
        step: Step | None = Step(happening.event, day=happening.day)
        stated = await stated_facts(resources, resident_id)
        while step is not None:
            found = await _found(resources, connection, resident_id)
            entry = await enact(resources, connection, found, Occurrence(step, REGISTER, at), stated, name)
            if isinstance(entry, CardRefusal):
                break
            if step.event is CardEvent.CANCEL:
                await connection.execute(_END_RECEIPTS, resident_id, on)
            entries.append(entry)
            events[row] = (*events[row], step.event)
            found = await _found(resources, connection, resident_id)
            step = due(found.standing, resources.card_law.on(on), on)
    return dict(events), entries


async def _found(
    resources: Resources, connection: asyncpg.Connection, resident_id: UUID, *, lock: bool = True
) -> Found:
    found = await find(resources, connection, resident_id, lock=lock)
    assert found is not None, "the batch was matched with residents in this transaction"
    return found
