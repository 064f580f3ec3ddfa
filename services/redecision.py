"""Decides entitlements anew when a card changes, so that a resident is told what she gains and loses by it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from domain.card import card_facts
from domain.entitlement import Verdict
from domain.fact import Fact, Facts
from domain.language import Language
from domain.standing import HeldCard
from services.entitlements import decide_for, facts_of
from services.people import Person
from services.resources import Resources


@dataclass(frozen=True)
class Change:
    """A programme whose verdict is another after the event."""

    programme: str
    before: Verdict
    after: Verdict


async def stated_facts(resources: Resources, resident_id: UUID) -> Facts:
    """What is known of a resident beside her card; of nobody, nothing."""
    rows = await resources.database.fetch(
        "SELECT data_key, data_key_version, birth_date, town, village FROM resident "
        "WHERE id = $1 AND erased_at IS NULL",
        resident_id,
    )
    if not rows:
        return Facts.of(())
    row = rows[0]
    key = resources.vault.data_key(resident_id, row["data_key"], row["data_key_version"])
    person = Person(resident_id, "", row["birth_date"], row["town"], row["village"], None, key)
    (facts,) = await facts_of(resources, [person])
    return facts


def changes(
    resources: Resources, stated: Facts, before: HeldCard | None, after: HeldCard | None, on: date
) -> tuple[Change, ...]:
    """The programmes that answer otherwise on a day with one card than with the other."""
    old, new = (decide_for(resources, Facts.of(_with(stated, card)), on, Language.CHINESE) for card in (before, after))
    return tuple(
        Change(was.programme, was.verdict, now.verdict)
        for was, now in zip(old, new, strict=True)
        if was.verdict is not now.verdict
    )


def write_changes(changed: Sequence[Change]) -> str:
    """The changes as JSON, for a sealed column."""
    return json.dumps([[each.programme, each.before, each.after] for each in changed])


def read_changes(text: str) -> tuple[Change, ...]:
    """What `write_changes` wrote."""
    return tuple(Change(name, Verdict(before), Verdict(after)) for name, before, after in json.loads(text))


def _with(stated: Facts, card: HeldCard | None) -> Iterator[Fact]:
    for facts in stated.by_name.values():
        yield from facts
    if card is not None:
        yield from card_facts(card.on_record)
