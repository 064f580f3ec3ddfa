"""The demo's facts are ones that the shipped rules can read, and its featured people get what the start sheet says."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from cli.demo.facts import DemoFact, Traits, draw_traits, facts_of
from cli.demo.people import DemoResident, residents
from domain.card import CardOnRecord, CardState, birth_fact, card_facts
from domain.entitlement import Entitlement, Verdict, decide
from domain.fact import Fact, Facts
from domain.rulebook import RuleBook
from services.bootstrap import load_rules

ON = date(2026, 11, 25)
MANY = 400


@pytest.fixture(scope="module")
def rules() -> RuleBook:
    """The rules as shipped."""
    return load_rules().chinese


def stated(rules: RuleBook, fact: DemoFact) -> Fact:
    """A demo fact as the server would read it."""
    value = rules.reference.vocabulary.decode(fact.name, fact.value)
    return Fact(fact.name, value, fact.source, fact.valid_from, fact.valid_until, fact.valid_from)


def answers(rules: RuleBook, person: DemoResident) -> dict[str, Entitlement]:
    """Every programme's answer for a made-up person, by slug."""
    newest = person.cards[-1]
    card = CardOnRecord(
        CardState(newest.state), newest.category, newest.categories, newest.grade, newest.issued_on, newest.valid_until
    )
    facts = [birth_fact(person.birth_date), *card_facts(card), *(stated(rules, fact) for fact in person.facts)]
    return {each.programme: each for each in decide(rules, Facts.of(facts), ON)}


def shares(entitlement: Entitlement) -> list[Decimal | None]:
    """The shares of the cost that are certain."""
    return [benefit.cost_share for benefit in entitlement.benefits if benefit.certain]


def test_every_demo_fact_can_be_read(rules: RuleBook) -> None:
    """Names, sources and values are those of facts.toml, for many made-up people; verdicts of each kind occur."""
    verdicts = {
        (slug, answer.verdict) for person in residents(MANY, ON) for slug, answer in answers(rules, person).items()
    }

    assert {slug for slug, verdict in verdicts if verdict is Verdict.ELIGIBLE} == {p.slug for p in rules.programmes}
    assert {verdict for _, verdict in verdicts} == set(Verdict)


def test_featured_people_show_the_programmes(rules: RuleBook) -> None:
    """One gets money twice, one half of her training, one has papers to bring, and a child its basic training."""
    chen, wang, li, zhou = (answers(rules, person) for person in residents(4, ON))

    assert chen["living-subsidy"].verdict is Verdict.ELIGIBLE
    assert chen["nursing-subsidy"].verdict is Verdict.ELIGIBLE
    assert wang["living-subsidy"].verdict is Verdict.NOT_ELIGIBLE
    assert shares(wang["rehab-training-relief"]) == [Decimal("0.5")]
    assert li["nursing-subsidy"].verdict is Verdict.UNDETERMINED
    assert zhou["child-rehab"].verdict is Verdict.ELIGIBLE
    assert all(each["free-bus"].verdict is Verdict.ELIGIBLE for each in (chen, wang, li, zhou))


def test_who_was_not_asked_has_only_what_the_centre_reported() -> None:
    """Of an incomplete person nothing but the training is known, whatever she lives like."""
    traits = Traits(income=820, living_guarantee=True, care="partly", trains=True)

    complete = {fact.name for fact in facts_of(traits, ON)}
    incomplete = {fact.name for fact in facts_of(replace(traits, incomplete=True), ON)}

    assert incomplete == {"trains_at_rehab_centre", "rehab_need", "rehab_indication"}
    assert complete - incomplete == {"own_income", "household_hardship", "care_level", "residence"}


@pytest.mark.parametrize(
    ("traits", "hardship"),
    [
        (Traits(living_guarantee=True), "living_guarantee"),
        (Traits(margin=True), "margin"),
        (Traits(), "none"),
    ],
)
def test_hardship_is_one_of_three(traits: Traits, hardship: str) -> None:
    """A household gets 低保, lies just above it, or neither."""
    stated_hardship = [fact.value for fact in facts_of(traits, ON) if fact.name == "household_hardship"]

    assert stated_hardship == [hardship]


def test_yearly_facts_hold_for_a_year() -> None:
    """An income is stated for 365 days, the day of the district among them."""
    (income,) = [fact for fact in facts_of(Traits(income=820), ON) if fact.name == "own_income"]

    assert income.valid_until is not None
    assert income.valid_from < ON <= income.valid_until
    assert (income.valid_until - income.valid_from).days == 364


def test_traits_hang_together() -> None:
    """Children earn nothing, nobody is both of the two kinds of poor, and the same seed gives the same people."""
    drawn = [draw_traits(random.Random(seed), seed % 90, 1 + seed % 7, 1 + seed % 4) for seed in range(MANY)]  # noqa: S311
    again = [draw_traits(random.Random(seed), seed % 90, 1 + seed % 7, 1 + seed % 4) for seed in range(MANY)]  # noqa: S311

    assert drawn == again
    assert all(traits.income == 0 for seed, traits in enumerate(drawn) if seed % 90 < 16)
    assert not [traits for traits in drawn if traits.living_guarantee and traits.margin]
    assert {traits.care for traits in drawn} == {None, "wholly", "mainly", "partly"}
