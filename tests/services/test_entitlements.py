"""Shows that facts reach the rules as the register has them, and that what cannot be read grants nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from domain.dates import local_date
from domain.entitlement import Entitlement, Verdict
from domain.language import Language
from services.database import Database
from services.entitlements import Facts, decide_for, facts_of
from services.people import Person
from services.resources import Resources
from services.vault import Sealed, VaultRefused
from tests.services.register import Holder, Register


class Counted(Database):
    """A database that counts the statements it is asked."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.statements = 0

    async def fetch(self, sql: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows, counted as one statement."""
        self.statements += 1
        return await self._inner.fetch(sql, *values)


async def person_of(register: Register, holder: Holder) -> Person:
    """The resident as her own account sees her."""
    people = await register.people(await register.viewer(holder))
    assert people.own is not None
    return people.own


async def answers(resources: Resources, register: Register, holder: Holder) -> dict[str, Entitlement]:
    """Every programme's answer today, by slug."""
    (facts,) = await facts_of(resources, [await person_of(register, holder)])
    decided = decide_for(resources, facts, local_date(resources.clock()), Language.CHINESE)
    return {entitlement.programme: entitlement for entitlement in decided}


def shown(facts: Facts) -> dict[str, object]:
    """What the statements say, by fact."""
    return {name: [fact.value for fact in statements] for name, statements in facts.by_name.items()}


async def test_facts_come_from_the_register_and_the_departments(resources: Resources, register: Register) -> None:
    """Birth date and card are facts beside those that departments stated, each typed as rules compare it."""
    holder = await register.resident(birth_date=date(1980, 5, 1), category=7, categories="15", grade=2)
    await register.fact(holder, "own_income", "820.50")
    await register.fact(holder, "care_level", "mainly", source="federation")

    (facts,) = await facts_of(resources, [await person_of(register, holder)])

    assert shown(facts) == {
        "birth_date": [date(1980, 5, 1)],
        "card_category": [7],
        "card_categories": [(1, 5)],
        "card_grade": [2],
        "card_state": ["active", "expired"],
        "own_income": [Decimal("820.50")],
        "care_level": ["mainly"],
    }


async def test_decisions_rest_on_those_facts(resources: Resources, register: Register) -> None:
    """A resident in need gets what the rules give, with source and day of record as stored."""
    holder = await register.resident(birth_date=date(1980, 5, 1), grade=1)
    await register.fact(holder, "own_income", 820, recorded_on=date(2026, 2, 3))
    await register.fact(holder, "care_level", "mainly", source="federation")

    answered = await answers(resources, register, holder)

    assert {slug: answer.verdict for slug, answer in answered.items()}.items() >= {
        "child-rehab": Verdict.NOT_ELIGIBLE,
        "free-bus": Verdict.ELIGIBLE,
        "living-subsidy": Verdict.ELIGIBLE,
        "nursing-subsidy": Verdict.ELIGIBLE,
        "rehab-training-relief": Verdict.UNDETERMINED,
        "venue-access": Verdict.ELIGIBLE,
    }.items()
    (income,) = [result for result in answered["living-subsidy"].criteria if result.name == "income"]
    assert (income.source, income.recorded_on) == ("民政局", date(2026, 2, 3))


async def test_one_statement_for_all_persons(resources: Resources, register: Register) -> None:
    """Facts of several persons come in their order by one statement, and nobody gets another's."""
    holders = [await register.resident() for _ in range(3)]
    for number, holder in enumerate(holders):
        await register.fact(holder, "own_income", 100 * number)
    persons = [await person_of(register, holder) for holder in reversed(holders)]
    counted = Counted(resources.database)

    facts = await facts_of(replace(resources, database=counted), persons)

    assert [shown(each)["own_income"] for each in facts] == [[Decimal(200)], [Decimal(100)], [Decimal(0)]]
    assert counted.statements == 1


async def test_nobody_asked_about_is_no_error(resources: Resources) -> None:
    """No persons, no facts."""
    assert await facts_of(resources, []) == []


async def test_a_person_without_card_is_undetermined(resources: Resources, register: Register) -> None:
    """Without a card its facts are missing: no programme grants anything, and each says what to bring."""
    person = replace(await person_of(register, await register.resident()), card=None)

    (facts,) = await facts_of(resources, [person])
    decided = decide_for(resources, facts, local_date(resources.clock()), Language.CHINESE)

    assert list(facts.by_name) == ["birth_date"]
    assert Verdict.ELIGIBLE not in {entitlement.verdict for entitlement in decided}


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("own_income", "little", "civil_affairs"),
        ("own_income", 820.5, "civil_affairs"),
        ("own_income", 820, "nobody"),
    ],
)
async def test_what_cannot_be_read_is_unknown(
    resources: Resources, register: Register, name: str, value: object, source: str
) -> None:
    """A wrong value or source leaves its fact unknown, even where another department states one that would do."""
    holder = await register.resident(birth_date=date(1980, 5, 1))
    await register.fact(holder, name, value, source=source)
    await register.fact(holder, "own_income", 100, source="federation")

    answer = (await answers(resources, register, holder))["living-subsidy"]

    assert answer.verdict is Verdict.UNDETERMINED
    assert [need.fact for need in answer.missing] == ["own_income"]


async def test_an_unheard_of_fact_disturbs_nothing(resources: Resources, register: Register) -> None:
    """A statement about something no rule asks for is left aside."""
    holder = await register.resident(birth_date=date(1980, 5, 1))
    await register.fact(holder, "height", 180)
    await register.fact(holder, "own_income", 100)

    assert (await answers(resources, register, holder))["living-subsidy"].verdict is Verdict.ELIGIBLE


async def reseal(owner: asyncpg.Connection, fact_id: UUID, sealed: bytes) -> None:
    """Put other bytes in the place of a stored value."""
    await owner.execute("UPDATE fact SET value_sealed = $2 WHERE id = $1", fact_id, sealed)


async def test_a_value_that_is_no_json_is_unknown(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """A value that was stored wrongly leaves its fact unknown."""
    holder = await register.resident(birth_date=date(1980, 5, 1))
    fact_id = await register.fact(holder, "own_income", 100)
    await reseal(owner, fact_id, holder.key.seal(Sealed.FACT, "{"))

    assert (await answers(resources, register, holder))["living-subsidy"].verdict is Verdict.UNDETERMINED


async def test_an_altered_value_is_an_error(
    resources: Resources, register: Register, owner: asyncpg.Connection
) -> None:
    """Sealed bytes from another resident's row decide nothing and are not passed over in silence."""
    holder, other = await register.resident(), await register.resident()
    fact_id = await register.fact(holder, "own_income", 100)
    await reseal(owner, fact_id, other.key.seal(Sealed.FACT, "0"))
    person = await person_of(register, holder)

    with pytest.raises(VaultRefused):
        await facts_of(resources, [person])
