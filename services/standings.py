"""Reads where a resident stands, under her row's lock, so that events of her card happen one after another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from domain.card import CardState
from domain.standing import Application, ApplicationKind, ApplicationState, Cause, Findings, HeldCard, Standing
from services.resources import Resources
from services.vault import DataKey, Sealed

# Card numbers are 20 characters and, from the first reissue on, B and a digit.
_PLAIN_LENGTH = 20

_RESIDENT = """
SELECT data_key, data_key_version, id_number_sealed, name_sealed, birth_date, town, village FROM resident
WHERE id = $1 AND erased_at IS NULL
"""

_LOCKED = f"{_RESIDENT} FOR NO KEY UPDATE"

_CARDS = """
SELECT id, number_sealed, category, categories, grade, state, issued_on, valid_until, cause, moved_out_on,
       lost_reported_by
FROM card WHERE resident_id = $1 ORDER BY state IN ('active', 'suspended', 'lost'), issued_on, id
"""

_APPLICATION = """
SELECT a.id, a.kind, a.state, a.findings, array(
    SELECT e.account_id FROM card_event e WHERE e.application_id = a.id AND e.account_id IS NOT NULL
    AND e.event IN ('apply', 'renew', 'reassess', 'assess', 'revise')) AS handled_by
FROM card_application a WHERE a.resident_id = $1 AND a.state IN ('applied', 'under_assessment', 'assessed')
"""

_FLAGS = """
SELECT EXISTS (SELECT FROM card_appeal WHERE resident_id = $1 AND decided_at IS NULL) AS appeal_is_open,
       coalesce((SELECT event = 'record_death' FROM card_event WHERE resident_id = $1
                 AND event IN ('record_death', 'retract_death') ORDER BY at DESC, id DESC LIMIT 1), false) AS deceased
"""

_HAS_ACTIVE_CARD = "SELECT EXISTS (SELECT FROM card WHERE resident_id = $1 AND state = 'active')"


@dataclass(frozen=True)
class Found:
    """A resident with where she stands and the keys of the rows behind it."""

    resident_id: UUID
    town: str
    village: str
    standing: Standing
    card_id: UUID | None
    application_id: UUID | None
    citizen_id: str | None = field(repr=False)
    card_number: str | None = field(repr=False)
    name: str = field(repr=False)
    data_key: DataKey = field(repr=False)


async def find(
    resources: Resources, connection: asyncpg.Connection, resident_id: UUID, *, lock: bool = True
) -> Found | None:
    """Where a resident stands, her row locked until the transaction ends unless only to look; None for nobody."""
    resident = await connection.fetchrow(_LOCKED if lock else _RESIDENT, resident_id)
    if resident is None:
        return None
    key = resources.vault.data_key(resident_id, resident["data_key"], resident["data_key_version"])
    cards = await connection.fetch(_CARDS, resident_id)
    application = await connection.fetchrow(_APPLICATION, resident_id)
    flags = await connection.fetchrow(_FLAGS, resident_id)
    numbers = [key.open(Sealed.CARD_NUMBER, row["number_sealed"]) for row in cards]
    last = cards[-1] if cards else None
    standing = Standing(
        born=resident["birth_date"],
        card=_card(last, numbers[-1]) if last else None,
        application=_application(application) if application else None,
        appeal_is_open=flags["appeal_is_open"],
        deceased=flags["deceased"],
        numbers=_highest(cards, numbers),
    )
    return Found(
        resident_id=resident_id,
        town=resident["town"],
        village=resident["village"],
        standing=standing,
        card_id=last["id"] if last else None,
        application_id=application["id"] if application else None,
        citizen_id=resident["id_number_sealed"] and key.open(Sealed.ID_NUMBER, resident["id_number_sealed"]),
        card_number=numbers[-1] if numbers else None,
        name=key.open(Sealed.NAME, resident["name_sealed"]),
        data_key=key,
    )


async def has_active_card(connection: asyncpg.Connection, resident_id: UUID) -> bool:
    """Whether a card is in force now; for whoever holds the resident's lock, until the transaction ends."""
    active: bool = await connection.fetchval(_HAS_ACTIVE_CARD, resident_id)
    return active


def read_findings(text: str) -> Findings:
    """The findings in their column: 1:2,4:3."""
    pairs = (pair.split(":") for pair in text.split(",") if pair)
    return Findings(tuple((int(category), int(grade)) for category, grade in pairs))


def write_findings(findings: Findings) -> str:
    """The text for their column."""
    return ",".join(f"{category}:{grade}" for category, grade in findings.grades)


def _reissue(number: str) -> int:
    return int(number[_PLAIN_LENGTH + 1 :] or 0)


def _highest(cards: Sequence[asyncpg.Record], numbers: Sequence[str]) -> dict[tuple[int, int], int]:
    highest: dict[tuple[int, int], int] = {}
    for row, number in zip(cards, numbers, strict=True):
        kind = (row["category"], row["grade"])
        highest[kind] = max(_reissue(number), highest.get(kind, 0))
    return highest


def _card(row: asyncpg.Record, number: str) -> HeldCard:
    return HeldCard(
        state=CardState(row["state"]),
        categories=tuple(int(digit) for digit in row["categories"]),
        category=row["category"],
        grade=row["grade"],
        reissue=_reissue(number),
        issued_on=row["issued_on"],
        valid_until=row["valid_until"],
        cause=Cause(row["cause"]) if row["cause"] else None,
        moved_out_on=row["moved_out_on"],
        lost_reported_by=row["lost_reported_by"],
    )


def _application(row: asyncpg.Record) -> Application:
    return Application(
        kind=ApplicationKind(row["kind"]),
        state=ApplicationState(row["state"]),
        handled_by=frozenset(row["handled_by"]),
        findings=None if row["findings"] is None else read_findings(row["findings"]),
    )
