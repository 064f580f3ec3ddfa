"""What residents are entitled to: their facts from the register, judged by the rules in force."""

from collections.abc import Sequence
from datetime import date

from domain.birthday import birthday
from domain.entitlement import Entitlement, decide, decide_one
from domain.fact import Facts
from domain.language import Language
from domain.outlook import ComingChange, coming_up
from services.facts import STATEMENTS, known_of, stated
from services.people import Person
from services.resources import Resources

__all__ = ["ComingChange", "Entitlement", "Facts", "coming_up_for", "decide_for", "decide_programme", "facts_of"]


async def facts_of(resources: Resources, persons: Sequence[Person]) -> Sequence[Facts]:
    """Everything stated about each person, in the order of the persons, by one statement for all of them.

    Raises:
        DatabaseUnavailable: see there.
        VaultRefused: a sealed value was altered.
    """
    rows = await resources.database.fetch(STATEMENTS, [person.id for person in persons])
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


def coming_up_for(resources: Resources, facts: Facts, on: date, language: Language) -> tuple[ComingChange, ...]:
    """What the twelve months after a day will change for one resident, explained in a language.

    Raises:
        FactInvalid: a statement that no rule can read; `facts_of` returns none.
    """
    return coming_up(resources.rules.of(language), facts, on, birthday(on, 1) or date.max)
