"""Tariffs on their way to the gates: drafted by one of an operator's staff, checked, and published by another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import asyncpg

from card.tariff import Tariff, encode_tariff, local_day, read_tariff
from card.tariff_check import Finding, check_tariff
from domain.access import Viewer
from domain.rulebook import RuleBook
from domain.scanner import FleetRefusal
from models.record import new_id
from services.fleet import named_places, spots_of, spots_within
from services.operators import Acting, acting_for
from services.resources import Resources

_TARIFFS = """
SELECT * FROM tariff WHERE operator_id = $1 AND ($2::uuid IS NULL OR id = $2) AND discarded_at IS NULL
AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""
_ADD = """
INSERT INTO tariff (id, operator_id, effective, content, drafted_by_id, drafted_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_CHANGE = "UPDATE tariff SET effective = $2, content = $3, drafted_by_id = $4, drafted_at = $5 WHERE id = $1"
_PUBLISH = """
UPDATE tariff SET effective = $2, content = $3, published_by_id = $4, published_at = $5 WHERE id = $1
"""


@dataclass(frozen=True)
class TariffVersion:
    """A draft, or a tariff that was published and changes no more."""

    id: UUID
    tariff: Tariff
    drafted_by: UUID
    drafted_at: datetime
    published_at: datetime | None


async def tariffs_of(
    resources: Resources, operator_id: UUID, first: int, before: UUID | None = None
) -> Sequence[TariffVersion]:
    """An operator's drafts and published tariffs, the newest first, `first` at most."""
    return [_version(row) for row in await resources.database.fetch(_TARIFFS, operator_id, None, before, first)]


async def tariff_of(acting: Acting, tariff_id: UUID) -> TariffVersion | None:
    """One of an operator's drafts or published tariffs."""
    rows = await acting.connection.fetch(_TARIFFS, acting.operator_id, tariff_id, None, 1)
    return _version(rows[0]) if rows else None


async def findings_of(resources: Resources, operator_id: UUID, tariff: Tariff) -> Sequence[Finding]:
    """What is wrong with a tariff of an operator; nothing, if it may be published."""
    spots = named_places(await spots_of(resources, operator_id))
    return check_tariff(tariff, granted_classes(resources.rules.chinese), spots)


async def save_draft(
    resources: Resources, viewer: Viewer, operator_id: UUID, draft_id: UUID | None, tariff: Tariff
) -> TariffVersion | FleetRefusal:
    """Begin a draft (None), or change one that is not published; whoever did so last cannot publish it."""

    async def work(acting: Acting) -> TariffVersion | FleetRefusal:
        named = await _named(acting, tariff)
        values = (named.effective, encode_tariff(named), acting.account_id, acting.at)
        if draft_id is None:
            key = new_id()
            await acting.connection.execute(_ADD, key, operator_id, *values)
        else:
            old = await _locked(acting, draft_id)
            if isinstance(old, FleetRefusal):
                return old
            key = old.id
            await acting.connection.execute(_CHANGE, key, *values)
        return await _logged(acting, "draft_tariff", key)

    return await acting_for(resources, viewer, operator_id, work)


async def discard_draft(
    resources: Resources, viewer: Viewer, operator_id: UUID, draft_id: UUID
) -> TariffVersion | FleetRefusal:
    """Put a draft away."""

    async def work(acting: Acting) -> TariffVersion | FleetRefusal:
        old = await _locked(acting, draft_id)
        if isinstance(old, FleetRefusal):
            return old
        await acting.connection.execute("UPDATE tariff SET discarded_at = $2 WHERE id = $1", old.id, acting.at)
        await acting.log("discard_tariff", str(old.id))
        return old

    return await acting_for(resources, viewer, operator_id, work)


async def publish_tariff(
    resources: Resources, viewer: Viewer, operator_id: UUID, draft_id: UUID, effective: date
) -> TariffVersion | FleetRefusal:
    """Let a draft hold from a day to come; scanners get it with their next bundle, and nobody changes it any more."""
    classes = granted_classes(resources.rules.chinese)

    async def work(acting: Acting) -> TariffVersion | FleetRefusal:
        draft = await _locked(acting, draft_id)
        if isinstance(draft, FleetRefusal):
            return draft
        if draft.drafted_by == acting.account_id:
            return FleetRefusal.SAME_PERSON
        if effective <= local_day(acting.at):
            return FleetRefusal.DAY_PAST
        tariff = replace(draft.tariff, effective=effective)
        if check_tariff(tariff, classes, named_places(await spots_within(acting.connection, operator_id))):
            return FleetRefusal.TARIFF_FINDINGS
        values = (effective, encode_tariff(tariff), acting.account_id, acting.at)
        try:
            async with acting.connection.transaction():
                await acting.connection.execute(_PUBLISH, draft.id, *values)
        except asyncpg.UniqueViolationError:
            return FleetRefusal.DAY_TAKEN
        return await _logged(acting, "publish_tariff", draft.id)

    return await acting_for(resources, viewer, operator_id, work)


def granted_classes(book: RuleBook) -> frozenset[str]:
    """The access classes that the district's rules may grant."""
    benefits = (each for programme in book.programmes for version in programme.versions for each in version.benefits)
    return frozenset(each.access_class for each in benefits if each.access_class is not None)


async def _named(acting: Acting, tariff: Tariff) -> Tariff:
    """The tariff under the operator's own name, whatever the draft says."""
    name = await acting.connection.fetchval("SELECT name FROM operator WHERE id = $1", acting.operator_id)
    return replace(tariff, operator=name)


async def _locked(acting: Acting, draft_id: UUID) -> TariffVersion | FleetRefusal:
    """A draft that nobody else changes or publishes until the transaction ends."""
    await acting.connection.execute("SELECT FROM tariff WHERE id = $1 FOR UPDATE", draft_id)
    draft = await tariff_of(acting, draft_id)
    if draft is None:
        return FleetRefusal.UNKNOWN
    return draft if draft.published_at is None else FleetRefusal.NOT_A_DRAFT


async def _logged(acting: Acting, action: str, key: UUID) -> TariffVersion:
    (row,) = await acting.connection.fetch(_TARIFFS, acting.operator_id, key, None, 1)
    await acting.log(action, str(key))
    return _version(row)


def _version(row: asyncpg.Record) -> TariffVersion:
    return TariffVersion(
        row["id"], read_tariff(row["content"]), row["drafted_by_id"], row["drafted_at"], row["published_at"]
    )
