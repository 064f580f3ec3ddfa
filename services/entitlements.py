"""What residents are entitled to: their facts from the register, judged by the rules in force."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from domain.birthday import birthday
from domain.entitlement import Entitlement, decide, decide_one, facts_asked
from domain.fact import Facts
from domain.language import Language
from domain.outlook import ComingChange, coming_up
from services.facts import STATEMENTS, known_of, stated
from services.people import Person
from services.resources import Resources

__all__ = [
    "ComingChange",
    "Entitlement",
    "Facts",
    "coming_up_for",
    "decide_for",
    "decide_programme",
    "facts_asked_by",
    "facts_of",
]


async def facts_of(
    resources: Resources, persons: Sequence[Person], names: Collection[str] | None = None
) -> Sequence[Facts]:
    """What is stated about each person, in the order of the persons, by one statement for all of them.

    With `names`, only what departments state of those facts is read, and opened.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    ids = [person.id for person in persons]
    if names is None:
        rows = await resources.database.fetch(STATEMENTS, ids)
    else:
        rows = await resources.database.fetch(f"{STATEMENTS} AND name = ANY($2)", ids, list(names))
    vocabulary = resources.rules.chinese.reference.vocabulary
    return [
        Facts.of(
            [
                *known_of(person.birth_date, None if person.card is None else person.card.on_record),
                *stated((row for row in rows if row["resident_id"] == person.id), person.data_key, vocabulary),
            ]
        )
        for person in persons
    ]


def decide_for(resources: Resources, facts: Facts, on: date, language: Language) -> tuple[Entitlement, ...]:
    """Every programme for one resident on a day, past or future, explained in a language.

    Raises:
        FactInvalid: a statement that no rule can read; `facts_of` returns none.
    """
    return decide(resources.rules.of(language), facts, on)


def decide_programme(resources: Resources, facts: Facts, programme: str, on: date) -> Entitlement | None:
    """One programme for one resident on a day, without the cost of explaining the others; None for an unknown one."""
    return decide_one(resources.rules.chinese, facts, programme, on)


def facts_asked_by(resources: Resources, asked: Iterable[tuple[str, date]]) -> frozenset[str]:
    """The names of the facts that `decide_programme` needs for these programmes and days."""
    book = resources.rules.chinese
    return frozenset[str]().union(*(facts_asked(book, programme, on) for programme, on in asked))


def coming_up_for(resources: Resources, facts: Facts, on: date, language: Language) -> tuple[ComingChange, ...]:
    """What the twelve months after a day will change for one resident, explained in a language.

    Raises:
        FactInvalid: a statement that no rule can read; `facts_of` returns none.
    """
    return coming_up(resources.rules.of(language), facts, on, birthday(on, 1) or date.max)
