"""Bookings whose grounds have changed since they were made: flagged to a person, and never cancelled for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from domain.card import is_usable
from domain.dates import local_date
from domain.entitlement import Verdict
from domain.quote import quote
from models.booking import BookingFlag
from services.entitlements import Facts, decide_programme, facts_of
from services.people import Person, residents_by_id
from services.resources import Resources

PAGE = 200

_RESIDENTS = """
SELECT DISTINCT resident_id FROM booking WHERE resident_id > $1 AND starts_at > $2 AND state IN ('requested', 'booked')
ORDER BY resident_id LIMIT $3
"""

_BOOKINGS = """
SELECT id, resident_id, starts_at, programme, verdict, cost_share FROM booking
WHERE resident_id = ANY($1) AND starts_at > $2 AND state IN ('requested', 'booked')
"""

# A slot that changed is another reason to look, and stays the reason until it fits again.
_FLAG = """
UPDATE booking b SET flag = f.flag, flagged_at = CASE WHEN f.flag IS NULL THEN NULL ELSE $3::timestamptz END
FROM unnest($1::uuid[], $2::text[]) AS f (id, flag)
WHERE b.id = f.id AND b.state IN ('requested', 'booked') AND b.flag IS DISTINCT FROM f.flag
AND b.flag IS DISTINCT FROM 'slot_changed' RETURNING b.flag
"""

_FIRST = UUID(int=0)


@dataclass(frozen=True)
class Reviewed:
    """How many bookings to come were looked at, how many flagged, and how many flags taken back."""

    looked_at: int
    flagged: int
    cleared: int


async def review_bookings(resources: Resources) -> Reviewed:
    """Look at every booking to come with what is known today; safe to repeat.

    Raises:
        DatabaseUnavailable: see there; what was reviewed so far is kept.
    """
    at, last = resources.clock(), _FIRST
    looked_at, flags = 0, list[str | None]()
    while rows := await resources.database.fetch(_RESIDENTS, last, at, PAGE):
        ids = [row["resident_id"] for row in rows]
        found = await _judge(resources, ids, at)
        async with resources.database.transaction() as connection:
            changed = await connection.fetch(_FLAG, list(found), list(found.values()), at)
        looked_at += len(found)
        flags += [row["flag"] for row in changed]
        last = ids[-1]
    cleared = flags.count(None)
    return Reviewed(looked_at, len(flags) - cleared, cleared)


async def _judge(resources: Resources, ids: Sequence[UUID], at: datetime) -> dict[UUID, BookingFlag | None]:
    """The flag, or none, for each booking to come of these residents."""
    persons = await residents_by_id(resources, ids)
    facts = dict(zip((person.id for person in persons), await facts_of(resources, persons), strict=True))
    rows = await resources.database.fetch(_BOOKINGS, ids, at)
    return dict(_flags(resources, {person.id: person for person in persons}, facts, rows))


def _flags(
    resources: Resources, persons: dict[UUID, Person], facts: dict[UUID, Facts], rows: Sequence[asyncpg.Record]
) -> Iterator[tuple[UUID, BookingFlag | None]]:
    for row in rows:
        day, person = local_date(row["starts_at"]), persons[row["resident_id"]]
        if person.card is None or not is_usable(person.card.on_record, day):
            yield row["id"], BookingFlag.CARD_NOT_USABLE
            continue
        entitlement = decide_programme(resources, facts[person.id], row["programme"], day)
        now = quote(Decimal(0), (), entitlement)
        lost = (row["cost_share"] or 0) > (now.cost_share or 0)
        turned = now.verdict is Verdict.NOT_ELIGIBLE and row["verdict"] != Verdict.NOT_ELIGIBLE
        yield row["id"], BookingFlag.INELIGIBLE if lost or turned else None
