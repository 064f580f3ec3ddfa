"""Carries out the events of a card's life: decided, recorded, with all that follows, in one transaction or none."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from domain.access import Viewer
from domain.card import CardState
from domain.card_event import RULES, Actor, CardRefusal, Decision, Effect, Step
from domain.dates import local_date
from domain.fact import Facts
from domain.file import FileKind
from domain.lifecycle import decide
from domain.standing import ApplicationState, Role
from models.record import new_id
from services import audit, card_records, credentials, idempotency
from services.authority import authority_of
from services.card_notices import tell
from services.card_records import Occurrence, StateMoved
from services.people import People, mask_number
from services.redecision import Change, changes, stated_facts, write_changes
from services.release import release_all
from services.resources import Resources
from services.standings import Found, find
from services.vault import Sealed

_DONE = "done"
# The register acts by itself, and is nobody's account.
REGISTER = Actor(Role.REGISTER, UUID(int=0))


@dataclass(frozen=True)
class CardStanding:
    """How a resident stands, for whoever brought something about or asked."""

    resident_id: UUID
    state: CardState | None
    masked_number: str | None
    valid_until: date | None
    application: ApplicationState | None

    @classmethod
    def of(cls, found: Found) -> "CardStanding":
        """What of it is told."""
        standing = found.standing
        return cls(
            found.resident_id,
            standing.state,
            mask_number(found.card_number) if found.card_number else None,
            standing.card.valid_until if standing.card else None,
            standing.application.state if standing.application else None,
        )


@dataclass(frozen=True)
class Wish:
    """An event that somebody asks for: `resident_id` is absent for the viewer herself, `key` makes a repetition one."""

    step: Step
    key: str
    resident_id: UUID | None = None
    reason: str = ""
    hospital: str | None = None


async def bring_about(resources: Resources, viewer: Viewer, people: People, wish: Wish) -> CardStanding | CardRefusal:
    """Carry out an event for a resident in the viewer's reach; the same `key` again gets the first answer."""
    at = resources.clock()
    by_holder = Role.HOLDER in RULES[wish.step.event].roles
    authority = authority_of(viewer, people, wish.resident_id, local_date(at), wish.step.event, as_holder=by_holder)
    if authority is None:
        return CardRefusal.NOT_ALLOWED
    whom = authority.resident_id
    stated = await _stated(resources, whom, wish.step)
    event = Occurrence(wish.step, authority.actor, at, wish.reason, wish.hospital)

    async def work(connection: asyncpg.Connection) -> str:
        found = await find(resources, connection, whom)
        # A stranger's id and one outside the area are answered alike.
        if found is None or not authority.reaches(found.town, found.village):
            return CardRefusal.NOT_ALLOWED
        return await carry_out(resources, connection, found, event, stated, authority.name)

    request = ["card", str(whom), repr(wish.step), wish.reason, wish.hospital or ""]
    # Places that are given back go to whoever waits for them, of any area.
    releases = Effect.RELEASE_BOOKINGS in RULES[wish.step.event].effects
    database = resources.database.beyond_reach() if releases else resources.database
    try:
        answer = await idempotency.answer_of(database, viewer.account_id, wish.key, request, at, work)
    except StateMoved:
        return CardRefusal.WRONG_STATE
    return CardRefusal(answer) if answer != _DONE else await standing_of(resources, whom)


async def standing_of(resources: Resources, resident_id: UUID) -> CardStanding:
    """How a resident that is known to exist stands now."""
    async with resources.database.transaction() as connection:
        found = await find(resources, connection, resident_id, lock=False)
    assert found is not None, "residents are never removed"
    return CardStanding.of(found)


async def report(resources: Resources, resident_id: UUID, step: Step, source: str) -> CardStanding | CardRefusal:
    """Carry out what another department reports, or the passing of time asks for: a death, a move, an expiry.

    `source` names the department or batch for the audit log. A repetition is refused by the state it finds.
    """
    event = Occurrence(step, REGISTER, resources.clock())
    stated = await _stated(resources, resident_id, step)
    try:
        async with resources.database.transaction() as connection:
            found = await find(resources, connection, resident_id)
            if found is None:
                return CardRefusal.NOT_ALLOWED
            answer = await carry_out(resources, connection, found, event, stated, source)
    except StateMoved:
        return CardRefusal.WRONG_STATE
    return CardRefusal(answer) if answer != _DONE else await standing_of(resources, resident_id)


async def carry_out(
    resources: Resources,
    connection: asyncpg.Connection,
    found: Found,
    event: Occurrence,
    stated: Facts,
    name: str,
) -> str:
    """Decide and do everything, the audit entry last; the caller holds the resident's row."""
    entry = await enact(resources, connection, found, event, stated, name)
    if isinstance(entry, CardRefusal):
        return entry
    await audit.record(connection, entry, event.at)
    return _DONE


async def enact(
    resources: Resources,
    connection: asyncpg.Connection,
    found: Found,
    event: Occurrence,
    stated: Facts,
    name: str,
) -> audit.Event | CardRefusal:
    """Decide and do everything but record the audit entry, which the caller does last, after all events of his."""
    on = local_date(event.at)
    decided = decide(found.standing, event.step, event.actor, resources.card_law.on(on), on)
    if isinstance(decided, CardRefusal):
        return decided
    if decided.is_new_card and found.citizen_id is None:  # a card's number begins with it
        return CardRefusal.NO_ID_NUMBER
    await card_records.write(resources, connection, found, decided, event)
    changed = _redecided(resources, found, decided, stated, on)
    released = await _take_effect(connection, found, decided, event.at)
    if changed:
        await _note_benefits(connection, found, changed, event.at)
    if Effect.TELL_RESIDENT in decided.effects:
        detail = {"changes": json.loads(write_changes(changed)), "released": released, "cause": event.step.cause}
        await tell(connection, found, f"card_{event.step.event}", json.dumps(detail), event.at)
    return audit.Event(name, f"card_{event.step.event}", str(found.resident_id), event.step.cause or "")


async def _stated(resources: Resources, resident_id: UUID, step: Step) -> Facts:
    """Read before the transaction, which holds a connection already; departments state nothing of the card."""
    redecides = Effect.REDECIDE_ENTITLEMENTS in RULES[step.event].effects
    return await stated_facts(resources, resident_id) if redecides else Facts.of(())


def _redecided(resources: Resources, found: Found, decided: Decision, stated: Facts, on: date) -> tuple[Change, ...]:
    if Effect.REDECIDE_ENTITLEMENTS not in decided.effects:
        return ()
    return changes(resources, stated, found.standing.card, decided.after.card, on)


async def _take_effect(connection: asyncpg.Connection, found: Found, decided: Decision, at: datetime) -> int:
    """What happens to passes and places; the number of places given back."""
    if Effect.REVOKE_CREDENTIALS in decided.effects:
        await credentials.revoke_all(connection, found.resident_id, at)
    if Effect.SUSPEND_CREDENTIALS in decided.effects:
        await credentials.suspend_all(connection, found.resident_id, at)
    if Effect.RESUME_CREDENTIALS in decided.effects:
        await credentials.suspend_all(connection, found.resident_id, None)
    if Effect.RELEASE_BOOKINGS in decided.effects:
        told = Effect.TELL_RESIDENT in decided.effects
        return await release_all(connection, found.resident_id, at, told=told)
    return 0


async def _note_benefits(
    connection: asyncpg.Connection, found: Found, changed: tuple[Change, ...], at: datetime
) -> None:
    await connection.execute(
        "INSERT INTO file_entry (id, resident_id, kind, text_sealed, happened_on, written_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        new_id(),
        found.resident_id,
        FileKind.BENEFIT,
        found.data_key.seal(Sealed.FILE_TEXT, write_changes(changed)),
        local_date(at),
        at,
    )
