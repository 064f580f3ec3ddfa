"""Takes appeals against an assessment within their term, and puts on record what the city and the province decided."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.appeal import AppealLevel, AppealOutcome, AppealRefusal, Judgement, file_appeal, last_day
from domain.calendar import YearNotAnnounced
from domain.card_event import CardEvent, Step
from domain.card_terms import CardTerms
from domain.dates import local_date
from domain.duty import Duty
from domain.fact import Facts
from domain.standing import Findings
from models.record import new_id
from services import audit, idempotency
from services.authority import Authority, authority_of
from services.card_notices import tell
from services.card_records import Occurrence
from services.cards import carry_out
from services.people import People
from services.resources import Resources
from services.standings import Found, find, write_findings
from services.vault import Sealed

_REFUSALS = frozenset(AppealRefusal)
_Work: TypeAlias = Callable[[asyncpg.Connection, Authority, Found], Awaitable[str]]

# The word that counts: the newest assessment, or what an appeal about it came to.
_JUDGEMENT = """
SELECT a.id AS application_id, a.assessed_at, p.level, p.decided_at
FROM card_application a LEFT JOIN LATERAL (
    SELECT level, decided_at FROM card_appeal p
    WHERE p.resident_id = a.resident_id AND p.outcome IS NOT NULL AND p.decided_at >= a.assessed_at
    ORDER BY p.decided_at DESC, p.id DESC LIMIT 1
) p ON true
WHERE a.resident_id = $1 AND a.assessed_at IS NOT NULL ORDER BY a.assessed_at DESC, a.id DESC LIMIT 1
"""

_DECIDE = """
UPDATE card_appeal SET outcome = $2, findings = $3, decided_at = $4 WHERE resident_id = $1 AND decided_at IS NULL
RETURNING level
"""


@dataclass(frozen=True)
class AppealTerm:
    """To whom an appeal would go and until when: `until` is None where the calendar is not announced yet."""

    level: AppealLevel
    until: date | None


@dataclass(frozen=True)
class Appeal:
    """An appeal as it stands: `until` is the last day on which it could be filed, None as in `AppealTerm`."""

    level: AppealLevel
    filed_at: datetime
    until: date | None
    outcome: AppealOutcome | None


@dataclass(frozen=True)
class AppealWish:
    """What an appellant says, or what was decided; `resident_id` is absent for the viewer herself."""

    key: str
    resident_id: UUID | None
    reason: str
    outcome: AppealOutcome | None = None
    findings: Findings | None = None


async def appeal(resources: Resources, viewer: Viewer, people: People, wish: AppealWish) -> Appeal | AppealRefusal:
    """File an appeal, herself, as a guardian, or by staff who write it down for her."""
    at = resources.clock()
    authority = authority_of(viewer, people, wish.resident_id, local_date(at), Duty.FILE_APPEAL, as_holder=True)

    async def work(connection: asyncpg.Connection, authority: Authority, found: Found) -> str:
        on = local_date(at)
        terms = resources.card_law.on(on)
        row = await connection.fetchrow(_JUDGEMENT, found.resident_id)
        judgement = _judgement(row, found) if row else None
        level = file_appeal(judgement, terms, resources.holidays, on)
        if isinstance(level, AppealRefusal):
            return level
        assert judgement is not None, "without one there is nothing to appeal against"
        await connection.execute(
            "INSERT INTO card_appeal (id, resident_id, application_id, level, filed_by_id, role, reason_sealed, "
            "filed_at, last_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            new_id(),
            found.resident_id,
            row["application_id"],
            level,
            viewer.account_id,
            authority.actor.role,
            found.data_key.seal(Sealed.CARD_REASON, wish.reason),
            at,
            _until(resources, judgement.told_on, terms),
        )
        await tell(connection, found, "appeal_filed", json.dumps({"level": level}), at)
        await audit.record(connection, audit.Event(authority.name, "appeal", str(found.resident_id), level), at)
        return str(found.resident_id)

    return await _once(resources, viewer, wish, authority, at, work)


async def decide_appeal(
    resources: Resources, viewer: Viewer, people: People, wish: AppealWish
) -> Appeal | AppealRefusal:
    """Put on record what the city or the province decided: changed findings take the place of the old at once."""
    at = resources.clock()
    authority = authority_of(viewer, people, wish.resident_id, local_date(at), Duty.DECIDE_APPEAL, as_holder=False)
    if authority and authority.actor.is_related:  # nobody decides on her own, or her ward's
        authority = None

    async def work(connection: asyncpg.Connection, authority: Authority, found: Found) -> str:
        if not found.standing.appeal_is_open:
            return AppealRefusal.NOT_OPEN
        if (wish.outcome is AppealOutcome.CHANGED) != (wish.findings is not None and wish.findings.are_sound):
            return AppealRefusal.FINDINGS_INVALID
        level = await connection.fetchval(
            _DECIDE,
            found.resident_id,
            wish.outcome,
            None if wish.findings is None else write_findings(wish.findings),
            at,
        )
        detail = json.dumps({"level": level, "outcome": wish.outcome})
        await tell(connection, found, "appeal_decided", detail, at)
        if wish.findings is not None:
            revised = Occurrence(Step(CardEvent.REVISE, findings=wish.findings), authority.actor, at, wish.reason)
            await carry_out(resources, connection, found, revised, Facts.of(()), authority.name)
        entry = audit.Event(authority.name, "decide_appeal", str(found.resident_id), wish.outcome or "")
        await audit.record(connection, entry, at)
        return str(found.resident_id)

    return await _once(resources, viewer, wish, authority, at, work)


async def appeal_term(resources: Resources, resident_id: UUID) -> AppealTerm | None:
    """Whether an appeal can be filed today, to whom and until when."""
    on = local_date(resources.clock())
    terms = resources.card_law.on(on)
    async with resources.database.transaction() as connection:
        found = await find(resources, connection, resident_id, lock=False)
        row = await connection.fetchrow(_JUDGEMENT, resident_id)
    if found is None or row is None:
        return None
    judgement = _judgement(row, found)
    level = file_appeal(judgement, terms, resources.holidays, on)
    if isinstance(level, AppealRefusal):
        return None
    return AppealTerm(level, _until(resources, judgement.told_on, terms))


async def _once(
    resources: Resources, viewer: Viewer, wish: AppealWish, authority: Authority | None, at: datetime, work: _Work
) -> Appeal | AppealRefusal:
    if authority is None:
        return AppealRefusal.NOT_ALLOWED
    whom = authority.resident_id

    async def within(connection: asyncpg.Connection) -> str:
        found = await find(resources, connection, whom)
        if found is None or not authority.reaches(found.town, found.village):
            return AppealRefusal.NOT_ALLOWED
        return await work(connection, authority, found)

    request = ["appeal", str(whom), wish.reason, wish.outcome or "", repr(wish.findings)]
    answer = await idempotency.answer_of(resources.database, viewer.account_id, wish.key, request, at, within)
    return AppealRefusal(answer) if answer in _REFUSALS else await _newest(resources, whom)


async def _newest(resources: Resources, resident_id: UUID) -> Appeal:
    (row,) = await resources.database.fetch(
        "SELECT level, filed_at, last_day, outcome FROM card_appeal WHERE resident_id = $1 "
        "ORDER BY filed_at DESC, id DESC LIMIT 1",
        resident_id,
    )
    outcome = AppealOutcome(row["outcome"]) if row["outcome"] else None
    return Appeal(AppealLevel(row["level"]), row["filed_at"], row["last_day"], outcome)


def _judgement(row: asyncpg.Record, found: Found) -> Judgement:
    level = AppealLevel(row["level"]) if row["level"] else None
    return Judgement(local_date(row["decided_at"] or row["assessed_at"]), level, found.standing.appeal_is_open)


def _until(resources: Resources, told_on: date, terms: CardTerms) -> date | None:
    try:
        return last_day(told_on, terms, resources.holidays)
    except YearNotAnnounced:
        return None
