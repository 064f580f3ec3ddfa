"""Remembers how many messages of which kind a person agreed to get, as her phone reports it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.access import Viewer
from models.notice import NoticeKind
from models.record import new_id
from services import idempotency
from services.resources import Resources
from services.template import MOST_A_TAP, Lifetime, Template

# An agreement for good is counted as one that is never used up.
_ADD = """
INSERT INTO notice_consent (id, account_id, template, remaining) VALUES ($1, $2, $3, 1)
ON CONFLICT (account_id, template) DO UPDATE SET
    remaining = CASE WHEN $4 THEN least(notice_consent.remaining + 1, 1000) ELSE 1 END
"""


class ConsentRefusal(StrEnum):
    """Why an agreement was not taken down."""

    TOO_MANY = "too_many"
    MIXED = "mixed"
    TEMPLATE_UNKNOWN = "template_unknown"
    KEY_REUSED = "key_reused"
    IN_FLIGHT = "in_flight"


@dataclass(frozen=True)
class Agreement:
    """A kind of notice, the template that the phone asks for it, and how many messages are agreed to."""

    kind: NoticeKind
    template: Template
    remaining: int


async def agreements(resources: Resources, account_id: UUID) -> Sequence[Agreement]:
    """One for each kind of notice that WeChat carries here."""
    rows = await resources.database.fetch(
        "SELECT template, remaining FROM notice_consent WHERE account_id = $1", account_id
    )
    remaining = {row["template"]: row["remaining"] for row in rows}
    templates = resources.settings.templates()
    return [Agreement(kind, template, remaining.get(template.id, 0)) for kind, template in templates.items()]


async def agree(
    resources: Resources, viewer: Viewer, template_ids: Sequence[str], key: str
) -> Sequence[Agreement] | ConsentRefusal:
    """Count one message more of each template that WeChat says she accepted in one tap; the same `key` counts once."""
    known = {template.id: template for template in resources.settings.templates().values()}
    accepted = sorted(set(template_ids))
    refusal = _refuse(accepted, known)
    if refusal is not None:
        return refusal

    async def work(connection: asyncpg.Connection) -> str:
        for each in accepted:
            once = known[each].lifetime is Lifetime.ONCE
            await connection.execute(_ADD, new_id(), viewer.account_id, each, once)
        return "agreed"

    try:
        async with resources.database.transaction() as connection:
            request = ["agree", *accepted]
            await idempotency.once(
                connection, viewer.account_id, key, request, resources.clock(), lambda: work(connection)
            )
    except idempotency.KeyReused:
        return ConsentRefusal.KEY_REUSED
    except idempotency.InFlight:
        return ConsentRefusal.IN_FLIGHT
    return await agreements(resources, viewer.account_id)


def _refuse(template_ids: Sequence[str], known: Mapping[str, Template]) -> ConsentRefusal | None:
    """WeChat's own rules for one tap: what breaks them was never accepted."""
    if len(template_ids) > MOST_A_TAP:
        return ConsentRefusal.TOO_MANY
    if any(each not in known for each in template_ids):
        return ConsentRefusal.TEMPLATE_UNKNOWN
    if len({known[each].lifetime for each in template_ids}) > 1:
        return ConsentRefusal.MIXED
    return None
