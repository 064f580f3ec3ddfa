"""Who is entitled and does not receive: counted for officers, and as a list of whom a commissioner should visit."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter
from uuid import UUID

import numpy as np

from domain.coverage import Coverage, coverage
from domain.entitlement import decide
from domain.explanation import Need
from domain.fact import Facts
from domain.register import NOT_MET, Register, judge_register
from domain.rulebook import RuleBook
from services import audit
from services.entitlements import facts_of
from services.people import Person, residents_by_id
from services.register import Enquiry
from services.resources import Resources

_BATCH = 200


@dataclass(frozen=True)
class Visit:
    """Whom to visit, and why: `missing` are the facts to ask for, none where she is entitled and need only apply.

    `documents` are what to bring to apply.
    """

    town: str
    village: str
    masked_name: str
    missing: Sequence[Need]
    documents: Sequence[str]


def coverage_of(book: RuleBook, register: Register) -> Sequence[Coverage]:
    """The coverage of every programme, in all and by town, on the register's day."""
    verdicts = judge_register(book, register.columns, register.on)
    return tuple(coverage(verdicts, register.receipts, register.towns))


async def visits_of(resources: Resources, enquiry: Enquiry, register: Register, programme: str) -> Sequence[Visit]:
    """Those who miss out on a programme, or for whom something is not known and who do not receive it, by village.

    The list is logged, with its length, before anybody may see it.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    book = resources.rules.chinese
    visits: list[Visit] = []
    chosen = await asyncio.to_thread(_to_visit, book, register, programme)
    ids = iter(chosen)
    while batch := list(islice(ids, _BATCH)):
        persons = await residents_by_id(resources, batch)
        facts = await facts_of(resources, persons)
        visits += await asyncio.to_thread(_visits, book, register.on, programme, list(zip(persons, facts, strict=True)))
    async with resources.database.transaction() as connection:
        detail = f"{programme} on {register.on}: {len(visits)} residents"
        event = audit.Event(enquiry.actor, "list_visits", enquiry.subject, detail)
        await audit.record(connection, event, resources.clock())
    return sorted(visits, key=attrgetter("town", "village", "masked_name"))


def _to_visit(book: RuleBook, register: Register, programme: str) -> Sequence[UUID]:
    verdicts = judge_register(book, register.columns, register.on)
    truths = verdicts.truths[verdicts.programmes.index(programme)]
    receives = register.receipts.get(programme, np.zeros(len(register.ids), np.bool_))
    return [register.ids[place] for place in np.flatnonzero((truths != NOT_MET) & ~receives).tolist()]


def _visits(book: RuleBook, on: date, programme: str, people: Sequence[tuple[Person, Facts]]) -> Sequence[Visit]:
    return [
        Visit(person.town, person.village, person.masked_name, answer.missing, answer.documents)
        for person, facts in people
        for answer in decide(book, facts, on)
        if answer.programme == programme
    ]
