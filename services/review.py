"""Judges coming bookings again: one that no longer fits gets a flag, and a person decides; nothing is cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import asyncpg

from domain.card import is_usable
from domain.dates import local_date
from domain.entitlement import Verdict
from domain.quote import Quote, quote
from models.booking import BookingFlag
from services.entitlements import Facts, decide_programme, facts_of
from services.people import Person, persons_of
from services.resources import Resources

_COMING = """
SELECT b.id, b.resident_id, b.starts_at, b.price, b.verdict, b.cost_share, b.flag, v.programme, v.documents,
       v.only_entitled
FROM booking b JOIN slot s ON s.id = b.slot_id JOIN service v ON v.id = s.service_id
WHERE b.state IN ('requested', 'booked') AND
"""

_SET = """
UPDATE booking SET flag = $2, flagged_at = CASE WHEN $2::text IS NULL THEN NULL ELSE $3::timestamptz END
WHERE id = $1 AND state IN ('requested', 'booked') AND flag IS DISTINCT FROM 'slot_changed'
AND flag IS DISTINCT FROM $2 RETURNING id
"""

_RESIDENTS_AT_ONCE = 100


@dataclass(frozen=True)
class Reviewed:
    """How many coming bookings were judged, and how many of them got or lost a flag."""

    judged: int
    changed: int


async def review_bookings(resources: Resources) -> Reviewed:
    """Judge every coming booking by what is known today and the rules of its day; safe to repeat and to break off."""
    at, changed = resources.clock(), 0
    rows = await resources.database.fetch(f"{_COMING} s.starts_at > $1 ORDER BY b.resident_id", at)
    by_resident = [(key, list(group)) for key, group in groupby(rows, itemgetter("resident_id"))]
    for start in range(0, len(by_resident), _RESIDENTS_AT_ONCE):
        chunk = by_resident[start : start + _RESIDENTS_AT_ONCE]
        persons = await persons_of(resources, [resident_id for resident_id, _ in chunk])
        facts = {person.id: each for person, each in zip(persons, await facts_of(resources, persons), strict=True)}
        flags = _flags(resources, persons, facts, [row for _, group in chunk for row in group])
        for booking_id, flag in flags.items():
            changed += len(await resources.database.fetch(_SET, booking_id, flag, at))
    return Reviewed(len(rows), changed)


async def terms_now(resources: Resources, booking_id: UUID) -> Quote | None:
    """What a coming booking would be quoted today at its old price; None without such a booking."""
    rows = await resources.database.fetch(f"{_COMING} b.id = $1", booking_id)
    if not rows:
        return None
    persons = await persons_of(resources, [rows[0]["resident_id"]])
    (facts,) = await facts_of(resources, persons)
    return _terms(resources, facts, rows[0])


def _flags(
    resources: Resources, persons: Sequence[Person], facts: Mapping[UUID, Facts], rows: Sequence[asyncpg.Record]
) -> dict[UUID, BookingFlag | None]:
    cards = {person.id: person.card for person in persons}
    flags: dict[UUID, BookingFlag | None] = {}
    for row in rows:
        card = cards[row["resident_id"]]
        if card is None or not is_usable(card.on_record, local_date(row["starts_at"])):
            flags[row["id"]] = BookingFlag.CARD_NOT_USABLE
        else:
            terms = _terms(resources, facts[row["resident_id"]], row)
            flags[row["id"]] = BookingFlag.INELIGIBLE if _is_worse(row, terms) else None
    return flags


def _terms(resources: Resources, facts: Facts, row: asyncpg.Record) -> Quote:
    decided = decide_programme(resources, facts, row["programme"], local_date(row["starts_at"]))
    return quote(row["price"], row["documents"].splitlines(), decided)


def _is_worse(row: asyncpg.Record, terms: Quote) -> bool:
    """Whether less is borne than she was told, or the service is no longer for her at all."""
    refused = row["only_entitled"] and terms.verdict is Verdict.NOT_ELIGIBLE and row["verdict"] != terms.verdict
    return refused or (terms.cost_share or Decimal(0)) < (row["cost_share"] or Decimal(0))
