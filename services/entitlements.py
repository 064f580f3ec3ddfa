"""What residents are entitled to: their facts from the register, judged by the rules in force."""

import json
from collections.abc import Iterator, Sequence
from datetime import date

import asyncpg
import structlog

from domain.card import birth_fact, card_facts
from domain.entitlement import Entitlement, decide
from domain.fact import Fact, FactInvalid, Facts
from domain.vocabulary import Vocabulary
from services.people import Person
from services.resources import Resources
from services.vault import DataKey, Sealed

__all__ = ["Entitlement", "Facts", "decide_for", "facts_of"]

_STATEMENTS = (
    "SELECT resident_id, name, source, value_sealed, valid_from, valid_until, recorded_on "
    "FROM fact WHERE resident_id = ANY($1) "
    # What a later file replaced as a whole ends before it begins.
    "AND (valid_until IS NULL OR valid_until >= valid_from)"
)

_log = structlog.get_logger()


async def facts_of(resources: Resources, persons: Sequence[Person]) -> Sequence[Facts]:
    """Everything stated about each person, in the order of the persons, by one statement for all of them.

    A stored statement that no rule can read makes its fact unknown for the person, whatever others state of it: to go
    on without it could turn a contradiction into a right.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    rows = await resources.database.fetch(_STATEMENTS, [person.id for person in persons])
    vocabulary = resources.rules.reference.vocabulary
    return [Facts.of([*_known_of(person), *_stated(rows, person, vocabulary)]) for person in persons]


def decide_for(resources: Resources, facts: Facts, on: date) -> tuple[Entitlement, ...]:
    """Every programme for one resident on a day, past or future.

    Raises:
        FactInvalid: a statement that no rule can read; `facts_of` returns none.
    """
    return decide(resources.rules, facts, on)


def _known_of(person: Person) -> Iterator[Fact]:
    """What the register's own columns say."""
    yield birth_fact(person.birth_date)
    if person.card is not None:
        yield from card_facts(person.card.on_record)


def _stated(rows: Sequence[asyncpg.Record], person: Person, vocabulary: Vocabulary) -> list[Fact]:
    """The stored statements about a person that can be read."""
    facts: list[Fact] = []
    unreadable: set[str] = set()
    for row in rows:
        if row["resident_id"] != person.id:
            continue
        try:
            facts.append(_fact(row, person.data_key, vocabulary))
        except FactInvalid as error:
            # The text names the fact and the remedy, never the value or the person.
            _log.warning("fact_unreadable", problem=str(error))
            unreadable.add(row["name"])
    return [fact for fact in facts if fact.name not in unreadable]


def _fact(row: asyncpg.Record, key: DataKey, vocabulary: Vocabulary) -> Fact:
    try:
        raw = json.loads(key.open(Sealed.FACT, row["value_sealed"]))
    except json.JSONDecodeError:
        raise FactInvalid(f"The stored value of fact {row['name']!r} is no JSON. Correct it at its source.") from None
    fact = Fact(
        row["name"],
        vocabulary.decode(row["name"], raw),
        row["source"],
        row["valid_from"],
        row["valid_until"],
        row["recorded_on"],
    )
    vocabulary.check_one(fact)
    return fact
