"""What is stated about residents, opened: by the register's own columns, and by the departments."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache

import asyncpg
import structlog

from domain.card import CardOnRecord, birth_fact, card_facts
from domain.fact import Fact, FactInvalid, FactValue
from domain.vocabulary import Vocabulary
from services.vault import DataKey, Sealed

STATEMENTS = (
    "SELECT resident_id, name, source, value_sealed, valid_from, valid_until, recorded_on "
    "FROM fact WHERE resident_id = ANY($1) "
    # What a later file replaced as a whole ends before it begins.
    "AND (valid_until IS NULL OR valid_until >= valid_from)"
)

_log = structlog.get_logger()


def known_of(birth_date: date, card: CardOnRecord | None) -> Iterator[Fact]:
    """What the register's own columns say."""
    yield birth_fact(birth_date)
    if card is not None:
        yield from card_facts(card)


def stated(rows: Iterable[asyncpg.Record], key: DataKey, vocabulary: Vocabulary) -> list[Fact]:
    """What departments state about one resident, from her rows of `STATEMENTS`.

    A statement that no rule can read makes its fact unknown, whatever others state of it: to go on without it could
    turn a contradiction into a right.

    Raises:
        VaultRefused: a sealed value was altered.
    """
    facts: list[Fact] = []
    unreadable: set[str] = set()
    for row in rows:
        try:
            facts.append(_fact(row, key, vocabulary))
        except FactInvalid as error:
            # The text names the fact and the remedy, never the value or the person.
            _log.warning("fact_unreadable", problem=str(error))
            unreadable.add(row["name"])
    return [fact for fact in facts if fact.name not in unreadable]


def _fact(row: asyncpg.Record, key: DataKey, vocabulary: Vocabulary) -> Fact:
    value = _value(vocabulary, row["name"], row["source"], key.open(Sealed.FACT, row["value_sealed"]))
    return Fact(row["name"], value, row["source"], row["valid_from"], row["valid_until"], row["recorded_on"])


# Few texts are stated of many people, and reading one anew for each would be a third of reading the register.
@lru_cache(maxsize=10_000)
def _value(vocabulary: Vocabulary, name: str, source: str, text: str) -> FactValue:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError:
        raise FactInvalid(f"The stored value of fact {name!r} is no JSON. Correct it at its source.") from None
    value = vocabulary.decode(name, raw)
    vocabulary.check_one(Fact(name, value, source, None, None, date.min))
    return value
