"""Writes what an event made of a card and an application, each by a conditional update, and the event beside them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from card.number import CardNumber
from domain.card_event import Actor, CardEvent, Decision, Step
from domain.dates import local_date
from domain.standing import ApplicationState, HeldCard, Role
from models.record import new_id
from services.resources import Resources
from services.standings import Found, write_findings
from services.vault import Indexed, Sealed

_INSERT_CARD = """
INSERT INTO card (id, resident_id, number_sealed, number_index, category, categories, grade, state, issued_on,
                  valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""

_UPDATE_CARD = """
UPDATE card SET state = $3, cause = $4, moved_out_on = $5, lost_reported_by = $6, issued_on = $7, valid_until = $8
WHERE id = $1 AND state = $2 RETURNING id
"""

_INSERT_APPLICATION = """
INSERT INTO card_application (id, resident_id, kind, state, findings, applied_at, assessed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_UPDATE_APPLICATION = """
UPDATE card_application SET state = $3, findings = coalesce($4, findings), hospital = coalesce($5, hospital),
       assessed_at = coalesce($6, assessed_at), closed_at = $7
WHERE id = $1 AND state = $2 RETURNING id
"""

_LAPSE_APPEAL = "UPDATE card_appeal SET decided_at = $2 WHERE resident_id = $1 AND decided_at IS NULL"

_INSERT_EVENT = """
INSERT INTO card_event (id, resident_id, card_id, application_id, event, cause, day, reason_sealed, account_id, role,
                        at, card_from, card_to, application_from, application_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""

_DEATH = "UPDATE resident SET deceased_on = $2 WHERE id = $1"

_CLOSED_BY = {CardEvent.ISSUE: ApplicationState.GRANTED, CardEvent.REJECT: ApplicationState.REJECTED}


class StateMoved(Exception):
    """Somebody else changed the card or the application since it was read; nothing was written."""


@dataclass(frozen=True)
class Occurrence:
    """One event as it goes on record: `reason` is what a person wrote, `hospital` where somebody was referred to."""

    step: Step
    actor: Actor
    at: datetime
    reason: str = ""
    hospital: str | None = None


async def write(
    resources: Resources, connection: asyncpg.Connection, found: Found, decided: Decision, event: Occurrence
) -> None:
    """Put a decision on record.

    Raises:
        StateMoved: see there.
    """
    card_id = await _write_card(resources, connection, found, decided)
    if found.standing.appeal_is_open and not decided.after.appeal_is_open:
        await connection.execute(_LAPSE_APPEAL, found.resident_id, event.at)
    if found.standing.deceased is not decided.after.deceased:
        died_on = (event.step.day or local_date(event.at)) if decided.after.deceased else None
        await connection.execute(_DEATH, found.resident_id, died_on)
    application_id, application_to = await _write_application(connection, found, decided, event)
    before, after = found.standing.card, decided.after.card
    application = found.standing.application
    await connection.execute(
        _INSERT_EVENT,
        new_id(),
        found.resident_id,
        card_id,
        application_id,
        event.step.event,
        event.step.cause,
        event.step.day,
        found.data_key.seal(Sealed.CARD_REASON, event.reason) if event.reason else None,
        None if event.actor.role is Role.REGISTER else event.actor.account_id,
        event.actor.role,
        event.at,
        before.state if before else None,
        after.state if after else None,
        application.state if application else None,
        application_to,
    )


async def _write_card(
    resources: Resources, connection: asyncpg.Connection, found: Found, decided: Decision
) -> UUID | None:
    before, after = found.standing.card, decided.after.card
    if after is None or after == before:
        return found.card_id
    if not decided.is_new_card:
        await _update_card(connection, found, after)
        return found.card_id
    if decided.replaced is not None:
        await _update_card(connection, found, decided.replaced)
    assert found.citizen_id is not None, "decided in services.cards"
    number = str(CardNumber(found.citizen_id, after.category, after.grade, after.reissue))
    card_id = new_id()
    await connection.execute(
        _INSERT_CARD,
        card_id,
        found.resident_id,
        found.data_key.seal(Sealed.CARD_NUMBER, number),
        resources.vault.index(Indexed.CARD_NUMBER, number),
        after.category,
        "".join(str(category) for category in after.categories),
        after.grade,
        after.state,
        after.issued_on,
        after.valid_until,
    )
    return card_id


async def _update_card(connection: asyncpg.Connection, found: Found, card: HeldCard) -> None:
    assert found.standing.card is not None, "a card that changes was there before"
    updated = await connection.fetchval(
        _UPDATE_CARD,
        found.card_id,
        found.standing.card.state,
        card.state,
        card.cause,
        card.moved_out_on,
        card.lost_reported_by,
        card.issued_on,
        card.valid_until,
    )
    if updated is None:
        raise StateMoved


async def _write_application(
    connection: asyncpg.Connection, found: Found, decided: Decision, event: Occurrence
) -> tuple[UUID | None, ApplicationState | None]:
    """The application that the event touched, and the state that it left it in."""
    before, after = found.standing.application, decided.after.application
    if before is None:
        if after is None:
            return None, None
        application_id, findings = new_id(), after.findings
        await connection.execute(
            _INSERT_APPLICATION,
            application_id,
            found.resident_id,
            after.kind,
            after.state,
            None if findings is None else write_findings(findings),
            event.at,
            event.at if event.step.findings is not None else None,
        )
        return application_id, after.state
    if after == before:
        return None, before.state
    state = after.state if after else _CLOSED_BY.get(event.step.event, ApplicationState.CLOSED)
    findings = after.findings if after else None
    updated = await connection.fetchval(
        _UPDATE_APPLICATION,
        found.application_id,
        before.state,
        state,
        None if findings is None else write_findings(findings),
        event.hospital,
        event.at if event.step.findings is not None else None,
        None if after else event.at,
    )
    if updated is None:
        raise StateMoved
    return found.application_id, state
